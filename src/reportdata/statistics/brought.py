"""Numbers of ranges of days, of figures that were brought of single days: what adds up, what is stated as of a day, and
ratios of these. Anything else is known of single days alone: nobody knows how many people two days have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reportdata.days import day_before
from reportdata.errors import BadValue
from reportdata.measures import Number
from reportdata.services import Service
from reportdata.statistics.plan import Cell, Certainty, Taken, TimeKey, known_days
from reportdata.statistics.question import DIMENSIONS, Question

Values = Mapping[str, Mapping[str, Number]]
"""Figures by day and by the name of a KPI: its id or, for one of another service, as ratios name it."""


def require_whole(question: Question, service: Service) -> None:
    """:raises BadValue: when a question is about a part of the organisation, or of days."""
    parts = [name for name in question.by if name in (*DIMENSIONS, "hour")]
    if question.within:
        raise BadValue(
            f"figures of {service.id} tell of the whole organisation", "ask with a link that shows all of it"
        )
    if parts or question.is_filtered or question.newest_departments or question.children:
        named = parts or ["department", "template", "user"]
        raise BadValue(
            f"figures of {service.id} were brought of days of the whole organisation, so {', '.join(named)} "
            "cannot be told apart",
            "leave that out; what is counted from facts can be told apart",
        )


def numbers_of_cells(
    question: Question, service: Service, cells: Mapping[TimeKey, Cell], certainty: Certainty, values: Values
) -> dict[tuple[Any, ...], dict[str, Number]]:
    """The numbers of each cell that are known, by ids of KPIs."""
    known = known_days(service, certainty, question.metrics)
    found: dict[tuple[Any, ...], dict[str, Number]] = {}
    taken = {metric: Taken(service, metric, known) for metric in question.metrics}
    for key, cell in cells.items():
        own = found[tuple(key)] = {}
        for metric, of in taken.items():
            over = of.days(cell.days)
            if over and (number := _number(service, metric, over, values)) is not None:
                own[metric] = number
    return found


def _number(service: Service, metric: str, over: Mapping[str, Sequence[str]], values: Values) -> Number | None:
    parts = {part: _together([values[day][part] for day in days]) for part, days in over.items()}
    return parts[metric] if metric in parts else service.kpi(metric).of_parts(parts)


def _together(numbers: Sequence[Number]) -> Number:
    """The sum; one alone as it is, with its digits."""
    return numbers[0] if len(numbers) == 1 else sum(numbers)


def carry(service: Service, values: dict[str, dict[str, Number]]) -> None:
    """Give days of which something is known the numbers of the day before them, of KPIs that stand until they are
    changed."""
    for day in sorted(values) if service.stands else ():
        yesterday = values.get(day_before(day), {})
        if values[day]:
            values[day] = {kpi: yesterday[kpi] for kpi in service.stands if kpi in yesterday} | values[day]


def notes_of_days(question: Question, service: Service) -> list[str]:
    """What has to be known to read the numbers."""
    notes = ["The numbers are DingTalk's own, as they were brought of single days."]
    if question.period == "day" and "weekday" not in question.by:
        return notes
    by_way: dict[str, list[str]] = {}
    for kpi in map(service.kpi, question.metrics):
        by_way.setdefault(_way(service, kpi.id), []).append(kpi.name_of_column)
    return [*notes, *(f"{', '.join(names)}: {way}." for way, names in by_way.items())]


def _way(service: Service, kpi_id: str) -> str:
    kpi = service.kpi(kpi_id)
    if kpi.ratio:
        parts = "/".join(kpi.ratio)
        if kpi.over:
            return f"of several days, the sum of {kpi.ratio[0]} by that of {kpi.ratio[1]}"
        unknown = [part for part in kpi.ratio if not service.part(part).over]
        if unknown:
            return f"of several days, {parts}, and not known, as {' and '.join(unknown)} is not; ask by=day"
        return f"of several days, {parts} over these days"
    if kpi.over == "sum":
        return "of several days, their sum"
    if kpi.over == "last":
        return "stated as of a day; of several days, that of the last one"
    return "not known of several days, as those of one day may be those of another; ask by=day"
