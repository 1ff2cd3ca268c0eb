"""From a suite to the lake and the store: steps of the collector, and what each few of them have found.

Facts lie in the collector's outbox first, written together with what it remembers of the page that they came from.
They are made durable in the lake, then the days that were listed are noted as observed, then the facts leave the
outbox, and the days are computed. Who dies between has lost nothing, and doing it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reportdata.collector.budget import Month
from reportdata.collector.certainty import Certainty, certainties
from reportdata.collector.collector import Collector
from reportdata.coverage import Coverage
from reportdata.days import MILLISECOND
from reportdata.engines.duckdb.staging import Staging
from reportdata.facts import Provenance
from reportdata.pipeline.damage import require_lake
from reportdata.pipeline.refreshing import refresh
from reportdata.pipeline.workspace import Workspace
from reportdata.services import REPORTS
from reportdata.states import DayState, State

COLLECTION = "collection"
"""The origin of collected facts."""
_MOST = 20_000
"""Facts that are taken to the lake at once."""
_COMPARED = 300.0
"""Seconds between two comparisons of clocks that differ."""
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
    """Collects one source. One process at a time may do it.

    :param agree: whether this machine's clock and the suite's agree. While they do not, facts are taken to the lake and
        nothing is said of how certain a day is.
    """

    def __init__(self, collector: Collector, work: Workspace, agree: Callable[[], bool] = lambda: True) -> None:
        self.done = Collected()
        self._collector = collector
        self._work = work
        self._agree = agree
        self._judged = True
        self._refreshed = False
        self._lake = work.lake
        self._service = work.services.service(REPORTS)
        self._clock = collector.clock
        self._flushed = 0.0
        self._dirty = True

    def step(self) -> float:
        """Let the collector do the next thing. Returns 0 when it did, or else the seconds until there may be something
        to do; all that was found is visible then.

        :raises SourceError: when the suite refuses.
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
            judged = self._judged
            self.flush()
            if self._judged and not judged:  # the clocks agree again: the present is another one
                return 0.0
        if wait and not self._judged:
            self._dirty = True
            return min(wait, _COMPARED)
        return wait

    @property
    def name(self) -> str:
        """The name of the source."""
        return self._collector.source.name

    def month(self) -> Month:
        """The month of the budget."""
        return self._collector.month()

    def try_again(self) -> None:
        """Ask at once for what was refused before."""
        self._collector.try_again()

    def flush(self) -> None:
        """Bring what was found into the lake and the store."""
        self._flushed = self._clock.now()
        if self._collector.is_gone():
            return
        require_lake(self._lake, self._work.store, self._work.services)
        days: set[str] = set()
        while (found := self._collector.waiting(_MOST)) is not None:
            with self._lake.incoming() as incoming:
                provenance = Provenance(self._now() * MILLISECOND, COLLECTION)
                forgotten = self._work.store.forgotten()
                staging = Staging(incoming.folder, self._work.kinds, provenance, forgotten=forgotten)
                try:
                    staging.add_facts(found.facts)
                    days |= staging.keep()
                finally:
                    staging.close()
                self._lake.add(incoming)
            self._collector.taken(found.last)
            self.done.facts += len(found.facts)
        self._judged = self._agree()
        certain = self._certainties() if self._judged else []
        covered = self._observe(certain)
        if not self._refreshed:  # who died may have brought facts to the lake whose days were not computed
            self._refreshed = True
            refresh(self._work, self._clock.now())
        elif days or covered:
            refresh(self._work, self._clock.now(), days=days | covered)
        self.done.days |= days
        self._note_states(certain)
        self._dirty = False

    def _certainties(self) -> list[Certainty]:
        """How certain the organisation's days are, by what all its sources have seen."""
        collector = self._collector
        return list(certainties(collector.ledger, collector.source.corp_id, collector.zone, self._now()))

    def _observe(self, certain: Sequence[Certainty]) -> set[str]:
        """Note the days as observed whose reports all sources have listed, the running one up to now; and
        their comments, where some were read."""
        corp_id = self._collector.source.corp_id
        # What an import observed can be taken back: it keeps nothing from being noted.
        looks = [look for look in self._lake.observed(damaged=set()) if look.corp_id == corp_id]
        known = [look.coverage for look in looks if not look.origin]
        new = set()
        for found in certain:
            if not found.observed:
                continue
            for kind in _OF_REPORTS if found.comments is State.MISSING else (*_OF_REPORTS, *_OF_COMMENTS):
                piece = Coverage(corp_id, found.stat_day, found.stat_day, kind)
                if not any(wide.includes(piece) for wide in known):
                    new.add(piece)
        self._lake.observe(new, self._now())
        return {piece.first_day for piece in new}

    def _note_states(self, certain: Sequence[Certainty]) -> None:
        """Put the states that are others than the store has; another source may have put some of them."""
        if not certain:
            return
        corp_id, service = self._collector.source.corp_id, self._service.id
        kept = set(self._work.store.states(service, corp_id, certain[0].stat_day, certain[-1].stat_day))
        new = []
        for found in certain:
            for kpi in self._service.kpis:
                of_comments = not _OF_COMMENTS.isdisjoint(self._service.observed(kpi.id))
                state = found.comments if of_comments else found.reports
                as_of = found.comments_as_of if of_comments else found.reports_as_of
                noted = DayState(corp_id, found.stat_day, kpi.id, state, as_of)
                if noted not in kept:
                    new.append(noted)
        if new:
            self._work.store.put_states(service, new)

    def _now(self) -> int:
        return int(self._clock.now() * 1000)
