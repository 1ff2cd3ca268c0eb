"""DingTalk (钉钉), by its own report APIs, which are open to any internal app of an organisation.

From the wire up: `transport` takes requests to a server; `answers` says what an answer means; `client` has the token
and asks; `reports` and `directory` are the calls that are made, and what is read of their answers; `suite` is all of it
as a collector sees it. `official` fetches DingTalk's own figures by the same client.
"""

from reportdata.suites.dingtalk.suite import KIND

__all__ = ["KIND"]
