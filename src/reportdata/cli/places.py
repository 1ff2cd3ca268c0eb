"""What a command works on, opened as its settings say: the store, the lake, the inbox and the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reportdata.errors import NotKnown
from reportdata.inbox import Inbox
from reportdata.settings import Settings
from reportdata.store import Store
from reportdata.store.sqlite import COMMAND_TIMEOUT, SQLiteStore

if TYPE_CHECKING:  # serving loads nothing that computes, nor what is computed from
    from reportdata.engines import Engine
    from reportdata.lake import Lake


def store_of(settings: Settings, timeout: float = COMMAND_TIMEOUT) -> Store:
    """The store, which is made when it is not there.

    :param timeout: seconds that it waits for other processes.
    """
    return SQLiteStore(settings.store, timeout)


def open_store(settings: Settings) -> Store:
    """The store, which is made when it is not there. It is closed when the command ends."""
    store = store_of(settings)
    click.get_current_context().call_on_close(store.close)
    return store


def open_existing_store(settings: Settings) -> Store:
    """The store, when there is one.

    :raises NotKnown: when there is none.
    """
    if not settings.store.exists():
        raise NotKnown(
            f"there is no data folder {settings.data}",
            "start one with `reportdata org add CORP_ID`, or look at `reportdata demo`",
        )
    return open_store(settings)


def lake_of(settings: Settings) -> Lake:
    """The lake."""
    from reportdata.lake import Lake

    return Lake(settings.lake)


def inbox_of(settings: Settings) -> Inbox:
    """The inbox."""
    return Inbox(settings.inbox)


def engine_of(settings: Settings) -> Engine:
    """The engine of this process."""
    from reportdata.engines.duckdb import DuckDBEngine

    return DuckDBEngine(settings.lake / "spill")
