"""The rows of an answer: numbers, how certain they are, their order and pages; and what is said of the whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from reportdata.days import SECOND, moment_of, to_date
from reportdata.errors import BadValue
from reportdata.measures import Kpi, Number
from reportdata.services import Service
from reportdata.states import State, least_certain
from reportdata.statistics.meta import Found, meta_of, moment_text, why_empty
from reportdata.statistics.plan import Cell, Certainty, Taken, known_days, parts_of
from reportdata.statistics.question import CYCLES, Asked, Question
from reportdata.statistics.words import url_of

MOST_ROWS = 250_000
"""Rows of an answer at most, whatever its format and page."""

Row = dict[str, Any]
"""A row: words to texts, numbers and None, which means that something is not known."""


class Answer(msgspec.Struct, frozen=True):
    """Rows, of one page or all, and what is said of them; ``nextPage`` in this is the address of the page after it."""

    data: list[Row]
    meta: dict[str, Any]


def answer(asked: Asked, service: Service, zone: ZoneInfo, found: Found) -> Answer:
    """The answer to a question: a page in JSON, all rows for a file.

    :raises BadValue: when there are too many rows.
    """
    question = asked.question
    rows = _sorted(_rows(question, service, zone, found), question)
    total = len(rows)
    page, following = rows, None
    if question.format == "json":
        start = (question.page - 1) * question.page_size
        page = rows[start : start + question.page_size]
        if start + question.page_size < total:
            after = msgspec.structs.replace(question, page=question.page + 1, as_of=moment_text(asked.moment, zone))
            following = url_of(after, service)
    meta = meta_of(asked, service, zone, found)
    meta |= {
        "state": least_certain([State(row["state"]) for row in rows]).value,
        "totalRows": total,
        "page": question.page,
        "pageSize": question.page_size if question.format == "json" else total,
        "nextPage": following,
        "emptyReason": why_empty(page, total, found),
    }
    return Answer(page, meta)


def require_few(count: int) -> None:
    """:raises BadValue: when an answer has too many rows."""
    if count > MOST_ROWS:
        raise BadValue(
            f"the answer has more than {MOST_ROWS} rows", "ask for a shorter range, fewer groupings, or filter"
        )


def _rows(question: Question, service: Service, zone: ZoneInfo, found: Found) -> list[Row]:
    known = known_days(service, found.certainty, question.metrics)
    taken = {metric: Taken(service, metric, known) for metric in question.metrics}
    times = len(next(iter(found.cells), ()))
    stated = any(service.part(part).stated for metric in question.metrics for part in parts_of(service, metric))
    if "user" in question.by:  # most people do nothing in most cells
        wanted: Iterable[tuple[Any, ...]] = found.groups
    elif question.dimensions:
        values = sorted({key[times:] for key in found.groups})
        require_few(len(values) * len(found.cells))
        wanted = ((*time, *of) for time in found.cells for of in values)
    else:
        wanted = found.cells
    rows = []
    standing = {time: _standing(service, zone, cell, found.certainty, taken) for time, cell in found.cells.items()}
    for key in wanted:
        cell, stands = found.cells[key[:times]], standing[key[:times]]
        if stands is None:
            continue
        counted = found.groups.get(key, {})
        rows.append(
            _heads(question, cell)
            | dict(zip(question.dimensions, key[times:], strict=True))
            | _numbers(question, service, counted, stands)
            | (_without_unstated(service, stands, counted) if stated else stands.told)
        )
    require_few(len(rows))
    return rows


class _Stands(NamedTuple):
    """How a cell stands: the KPIs that are known of it, what its rows say, and the state of each KPI."""

    known: frozenset[str]
    told: Row
    states: Mapping[str, State]


def _standing(
    service: Service, zone: ZoneInfo, cell: Cell, certainty: Certainty, taken: Mapping[str, Taken]
) -> _Stands | None:
    """How a cell stands; None when nothing of it is known."""
    states: dict[str, State] = {}
    looks: list[int] = []
    covered: dict[str, int] = {}
    for metric, of in taken.items():
        over = of.days(cell.days)
        of_days = [certainty[day][part] for part, days in over.items() for day in days]
        if not over:
            of_days = [certainty[day][part] for part in of.parts(cell.days) for day in cell.days]
            states[metric] = least_certain([day.state for day in of_days])
            if any(day.has_number for day in of_days):  # of days that make none together
                states[metric] = State.MISSING
        else:
            covered[metric] = of.count(cell.days, over)
            missed = [State.PARTIAL] if covered[metric] < len(cell.days) else []
            states[metric] = least_certain([*(day.state for day in of_days), *missed])
        looks += [day.as_of for day in of_days]
    if not covered:
        return None
    told = _told(service, states) | {
        "asOf": _look(min(looks), zone),
        "coveredDays": min(covered.values()),
        "days": len(cell.days),
    }
    return _Stands(frozenset(covered), told, states)


def _told(service: Service, states: Mapping[str, State]) -> Row:
    """What rows say of the states of KPIs."""
    least = least_certain(list(states.values()))
    differ = any(state is not least for state in states.values())
    each = ",".join(f"{service.kpi(kpi).name_of_column}={state.value}" for kpi, state in states.items())
    return {"state": least.value, "states": each if differ else None}


def _without_unstated(service: Service, stands: _Stands, counted: Mapping[str, Number]) -> Row:
    """What a row says: what its facts do not state is missing, however well its days are known."""
    states = dict(stands.states)
    for metric in stands.known:
        if any(service.part(part).stated and part not in counted for part in parts_of(service, metric)):
            states[metric] = State.MISSING
    return stands.told | _told(service, states)


def _numbers(question: Question, service: Service, counted: Mapping[str, Number], stands: _Stands) -> Row:
    row: Row = {}
    for metric in question.metrics:
        kpi = service.kpi(metric)
        number: Number | None = None
        if metric in stands.known:
            number = number_of(service, kpi, counted)
        row[kpi.name_of_column] = number
    return row


def number_of(service: Service, kpi: Kpi, counted: Mapping[str, Number]) -> Number | None:
    """A KPI's number, by what was counted of a group; None when nothing was stated of it, or there is nothing to divide
    by."""
    if not service.has_facts:
        return counted.get(kpi.id)
    if kpi.ratio:
        parts = ((part, counted.get(part, None if service.part(part).stated else 0)) for part in kpi.ratio)
        return kpi.of_parts({part: number for part, number in parts if number is not None})
    return counted.get(kpi.id, None if kpi.stated else 0)


def _heads(question: Question, cell: Cell) -> Row:
    first, last = (to_date(day).isoformat() for day in (cell.period.days[0], cell.period.days[-1]))
    row: Row = {"period": cell.period.name, "periodStart": first, "periodEnd": last}
    own = {"weekday": cell.weekday, "hour": cell.hour}
    return row | {name: own[name] for name in CYCLES if name in question.by}


def _look(at: int, zone: ZoneInfo) -> str | None:
    return moment_of(at // 1000 * SECOND, zone).isoformat(timespec="seconds") if at >= 1000 else None


def _sorted(rows: list[Row], question: Question) -> list[Row]:
    """The rows as they were asked for, else by time and dimensions; those that have no value come last."""
    heads = ["periodStart", *(name for name in CYCLES if name in question.by), *question.dimensions]
    rows.sort(key=lambda row: [row[head] for head in heads])
    for word in reversed(question.order):
        name = {"period": "periodStart"}.get(word.removeprefix("-"), word.removeprefix("-"))
        rows.sort(key=lambda row, of=name: row[of] if row[of] is not None else 0, reverse=word.startswith("-"))  # type: ignore[misc]
        rows.sort(key=lambda row, of=name: row[of] is None)  # type: ignore[misc]
    return rows
