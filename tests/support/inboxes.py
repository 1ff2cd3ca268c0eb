"""Every inbox there is, and facts in it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from reportdata.facts import Fact
from reportdata.inbox import Inbox, Writer, facts_of
from reportdata.inbox.folder import FolderInbox, FolderWriter
from reportdata.store.postgres import PostgresStore
from reportdata.store.postgres.inbox import PostgresInbox, PostgresWriter
from tests.support import postgres, services
from tests.support.waiting import until

INBOXES = ("folder", pytest.param("postgres", marks=pytest.mark.postgres))


class Place:
    """Where an inbox is: a folder; with an address, a database, whose segments are copied to the folder."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.address = address

    @staticmethod
    def new(kind: str, folder: Path) -> Place:
        """Where nothing is yet."""
        place = Place(folder / "inbox", postgres.address() if kind == "postgres" else "")
        if place.address:
            PostgresStore(place.address).close()
        return place

    def inbox(self) -> Inbox:
        """Opens the inbox, as a worker does."""
        return PostgresInbox(self.address, self.folder) if self.address else FolderInbox(self.folder)

    def writer(self) -> Writer:
        """Opens a writer, as a server does."""
        return PostgresWriter(self.address) if self.address else FolderWriter(self.folder, time.time)


def fact(number: int) -> Fact:
    """The fact of a number."""
    return services.fact("sent", "c1", number, "20260921", report_id=f"r{number}", user_id="u", template="日报")


def lines(*numbers: int) -> bytes:
    """Facts as an inbox is given them."""
    return services.lines_of([fact(number) for number in numbers])


def numbers(paths: Sequence[Path]) -> list[int]:
    """Which facts lie in segments, each as it was written."""
    found = [found for path in paths for found in facts_of(path, services.KINDS)]
    assert found == [fact(one.at) for one in found]
    return [one.at for one in found]


def waited(inbox: Inbox, count: int) -> Sequence[Path]:
    """The finished segments, once there are that many."""
    until(lambda: len(inbox.ready()) >= count)
    return inbox.ready()
