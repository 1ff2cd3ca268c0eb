"""Numbers that are stated as of a day: which days are asked what they state, and what that makes of the cells of a
question. A cell has what its last day states; of a KPI that stands until it is changed, what was stated last on the
observed days that lead up to it without a gap."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from reportdata.days import day_before, days_between
from reportdata.measures import Number
from reportdata.services import Service
from reportdata.statistics.plan import Cell, TimeKey

Windows = Mapping[str, Mapping[str, str]]
"""By KPI and the last day of a cell, the first day whose statement may count there."""
Stated = Mapping[tuple[Any, ...], Mapping[str, Mapping[str, Number]]]
"""What was stated: by the values of the dimensions, by day, and by KPI."""


def windows_of(
    service: Service, planned: Mapping[TimeKey, Cell], known: Mapping[str, Collection[str]], earlier: Collection[str]
) -> dict[str, dict[str, str]]:
    """The days whose statements count in cells.

    :param known: the days of the question on which each KPI is known, of those that are stated.
    :param earlier: the days before the question's first one that were observed for what stands.
    """
    ends = sorted({cell.days[-1] for cell in planned.values()})
    found: dict[str, dict[str, str]] = {}
    for kpi, days in known.items():
        stands = service.kpi(kpi).stands
        seen = {*days, *earlier}
        own = found[kpi] = {}
        begun: dict[str, str] = {}
        for end in ends:
            if end in days:
                own[end] = begun[end] = _begin(end, seen, begun) if stands else end
    return found


def days_of(windows: Windows) -> dict[str, set[str]]:
    """The days that are asked what they state, by KPI."""
    return {
        kpi: {day for end, begin in own.items() for day in days_between(begin, end)} for kpi, own in windows.items()
    }


def in_cells(
    stated: Stated, windows: Windows, planned: Mapping[TimeKey, Cell]
) -> Iterable[tuple[tuple[Any, ...], dict[str, Number]]]:
    """What was stated, by cell and dimensions."""
    for dimensions, by_day in stated.items():
        days = {kpi: sorted(day for day, numbers in by_day.items() if kpi in numbers) for kpi in windows}
        for time, cell in planned.items():
            end = cell.days[-1]
            numbers: dict[str, Number] = {}
            for kpi, own in windows.items():
                place = bisect_right(days[kpi], end) - 1
                if end in own and place >= 0 and days[kpi][place] >= own[end]:
                    numbers[kpi] = by_day[days[kpi][place]][kpi]
            if numbers:
                yield (*time, *dimensions), numbers


def _begin(end: str, seen: Collection[str], begun: Mapping[str, str]) -> str:
    """The first of the observed days that lead up to one without a gap.

    :param begun: what is known of earlier days.
    """
    day = end
    while (yesterday := day_before(day)) in seen:
        if yesterday in begun:
            return begun[yesterday]
        day = yesterday
    return day
