"""Which cells an answer has, and which days are counted in each: those that are covered for what is counted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdata.days import ordinal, to_date
from reportdata.services import Service
from reportdata.states import State
from reportdata.statistics.periods import Period, hours_of, periods
from reportdata.statistics.question import Question, days_of_question

TimeKey = tuple[date | int, ...]
"""The values of the groupings by time, in the order of `time_keys`."""
Days = tuple[tuple[str, str], ...]
"""Days as pieces, each with its first and its last day."""


class Certain(NamedTuple):
    """How certain a KPI of a day is, its last look in milliseconds since 1970, and whether it has a number: a day whose
    facts were listed in part, for one, may have a state and no number."""

    state: State
    as_of: int
    has_number: bool


Certainty = Mapping[str, Mapping[str, Certain]]
"""How certain each KPI is on each day, by day and id of the KPI; what is not there is not known."""


class Cell(NamedTuple):
    """A group of days: the period, the weekday and the hour that it is of, and its days."""

    period: Period
    weekday: int | None
    hour: int | None
    days: Sequence[str]


def time_keys(question: Question) -> tuple[str, ...]:
    """The groupings by time, as keys of the generator of SQL have them: a period's is the date at which it begins."""
    period = question.period
    named = () if period is None else ("stat_day" if period == "day" else period,)
    return (*named, *(name for name in ("weekday", "hour") if name in question.by))


def cells(question: Question, zone: ZoneInfo) -> dict[TimeKey, Cell]:
    """All cells of a question whose range is fixed, by their keys, in their order."""
    found: dict[TimeKey, Cell] = {}
    for period in periods(question.period, days_of_question(question)):
        began: TimeKey = () if period.begins is None else (period.begins,)
        for weekday, days in _by_weekday(period.days, wanted="weekday" in question.by):
            key = began if weekday is None else (*began, weekday)
            if "hour" not in question.by:
                found[key] = Cell(period, weekday, None, days)
                continue
            for hour in range(24):
                having = [day for day in days if hour in hours_of(day, zone)]
                if having:
                    found[(*key, hour)] = Cell(period, weekday, hour, having)
    return found


def _by_weekday(days: Sequence[str], *, wanted: bool) -> Iterator[tuple[int | None, Sequence[str]]]:
    if not wanted:
        yield None, days
        return
    for weekday in range(1, 8):
        if own := [day for day in days if to_date(day).isoweekday() == weekday]:
            yield weekday, own


def parts_of(service: Service, kpi_id: str) -> tuple[str, ...]:
    """The KPIs that are counted for one: itself, or the parts of a ratio."""
    return service.kpi(kpi_id).ratio or (kpi_id,)


class Taken:
    """Over which days of a cell the numbers of a KPI are taken.

    :param known: the days on which each KPI is known, as `known_days` has them.
    """

    def __init__(self, service: Service, kpi_id: str, known: Mapping[str, Collection[str]]) -> None:
        self._parts = [(part, _over(service, kpi_id, part), known[part]) for part in parts_of(service, kpi_id)]
        # A ratio that was brought is what it is on a day of its own.
        self._of_a_day = self._parts if service.has_facts else [(kpi_id, "sum", known[kpi_id])]

    def parts(self, days: Sequence[str]) -> list[str]:
        """The KPIs that are taken for it."""
        return [part for part, _, _ in (self._of_a_day if len(days) == 1 else self._parts)]

    def days(self, days: Sequence[str]) -> dict[str, Sequence[str]]:
        """Over which of the days of a cell each part is taken; nothing when the KPI is not known over them. What adds
        up or is counted is taken over all that are known, what is stated is that of the last day, anything else that
        was brought is known of single days, and a ratio of parts over different days would be none."""
        if len(days) == 1:
            day = days[0]
            return {part: days for part, _, _ in self._of_a_day} if all(day in k for _, _, k in self._of_a_day) else {}
        found: dict[str, Sequence[str]] = {}
        different: Sequence[str] | None = None
        for part, over, known in self._parts:
            own = [day for day in (days[-1:] if over == "last" else days) if day in known] if over else []
            if not own or (over != "last" and different not in (None, own)):
                return {}
            found[part] = own
            different = own if over != "last" else different
        return found

    def count(self, days: Sequence[str], taken: Mapping[str, Sequence[str]]) -> int:
        """Over how many of the days of a cell a number is: what is stated says how all of them ended."""
        if len(days) == 1:
            return 1
        return min((len(taken[part]) for part, over, _ in self._parts if over != "last"), default=len(days))


def _over(service: Service, kpi_id: str, part: str) -> str:
    """What makes a number of several days for a part of a KPI, as `Kpi.over`."""
    if service.has_facts:
        return "last" if service.part(part).stated else "sum"
    return service.kpi(kpi_id).over if part != kpi_id and service.kpi(kpi_id).over else service.part(part).over


def known_days(service: Service, certainty: Certainty, metrics: Sequence[str]) -> dict[str, frozenset[str]]:
    """The days on which each of the KPIs is known that numbers of metrics are made of."""
    counted = dict.fromkeys(part for kpi in metrics for part in parts_of(service, kpi))
    if not service.has_facts:
        counted |= dict.fromkeys(metrics)
    return {kpi: frozenset(day for day, of in certainty.items() if kpi in of and of[kpi].has_number) for kpi in counted}


class Counted(NamedTuple):
    """What is counted over the same days."""

    days: Days
    kpis: tuple[str, ...]


def counted_together(known: Mapping[str, Collection[str]]) -> list[Counted]:
    """The KPIs that are known on some day, those together that are known on the same."""
    by_days: dict[Days, list[str]] = {}
    for kpi, days in known.items():
        if days:
            by_days.setdefault(pieces_of(days), []).append(kpi)
    return [Counted(days, tuple(kpis)) for days, kpis in by_days.items()]


def pieces_of(days: Collection[str]) -> Days:
    """Days in as few pieces as possible."""
    runs = groupby(enumerate(sorted(days)), key=lambda placed: ordinal(placed[1]) - placed[0])
    found = []
    for _, run in runs:
        own = [day for _, day in run]
        found.append((own[0], own[-1]))
    return tuple(found)
