"""Facts of any kind, by what its data say of its columns: drawn, as files of the lake, and as tables to import."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
from hypothesis import strategies as st

from reportdata.kinds import Column, Kind
from reportdata.twin import BEIJING

FIRST = date(2026, 8, 31)
"""The first of the days of what is drawn: the next one is in another month, of the same week."""
_DAYS, _HOURS = 3, 2
_VALUES: dict[str, Sequence[Any]] = {
    "id": ("a", "b"),
    "text": ("x", "y"),
    "names": ("研发部", "研发部/平台组,Ops"),
    "integer": (-3, 7),
    "count": (0, 7),
    "decimal": (0.5, 9.75),
}
_TYPES = {"integer": "bigint", "count": "bigint", "decimal": "decimal(18, 6)", "instant": "timestamptz"}


class Drawn(NamedTuple):
    """A fact: whose, on which day, and all its columns."""

    corp_id: str
    day: date
    values: Mapping[str, Any]


def values_of(column: Column) -> Sequence[Any]:
    """Some values of a column that is no instant, the empty one last."""
    return (*(tuple(column.words) or _VALUES[column.type]), *(() if column.required else (None,)))


@st.composite
def facts_of(draw: st.DrawFn, kind: Kind) -> Drawn:
    """A fact of a kind: of few values and days, so that facts meet."""
    day = FIRST + timedelta(draw(st.integers(0, _DAYS - 1)))
    at = datetime(day.year, day.month, day.day, 1 + draw(st.integers(0, _HOURS - 1)), tzinfo=BEIJING)
    values = {c.name: at if c.type == "instant" else draw(st.sampled_from(values_of(c))) for c in kind.fields()}
    return Drawn(draw(st.sampled_from(("c1", "c2"))), day, values)


class FactFiles:
    """Writes facts as the lake's Parquet files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._connection = duckdb.connect()

    def file(self, kind: Kind, facts: Iterable[Drawn]) -> Path:
        """A new file that holds facts of a kind as often as they are given."""
        path = self._folder / f"{next(self._numbers)}.parquet"
        columns = ", ".join(f"{c.name} {_TYPES.get(c.type, 'varchar')}" for c in kind.fields())
        self._connection.execute(f"create or replace temp table facts (corp_id varchar, stat_day date, {columns})")
        rows = [[fact.corp_id, fact.day, *(fact.values[c.name] for c in kind.fields())] for fact in facts]
        if rows:
            self._connection.executemany(f"insert into facts values ({', '.join('?' * len(rows[0]))})", rows)
        self._connection.execute(f"copy facts to '{path}' (format parquet)")
        return path

    def close(self) -> None:
        """Let go of the database that writes."""
        self._connection.close()


def records_of(kind: Kind, day: date, count: int) -> list[dict[str, Any]]:
    """As many records of different facts of a day, under the names of the kind's columns, nothing left empty."""
    return [
        {c.name: f"{day} {8 + number:02}:00:00" if c.type == "instant" else _nth(c, number) for c in kind.fields()}
        for number in range(count)
    ]


def table_of(records: Sequence[Mapping[str, Any]]) -> str:
    """Records as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def _nth(column: Column, number: int) -> Any:
    found = [value for value in values_of(column) if value is not None]
    return f"{column.name}-{number}" if column.type == "id" else found[-1 - number % len(found)]
