"""The values that numbers of days have had, one after the other: known or not, and what changed them.

A number is served while its day is covered for what it is counted from, so two things change it: a computation that
found something else, and coverage. What one transaction did is one change. A change depends on what was committed
before it and never on what comes after, so it stays as it was once told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from reportdata.causes import COVERAGE, UNKNOWN, bounded
from reportdata.coverage import partly
from reportdata.days import days_between
from reportdata.measures import Number
from reportdata.services import Service
from reportdata.store import DayValue, KnownChange, Story


class Change(NamedTuple):
    """A number of a day that changed: what it was and is, None where it was not known; when what changed it began, in
    milliseconds since 1970, 0 for what was covered before that was kept; what it was; and the number of the transaction
    (`reportdata.statistics.cursors.Reached`)."""

    stat_day: str
    kpi_id: str
    was: Number | None
    now: Number | None
    at: int
    causes: tuple[str, ...]
    number: int = 0


class _Event(NamedTuple):
    number: int
    at: int
    value: DayValue | None = None
    known: KnownChange | None = None


def changes_of(story: Story, service: Service, computed: Collection[str]) -> list[Change]:
    """Every change that a story tells, in the order in which they were committed, then by day and in the order of the
    KPIs.

    :param computed: the KPIs that were computed of all days, for which no number means 0.
    """
    events: dict[str, list[_Event]] = {}
    for value in story.values:
        own = events.setdefault(value.stat_day, [])
        at = max(value.computed_at, own[-1].at) if own else value.computed_at  # a clock may have been set back
        own.append(_Event(value.number, at, value))
    for change in story.known:
        for day in days_between(change.first_day, change.last_day):
            own = events.setdefault(day, [])
            first = next((event for event in own if event.value is not None), None)
            if (
                not (change.number or change.at)
                and first is not None
                and first.value is not None
                and (first.value.causes is None)
            ):
                own.insert(0, _Event(0, first.at, known=change))  # both were before this was kept: no 0 was between
            else:
                own.append(_Event(change.number, change.at, known=change))
    found = [change for day, own in events.items() for change in _of_day(day, own, service, computed)]
    order = {kpi.id: place for place, kpi in enumerate(service.kpis)}
    return sorted(found, key=lambda change: (change.number, change.at, change.stat_day, order[change.kpi_id]))


def _of_day(day: str, events: Sequence[_Event], service: Service, computed: Collection[str]) -> Iterator[Change]:
    values: Mapping[str, Number] = {}
    kinds: dict[str, bool] = {}
    before: dict[str, Number | None] = {kpi.id: None for kpi in service.kpis}
    work = _Work()
    for number, at, together in _together(events):
        work = work.going_on(together)
        causes, computations = list(work.causes), work.computed
        for event in together:
            if event.value is not None:
                values, computations = event.value.values, True
                causes += event.value.causes or ()
            if event.known is not None:
                kinds[event.known.kind] = event.known.covered
                causes += [event.known.cause] if event.known.cause is not None else []
        told = tuple(bounded(causes)) or ((UNKNOWN,) if computations or not at else (COVERAGE,))
        after = _served(values, kinds, service, computed)
        for kpi in service.kpis:
            if before[kpi.id] != after[kpi.id]:
                yield Change(day, kpi.id, before[kpi.id], after[kpi.id], at, told, number)
        before = after
        work = _Work(_began(together[-1]), tuple(causes), computations)


class _Work(NamedTuple):
    """What began at one time, as far as it was committed: its causes are those of what it commits later, too, as a
    refresh first computes days and then lets them be covered."""

    began: int = -1
    causes: tuple[str, ...] = ()
    computed: bool = False

    def going_on(self, events: Sequence[_Event]) -> _Work:
        """This work if the events belong to it, else new one. It computes a day once."""
        again = self.computed and any(event.value is not None for event in events)
        return self if _began(events[0]) == self.began and not again else _Work()


def _began(event: _Event) -> int:
    return event.value.computed_at if event.value is not None else event.at


def _together(events: Sequence[_Event]) -> Iterator[tuple[int, int, list[_Event]]]:
    """What one transaction did, with its number and when it began; of those from before they were numbered, what came
    at the same time, and one computation at most."""
    found: list[_Event] = []
    begin = 0
    for event in sorted(events, key=lambda event: (event.number, 0 if event.number else event.at)):
        again = event.value is not None and any(other.value is not None for other in found)
        if found and ((event.number, event.at) != (found[-1].number, found[-1].at) or again):
            yield found[-1].number, begin, found
            found = []
        begin = max(begin, event.at)  # a clock may have been set back
        found.append(event)
    if found:
        yield found[-1].number, begin, found


def _served(
    values: Mapping[str, Number], kinds: Mapping[str, bool], service: Service, computed: Collection[str]
) -> dict[str, Number | None]:
    """The numbers, None where one is not known (see `reportdata.store.standing`)."""
    found: dict[str, Number | None] = {}
    for kpi in service.kpis:
        known = all(kinds.get(kind) or kinds.get(partly(kind)) for kind in service.observed(kpi.id))
        zero = 0 if kpi.is_zero_without_facts and kpi.id in computed and service.has_facts else None
        found[kpi.id] = values.get(kpi.id, zero) if known else None
    return found
