"""One DuckDB for all that a process of the tests does with it: to open one takes longer than a small import."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reportdata.engines.duckdb.connection import connect
from tests.support.effort import QUICK

if TYPE_CHECKING:
    import duckdb

OPENER = "reportdata.engines.duckdb.connection"
"""The module whose databases are opened, and set alike."""
_opened: dict[int, duckdb.DuckDBPyConnection] = {}
"""That of this process; a fork has its own, as its parent's threads are not there."""


def connect_to_one(spill: Path | None = None, memory: int | None = None) -> duckdb.DuckDBPyConnection:
    """As `reportdata.engines.duckdb.connection.connect`: a connection of its own to the one database, with its own
    temporary tables and views; and a database of its own, where memory is bounded.

    In `make quick` it has one thread, as there is one test process a core, and what is computed is small.
    """
    if memory is not None:
        return connect(spill, memory)
    if os.getpid() not in _opened:
        _opened[os.getpid()] = connect()
        if QUICK:
            _opened[os.getpid()].execute("set threads = 1")
    found = _opened[os.getpid()].cursor()
    found.execute("set enable_progress_bar = false")
    return found
