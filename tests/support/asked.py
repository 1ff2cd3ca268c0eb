"""A server of the sample organisation, with apps that may have more or less of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from reportdata.client import Client
from reportdata.identity import App
from tests.support.calling import Row, import_organisation
from tests.support.folders import Folder
from tests.support.scopes import REPORT_READ
from tests.support.serving import Serving, serving
from tests.support.waiting import SOON

TOTALS, RECORDS = "Statistics.Report.Read", "Statistics.Report.Records"
ANOTHER = "another"
"""The app of another organisation, which has no facts."""
CONTRACT = "contract"
"""The app that may ask the contract, too."""


class Answer(NamedTuple):
    """An answer; names of headers are in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    @classmethod
    def of(cls, response: HTTPResponse) -> Answer:
        """The answer that a response brings."""
        body = response.read()
        return cls(response.status, {name.lower(): value for name, value in response.getheaders()}, body)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Asked(NamedTuple):
    """A server, its folder, the sample organisation with its days, and apps with their secrets, by scope or name."""

    served: Serving
    folder: Folder
    corp_id: str
    days: Mapping[str, list[Row]]
    apps: dict[str, tuple[App, str]]

    @property
    def first(self) -> str:
        """The first day of the organisation."""
        return min(self.days)

    @property
    def last(self) -> str:
        """A day after its last one, which is not covered."""
        return max(self.days)

    def client(self, app: str = RECORDS, **options: Any) -> Client:
        """A client that signs in as an app."""
        known, secret = self.apps[app]
        return Client(self.served.url, known.app_key, secret, **options)

    def key(self, app: str = RECORDS) -> str:
        """Key and secret of an app, with a colon between them."""
        known, secret = self.apps[app]
        return f"{known.app_key}:{secret}"

    def basic(self, app: str = RECORDS, secret: str | None = None) -> str:
        """The header by which an app signs in with each request, with its own or another secret."""
        key = self.key(app) if secret is None else f"{self.apps[app][0].app_key}:{secret}"
        return "Basic " + base64.b64encode(key.encode()).decode()

    @property
    def period(self) -> dict[str, str]:
        """The parameters that name all days."""
        return {"from": self.first, "to": self.last}

    def ask(self, query: str, path: str = "/v1/statistics", **headers: str) -> Answer:
        """The answer to a request, on a connection of its own."""
        with closing(HTTPConnection(*self.served.address, timeout=SOON)) as connection:
            connection.request("GET", f"{path}?{query}", headers={k.replace("_", "-"): v for k, v in headers.items()})
            return Answer.of(connection.getresponse())

    def rows(self, **parameters: str) -> list[dict[str, Any]]:
        """The rows of an answer."""
        answer = self.ask(urlencode(parameters), authorization=self.basic())
        assert answer.status == 200, answer.body
        rows: list[dict[str, Any]] = answer.json["data"]
        return rows


@contextmanager
def asked(path: Path, **options: Any) -> Iterator[Asked]:
    """A server of the sample organisation in a new folder."""
    folder = Folder(path)
    with closing(folder.store):
        corp_id, days = import_organisation(folder, "sample")
        folder.add_organisation("another")
        apps = {
            TOTALS: folder.add_app(corp_id, scopes=(TOTALS,)),
            RECORDS: folder.add_app(corp_id, scopes=(RECORDS,)),
            REPORT_READ: folder.add_app(corp_id, scopes=(REPORT_READ,)),
            CONTRACT: folder.add_app(corp_id, scopes=(REPORT_READ, RECORDS)),
            ANOTHER: folder.add_app("another", scopes=(REPORT_READ, RECORDS)),
        }
        with serving(folder, **{"answering": 1, **options}) as served:
            yield Asked(served, folder, corp_id, days, apps)
