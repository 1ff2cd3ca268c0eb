"""An offline DingTalk with a made-up organisation, for tests that must not call the real one.

It speaks the protocol of both of DingTalk's hosts on one port: tokens, the report APIs (日志), the directory, and
``datacenter/reportData`` with its own true numbers. Calls are counted, quotas kept, trouble made on demand, and the
clock goes as fast as one likes::

    with running(Twin(people=50, now=datetime(2026, 9, 30, tzinfo=BEIJING))) as server:
        collect(server.url, server.twin.app_key, server.twin.app_secret)
        assert numbers() == server.twin.truth("20260901", "20260929")
        assert server.twin.calls.over_budget == 0
"""

from reportdata.twin.activity import BEIJING
from reportdata.twin.answers import Answer, Request
from reportdata.twin.calibres import CALIBRES, DEFAULT_CALIBRE, Calibre
from reportdata.twin.clock import Clock
from reportdata.twin.counting import Call, Calls
from reportdata.twin.habits import Habits
from reportdata.twin.server import Server, running
from reportdata.twin.troubles import TROUBLES, Trouble
from reportdata.twin.twin import Twin

__all__ = [
    "BEIJING",
    "CALIBRES",
    "DEFAULT_CALIBRE",
    "TROUBLES",
    "Answer",
    "Calibre",
    "Call",
    "Calls",
    "Clock",
    "Habits",
    "Request",
    "Server",
    "Trouble",
    "Twin",
    "running",
]
