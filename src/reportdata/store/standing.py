"""Which numbers of a day are known, and how certain each of them is: what a collector noted of it or, where it noted
nothing, what follows from coverage.

- A KPI is known on a day that is covered for all kinds of facts that it needs observed; otherwise it is missing. So is
  a ratio where there is nothing to divide by.
- A KPI of which a covered day has no number is 0, once it was computed of all days (`Store.put_computed`); until then,
  that of a new service, or one that was added to it, is missing. So is one that no official figure was brought of, in a
  service without facts.
- Where a kind was only ever seen in part (`reportdata.coverage.partly`), it is partial.
- Any other known one is final when the last looks at these kinds were after the day had ended in the organisation's
  zone, else provisional. A look whose time is after now was noted by a wrong clock, or this one is wrong: it makes
  nothing final.
- A look whose time was not noted (folders of older releases have such) is taken to have been when the day's numbers
  were last computed to something new; without such a time the day is provisional.
- Where a collector noted that a KPI is missing, it is, whatever is covered.
- A KPI of a day that rests on damaged files is damaged, unless it is missing: its number is from before the damage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from math import inf
from typing import NamedTuple

from reportdata.coverage import partly
from reportdata.days import MILLISECOND, day_before, days_between, end_of, time_zone
from reportdata.measures import Number
from reportdata.services import Service
from reportdata.states import DayState, State, least_certain
from reportdata.store import FIRST_DAY, Day, Store


class Standing(NamedTuple):
    """How certain an organisation's day is, KPI by KPI, and the numbers of those that are known, by id."""

    corp_id: str
    stat_day: str
    kpis: Sequence[DayState]
    values: Mapping[str, Number]

    @property
    def state(self) -> State:
        """That of the least certain KPI."""
        return least_certain([kpi.state for kpi in self.kpis])

    @property
    def as_of(self) -> int:
        """The last look at all KPIs, in milliseconds since 1970; 0 when one was never looked at, or nobody knows
        when."""
        return min((kpi.as_of for kpi in self.kpis), default=0)


def standing(
    store: Store, service: Service, corp_id: str, first_day: str, last_day: str, now: float
) -> Iterator[Standing]:
    """How each day of a period stands now, in seconds since 1970, the earliest first. Numbers are never older than what
    is said of them."""
    known = store.day(service.id, corp_id, first_day)
    put: dict[str, list[DayState]] = {}
    for state in store.states(service.id, corp_id, first_day, last_day):
        put.setdefault(state.stat_day, []).append(state)
    looks: dict[str, dict[str, int]] = {}
    for _, first, last, at, kind, _ in store.observations(corp_id, first_day, last_day):
        for day in days_between(first, last):
            looks.setdefault(day, {})[kind] = at
    values = {row.stat_day: row.values for row in store.kpis_between(service.id, corp_id, first_day, last_day)}
    if service.stands:
        values |= what_stands(store, service, corp_id, first_day, last_day)
    damaged = {found.stat_day for found in store.damage() if found.service == service.id}
    for day in days_between(first_day, last_day):
        looked = looks.get(day, {})
        if 0 in looked.values() and not service.stands:
            yield stand(service, corp_id, day, store.day(service.id, corp_id, day), now)
        else:
            found = known._replace(
                values=values.get(day, {}),
                computed_at=0,
                looks=looked,
                states=put.get(day, ()),
                damaged=day in damaged,
            )
            yield stand(service, corp_id, day, found, now)


def what_stands(
    store: Store, service: Service, corp_id: str, first_day: str, last_day: str
) -> dict[str, dict[str, Number]]:
    """The numbers of the covered days of a period, of a service with KPIs that stand until they are changed: a day that
    states none has that of the day before, as far back as all days were observed."""
    covered: dict[str, set[str]] = {}
    for _, first, last, _, kind, _ in store.observations(corp_id, FIRST_DAY, last_day):
        covered.setdefault(kind, set()).update(days_between(first, last))
    begins = [first_day]
    for kpi_id in service.stands:
        own = [covered.get(kind, set()) for kind in service.observed(kpi_id)]
        begin = first_day
        while all(day_before(begin) in days for days in own):
            begin = day_before(begin)
        begins.append(begin)
    stated = store.kpis_between(service.id, corp_id, min(begins), last_day)
    values = {row.stat_day: dict(row.values) for row in stated}
    for kpi_id in service.stands:
        own = [covered.get(kind, set()) for kind in service.observed(kpi_id)]
        number: Number | None = None
        for day in days_between(min(begins), last_day):
            if not all(day in days for days in own):
                number = None
                continue
            number = values.setdefault(day, {}).get(kpi_id, number)
            if number is not None:
                values[day][kpi_id] = number
    return {day: of for day, of in values.items() if day >= first_day}


def stand(service: Service, corp_id: str, stat_day: str, day: Day, now: float) -> Standing:
    """How a day stands now, in seconds since 1970, by what the store knows of it; of an organisation that is not known,
    nothing is."""
    present = now * 1000
    put = {noted.kpi_id: noted for noted in day.states}
    follows: dict[frozenset[str], tuple[State, int]] = {}
    kpis: list[DayState] = []
    values: dict[str, Number] = {}
    for kpi_id, kinds, is_zero, is_ratio in _rules(service):
        found = follows.get(kinds)
        if found is None:
            found = follows[kinds] = _follows(kinds, stat_day, day, present)
        state, as_of = found
        zero = 0 if is_zero and kpi_id in day.computed else None
        number = (day.values or {}).get(kpi_id, None if is_ratio else zero)
        covered = state is not State.MISSING
        if kpi_id in put:
            state, as_of = put[kpi_id].state, put[kpi_id].as_of
        if state is State.FINAL and as_of > present:
            state = State.PROVISIONAL
        if covered and number is None:  # there was nothing to divide by, or it was not computed yet
            state = State.MISSING
        if covered and number is not None and state is not State.MISSING:
            values[kpi_id] = number
            state = State.DAMAGED if day.damaged else state
        kpis.append(DayState(corp_id, stat_day, kpi_id, state, as_of))
    return Standing(corp_id, stat_day, kpis, values)


def stands_as_one(service: Service, stat_day: str, day: Day, now: float) -> tuple[State, int] | None:
    """The state of all KPIs of a day and the last look at all of them, where it is one and all of the day's numbers are
    known, as on nearly every day; None where `stand` has to tell. It takes a fifth of the time."""
    looks, values, zone = day.looks, day.values, day.time_zone
    if day.states or day.damaged or not values or zone is None:
        return None
    ids, kinds = _all(service)
    if len(looks) != len(kinds) or len(values) != len(ids) or kinds != looks.keys() or ids != values.keys():
        return None
    times = looks.values()
    first, last = min(times), max(times)
    if not first or last > now * 1000:
        return None
    end = end_of(stat_day, time_zone(zone))
    if first * MILLISECOND >= end:
        return State.FINAL, first
    return (State.PROVISIONAL, first) if last * MILLISECOND < end else None


class _Rule(NamedTuple):
    """What a KPI stands by: the kinds that must have been observed; whether a covered day without facts has 0 of it,
    and whether it is a ratio."""

    kpi_id: str
    kinds: frozenset[str]
    is_zero: bool
    is_ratio: bool


@cache
def _all(service: Service) -> tuple[frozenset[str], frozenset[str]]:
    """The ids of a service's KPIs, and all kinds that must have been observed for them to be known."""
    rules = _rules(service)
    return frozenset(rule.kpi_id for rule in rules), frozenset(kind for rule in rules for kind in rule.kinds)


@cache
def _rules(service: Service) -> tuple[_Rule, ...]:
    """Those of a service's KPIs: every answer needs them."""
    return tuple(
        _Rule(kpi.id, service.observed(kpi.id), kpi.is_zero_without_facts and service.has_facts, bool(kpi.ratio))
        for kpi in service.kpis
    )


def changes_at(day: Day, now: float) -> float:
    """When a day stands otherwise though the store stays the same, in seconds since 1970: when the time of a look comes
    that is after now; never, without any."""
    times = (*day.looks.values(), *(noted.as_of for noted in day.states), day.computed_at)
    return min((at / 1000 for at in times if at > now * 1000), default=inf)


def _follows(kinds: frozenset[str], stat_day: str, day: Day, present: float) -> tuple[State, int]:
    """The state that follows from the last looks at kinds of facts, and when the first of these was."""
    if day.time_zone is None:
        return State.MISSING, 0
    times, in_part = [], False
    for kind in kinds:
        look = day.looks.get(kind)
        if look is None:
            look, in_part = day.looks.get(partly(kind)), True
        if look is None:
            return State.MISSING, 0
        times.append(look or day.computed_at)
    looked_at = min(times)
    if in_part:
        return State.PARTIAL, looked_at
    over = looked_at * MILLISECOND >= end_of(stat_day, time_zone(day.time_zone)) and max(times) <= present
    return (State.FINAL if over else State.PROVISIONAL), looked_at
