"""Servers that are pushed to, and what is pushed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from typing import Any, NamedTuple

import msgspec

from reportdata.api.intake import Limits
from reportdata.cli.service import open_server
from reportdata.errors import InboxError
from reportdata.facts import Fact
from reportdata.identity import App
from reportdata.inbox import facts_of
from reportdata.inbox.folder import FolderInbox
from reportdata.settings import Settings
from tests.support import services
from tests.support.calling import CORP, add_sample
from tests.support.folders import Folder
from tests.support.scopes import REPORT_WRITE
from tests.support.serving import serving
from tests.support.waiting import SOON

FACTS = "/v1/facts"
WRITE = (REPORT_WRITE,)
TOKEN = "x-acs-dingtalk-access-token"
FULL = 503, "ServiceUnavailable"

Record = dict[str, Any]


class Answer(NamedTuple):
    """What a push is answered."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def error(self) -> tuple[int, str]:
        """Status and code."""
        return self.status, self.body["code"]


class Pushing(NamedTuple):
    """A server with an app that may push, and its inbox."""

    folder: Folder
    address: tuple[str, int]
    app: App
    token: str
    seen: list[int]

    def push(self, body: object, **headers: str) -> Answer:
        """Push bytes as they are, or records as an array."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return post(self.address, content, {TOKEN: self.token} | names)

    def facts(self) -> list[Fact]:
        """All that is in the inbox, finished or not."""
        return facts_in(self.folder)

    def news(self) -> list[Fact]:
        """What came since this was last asked."""
        found = self.facts()
        self.seen.append(len(found))
        return found[self.seen[-2] :]


def post(address: tuple[str, int], body: bytes, headers: Mapping[str, str]) -> Answer:
    """What a server answers to a push."""
    with closing(HTTPConnection(*address, timeout=SOON)) as connection:
        connection.request("POST", FACTS, body, dict(headers))
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), json.loads(answer.read()))


def facts_in(folder: Folder) -> list[Fact]:
    """All that is in an inbox, finished or not."""
    inbox = FolderInbox(folder.settings.inbox)
    while True:
        with suppress(InboxError):  # a segment was finished between the two looks
            return [fact for path in sorted(inbox.folder.glob("*")) for fact in facts_of(path, services.KINDS)]


@contextmanager
def pushing(folder: Folder, limits: Limits | None = None, **options: Any) -> Iterator[Pushing]:
    """A server of the sample organisation that may be pushed to."""
    if not folder.store.organisations():
        add_sample(folder)
    app, _ = folder.add_app(CORP, scopes=WRITE)
    if limits is None:
        with serving(folder, **options) as served:
            yield Pushing(folder, served.address, app, folder.token(app), [0])
        return
    with open_server(Settings(folder.path, port=0, rate=0), limits=limits) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield Pushing(folder, server.address, app, folder.token(app), [0])
        finally:
            server.stop()
            thread.join()


@contextmanager
def changed(pushed: Pushing, **properties: Any) -> Iterator[None]:
    """The app with other properties for a while."""

    def change(values: dict[str, Any]) -> None:
        pushed.folder.store.change_app(pushed.app.app_key, lambda app: msgspec.structs.replace(app, **values))

    change(properties)
    yield
    change({name: getattr(pushed.app, name) for name in properties})


def sent(number: int, **more: object) -> Record:
    """A record of a report, as it is pushed."""
    return {"report_id": f"r{number}", "user_id": "u1", "sent_at": 1_790_000_000 + number} | more


def fact(number: int) -> Fact:
    """What a record says; 2026-09-21 22:13:20 in the organisation's zone, and some seconds."""
    at, day = (1_790_000_000 + number) * 1_000_000, 20260921 + (number + 80_000) // 86_400
    return services.fact("sent", CORP, at, str(day), report_id=f"r{number}", user_id="u1")
