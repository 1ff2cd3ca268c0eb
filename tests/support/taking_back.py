"""Sequences of imports and of what happens between them, and what a data folder then is."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import duckdb
from hypothesis import strategies as st

from reportdata.coverage import Observation, latest
from reportdata.days import SECOND
from reportdata.engines.duckdb.staging import Staging
from reportdata.facts import Provenance
from reportdata.inbox.folder import FolderWriter
from reportdata.pipeline.compacting import QUIET, compact
from reportdata.pipeline.importing import import_files
from reportdata.pipeline.imports import Options
from reportdata.pipeline.refreshing import refresh
from reportdata.pipeline.taking_back import TakenBack, take_back
from reportdata.pipeline.working import Worker
from reportdata.store.standing import standing
from tests.support.folders import Folder
from tests.support.oracle import Commented, Fact, Sent, Withdrawn
from tests.support.services import NAMES as KINDS
from tests.support.services import SERVICE, lines_of, working
from tests.support.services import fact as lake_fact
from tests.support.writing import write

# Zones of few changes: a table is converted by one expression for all changes of all zones, which takes its time.
ZONES = {"c1": ZoneInfo("Asia/Shanghai"), "c2": ZoneInfo("Asia/Kathmandu")}
START = datetime(2026, 3, 7, 22, tzinfo=ZONES["c1"])
NOW = 1_790_000_000.0
FIRST, LAST = "20260301", "20260320"


class Import(NamedTuple):
    """An import of files, each of facts, which were written so many steps before; perhaps of a named period."""

    files: Sequence[Sequence[Fact]]
    age: int = 0
    period: tuple[str | None, str | None] = (None, None)
    format: str = "jsonl"


class Bring(NamedTuple):
    """Facts that are pushed, or collected, which then stay."""

    facts: Sequence[Fact]
    pushed: bool


class Tidy(NamedTuple):
    """A compaction, of all files or of many small ones, or a refresh."""

    what: str


class Undo(NamedTuple):
    """One of the imports before is taken back: the one of this number, modulo how many there are."""

    number: int


Step = Import | Bring | Tidy | Undo


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    """A fact of few organisations, reports, people and hours, so that imports have the same."""
    corp_id, report = draw(st.sampled_from(sorted(ZONES))), f"r{draw(st.integers(0, 2))}"
    at = (START + timedelta(hours=12 * draw(st.integers(0, 3)))).astimezone(UTC)
    kind = draw(st.sampled_from(("sent", "sent", "commented", "withdrawn")))
    if kind == "withdrawn":
        return Withdrawn(corp_id, report, at)
    user = f"u{draw(st.integers(0, 1))}"
    if kind == "commented":
        return Commented(corp_id, report, user, at)
    departments = draw(st.sampled_from([(), ("研发部", "市场部")]))
    return Sent(corp_id, report, user, at, draw(st.sampled_from(["", "日报"])), departments)


some = st.lists(facts(), min_size=1, max_size=5)
imports = st.builds(
    Import,
    st.lists(some, min_size=1, max_size=2),
    st.integers(0, 3),
    st.sampled_from([(None, None), (None, None), (FIRST, LAST), (None, LAST)]),
    st.sampled_from(["jsonl", "csv"]),
)
steps = st.lists(
    st.one_of(
        imports,
        imports,
        st.builds(Bring, some, st.booleans()),
        st.builds(Tidy, st.sampled_from(["all", "all", "some", "refresh"])),
        st.builds(Undo, st.integers(0, 9)),
    ),
    min_size=2,
    max_size=7,
)


class Played(NamedTuple):
    """What was done with a folder: the ids of imports by the numbers of their steps, and what taking back told."""

    ids: dict[int, str]
    told: list[TakenBack]


def undone(sequence: Sequence[Step]) -> set[int]:
    """The numbers of the steps whose imports are taken back, and are not there again."""
    there: list[int] = []
    gone: set[int] = set()
    for number, step in enumerate(sequence):
        if isinstance(step, Import):
            there.append(number)
        elif isinstance(step, Undo) and there:
            gone.add(there[step.number % len(there)])
    return gone


def play(
    folder: Folder,
    sequence: Sequence[Step],
    place: Path,
    without: Collection[int] = (),
    after: Callable[[int, Played], None] | None = None,
) -> Played:
    """Do the steps, but for those of these numbers; without any, nothing is taken back either.

    :param after: called after each step, when its days were computed.
    """
    for corp_id, zone in ZONES.items():
        folder.add_organisation(corp_id, str(zone))
    done = Played({}, [])
    order: list[int] = []
    for number, step in enumerate(sequence):
        now = NOW + 1000 * number
        if isinstance(step, Import):
            order.append(number)
        if number in without or (without and isinstance(step, Undo)):
            continue
        with working(folder) as work:
            match step:
                case Import():
                    first, last = step.period
                    options = Options(first_day=first, last_day=last, now=now)
                    found = import_files(work, files_of(step, place / str(number), now), options)
                    assert not found.failures
                    done.ids[number] = found.id
                case Bring(pushed=True):
                    _push(folder, step.facts, now)
                    worker = Worker(work)
                    while worker.step(now):
                        pass
                case Bring():
                    _collect(folder, step.facts, now)
                case Tidy("refresh"):
                    refresh(work, now)
                case Tidy():
                    compact(work, now + 1e6, quiet=None if step.what == "all" else QUIET)
                case Undo() if order:
                    import_id = done.ids[order[step.number % len(order)]]
                    done.told.append(take_back(work, import_id, now=now))
            if after is not None:
                refresh(work, now + 500)
        if after is not None:
            after(number, done)
    with working(folder) as work:
        refresh(work, NOW + 1000 * len(sequence))
    return done


def files_of(step: Import, place: Path, now: float) -> list[Path]:
    """The files of an import, written when it says."""
    found: list[Path] = []
    for number, content in enumerate(step.files):
        if not (place / str(number)).exists():
            write(place / str(number), content, step.format, "iso", ZONES)
        for path in sorted((place / str(number)).iterdir()):
            os.utime(path, (now - 1000 * step.age, now - 1000 * step.age))
            found.append(path)
    return found


def _push(folder: Folder, facts: Sequence[Fact], now: float) -> None:
    writer = FolderWriter(folder.settings.inbox, lambda: now)
    writer.append(lines_of([_in_lake(fact) for fact in facts])).result()
    writer.close()


def _collect(folder: Folder, facts: Sequence[Fact], now: float) -> None:
    """What a collector does with what it found."""
    kinds = working(folder)
    with kinds as work, folder.lake.incoming() as incoming:
        staging = Staging(incoming.folder, work.kinds, Provenance(int(now * SECOND), "collection"))
        staging.add_facts(_in_lake(fact) for fact in facts)
        staging.keep()
        staging.close()
        folder.lake.add(incoming)
    days = {(fact.corp_id, _in_lake(fact).stat_day) for fact in facts if isinstance(fact, Sent)}
    looks = [Observation(corp_id, day, day, int(now * 1000), "sent") for corp_id, day in days]
    with folder.lake.incoming() as incoming:
        folder.lake.add(incoming, looks)


def _in_lake(fact: Fact) -> Any:
    kind = {Sent: "sent", Commented: "commented", Withdrawn: "withdrawn"}[type(fact)]
    day = f"{fact.at.astimezone(ZONES[fact.corp_id]):%Y%m%d}"
    values: dict[str, str | None] = {"report_id": fact.report_id}
    if not isinstance(fact, Withdrawn):
        values["user_id"] = fact.user_id
    if isinstance(fact, Sent):
        values |= {"template": fact.template or None, "departments": ",".join(fact.departments) or None}
    return lake_fact(kind, fact.corp_id, int(fact.at.timestamp() * SECOND), day, **values)


class Seen(NamedTuple):
    """What a data folder is: facts with when they were first known and from where, coverage in the lake and in the
    store, and how each day stands."""

    facts: dict[tuple[Any, ...], tuple[int, str]]
    lake: list[Observation]
    store: list[Observation]
    days: list[Any]


def seen(folder: Folder, ids: Mapping[int, str]) -> Seen:
    """What a data folder is; imports are told by the numbers of their steps."""
    numbers = {import_id: str(number) for number, import_id in ids.items()}
    found: dict[tuple[Any, ...], tuple[int, str]] = {}
    for kind in KINDS:
        files = [str(path) for path in folder.lake.paths(kind)]
        if files:
            sql = (
                "select columns(* exclude (known_at, origin))::varchar, epoch_us(known_at), split_part(origin, '/', 1) "
                f"from read_parquet({files}, hive_partitioning = false)"
            )
            for *fact, at, origin in duckdb.execute(sql).fetchall():
                key = (kind, *fact)
                found[key] = min(found.get(key, (at, "~")), (at, numbers.get(origin, origin)))
    stands = [day for corp_id in ZONES for day in standing(folder.store, SERVICE, corp_id, FIRST, LAST, time.time())]
    return Seen(found, latest(folder.lake.observed()), folder.store.observations(), stands)


def facts_without(sequence: Sequence[Step], gone: Collection[int]) -> set[Fact]:
    """The facts that the steps brought, but for imports that were taken back."""
    found: set[Fact] = set()
    for number, step in enumerate(sequence):
        if isinstance(step, Import) and number not in gone:
            found.update(fact for content in step.files for fact in content)
        elif isinstance(step, Bring):
            found.update(step.facts)
    return found
