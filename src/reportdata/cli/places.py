"""What a command works on, opened as its settings say: the store, the lake, the inbox and the engine."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reportdata.cli.databases import database_at
from reportdata.cli.engines import engine_of
from reportdata.cli.language import name_kinds
from reportdata.errors import NotKnown, StoreError
from reportdata.inbox import Inbox, Writer
from reportdata.inbox.folder import FolderInbox, FolderWriter
from reportdata.names import Names
from reportdata.names.file import FileNames
from reportdata.presence import NOTHING, Presence
from reportdata.services import Services, official, read_services
from reportdata.settings import Settings
from reportdata.store import Store
from reportdata.store.sqlite import COMMAND_TIMEOUT, SERVING_TIMEOUT, SQLiteStore, schemas

if TYPE_CHECKING:  # serving loads nothing that computes, nor what is computed from
    from reportdata.collector.ledger import Ledger
    from reportdata.lake import Lake
    from reportdata.pipeline.workspace import Workspace

log = logging.getLogger("reportdata.store")

_STARTING = 60.0
"""Seconds that a server waits for a database."""


def store_of(settings: Settings, timeout: float = COMMAND_TIMEOUT, *, new: bool = True) -> Store:
    """The store, which is made when it is not there.

    :param timeout: seconds that it waits for other processes.
    :param new: whether it is made; not by who was told that its folder is there, which may be moved meanwhile.
    """
    if settings.database is not None:
        return database_at(settings.database).store(timeout)
    return SQLiteStore(settings.store, timeout, new=new)


def presence_of(settings: Settings) -> Presence:
    """The folders of the settings that are there."""
    return Presence.of(settings.data, settings.lake)


def schemas_of(settings: Settings) -> tuple[int, int]:
    """The schema that the store has, and the one that this program gives it when it opens it."""
    if settings.database is not None:
        return database_at(settings.database).schemas()
    return schemas(settings.store)


def serving_store(settings: Settings, *, new: bool = True) -> Store:
    """The store for a server, which waits for a database: that may be started at the same time, or be starting again.

    :param new: as of `store_of`.
    :raises StoreError: when it cannot be used for a minute.
    """
    end = time.monotonic() + _STARTING
    while True:
        try:
            return store_of(settings, SERVING_TIMEOUT, new=new)
        except StoreError as error:
            if settings.database is None or time.monotonic() > end:
                raise
            log.warning("%s; it is tried again", error.message)
            time.sleep(0.5)


def open_store(settings: Settings) -> Store:
    """The store, which is made when it is not there. It is closed when the command ends."""
    store = store_of(settings)
    click.get_current_context().call_on_close(store.close)
    return store


def open_existing_store(settings: Settings) -> Store:
    """The store, when there is one.

    :raises NotKnown: when there is none.
    """
    if settings.database is None and not settings.store.exists():
        raise NotKnown(
            f"there is no data folder {settings.data}",
            "start one with `reportdata org add CORP_ID`, or look at `reportdata demo`",
        )
    return open_store(settings)


def lake_of(settings: Settings, patience: float = 120.0) -> Lake:
    """The lake.

    :param patience: seconds for which requests to object storage are tried again.
    """
    leases = database_at(settings.database).leases() if settings.database is not None else None
    if settings.objects is not None:
        from reportdata.lake.s3 import S3Lake

        return S3Lake(settings.lake, settings.objects, leases, cache=settings.lake_cache, patience=patience)
    from reportdata.lake.local import LocalLake

    return LocalLake(settings.lake, leases)


def inbox_of(settings: Settings) -> Inbox:
    """The inbox."""
    if settings.database is not None:
        return database_at(settings.database).inbox(settings.inbox)
    return FolderInbox(settings.inbox)


def writer_of(settings: Settings, clock: Callable[[], float], presence: Presence = NOTHING) -> Writer:
    """What adds to the inbox, as long as its folder is present."""
    if settings.database is not None:
        return database_at(settings.database).writer()
    return FolderWriter(settings.inbox, clock, presence.require)


def names_of(settings: Settings) -> Names:
    """Where names of people are kept."""
    if settings.database is not None:
        return database_at(settings.database).names()
    return FileNames(settings.names)


def services_of(settings: Settings) -> Services:
    """The services whose numbers are computed and served. In Chinese, their kinds of facts have names from now on."""
    services = read_services(*settings.services)
    name_kinds({official(service): f"{service.name}官方数据" for service in services})
    name_kinds({kind.name: kind.name_zh for kind in services.kinds.values() if kind.name_zh})
    return services


@contextmanager
def workspace(settings: Settings, store: Store | None = None, *, new: bool = True) -> Iterator[Workspace]:
    """All that the verbs work on. The store notes damage to the lake by which the block ends.

    :param store: one that is open already, and is not closed.
    :param new: as of `store_of`.
    """
    from reportdata.pipeline.damage import noting

    with looked_into(settings, store, new=new) as work, noting(work):
        yield work


@contextmanager
def looked_into(settings: Settings, store: Store | None = None, *, new: bool = True) -> Iterator[Workspace]:
    """All that the verbs work on, for who only looks at it.

    :param store: one that is open already, and is not closed.
    :param new: as of `store_of`.
    """
    from reportdata.pipeline.workspace import Workspace

    lake = lake_of(settings)
    with ExitStack() as held:
        opened = store or held.enter_context(closing(store_of(settings, new=new)))
        engine = held.enter_context(closing(engine_of(settings, lake)))
        inbox = held.enter_context(closing(inbox_of(settings)))
        names = held.enter_context(closing(names_of(settings)))
        yield Workspace(settings, lake, opened, engine, inbox, services_of(settings), names)


def ledger_of(settings: Settings, *, new: bool = True) -> Ledger:
    """What the collector remembers; it is made when it is not there, unless it is not to be ``new``."""
    from reportdata.collector.ledger import Ledger

    return Ledger(settings.ledger, new=new)


def open_ledger(settings: Settings) -> Ledger:
    """What the collector remembers. It is closed when the command ends."""
    ledger = ledger_of(settings)
    click.get_current_context().call_on_close(ledger.close)
    return ledger


def store_at(address: str) -> Store:
    """The store in a data folder or at the address of a database, which is made when it is not there."""
    if "://" in address:
        return database_at(address).store(COMMAND_TIMEOUT)
    return SQLiteStore(Settings(Path(address)).store)
