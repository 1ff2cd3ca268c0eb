"""The numbers of a span of days, of the whole organisation or of its departments, and how certain each is: for calls of
the contract that want more than the totals of one day.

A number is counted over the days whose facts are known and whole: those that are covered for it and not damaged. It is
that of the span only when these are all of its days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from reportdata.measures import Number
from reportdata.services import Service
from reportdata.states import State, least_certain
from reportdata.statistics.answers import number_of
from reportdata.statistics.meta import Groups
from reportdata.statistics.plan import Certain, Certainty, Taken, parts_of
from reportdata.statistics.question import Question


class Span(msgspec.Struct, frozen=True):
    """What is asked: ids of a service's KPIs over the days from the first to the last, both included."""

    service: str
    first_day: str
    last_day: str
    metrics: tuple[str, ...]
    by_department: bool = False


class Standing(msgspec.Struct, frozen=True):
    """How a KPI stands over a span: the state of the least certain of the days with a number, at best partial when
    another has none, and of all days when no day has one; the last look at all of these, in milliseconds since 1970, 0
    when there was none or nobody knows; and over how many days it is counted."""

    state: State
    as_of: int
    days: int


class Counts(msgspec.Struct, frozen=True):
    """What was counted: the organisation's time zone, None for one that is not known; how many days the span has; how
    each KPI stands; and departments with numbers by the ids of KPIs, where something was counted. A whole organisation
    is one department without a name."""

    time_zone: str | None
    days: int
    kpis: dict[str, Standing]
    groups: tuple[tuple[str, dict[str, Number]], ...] = ()

    def whole(self, kpi_id: str) -> bool:
        """Whether a KPI is counted over all days of the span."""
        return self.kpis[kpi_id].days == self.days

    @property
    def state(self) -> State:
        """That of the least certain KPI."""
        return least_certain([kpi.state for kpi in self.kpis.values()])

    @property
    def as_of(self) -> int:
        """The last look at all that is covered, as `Standing` has it."""
        return min((kpi.as_of for kpi in self.kpis.values()), default=0)


def question_of(span: Span) -> Question:
    """The question by which it is counted."""
    by = ("department",) if span.by_department else ()
    return Question(first_day=span.first_day, last_day=span.last_day, by=by, metrics=span.metrics)


def countable(service: Service, certainty: Certainty, metrics: Sequence[str]) -> dict[str, frozenset[str]]:
    """The days over which each of the KPIs is counted that are needed for metrics."""
    parts = dict.fromkeys(part for metric in metrics for part in parts_of(service, metric))
    return {
        part: frozenset(day for day, of in certainty.items() if part in of and _is_whole(of[part])) for part in parts
    }


def _is_whole(day: Certain) -> bool:
    """Whether the facts of a day are known and all there."""
    return day.has_number and day.state is not State.DAMAGED


def counts(span: Span, service: Service, zone: str, certainty: Certainty, groups: Groups) -> Counts:
    """The numbers of a span.

    :param certainty: of each of its days.
    :param groups: what was counted over the days that `countable` names.
    """
    known, days = countable(service, certainty, span.metrics), list(certainty)
    kpis = {}
    for metric in span.metrics:
        taken = Taken(service, metric, known)
        over = taken.days(days)
        stated = [part for part in parts_of(service, metric) if service.part(part).stated]
        own = [
            certainty[day][part]
            for part in parts_of(service, metric)
            for day in (days[-1:] if part in stated else days)
        ]
        kpis[metric] = _standing(own, taken.count(days, over) if over else 0)
        if not span.by_department and any(part not in groups.get((), {}) for part in stated):
            kpis[metric] = Standing(State.MISSING, kpis[metric].as_of, 0)
    counted = [metric for metric in span.metrics if kpis[metric].days]
    found = dict(groups) if span.by_department else {(): groups.get((), {})}
    numbers = (
        (str(key[0]) if key else "", dict(_numbers(service, counted, by_part)))
        for key, by_part in sorted(found.items())
    )
    return Counts(zone, len(certainty), kpis, tuple(numbers) if counted else ())


def nothing(span: Span, days: int) -> Counts:
    """What is known of an organisation that is not known."""
    return Counts(None, days, dict.fromkeys(span.metrics, Standing(State.MISSING, 0, 0)))


def _standing(days: Sequence[Certain], counted: int) -> Standing:
    known = [day for day in days if day.has_number]
    states = [day.state for day in known or days]
    if 0 < len(known) < len(days):
        states.append(State.PARTIAL)
    return Standing(least_certain(states), min(day.as_of for day in known or days), counted)


def _numbers(service: Service, metrics: Iterable[str], counted: Mapping[str, Number]) -> Iterable[tuple[str, Number]]:
    """Each metric's number, where it has one: a ratio has none when there is nothing to divide by."""
    for metric in metrics:
        number = number_of(service, service.kpi(metric), counted)
        if number is not None:
            yield metric, number
