"""Clients for tests that talk to the twin: plain calls, nothing clever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

from reportdata.twin import Answer, Request, Server, Twin
from tests.support.waiting import SOON

if TYPE_CHECKING:
    import httpx

LIST = {"start_time": 1_788_192_000_000, "end_time": 1_788_278_400_000, "cursor": 0, "size": 20}
JSON = {"content-type": "application/json"}


def token(twin: Twin) -> str:
    """A token of the old host, without a socket."""
    app = urlencode({"appkey": twin.app_key, "appsecret": twin.app_secret})
    return str(json.loads(twin.answer(Request("GET", "/gettoken", app)).body).get("access_token", ""))


def old(twin: Twin, name: str, parameters: dict[str, Any] | None = None, **changed: Any) -> Answer:
    """A call of the old API without a socket."""
    body = json.dumps((LIST if parameters is None else parameters) | changed).encode()
    return twin.answer(Request("POST", f"/topapi/{name}", f"access_token={token(twin)}", JSON, body))


def new(twin: Twin, query: str = "statDate=20260901") -> Answer:
    """A call of the new gateway without a socket."""
    headers = {"x-acs-dingtalk-access-token": token(twin)}
    return twin.answer(Request("GET", "/v1.0/datacenter/reportData", query, headers))


class Caller:
    """Calls a twin as a program calls DingTalk."""

    def __init__(self, server: Server) -> None:
        import httpx  # takes long; most processes of the tests do not need it

        self.twin = server.twin
        self.http = httpx.Client(base_url=server.url, timeout=SOON)
        self.token = self.new_token()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def new_token(self) -> str:
        """A token of the old host."""
        app = {"appkey": self.twin.app_key, "appsecret": self.twin.app_secret}
        self.token = self.http.get("/gettoken", params=app).json().get("access_token", "")
        return self.token

    def post(self, name: str, **parameters: Any) -> httpx.Response:
        """A call of the old API."""
        return self.http.post(f"/topapi/{name}", params={"access_token": self.token}, json=parameters)

    def result(self, name: str, **parameters: Any) -> Any:
        """The result of a call that must go well."""
        body = self.post(name, **parameters).json()
        assert body["errcode"] == 0, body
        return body["result"]

    def reports(self, start: int, end: int, name: str = "report/list", **more: Any) -> Iterator[dict[str, Any]]:
        """All reports of a list, page by page."""
        cursor, going_on = 0, True
        while going_on:
            page = self.result(name, start_time=start, end_time=end, cursor=cursor, size=20, **more)
            yield from page["data_list"]
            cursor, going_on = page["next_cursor"], page["has_more"]

    def comments(self, report_id: str) -> Iterator[dict[str, Any]]:
        """All comments on a report."""
        offset: int | None = 0
        while offset is not None:
            page = self.result("report/comment/list", report_id=report_id, offset=offset, size=20)
            yield from page["comments"]
            offset = page.get("next_cursor")

    def official(self, day: str) -> httpx.Response:
        """DingTalk's own numbers of a day."""
        headers = {"x-acs-dingtalk-access-token": self.token}
        return self.http.get("/v1.0/datacenter/reportData", params={"statDate": day}, headers=headers)
