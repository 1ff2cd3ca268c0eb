"""A server that is asked for statistics."""

from __future__ import annotations

import base64
import json
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from typing import Any, NamedTuple
from urllib.parse import urlencode

from reportdata.identity import App
from tests.support.folders import Folder
from tests.support.serving import Serving
from tests.support.waiting import SOON

TOTALS, RECORDS = "Statistics.Report.Read", "Statistics.Report.Records"


class Asked(NamedTuple):
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Server(NamedTuple):
    """A server of the sample organisation, and apps with a scope each."""

    served: Serving
    folder: Folder
    corp_id: str
    days: dict[str, Any]
    apps: dict[str, tuple[App, str]]

    def ask(self, query: str, path: str = "/v1/statistics", **headers: str) -> Asked:
        with closing(HTTPConnection(*self.served.address, timeout=SOON)) as connection:
            connection.request("GET", f"{path}?{query}", headers={k.replace("_", "-"): v for k, v in headers.items()})
            found: HTTPResponse = connection.getresponse()
            return Asked(found.status, {k.lower(): v for k, v in found.getheaders()}, found.read())

    def basic(self, scope: str = RECORDS, secret: str | None = None) -> str:
        app, right = self.apps[scope]
        return "Basic " + base64.b64encode(f"{app.app_key}:{secret or right}".encode()).decode()

    def rows(self, **parameters: str) -> list[dict[str, Any]]:
        answer = self.ask(urlencode(parameters), authorization=self.basic())
        assert answer.status == 200, answer.body
        rows: list[dict[str, Any]] = answer.json["data"]
        return rows


def period(server: Server) -> dict[str, str]:
    return {"from": min(server.days), "to": max(server.days)}
