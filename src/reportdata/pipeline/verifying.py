"""Verification of what is at rest: every file by its digest, and the store's numbers by computing them anew.

In the background each file has its moment within a period, by a hash of its name: so nothing has to be remembered of
files, each is read once in a period, and a process that was away goes on where the last one was.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from zlib import crc32

from reportdata.collector.ledger import Ledger
from reportdata.days import Observation, days_between, latest
from reportdata.engines import measured
from reportdata.pipeline import Progress, silent
from reportdata.pipeline.damage import damaged_days, left, note_damage
from reportdata.pipeline.day_files import day_kinds, files_of_days, together
from reportdata.pipeline.observed import told_by_kind
from reportdata.pipeline.refreshing import kpis_of
from reportdata.pipeline.staleness import batches, counted
from reportdata.pipeline.workspace import Workspace
from reportdata.services import Service
from reportdata.services.sql import definition, kpis_of_days

log = logging.getLogger("reportdata.verification")

PAUSE = 60.0
"""Seconds between two looks for files whose moment has come."""
MOST = 64 << 20
"""Bytes that are read in one step, and a file at least."""
_AT_ONCE = 64
"""Files between two looks at how far it is."""
_DAY = 86_400.0


def damaged_files(work: Workspace, progress: Progress = silent) -> list[str]:
    """The names of the lake's files that are gone or are not what was added; each is read for that."""
    lake = work.lake
    found: set[str] = set()
    with lake.reading():
        members = lake.members()
        for start in range(0, len(members), _AT_ONCE):
            progress("reading files", start, len(members))
            found.update(lake.not_whole(members[start : start + _AT_ONCE]))
        lake.observed(damaged=found)  # files from before there were digests
    progress("reading files", len(members), len(members))
    return sorted(found)


class Verification:
    """Reads every file of the lake once in a period, a few at a time, and looks into the embedded store and the
    collector's file once a day. What is damaged is noted in the store and told in the log.

    :param period: seconds; 0 for never.
    """

    def __init__(self, work: Workspace, period: float) -> None:
        self._work = work
        self._period = period
        self._note = work.lake.root / "verified"
        self._looked = 0.0
        self._told: set[str] = set()

    def step(self, now: float) -> bool:
        """Read the files whose moment has come, not too many; whether there were any."""
        if not self._period or not self._work.lake.exists() or self._looked <= now < self._looked + PAUSE:
            return False
        self._looked = now
        began = self._began(now)
        read, until, more = self._read(began, now)
        self._look_into_databases(began, until)
        with suppress(OSError):  # it is read again then
            self._note.touch()
            os.utime(self._note, (until, until))
        if more:
            self._looked = 0.0
        return read > 0

    def _began(self, now: float) -> float:
        """Until when everything was read whose moment had come."""
        try:
            noted = self._note.stat().st_mtime
        except FileNotFoundError:
            return now
        return max(noted, now - self._period) if noted <= now else now

    def _read(self, began: float, now: float) -> tuple[int, float, bool]:
        lake = self._work.lake
        damaged: list[str] = []
        read, size, until = 0, 0, now
        with lake.reading():
            due = sorted((at, path) for path in lake.members() if (at := self._moment(path, now)) > began)
            for at, path in due:
                if size >= MOST:
                    break
                if not lake.is_whole(path):
                    damaged.append(lake.name(path))
                size += lake.info(path).size
                read, until = read + 1, at
        more = read < len(due)
        if damaged:
            note_damage(self._work, {}, damaged)
        return read, until if more else now, more

    def _moment(self, path: Path, now: float) -> float:
        """The last moment of a file before now."""
        phase = crc32(str(path).encode()) / 2**32 * self._period
        return now - (now - phase) % self._period

    def _look_into_databases(self, began: float, until: float) -> None:
        if began // _DAY == until // _DAY:
            return
        settings = self._work.settings
        faults = [] if settings.database is not None else self._work.store.faults()
        named = {f"the store {settings.store} is damaged: {fault}" for fault in faults[:1]}
        if settings.ledger.exists():
            with closing(Ledger(settings.ledger)) as ledger:
                named |= {f"the collector's file {ledger.path} is damaged: {fault}" for fault in ledger.faults()[:1]}
        for line in sorted(named - self._told):
            log.error("%s; see `reportdata doctor --thorough`", line)
        self._told = named


def differences(work: Workspace, progress: Progress = silent) -> Iterator[str]:
    """What the store says otherwise than the lake: days whose numbers are not those of their facts though they are not
    stale, and days that it takes for observed and were not. Days that rest on damaged files are left out."""
    with work.lake.reading():
        damaged: set[str] = set()
        observed = told_by_kind(work.lake.observed(damaged=damaged), work.kinds)
        for service in counted(work.services):
            yield from _other_numbers(work, service, progress)
        if not damaged:
            yield from _not_observed(work, observed)


def _other_numbers(work: Workspace, service: Service, progress: Progress) -> Iterator[str]:
    store, defined = work.store, definition(service, work.kinds)
    what = kpis_of_days(service, work.kinds)
    noted = store.fingerprints(service.id)
    damaged = damaged_days(left(work)).get(service.id, {})
    retracting = {kind: work.lake.paths(kind) for kind in service.reads() if work.kinds[kind].retracts is not None}
    files = {
        day: of_day
        for day, of_day in files_of_days(work.lake, day_kinds(service, work.kinds)).items()
        if noted.get(day) == of_day.fingerprint(defined) and day not in damaged
    }
    if any(work.lake.lost(paths) for paths in retracting.values()):
        return
    whole = set(work.lake.sound([path for of_day in files.values() for path in of_day.paths()])[0])
    files = {day: of_day for day, of_day in files.items() if whole.issuperset(of_day.paths())}
    sizes = {day: sum(work.lake.info(path).size for path in of_day.paths()) for day, of_day in files.items()}
    count = 0
    for days, _ in batches(dict.fromkeys(files), sizes, work.engine.batch):
        progress("computing days again", count, len(files))
        count += len(days)
        rows = measured(what, work.engine.rows(what, {**retracting, **together(files[day] for day in days)}))
        right = {(row.corp_id, row.stat_day): _some(row.values) for row in kpis_of(service, rows)}
        for day in days:
            for row in store.kpis_between(service.id, None, day, day):
                if _some(row.values) != right.get((row.corp_id, day), {}):
                    yield f"the numbers of {row.corp_id} on {day}"
    yield from _without_facts(work, service, set(files_of_days(work.lake, day_kinds(service, work.kinds))))


def _without_facts(work: Workspace, service: Service, days: set[str]) -> Iterator[str]:
    """Days of which the store has numbers and the lake no facts."""
    pieces = work.store.coverage()
    if not pieces:
        return
    first, last = min(piece.first_day for piece in pieces), max(piece.last_day for piece in pieces)
    for row in work.store.kpis_between(service.id, None, first, last):
        if row.stat_day not in days and _some(row.values):
            yield f"the numbers of {row.corp_id} on {row.stat_day}"


def _some(values: Mapping[str, float]) -> dict[str, float]:
    """The numbers that are not zero: no facts make no row."""
    return {kpi_id: number for kpi_id, number in values.items() if number}


def _not_observed(work: Workspace, observed: list[Observation]) -> Iterator[str]:
    """What the store takes for observed and the lake does not."""
    known: dict[tuple[str, str], set[str]] = {}
    for piece in latest(look._replace(at=0) for look in observed):
        known.setdefault((piece.corp_id, piece.kind), set()).update(days_between(piece.first_day, piece.last_day))
    for piece in work.store.observations():
        if piece.kind.partition(" ")[0] not in work.kinds:
            continue  # official figures are no facts
        wrong = set(days_between(piece.first_day, piece.last_day)) - known.get((piece.corp_id, piece.kind), set())
        if wrong:
            yield f"that {piece.kind} of {piece.corp_id} was observed on {min(wrong)}"
