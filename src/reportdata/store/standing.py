"""How certain each number is: what a collector noted of it or, where it noted nothing, what follows from coverage.

- An uncovered day is missing.
- A covered day is final when the last look at it was after it had ended in the organisation's zone, else provisional.
- A look whose time was not noted (folders of older releases have such) is taken to have been when the day's numbers
  were last computed to something new; without such a time the day is provisional.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reportdata.catalogue import Service
from reportdata.days import MILLISECOND, days_between, end_of, time_zone
from reportdata.states import DayState, State, least_certain
from reportdata.store import Day, Store


class Standing(NamedTuple):
    """How certain an organisation's day is, KPI by KPI."""

    corp_id: str
    stat_day: str
    kpis: Sequence[DayState]

    @property
    def state(self) -> State:
        """That of the least certain KPI."""
        return least_certain([kpi.state for kpi in self.kpis])

    @property
    def as_of(self) -> int:
        """The last look at all KPIs, in milliseconds since 1970; 0 when one was never looked at, or nobody knows
        when."""
        return min((kpi.as_of for kpi in self.kpis), default=0)


def standing(store: Store, service: Service, corp_id: str, first_day: str, last_day: str) -> Iterator[Standing]:
    """How certain each day of a period is, the earliest first."""
    service_id = service.id or ""
    zone = store.day(service_id, corp_id, first_day).time_zone
    put: dict[str, list[DayState]] = {}
    for state in store.states(service_id, corp_id, first_day, last_day):
        put.setdefault(state.stat_day, []).append(state)
    looks: dict[str, int] = {}
    for _, first, last, at in store.observations(corp_id, first_day, last_day):
        looks.update(dict.fromkeys(days_between(first, last), at))
    for day in days_between(first_day, last_day):
        looked_at = looks.get(day)
        if looked_at == 0:
            yield stand(service, corp_id, day, store.day(service_id, corp_id, day))
        else:
            yield stand(service, corp_id, day, Day(None, 0, looked_at, put.get(day, ()), zone))


def stand(service: Service, corp_id: str, stat_day: str, day: Day) -> Standing:
    """How certain a day is, by what the store knows of it; of an organisation that is not known, nothing is."""
    state, as_of = follows(stat_day, day)
    kpis = [DayState(corp_id, stat_day, kpi.id, state, as_of) for kpi in service.kpis]
    if day.states:
        put = {noted.kpi_id: noted for noted in day.states}
        kpis = [put.get(kpi.kpi_id, kpi) for kpi in kpis]
    return Standing(corp_id, stat_day, kpis)


def follows(stat_day: str, day: Day) -> tuple[State, int]:
    """The state that follows from the last look, and when that was."""
    if day.looked_at is None or day.time_zone is None:
        return State.MISSING, 0
    looked_at = day.looked_at or day.computed_at
    over = looked_at * MILLISECOND >= end_of(stat_day, time_zone(day.time_zone))
    return (State.FINAL if over else State.PROVISIONAL), looked_at
