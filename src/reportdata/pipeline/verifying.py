"""Verification of what is at rest: every file by its digest, and the store's numbers by computing them again.

In the background each file and each month has its moment within a period, by a hash of its name: so nothing has to be
remembered of them, each is looked at once in a period, and a process that was away goes on where the last one was.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from pathlib import Path
from zlib import crc32

from reportdata.collector.ledger import Ledger
from reportdata.days import days_between
from reportdata.errors import Damaged, LakeError
from reportdata.pipeline import Progress, silent
from reportdata.pipeline.comparing import other_numbers
from reportdata.pipeline.corrections import Correction, keep
from reportdata.pipeline.damage import note_damage
from reportdata.pipeline.day_files import day_kinds, files_of_days
from reportdata.pipeline.refreshing import refresh
from reportdata.pipeline.staleness import counted
from reportdata.pipeline.workspace import Workspace
from reportdata.services import Service

log = logging.getLogger("reportdata.verification")

PAUSE = 600.0
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


class Schedule:
    """Things that each have their moment within a period, by a hash of their names, and a note until when all was done
    whose moment had come.

    :param note: an empty file, whose time says that.
    :param period: seconds.
    """

    def __init__(self, note: Path, period: float) -> None:
        self._note = note
        self._period = period

    def began(self, now: float) -> float:
        """Until when everything was done whose moment had come."""
        try:
            noted = self._note.stat().st_mtime
        except FileNotFoundError:
            return now
        return max(noted, now - self._period) if noted <= now else now

    def moment(self, name: str, now: float, after: float = 0.0) -> float:
        """The last moment of a thing before now.

        :param after: seconds after the moment that the name has by itself.
        """
        phase = crc32(name.encode()) / 2**32 * self._period + after
        return now - (now - phase) % self._period

    def done(self, until: float) -> None:
        """Note until when everything was done."""
        with suppress(OSError):  # it is done again then
            self._note.touch()
            os.utime(self._note, (until, until))


class Verification:
    """Once in a period, a little at a time: reads every file of the lake, and computes every day again and compares it
    with the store's numbers; once a day, looks into the embedded store and the collector's file. What is damaged is
    noted and told in the log; numbers of the store that are not those of the facts are put right, too.

    :param period: seconds; 0 for never.
    """

    def __init__(self, work: Workspace, period: float) -> None:
        self._work = work
        self._period = period
        root = work.lake.root
        self._files, self._days = Schedule(root / "verified", period), Schedule(root / "numbers-verified", period)
        self._looked = 0.0
        self._told: set[str] = set()

    def step(self, now: float) -> bool:
        """Do what has its moment now, not too much at a time; whether there was anything."""
        if not self._period or not self._work.lake.exists() or self._looked <= now < self._looked + PAUSE:
            return False
        self._looked = now
        began = self._files.began(now)
        read, until, more = self._read(began, now)
        self._look_into_databases(began, until)
        self._files.done(until)
        computed, until, later = self._compute(self._days.began(now), now)
        self._days.done(until)
        if more or later:
            self._looked = 0.0
        return read + computed > 0

    def _read(self, began: float, now: float) -> tuple[int, float, bool]:
        lake = self._work.lake
        damaged: list[str] = []
        read, size, until = 0, 0, now
        with lake.reading():
            moments = ((self._files.moment(str(path), now), path) for path in lake.members())
            due = sorted((at, path) for at, path in moments if at > began)
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

    def _compute(self, began: float, now: float) -> tuple[int, float, bool]:
        """Compute the days whose moment has come, and compare them."""
        lake = self._work.lake
        chosen: dict[str, set[str]] = {}
        count, size, until = 0, 0, now
        with lake.reading():
            due = sorted(self._due(began, now))
            for at, service, day in due:
                if size >= MOST:
                    break
                chosen.setdefault(service, set()).add(day)
                kinds = day_kinds(self._work.services.service(service), self._work.kinds)
                for files in files_of_days(lake, kinds, [day]).values():
                    size += sum(lake.info(path).size for path in files.paths())
                count, until = count + 1, at
            other = {
                service: self._other(self._work.services.service(service), days) for service, days in chosen.items()
            }
        for service, days in other.items():
            if days:
                put_right(self._work, self._work.services.service(service), days, now)
        more = count < len(due)
        return count, until if more else now, more

    def _other(self, service: Service, days: Collection[str]) -> set[str]:
        """The days whose numbers differ; none when that cannot be told because files are damaged, which is noted."""
        try:
            return {day for _, day in other_numbers(self._work, service, days)}
        except LakeError:
            if not _note_damaged(self._work, service, days):
                raise
            return set()

    def _due(self, began: float, now: float) -> Iterator[tuple[float, str, str]]:
        """Moments, services and days; a month's days come one after the other, since many cost little more than one."""
        pieces = self._work.store.coverage()
        for service in counted(self._work.services):
            known = [*self._work.store.fingerprints(service.id), *(day for p in pieces for day in p[1:3])]
            for day in days_between(min(known), max(known)) if known else ():
                at = self._days.moment(f"{service.id} {day[:6]}", now, after=float(day[6:]))
                if at > began:
                    yield at, service.id, day

    def _look_into_databases(self, began: float, until: float) -> None:
        if began // _DAY == until // _DAY:
            return
        settings = self._work.settings
        faults = [] if settings.database is not None else self._work.store.faults()
        named = {f"the store {settings.store} is damaged: {fault}" for fault in faults[:1]}
        if settings.ledger.exists():
            with closing(Ledger(settings.ledger, new=False)) as ledger:
                named |= {f"the collector's file {ledger.path} is damaged: {fault}" for fault in ledger.faults()[:1]}
        for line in sorted(named - self._told):
            log.error("%s; see `reportdata doctor --thorough`", line)
        self._told = named


def put_right(work: Workspace, service: Service, days: Collection[str], now: float) -> None:
    """Compute days again whose numbers seem to be others than those of their facts, where that is still so while nobody
    else computes any; the right numbers are appended, and become the current ones. Their files are read to the end
    before: it may be these that changed, and then the store is right."""
    with work.lake.refreshing(), work.lake.reading():
        if _note_damaged(work, service, days):
            return
        certain: dict[str, set[str]] = {}
        for corp_id, day in other_numbers(work, service, days):
            certain.setdefault(day, set()).add(corp_id)
        listed = files_of_days(work.lake, day_kinds(service, work.kinds), certain)
        for day in certain.keys() - listed.keys():  # there are numbers of a day without facts
            work.store.put_days(service.id, {day: ""}, (), now)
    done: list[Correction] = []
    for day, corp_ids in sorted(certain.items()):
        if day in listed:
            with suppress(Damaged):  # of other days' files: the store notes it, and the log says it once
                refresh(work, now, days=[day], period=(day, day))
        done.append(Correction(int(now * 1000), service.id, day, len(corp_ids)))
        log.error(
            "%s: the numbers of %d organisations on %s in the store were not those of the facts, and were computed "
            "again; a disk or memory may be failing",
            service.id,
            len(corp_ids),
            day,
        )
    keep(work.lake.root, done)


def _note_damaged(work: Workspace, service: Service, days: Collection[str]) -> bool:
    """Read the files that days need, and note those that are damaged; whether there are any."""
    lake = work.lake
    paths = [
        path for files in files_of_days(lake, day_kinds(service, work.kinds), days).values() for path in files.paths()
    ]
    paths += [path for kind in service.reads() if work.kinds[kind].retracts is not None for path in lake.paths(kind)]
    damaged = [lake.name(path) for path in paths if not lake.is_whole(path)]
    if damaged:
        note_damage(work, {}, damaged)
    return bool(damaged)
