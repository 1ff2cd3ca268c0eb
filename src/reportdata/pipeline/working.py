"""What the worker does again and again: facts from the inbox to the lake, their days to the store, and tidying up."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from reportdata.coverage import Coverage, Observation, believed, observation
from reportdata.days import MILLISECOND, SECOND, end_of, time_zone
from reportdata.engines.duckdb.connection import Database
from reportdata.engines.duckdb.staging import Staging
from reportdata.errors import BadSegment, Damaged, LakeError
from reportdata.facts import Provenance
from reportdata.inbox import begun_at, facts_of, lines_of, readable_of
from reportdata.pipeline.compacting import compact
from reportdata.pipeline.damage import note_segment, require_lake
from reportdata.pipeline.refreshing import refresh
from reportdata.pipeline.verifying import Verification
from reportdata.pipeline.workspace import Workspace

log = logging.getLogger("reportdata.worker")

PUSH = "push"
"""The origin of pushed facts."""
MOST = 64 << 20
"""Bytes that are taken up in one step."""
BETWEEN = 2.0
"""Seconds between two merges of small files while facts keep coming."""
LOOK = 10.0
"""Seconds between two looks for days that others made stale, and for files to compact."""


_MOST_NOTED = 100_000
"""Organisations' days of which it is remembered that the lake was told."""


class Worker:
    """Takes up what was pushed. One at a time may do it; if it dies, the next one goes on where it was."""

    def __init__(self, work: Workspace, verified_within: float = 0.0) -> None:
        """:param verified_within: seconds within which every file of the lake is compared with its digest; 0 for
        never."""
        self._work = work
        self._verification = Verification(work, verified_within)
        self._lake = work.lake
        self._inbox = work.inbox
        self._database = Database(work.lake.root / "spill-pushes")  # opened by the first push after a pause
        self._looked: float | None = None
        self._merged = 0.0
        self._noted: dict[Coverage, int] = {}  # the last look that the lake was told of
        self._touched: set[str] = set()  # days that got files since they were last looked at for merging

    def step(self, now: float) -> bool:
        """Do the next thing there is to do; False when there is none."""
        segments = _some(self._inbox.ready())
        if segments:
            self._take_up(segments, now)
            if not self._merged <= now < self._merged + BETWEEN:
                self._merged = now
                self._merge(now)
            return True
        if self._looked is None or not self._looked <= now < self._looked + LOOK:
            self._looked = now
            self._database.close()
            return self._tidy_up(now)
        return self._verification.step(now)

    def _take_up(self, segments: Sequence[Path], now: float) -> None:
        """Facts and the coverage of their days come to the lake by one entry of its log, and before the segments go:
        whoever dies between has lost nothing, and doing it again changes nothing."""
        require_lake(self._lake, self._work.store, self._work.services)
        looks: dict[Coverage, int] = {}
        whole: list[Path] = []
        lines: list[bytes] = []
        for path in segments:
            try:
                facts = list(facts_of(path, self._work.kinds))
                lines.append(lines_of(path))
            except BadSegment as error:
                readable = {(fact.kind, fact.stat_day) for fact in readable_of(path, self._work.kinds)}
                aside = self._inbox.set_aside(path)
                log.error("%s; it is kept as %s", error.message, aside)  # noqa: TRY400
                note_segment(self._work, aside, readable)
                continue
            whole.append(path)
            for piece in {
                Coverage(f.corp_id, f.stat_day, f.stat_day, f.kind) for f in facts if self._work.kinds[f.kind].covers
            }:
                look = believed(observation(piece, begun_at(path)), now)
                looks[piece] = max(looks.get(piece, 0), look.at)
        if not whole:
            return
        with self._lake.incoming() as incoming:
            provenance, forgotten = Provenance(int(now * SECOND), PUSH), self._work.store.forgotten()
            staging = Staging(incoming.folder, self._work.kinds, provenance, self._database, forgotten=forgotten)
            try:
                staging.add_lines(lines)
                days = staging.keep()
            except LakeError:  # no later step goes on with a database that failed
                self._database.close()
                raise
            if staging.left_out:
                log.info("%d pushed records of forgotten people were left out", staging.left_out)
            told = self._untold(looks, now)
            self._lake.add(incoming, told)
        self._noted.update((look.coverage, look.at) for look in told)
        self._inbox.remove(whole)
        self._touched |= days
        with suppress(Damaged):  # the store notes it, and the log says it once
            refresh(
                self._work,
                now,
                days=days | {piece.first_day for piece in looks},
                looks=[observation(piece, at) for piece, at in looks.items()],
            )

    def _untold(self, looks: Mapping[Coverage, int], now: float) -> list[Observation]:
        """What the lake is told: the first look at a day and the first one after the day's end. Those between would be
        a file for each push; the store is told of them."""
        zones = {organisation.corp_id: organisation.time_zone for organisation in self._work.store.organisations()}
        told: list[Observation] = []
        if len(self._noted) > _MOST_NOTED:  # a day more or less in the lake does no harm
            self._noted.clear()
        for piece, at in looks.items():
            noted, zone = self._noted.get(piece), zones.get(piece.corp_id)
            end = end_of(piece.last_day, time_zone(zone)) // MILLISECOND if zone is not None else 0
            if noted is None or noted > now * 1000 or noted < end <= at:
                told.append(observation(piece, at))
        return told

    def _merge(self, now: float) -> None:
        """Merge the files of one of the days that facts came for, or let go of them: they have few."""
        merged = compact(self._work, now, days=self._touched, most=1)
        if not merged:
            self._touched.clear()

    def _tidy_up(self, now: float) -> bool:
        """Compute what others left stale, and merge the small files of one day."""
        computed: list[str] = []
        with suppress(Damaged):  # as above; what else there was to compute was computed
            computed = refresh(self._work, now).days
        return bool(computed) or compact(self._work, now, most=1) > 0


def _some(segments: Sequence[Path]) -> list[Path]:
    """The first segments, not too many for one step."""
    found: list[Path] = []
    size = 0
    for path in segments:
        size += path.stat().st_size
        if found and size > MOST:
            break
        found.append(path)
    return found
