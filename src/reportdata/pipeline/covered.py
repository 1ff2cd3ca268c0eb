"""What is covered of an organisation, and how certain it is: read from the store alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import groupby
from typing import Any

from reportdata.days import SECOND, from_date, moment_of, time_zone, to_date
from reportdata.errors import NotKnown
from reportdata.services import Service, official
from reportdata.states import DayState, least_certain
from reportdata.statistics.answers import Answer
from reportdata.statistics.meta import newest_final
from reportdata.statistics.plan import Certain, Certainty
from reportdata.statistics.question import LONGEST
from reportdata.store import Store
from reportdata.store.standing import Standing, standing


def coverage(store: Store, service: Service, corp_id: str, now: float, *, whole: bool = True) -> Answer:
    """The days that are covered for anything, as pieces of days that stand alike, the earliest first; and the newest.
    Days more than `LONGEST` before the newest covered one are left out.

    :param now: seconds since 1970.
    :param whole: whether whoever asks may be told of the whole organisation. To others a ratio is as certain as its
        parts: whether there is anything to divide by would tell of facts.
    :raises NotKnown: when there is no such organisation.
    """
    zone = next((o.time_zone for o in store.organisations() if o.corp_id == corp_id), None)
    if zone is None:
        raise NotKnown(f"the organisation {corp_id!r} is not known")
    words = {kpi.id: kpi.name_of_column for kpi in service.kpis}
    covered = list(_covered(store, service, corp_id))
    days: list[Standing] = []
    if covered:
        last = max(piece[1] for piece in covered)
        first = max(min(piece[0] for piece in covered), from_date(to_date(last) - timedelta(days=LONGEST - 1)))
        days = [day for day in standing(store, service, corp_id, first, last, now) if day.values]
        days = days if whole else [_without_numbers(service, day) for day in days]
    columns = [{"name": name, "type": "date"} for name in ("from", "to")]
    columns += [{"name": "days", "type": "integer"}, {"name": "state", "type": "text"}]
    columns += [{"name": word, "type": "text"} for word in words.values()]
    data = list(_pieces(days, words))
    return Answer(
        data,
        {
            "from": data[0]["from"] if data else None,
            "to": data[-1]["to"] if data else None,
            "timeZone": time_zone(zone).key,
            "state": least_certain([day.state for day in days]).value,
            "asOf": moment_of(int(now * SECOND), time_zone(zone)).isoformat(timespec="microseconds"),
            "newestDay": data[-1]["to"] if data else None,
            "newestFinalDay": newest_final(certainty_of(days), list(words)),
            "coveredDays": len(days),
            "emptyReason": None if data else _nothing(service),
            "columns": columns,
        },
    )


def _covered(store: Store, service: Service, corp_id: str) -> Iterator[tuple[str, str]]:
    """The first and the last day of pieces of days of which something may be known."""
    if service.has_facts:
        for piece in store.coverage():
            if piece.corp_id == corp_id:
                yield piece.first_day, piece.last_day
        return
    for look in store.observations(corp_id):
        if look.kind == official(service):
            yield look.first_day, look.last_day


def _nothing(service: Service) -> str:
    if service.has_facts:
        return "nothing was imported, pushed or collected yet"
    return "no figures were brought yet: `reportdata mirror` fetches them, `reportdata figures import` reads files"


def _without_numbers(service: Service, day: Standing) -> Standing:
    """The day with ratios as certain as their parts."""
    states = {kpi.kpi_id: kpi for kpi in day.kpis}
    parts = {kpi.kpi_id: [states[part] for part in service.kpi(kpi.kpi_id).ratio] for kpi in day.kpis}
    return day._replace(kpis=[_of_parts(kpi, parts[kpi.kpi_id]) for kpi in day.kpis])


def _of_parts(kpi: DayState, parts: list[DayState]) -> DayState:
    if not parts:
        return kpi
    state = least_certain([part.state for part in parts])
    return DayState(kpi.corp_id, kpi.stat_day, kpi.kpi_id, state, min(part.as_of for part in parts))


def _pieces(days: list[Standing], words: dict[str, str]) -> Iterator[dict[str, Any]]:
    def alike(placed: tuple[int, Standing]) -> tuple[int, list[str]]:
        place, day = placed
        return to_date(day.stat_day).toordinal() - place, [kpi.state.value for kpi in day.kpis]

    for (_, states), run in groupby(enumerate(days), key=alike):
        own = [day for _, day in run]
        first, last = (to_date(day.stat_day).isoformat() for day in (own[0], own[-1]))
        piece = {"from": first, "to": last, "days": len(own), "state": own[0].state.value}
        yield piece | dict(zip((words[kpi.kpi_id] for kpi in own[0].kpis), states, strict=True))


def certainty_of(days: Iterable[Standing]) -> Certainty:
    """How certain each KPI is on each day."""
    return {
        day.stat_day: {kpi.kpi_id: Certain(kpi.state, kpi.as_of, kpi.kpi_id in day.values) for kpi in day.kpis}
        for day in days
    }
