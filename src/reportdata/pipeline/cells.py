"""A cell whose number is explained: what is asked, what statistics say of it, and the days that are counted."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from reportdata.days import moment_of
from reportdata.kinds import Kinds
from reportdata.pipeline.counting import narrowing_of
from reportdata.services import Service
from reportdata.services.records import Records, records
from reportdata.statistics.answers import Row
from reportdata.statistics.plan import Days
from reportdata.statistics.question import Asked, Question

NO_DAY: Days = (("20000101", "20000101"),)
"""In place of no days at all: then no file is read."""


class Cell(NamedTuple):
    """A cell: what is asked, its row among statistics, if it has one, and the days that are counted, as pieces."""

    asked: Asked
    row: Row | None
    days: Days


def is_day(question: Question) -> bool:
    """Whether a cell is a whole day, whose values the store keeps."""
    return question.first_day == question.last_day and not question.is_filtered


def pinned_moment(cell: Cell, zone: ZoneInfo) -> str:
    """The moment whose knowledge counts in a cell."""
    return moment_of(cell.asked.moment, zone).isoformat(timespec="microseconds")


def pinned(cell: Cell, zone: ZoneInfo) -> Question:
    """The question of a cell as of its moment, so that further pages fit the first."""
    return msgspec.structs.replace(cell.asked.question, as_of=pinned_moment(cell, zone))


def records_of(cell: Cell, service: Service, kinds: Kinds) -> Records:
    """What is counted in a cell."""
    measure = service.kpi(cell.asked.question.metrics[0]).measure
    assert measure is not None  # noqa: S101 - ratios are refused
    return records(service, kinds, measure, narrowing_of(cell.asked.question, cell.days or NO_DAY))
