"""From DingTalk to the lake and the store: steps of the collector, and what each few of them have found.

Facts lie in the collector's outbox first, written together with what it remembers of the page that they came from.
They are made durable in the lake, then the days that were listed are noted as observed, then the facts leave the
outbox, and the days are computed. Who dies between has lost nothing, and doing it again changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reportdata.days import MILLISECOND, Coverage
from reportdata.dingtalk.budget import Month
from reportdata.dingtalk.certainty import certainties
from reportdata.dingtalk.clock import Clock
from reportdata.dingtalk.collector import Collector
from reportdata.dingtalk.directory import Directory
from reportdata.dingtalk.ledger import Ledger
from reportdata.dingtalk.outbox import count_waiting, remove, waiting
from reportdata.dingtalk.planning import day_at
from reportdata.engines.duckdb.staging import Staging
from reportdata.facts import Provenance
from reportdata.pipeline.refreshing import refresh
from reportdata.pipeline.workspace import Workspace
from reportdata.services import REPORTS
from reportdata.states import DayState, State

COLLECTION = "collection"
"""The origin of collected facts."""
_MOST = 20_000
"""Facts that are taken to the lake at once."""
_EVERY = 60.0
"""Seconds between two looks at what was found, while more is being found."""


_OF_REPORTS, _OF_COMMENTS = frozenset(("sent",)), frozenset(("commented",))
"""The kinds of facts that the two certainties of a day are about."""


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
        work: Workspace,
        clock: Clock,
    ) -> None:
        self.done = Collected()
        self._collector = collector
        self._ledger = ledger
        self._directory = directory
        self._work = work
        self._lake = work.lake
        self._service = work.services.service(REPORTS)
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
                staging = Staging(incoming.folder, self._work.kinds, Provenance(self._now() * MILLISECOND, COLLECTION))
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
            refresh(self._work, self._clock.now(), days=days | covered)
        self.done.days |= days
        self._note_states()
        self._dirty = False

    def _observe(self) -> set[str]:
        """Note the days as observed whose reports were listed, the running one up to now, and those of whose comments
        some were read."""
        collector = self._collector
        corp_id = self.corp_id
        first, today = self._days()
        known = [piece for piece in self._lake.coverage() if piece.corp_id == corp_id]
        new = set()
        for found in certainties(collector, first, today, self._now()):
            if found.reports not in (State.FINAL, State.PROVISIONAL):
                continue
            for kind in _OF_REPORTS if found.comments is State.MISSING else (*_OF_REPORTS, *_OF_COMMENTS):
                piece = Coverage(corp_id, found.stat_day, found.stat_day, kind)
                if not any(wide.includes(piece) for wide in known):
                    new.add(piece)
        self._lake.observe(new, self._now())
        return {piece.first_day for piece in new}

    def _note_states(self) -> None:
        corp_id = self.corp_id
        first, today = self._days()
        new: dict[tuple[str, str], DayState] = {}
        for found in certainties(self._collector, first, today, self._now()):
            for kpi in self._service.kpis:
                of_comments = not _OF_COMMENTS.isdisjoint(self._service.observed(kpi.id))
                state = found.comments if of_comments else found.reports
                as_of = found.comments_as_of if of_comments else found.reports_as_of
                key = found.stat_day, kpi.id
                noted = DayState(corp_id, found.stat_day, kpi.id, state, as_of)
                if self._states.get(key) != noted:
                    new[key] = noted
        if new:
            self._work.store.put_states(self._service.id, new.values())
            self._states.update(new)

    def _days(self) -> tuple[str, str]:
        """The first and the last of the days that are looked at: all of them once, later those that may change."""
        today = day_at(self._now(), self._collector.zone)
        first = self._collector.period.first_day
        return first, max(first, today)

    def _now(self) -> int:
        return int(self._clock.now() * 1000)
