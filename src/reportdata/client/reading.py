"""Answers, read from JSON. What a newer server says besides is let pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from reportdata.client.answers import Column, Coverage, Kpi, Meta, Number, Piece, ReportData, ReportDay, Row
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


def row_of(found: Json, columns: list[Column]) -> Row:
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
        as_of=_moment(found["asOf"]),
        covered_days=found["coveredDays"],
        days=found["days"],
        **{name: found[name] for name in ("weekday", "hour", "department", "template", "user") if name in found},
    )


def meta_of(meta: Json) -> Meta:
    """What is said of all rows."""
    return Meta(
        first_day=date.fromisoformat(meta["from"]),
        last_day=date.fromisoformat(meta["to"]),
        time_zone=meta["timeZone"],
        as_of=datetime.fromisoformat(meta["asOf"]),
        state=meta["state"],
        total_rows=meta["totalRows"],
        newest_final_day=_date(meta["newestFinalDay"]),
        empty_reason=meta["emptyReason"],
        calibre=meta["calibre"],
        columns=columns_of(meta),
        notes=meta["notes"],
        query=meta["query"],
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
    return Coverage(
        pieces,
        meta["timeZone"],
        _date(meta["newestDay"]),
        _date(meta["newestFinalDay"]),
        meta["coveredDays"],
        meta["emptyReason"],
    )


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
    return ReportData(kpis, rows, state, states, _moment(reply.headers.get("x-reportdata-as-of")))


def pairs_of(text: str | None) -> dict[str, str]:
    """Names and values of ``a=b,c=d``."""
    return dict(pair.split("=", 1) for pair in text.split(",")) if text else {}


def _numbers(row: Json, ids: Mapping[str, str]) -> dict[str, Number]:
    return {ids[key]: row[key] for key in ids if key in row}


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text is not None else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None
