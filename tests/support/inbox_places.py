"""Every inbox there is."""

from __future__ import annotations

import time
from pathlib import Path

from reportdata.inbox import Inbox, Writer
from reportdata.inbox.folder import FolderInbox, FolderWriter
from reportdata.store.postgres import PostgresStore
from reportdata.store.postgres.inbox import PostgresInbox, PostgresWriter
from tests.support import postgres


class Place:
    """Where an inbox is."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.folder = folder / "inbox"
        self.address = ""
        if kind == "postgres":
            self.address = postgres.address()
            PostgresStore(self.address).close()

    def inbox(self) -> Inbox:
        return PostgresInbox(self.address, self.folder) if self.address else FolderInbox(self.folder)

    def writer(self) -> Writer:
        return PostgresWriter(self.address) if self.address else FolderWriter(self.folder, time.time)
