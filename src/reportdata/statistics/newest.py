"""The newest numbers of several services, one KPI of each, for who looks at all of them together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from reportdata.errors import Damaged
from reportdata.services import Service
from reportdata.statistics.answers import Answer, Row
from reportdata.statistics.question import Question

DAMAGED = "damaged"
"""What an answer calls the services that are left out of it for damaged files."""
COMPUTED, OFFICIAL = "computed", "official"
"""Where numbers are from: counted from facts, or DingTalk's own."""


def origin_of(service: Service) -> str:
    """Where a service's numbers are from."""
    return COMPUTED if service.has_facts else OFFICIAL


class Newest(msgspec.Struct, frozen=True):
    """The days of a service whose numbers are wanted (yyyyMMdd), and ids of its KPIs, the one that matters most first:
    the next one stands in where no day has a number of it."""

    service: str
    first_day: str
    last_day: str
    metrics: tuple[str, ...]


def question_of_newest(newest: Newest, metric: str, within: tuple[str, ...]) -> Question:
    """The question that asks for one KPI, of who may be told of these departments alone."""
    return Question(first_day=newest.first_day, last_day=newest.last_day, by=("day",), metrics=(metric,), within=within)


def answer_of_newest(wanted: Sequence[tuple[Service, Newest]], ask: Callable[[Newest, str], Answer]) -> Answer:
    """A row a service, in their order: the KPI, its newest number and how certain that is, and its number of each day.
    A service of which no number is known has no row, and neither has one whose numbers need damaged files: that is told
    by its name.

    :param ask: answers `question_of_newest`, given whose days they are and the id of the KPI.
    :raises Damaged: when there are no rows for that reason.
    """
    data: list[Row] = []
    damaged: dict[str, Damaged] = {}
    for service, newest in wanted:
        try:
            data += _rows(service, newest, ask)
        except Damaged as error:
            damaged[service.id] = error
    if damaged and not data:
        raise next(iter(damaged.values()))
    return Answer(data, {"totalRows": len(data), DAMAGED: list(damaged)})


def _rows(service: Service, newest: Newest, ask: Callable[[Newest, str], Answer]) -> Iterator[Row]:
    """The row of a service, if there is one."""
    for metric in newest.metrics:
        word = service.kpi(metric).name_of_column
        known = [row for row in ask(newest, metric).data if row[word] is not None]
        if known:
            yield _row(service, word, known)
            return


def _row(service: Service, word: str, known: Sequence[Row]) -> dict[str, Any]:
    last = known[-1]
    return {
        "service": service.id,
        "metric": word,
        "origin": origin_of(service),
        "day": last["periodStart"],
        "value": last[word],
        "state": last["state"],
        "asOf": last["asOf"],
        "days": [{"day": row["periodStart"], "value": row[word], "state": row["state"]} for row in known],
    }
