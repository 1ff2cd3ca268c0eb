"""Answers as files: JSON, JSON Lines, CSV, XLSX and Parquet. A file has all rows of its answer."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from reportdata.engines.duckdb import DuckDBEngine
from reportdata.measures import as_json
from reportdata.statistics.answers import Answer

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How cells of text begin that spreadsheets take for formulas."""
_WIDE = {"state": 28, "states": 56}
"""Widths of columns of a sheet that hold words of several numbers, in characters."""
_encoder = msgspec.json.Encoder(enc_hook=as_json)
_BOM = "\ufeff"
_SAID = ("from", "to", "timeZone", "state", "asOf")
"""What of the meta stands by itself among the key-values of a Parquet file."""
_PARQUET = {"text": "varchar", "date": "date", "integer": "bigint", "number": "double", "moment": "timestamptz"}


def name_of(column: Mapping[str, Any]) -> str:
    """The name of a column of an answer's ``meta``."""
    return str(column["name"])


def as_text(value: object) -> str:
    """What is told beside the rows, as a cell of text."""
    return value if isinstance(value, str) else _encoder.encode(value).decode()


def _lines(meta: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in meta.items():
        yield name, as_text(value)


class Wording(NamedTuple):
    """What XLSX has above a column, what its two sheets are called, and the lines of the second one, of the ``meta``:
    what each tells, and how."""

    heading: Callable[[Mapping[str, Any]], str]
    sheets: tuple[str, str]
    lines: Callable[[Mapping[str, Any]], Iterable[tuple[str, str]]]


AS_PROGRAMS = Wording(name_of, ("statistics", "meta"), _lines)
"""The ids that all other formats have."""


def write_answer(
    answer: Answer,
    format_: str,
    target: Path,
    engine: DuckDBEngine,
    *,
    bom: bool = True,
    wording: Wording = AS_PROGRAMS,
) -> None:
    """Write an answer to a file.

    :param bom: whether CSV begins with the mark by which Excel knows UTF-8.
    :param wording: what XLSX says.
    """
    if format_ == "json":
        target.write_bytes(_encoder.encode({"data": answer.data, "meta": answer.meta}))
    elif format_ == "jsonl":
        target.write_bytes(_encoder.encode_lines(answer.data))
    elif format_ == "csv":
        _write_csv(answer, target, bom=bom)
    elif format_ == "xlsx":
        _write_xlsx(answer, target, wording)
    else:
        _write_parquet(answer, target, engine)


def guarded(value: object) -> object:
    """A cell of CSV; text that a spreadsheet would take for a formula has an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _write_csv(answer: Answer, target: Path, *, bom: bool) -> None:
    names = [column["name"] for column in answer.meta["columns"]]
    with target.open("w", encoding="utf-8", newline="") as file:
        file.write(_BOM if bom else "")
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(names)
        writer.writerows([guarded(row[name]) for name in names] for row in answer.data)


def _write_xlsx(answer: Answer, target: Path, wording: Wording) -> None:
    from xlsxwriter import Workbook

    options = {
        "constant_memory": True,
        "tmpdir": str(target.parent),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with Workbook(str(target), options) as book:
        rows, beside = wording.sheets
        _write_rows(book, book.add_worksheet(rows), answer, wording.heading)
        sheet = book.add_worksheet(beside)
        sheet.set_column(0, 0, 20)
        sheet.set_column(1, 1, 60)
        for place, line in enumerate(wording.lines(answer.meta)):
            for cell, text in enumerate(line):
                sheet.write_string(place, cell, text)


def _write_rows(book: Workbook, sheet: Worksheet, answer: Answer, heading: Callable[[Mapping[str, Any]], str]) -> None:
    formats = {
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
    }
    columns: Sequence[Mapping[str, Any]] = answer.meta["columns"]
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        width = _WIDE.get(column["name"], 20 if column["type"] in ("text", "moment") else 12)
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, heading(column), book.add_format({"bold": True}))
    for number, row in enumerate(answer.data, 1):
        for place, column in enumerate(columns):
            value = row[column["name"]]
            if value is None:
                continue
            if column["type"] == "date":
                sheet.write_datetime(number, place, date.fromisoformat(value), formats["date"])
            elif column["type"] == "moment":  # in the organisation's local time, as a sheet has no zones
                moment = datetime.fromisoformat(value).replace(tzinfo=None)
                sheet.write_datetime(number, place, moment, formats["moment"])
            elif column["type"] == "text":
                sheet.write_string(number, place, value)
            else:
                sheet.write_number(number, place, value)


def _write_parquet(answer: Answer, target: Path, engine: DuckDBEngine) -> None:
    lines = target.with_suffix(".jsonl")
    try:
        lines.write_bytes(_encoder.encode_lines(answer.data))
        columns = {column["name"]: _PARQUET[column["type"]] for column in answer.meta["columns"]}
        said = {name: str(answer.meta[name]) for name in _SAID}
        engine.write_table(lines, columns, target, said | {"meta": _encoder.encode(answer.meta).decode()})
    finally:
        lines.unlink(missing_ok=True)
