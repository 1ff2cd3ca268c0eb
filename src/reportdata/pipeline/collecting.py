"""From DingTalk to the lake and the store: steps of the collector, and what each few of them have found.

Facts lie in the collector's outbox first, written together with what it remembers of the page that they came from.
They are made durable in the lake, then the days that were listed are noted as observed, then the facts leave the
outbox, and the days are computed. Who dies between has lost nothing, and doing it again changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reportdata.catalogue import Service
from reportdata.days import Coverage
from reportdata.dingtalk.budget import Month
from reportdata.dingtalk.certainty import certainties
from reportdata.dingtalk.clock import Clock
from reportdata.dingtalk.collector import Collector
from reportdata.dingtalk.directory import Directory
from reportdata.dingtalk.ledger import Ledger
from reportdata.dingtalk.outbox import count_waiting, remove, waiting
from reportdata.dingtalk.planning import day_at
from reportdata.engines import Engine
from reportdata.engines.duckdb.staging import Staging
from reportdata.lake import Lake
from reportdata.pipeline.refreshing import refresh
from reportdata.states import DayState, State
from reportdata.store import Store

_MOST = 20_000
"""Facts that are taken to the lake at once."""
_EVERY = 60.0
"""Seconds between two looks at what was found, while more is being found."""


@dataclass
class Collected:
    """What was collected: facts, the days they changed, and steps of the collector."""

    steps: int = 0
    facts: int = 0
    days: set[str] = field(default_factory=set)


class Collecting:
    """Collects one organisation. One process at a time may do it."""

    def __init__(
        self,
        collector: Collector,
        ledger: Ledger,
        directory: Directory | None,
        lake: Lake,
        store: Store,
        engine: Engine,
        service: Service,
        clock: Clock,
    ) -> None:
        self.done = Collected()
        self._collector = collector
        self._ledger = ledger
        self._directory = directory
        self._lake = lake
        self._store = store
        self._engine = engine
        self._service = service
        self._clock = clock
        self._flushed = 0.0
        self._dirty = True
        self._states: dict[tuple[str, str], DayState] = {}

    def step(self) -> float:
        """Let the collector do the next thing. Returns 0 when it did, or else the seconds until there may be something
        to do; all that was found is visible then.

        :raises SourceError: when DingTalk refuses.
        """
        try:
            wait = self._collector.step()
        except BaseException:
            self._dirty = True
            raise
        now = self._clock.now()
        if not wait:
            self.done.steps += 1
            self._dirty = True
        if self._dirty and (wait or not self._flushed <= now < self._flushed + _EVERY):
            self.flush()
        return wait

    @property
    def corp_id(self) -> str:
        """The organisation that is collected."""
        return self._collector.source.corp_id

    def month(self) -> Month:
        """The month of the budget."""
        return self._collector.month()

    def try_again(self) -> None:
        """Ask at once for what was refused before."""
        self._collector.pauses.end()

    def flush(self) -> None:
        """Bring what was found into the lake and the store."""
        corp_id = self.corp_id
        self._flushed = self._clock.now()
        if self._collector.is_gone():
            return
        days: set[str] = set()
        while count_waiting(self._ledger, corp_id):
            found = waiting(self._ledger, corp_id, _MOST, self._directory)
            with self._lake.incoming() as incoming:
                staging = Staging(incoming.folder)
                try:
                    staging.add_facts(found.facts)
                    days |= {day for staged in staging.finish(None) for day in staged.days}
                finally:
                    staging.close()
                self._lake.add(incoming)
            remove(self._ledger, corp_id, found.last)
            self.done.facts += len(found.facts)
        covered = self._observe()
        if days or covered:
            refresh(self._lake, self._store, self._engine, self._service, now=self._clock.now(), days=days | covered)
        self.done.days |= days
        self._note_states()
        self._dirty = False

    def _observe(self) -> set[str]:
        """Note the days as observed that were listed, the running one up to now."""
        collector = self._collector
        corp_id = self.corp_id
        first, today = self._days()
        known = [piece for piece in self._lake.coverage() if piece.corp_id == corp_id]
        new = set()
        for found in certainties(collector, first, today, self._now()):
            piece = Coverage(corp_id, found.stat_day, found.stat_day)
            if found.reports in (State.FINAL, State.PROVISIONAL) and not any(wide.includes(piece) for wide in known):
                new.add(piece)
        self._lake.observe(new, self._now())
        return {piece.first_day for piece in new}

    def _note_states(self) -> None:
        corp_id = self.corp_id
        first, today = self._days()
        new: dict[tuple[str, str], DayState] = {}
        for found in certainties(self._collector, first, today, self._now()):
            for kpi in self._service.kpis:
                of_comments = kpi.measure == "commenters"
                state = found.comments if of_comments else found.reports
                as_of = found.comments_as_of if of_comments else found.reports_as_of
                key = found.stat_day, kpi.id
                noted = DayState(corp_id, found.stat_day, kpi.id, state, as_of)
                if self._states.get(key) != noted:
                    new[key] = noted
        if new:
            self._store.put_states(self._service.id or "", new.values())
            self._states.update(new)

    def _days(self) -> tuple[str, str]:
        """The first and the last of the days that are looked at: all of them once, later those that may change."""
        today = day_at(self._now(), self._collector.zone)
        first = self._collector.period.first_day
        return first, max(first, today)

    def _now(self) -> int:
        return int(self._clock.now() * 1000)
