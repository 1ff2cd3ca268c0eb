"""What an operator does beside the load: imports, refreshes, merges, changes of apps, forgetting."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from benchmarks.soak.clients import Book, Server, push, settled
from benchmarks.soak.faults import Commands
from benchmarks.soak.truth import BEGIN, ZONES, Truth
from tests.support.folders import Folder
from tests.support.scopes import REPORT_READ, REPORT_WRITE
from tests.support.writing import write

PATIENCE = 120.0
"""Seconds within which what was pushed counts, and a person is forgotten."""
IMPORTED = 200
"""Facts in an import."""


class Operator:
    """Runs commands beside the load, and judges what they do."""

    def __init__(self, commands: Commands, book: Book, server: Server, truth: Truth, rng: random.Random) -> None:
        self._commands, self._book, self._server, self._truth, self._rng = commands, book, server, truth, rng
        self._number = 0

    def actions(self) -> list[Callable[[], None]]:
        """All of them, in another order each time."""
        found: list[Callable[[], None]] = [
            self.import_facts,
            lambda: self._run("refresh"),
            self.change_app,
            self.import_facts,
            lambda: self._run("compact", "--all"),
            self.forget_organisation,
            self.change_secret,
            lambda: self._run("status"),
        ]
        self._rng.shuffle(found)
        return found

    def import_facts(self) -> None:
        """Import a file of facts."""
        self._number += 1
        facts = self._truth.begin(IMPORTED)
        folder = self._commands.data.parent / f"import-{self._number}"
        files = write(folder, facts, self._rng.choice(["csv", "jsonl"]), "iso", ZONES)
        paths = [path for path, _ in files]
        self._run("import", *paths, "--exported-at", f"{BEGIN:%Y-%m-%dT%H:%M:%SZ}")
        self._truth.acknowledge(len(facts))
        for path in paths:
            path.unlink()

    def change_app(self) -> None:
        """Disable an app and enable it again: it is refused and admitted at once."""
        corp_id, folder = self._rng.choice(list(ZONES)), Folder(self._commands.data)
        app, _ = folder.add_app(corp_id)
        token = folder.token(app)
        folder.store.close()
        self._expect(token, admitted=True, when="after it was added")
        self._run("app", "set", app.app_key, "--rate", 1000)
        self._expect(token, admitted=True, when="after its rate was set")
        self._run("app", "disable", app.app_key)
        self._expect(token, admitted=False, when="after it was disabled")
        self._run("app", "enable", app.app_key)
        self._expect(token, admitted=True, when="after it was enabled")
        self._run("app", "disable", app.app_key)

    def change_secret(self) -> None:
        """Give an app a new secret and end the old one: its tokens end at once."""
        folder = Folder(self._commands.data)
        app, _ = folder.add_app(self._rng.choice(list(ZONES)))
        token = folder.token(app)
        folder.store.close()
        self._expect(token, admitted=True, when="before its secret was changed")
        self._run("app", "rotate", app.app_key, "--now")
        self._expect(token, admitted=False, when="after its secret was changed")
        self._run("app", "disable", app.app_key)

    def forget_organisation(self) -> None:
        """Add an organisation, push for it, forget it: nobody is answered for it any more."""
        self._number += 1
        corp_id, folder = f"dinggone{self._number}", Folder(self._commands.data)
        folder.add_organisation(corp_id)
        token = folder.token(folder.add_app(corp_id, scopes=(REPORT_READ, REPORT_WRITE))[0])
        folder.store.close()
        body = b'[{"report_id": "r1", "user_id": "u1", "sent_at": "2026-10-02T09:00:00+08:00"}]'
        status, said = self._server.ask("/v1/facts", token, body)
        if status != 200:
            self._book.refused("pushes", status, said)
            return
        end = time.monotonic() + PATIENCE
        while (found := self._server.numbers(token, "20261002"))[1] == {} or found[1].get("4100") != 1:
            if time.monotonic() > end:
                self._book.wrong.append(f"what was pushed for {corp_id} did not count: {found}")
                return
            time.sleep(0.2)
        self._run("forget", "--corp", corp_id, "--yes")
        self._expect(token, admitted=False, when="after its organisation was forgotten")

    def forget_person(self) -> None:
        """Push and import facts of a person, and forget the person. Nothing else is done meanwhile."""
        self._number += 1
        corp_id, user = self._rng.choice(list(ZONES)), f"forgotten-{self._number}"
        push(self._server, self._truth, self._book, user, self._truth.begin(20, corp_id, user))
        settled(self._server, self._truth, self._book, PATIENCE)
        self._run("forget", "--corp", corp_id, "--user", user, "--yes")
        self._truth.forget(corp_id, user)

    def _expect(self, token: str, *, admitted: bool, when: str) -> None:
        status, said = self._server.numbers(token, "20261002")
        if (status == 200) != admitted:
            self._book.wrong.append(f"an app was answered {status} {said} {when}")

    def _run(self, *arguments: object) -> None:
        self._commands.run(*arguments)
