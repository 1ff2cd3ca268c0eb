"""What is said of an answer as a whole: its range, columns and notes, and how it was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from reportdata.days import moment_of, to_date
from reportdata.measures import Number
from reportdata.services import REPORTS, Service
from reportdata.states import State
from reportdata.statistics.brought import notes_of_days
from reportdata.statistics.plan import Cell, Certainty, TimeKey
from reportdata.statistics.question import CYCLES, Asked, Question
from reportdata.statistics.words import words_of

Groups = Mapping[tuple[Any, ...], Mapping[str, Number]]
"""What was counted: the values of the groupings by time, then of the dimensions, to numbers by the ids of KPIs."""


class Found(NamedTuple):
    """What an answer is made of: the cells, how certain each day is, and what was counted."""

    cells: Mapping[TimeKey, Cell]
    certainty: Certainty
    groups: Groups


def moment_text(instant: int, zone: ZoneInfo) -> str:
    return moment_of(instant, zone).isoformat(timespec="microseconds")


def why_empty(page: Sequence[object], total: int, found: Found) -> str | None:
    if page:
        return None
    if total:
        return "the page lies beyond the last row"
    if not any(of.has_number for day in found.certainty.values() for of in day.values()):
        return "no day of the range is covered for what is counted: nothing is known of it"
    return "no facts of the covered days are asked for"


def meta_of(asked: Asked, service: Service, zone: ZoneInfo, found: Found) -> dict[str, Any]:
    question = asked.question
    first, last = (to_date(day).isoformat() for day in (question.first_day, question.last_day))
    return {
        "from": first,
        "to": last,
        "timeZone": zone.key,
        "asOf": moment_text(asked.moment, zone),
        "newestFinalDay": newest_final(found.certainty, question.metrics),
        "calibre": {
            service.kpi(kpi).name_of_column: service.kpi(kpi).calibre or service.kpi(kpi).caliber
            for kpi in question.metrics
        },
        "columns": columns_of(question, service),
        "notes": _notes(question, service),
        "query": dict(_folded(words_of(question, service))),
    }


def newest_final(certainty: Certainty, metrics: Sequence[str]) -> str | None:
    """The newest day on which all metrics that are known are final."""
    for day in sorted(certainty, reverse=True):
        states = [certainty[day][kpi].state for kpi in metrics if kpi in certainty[day]]
        known = [state for state in states if state is not State.MISSING]
        if known and all(state is State.FINAL for state in known):
            return to_date(day).isoformat()
    return None


def columns_of(question: Question, service: Service) -> list[dict[str, Any]]:
    """The columns of the rows, in their order: name, type and, of what is counted, what DingTalk says of it."""
    found: list[dict[str, Any]] = [{"name": "period", "type": "text"}]
    found += [{"name": name, "type": "date"} for name in ("periodStart", "periodEnd")]
    found += [{"name": name, "type": "integer"} for name in CYCLES if name in question.by]
    found += [{"name": name, "type": "text"} for name in question.dimensions]
    for metric in question.metrics:
        kpi = service.kpi(metric)
        found.append(
            {
                "name": kpi.name_of_column,
                "type": "number" if kpi.may_be_broken else "integer",
                "kpiId": kpi.id,
                "kpiName": kpi.name,
                "unit": kpi.unit,
                "kpiCaliber": kpi.caliber,
                "addsUp": kpi.adds_up and not question.is_by_department,
            }
        )
    found += [{"name": "state", "type": "text"}, {"name": "states", "type": "text"}, {"name": "asOf", "type": "moment"}]
    return [*found, *({"name": name, "type": "integer"} for name in ("coveredDays", "days"))]


def _notes(question: Question, service: Service) -> list[str]:
    """What has to be known to read the numbers."""
    if not service.has_facts:
        return notes_of_days(question, service)
    notes = ["Every cell is an exact count of its own; cells of different rows do not add up."]
    if question.is_by_department:
        notes.append("A record of two departments counts in both, so the rows can add up to more than the total.")
    if question.departments or question.within or question.is_by_department:
        notes.append(_belonging(question, service))
    if question.within:
        shown = ", ".join(question.within)
        notes.append(f"Only facts of {shown} and of departments below count: the link shows no others.")
    if any(service.kpi(kpi).ratio for kpi in question.metrics):
        notes.append("A ratio is that of the numbers of its cell.")
    if stated := [service.kpi(kpi).name_of_column for kpi in question.metrics if service.kpi(kpi).stated]:
        notes.append(f"{', '.join(stated)}: stated as of a day; of several days, that of the last one.")
    return notes


def _belonging(question: Question, service: Service) -> str:
    if question.newest_departments:
        return "Everybody belongs to the departments of their newest report."
    if service.id != REPORTS:
        return "Whatever has no departments of its own belongs to those of its person's latest report up to then."
    return "A report belongs to its own departments, a comment to those of its writer's latest report up to then."


def _folded(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str | list[str]]]:
    """Parameters with each name once; several values are a list."""
    found = []
    for name, group in groupby(pairs, key=lambda pair: pair[0]):
        values = [value for _, value in group]
        found.append((name, values[0] if len(values) == 1 else values))
    return found
