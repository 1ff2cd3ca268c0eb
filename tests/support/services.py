"""The service of work reports and its kinds of facts, as tests name them."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from reportdata.cli.places import inbox_of, names_of
from reportdata.engines import Engine, Measured, measured
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.facts import Fact, line_of
from reportdata.kinds import Kinds
from reportdata.pipeline.workspace import Workspace
from reportdata.services import REPORTS, read_services
from reportdata.services.sql import kpis_of_days
from reportdata.values import Value

if TYPE_CHECKING:
    from tests.support.folders import Folder

SERVICES = read_services()
SERVICE = SERVICES.service(REPORTS)
KINDS = Kinds(SERVICE.kinds)
SENT, COMMENTED, WITHDRAWN = KINDS["sent"], KINDS["commented"], KINDS["withdrawn"]
NAMES = (SENT.name, COMMENTED.name, WITHDRAWN.name)
KPIS = kpis_of_days(SERVICE, KINDS)


def fact(kind: str, corp_id: str, at: int, stat_day: str, **values: Value) -> Fact:
    """A fact, as it is read back from a line."""
    kind_ = KINDS[kind]
    return Fact(kind, corp_id, at, stat_day, {name: values.get(name) for name in kind_.columns if name != kind_.time})


def lines_of(facts: Sequence[Fact]) -> bytes:
    """Facts as lines of an inbox."""
    return b"".join(map(line_of, facts))


def kpis(
    engine: Engine,
    sent: Sequence[Path],
    commented: Sequence[Path],
    withdrawn: Sequence[Path],
    corp_ids: Collection[str] | None = None,
    single: Collection[str] = (),
) -> list[Measured]:
    """What an engine says of these files.

    :param single: kinds of which no two facts of a day have the same key.
    """
    files = {"sent": sent, "commented": commented, "withdrawn": withdrawn}
    what = kpis_of_days(SERVICE, KINDS, frozenset(single))
    return list(measured(what, engine.rows(what, files, corp_ids)))


_engines: dict[tuple[int, int], DuckDBEngine] = {}
"""The engines that tests share: to open one takes longer than to compute a small day. Each thread has its own, and each
fork, as its parent's threads are not there."""


@contextmanager
def working(folder: Folder, engine: Engine | None = None) -> Iterator[Workspace]:
    """A data folder as a workspace, with the engine that tests share unless one is given."""
    shared = _engines.setdefault((os.getpid(), threading.get_ident()), DuckDBEngine())
    services = read_services(*folder.settings.services)
    with closing(inbox_of(folder.settings)) as inbox, closing(names_of(folder.settings)) as names:
        yield Workspace(folder.settings, folder.lake, folder.store, engine or shared, inbox, services, names)
