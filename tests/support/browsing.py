"""A browser as far as a server can see it: a cookie of a session that goes along, and headers about the page."""

from __future__ import annotations

import json
import time
from contextlib import closing
from http.client import HTTPConnection
from typing import Any, NamedTuple

from reportdata.identity import hash_of
from reportdata.links import Link, new_link_id, new_link_secret
from tests.support.folders import Folder
from tests.support.waiting import SOON

TOTALS, RECORDS, IMPORT = "Statistics.Report.Read", "Statistics.Report.Records", "DataCenter.Report.Write"
SESSION = "/v1/session"


class Answered(NamedTuple):
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Browser:
    """Keeps the cookie that it is given."""

    def __init__(self, address: tuple[str, int], **headers: str) -> None:
        self.address = address
        self._headers = headers
        self.cookie: str | None = None

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Answered:
        """Make a call; a header's name has ``_`` for ``-``."""
        sent = {name.replace("_", "-"): value for name, value in {**self._headers, **headers}.items()}
        if self.cookie is not None:
            sent.setdefault("cookie", self.cookie)
        with closing(HTTPConnection(*self.address, timeout=SOON)) as connection:
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            found = connection.getresponse()
            answer = Answered(found.status, {k.lower(): v for k, v in found.getheaders()}, found.read())
        if "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return answer

    def get(self, path: str, **headers: str) -> Answered:
        """Read something."""
        return self.call("GET", path, **headers)

    def sign_in(self, **fields: str) -> Answered:
        """Begin a session."""
        return self.call("POST", SESSION, fields)


def add_link(folder: Folder, corp_id: str, **properties: Any) -> tuple[Link, str]:
    """Add a link that shows totals, unless ``properties`` say otherwise; returns it with its secret."""
    link_id = new_link_id()
    secret = new_link_secret(link_id)
    link = Link(
        **{
            "link_id": link_id,
            "name": "人事部",
            "corp_id": corp_id,
            "secret_hash": hash_of(secret),
            "scopes": (TOTALS,),
            **properties,
        }
    )
    folder.store.add_link(link, time.time())
    return link, secret
