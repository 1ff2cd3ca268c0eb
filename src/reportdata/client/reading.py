"""Answers, read from JSON. What a newer server says besides is let pass."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar

from reportdata.client.answers import (
    Change,
    Column,
    Coverage,
    Definition,
    Kpi,
    Meta,
    Number,
    Piece,
    Record,
    ReportData,
    ReportDay,
    Row,
    Value,
    Version,
)
from reportdata.client.errors import Unreachable
from reportdata.client.transport import Reply

Json = Mapping[str, Any]
_Answer = TypeVar("_Answer")


def understood(read: Callable[[], _Answer]) -> _Answer:
    """What reading an answer gives.

    :raises Unreachable: when it says something else than a server of this project says.
    """
    try:
        return read()
    except (KeyError, TypeError, AttributeError) as error:
        raise Unreachable(f"the answer is none of a `reportdata` server: {error!r}; look at the address") from error


def plain(kind: type[_Answer], found: Json, **read: Any) -> _Answer:
    """A value of which some fields were read; the others stand in JSON as they are, under their names in camel case."""
    others = [name for name in kind.__annotations__ if name not in read]
    return kind(**{name: found[_key(name)] for name in others}, **read)


@cache
def _key(name: str) -> str:
    return re.sub("_(.)", lambda part: part[1].upper(), name)


def row_of(found: Json, columns: Sequence[Column]) -> Row:
    """A row of statistics."""
    words = [column.name for column in columns if column.kpi_id is not None]
    state: str = found["state"]
    return Row(
        period=found["period"],
        period_start=date.fromisoformat(found["periodStart"]),
        period_end=date.fromisoformat(found["periodEnd"]),
        numbers={word: found[word] for word in words},
        state=state,
        states=dict.fromkeys(words, state) | pairs_of(found["states"]),
        as_of=moment(found["asOf"]),
        covered_days=found["coveredDays"],
        days=found["days"],
        top_department=found.get("topDepartment"),
        **{name: found[name] for name in ("weekday", "hour", "department", "template", "user") if name in found},
    )


def meta_of(meta: Json) -> Meta:
    """What is said of all rows."""
    return plain(
        Meta,
        meta,
        first_day=date.fromisoformat(meta["from"]),
        last_day=date.fromisoformat(meta["to"]),
        as_of=datetime.fromisoformat(meta["asOf"]),
        newest_final_day=day(meta["newestFinalDay"]),
        columns=columns_of(meta),
    )


def columns_of(meta: Json) -> list[Column]:
    """The columns of rows, in their order."""
    return [
        Column(
            column["name"],
            column["type"],
            column.get("kpiId"),
            column.get("kpiName"),
            column.get("unit"),
            column.get("kpiCaliber"),
            column.get("addsUp"),
        )
        for column in meta["columns"]
    ]


def coverage_of(found: Json) -> Coverage:
    """What is covered."""
    meta = found["meta"]
    own = ("from", "to", "days", "state")
    pieces = [
        Piece(
            date.fromisoformat(piece["from"]),
            date.fromisoformat(piece["to"]),
            piece["days"],
            piece["state"],
            {word: state for word, state in piece.items() if word not in own},
        )
        for piece in found["data"]
    ]
    days = {"newest_day": day(meta["newestDay"]), "newest_final_day": day(meta["newestFinalDay"])}
    return plain(Coverage, meta, pieces=pieces, **days)


def change_of(found: Json) -> Change:
    """A number that changed."""
    when, causes = moment(found["when"]), _causes(found)
    return plain(Change, found, day=date.fromisoformat(found["day"]), became=found["is"], when=when, causes=causes)


def version_of(found: Json) -> Version:
    """A value that a number has had."""
    return Version(moment(found["when"]), found["was"], found["is"], _causes(found))


def value_of(found: Json) -> Value:
    """The number of a cell."""
    first, last = date.fromisoformat(found["from"]), date.fromisoformat(found["to"])
    looked_at = moment(found["lookedAt"])
    return plain(Value, found, number=found["value"], first_day=first, last_day=last, looked_at=looked_at)


def definition_of(found: Json) -> Definition:
    """What a metric counts."""
    return plain(Definition, found)


_OF_RECORDS = (
    "item", "report", "user", "userName", "time", "day", "template", "departments", "origin", "knownAt", "set",
)  # fmt: skip
"""Columns of records that have a place of their own."""


def record_of(found: Json) -> Record:
    """A record that a number was counted from."""
    return Record(
        item=found["item"],
        report=found.get("report"),
        user=found.get("user"),
        time=moment(found.get("time")),
        day=date.fromisoformat(found["day"]),
        template=found["template"],
        departments=found["departments"],
        origin=found["origin"],
        known_at=moment(found["knownAt"]),
        set=found.get("set"),
        more={name: value for name, value in found.items() if name not in _OF_RECORDS},
    )


def _causes(found: Json) -> list[str]:
    return [cause for cause in found["cause"].split(", ") if cause]


def report_data_of(reply: Reply) -> ReportData:
    """An answer of the contract."""
    kpis = [
        Kpi(kpi["kpiId"], kpi["kpiName"], kpi["unit"], kpi["period"], kpi["kpiCaliber"])
        for kpi in reply.content["metaList"]
    ]
    rows = [
        ReportDay(row["corp_id"], row["stat_date"], _numbers(row, {f"{kpi.id}_{kpi.period}": kpi.id for kpi in kpis}))
        for row in reply.content["dataList"]
    ]
    state = reply.headers.get("x-reportdata-state", "")
    states = dict.fromkeys((kpi.id for kpi in kpis), state) | pairs_of(reply.headers.get("x-reportdata-states"))
    return ReportData(kpis, rows, state, states, moment(reply.headers.get("x-reportdata-as-of")))


def pairs_of(text: str | None) -> dict[str, str]:
    """Names and values of ``a=b,c=d``."""
    return dict(pair.split("=", 1) for pair in text.split(",")) if text else {}


def _numbers(row: Json, ids: Mapping[str, str]) -> dict[str, Number]:
    return {ids[key]: row[key] for key in ids if key in row}


def day(text: str | None) -> date | None:
    """A date, where there is one."""
    return date.fromisoformat(text) if text is not None else None


def moment(text: str | None) -> datetime | None:
    """A moment, where there is one."""
    return datetime.fromisoformat(text) if text is not None else None
