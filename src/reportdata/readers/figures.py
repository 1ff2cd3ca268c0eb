"""Saved official figures: answers of the contract, or their rows, as JSON, JSON Lines or CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from reportdata.days import is_day
from reportdata.errors import BadField, BadFile, BadRecord
from reportdata.identifiers import read_id
from reportdata.measures import Kpi, Number
from reportdata.services import Service

_BROKEN = re.compile(r"\d{1,15}(\.\d{1,20})?(e-\d{1,2})?", re.ASCII | re.IGNORECASE)


def read_figures(path: Path, service: Service) -> list[tuple[str, str, dict[str, Number]]]:
    """Organisation, stat day and numbers by KPI id, of each row of ``dataList`` in a file.

    :raises BadFile: when the file cannot be read.
    :raises BadRecord: for the first row that is none.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(str(path), f"cannot be read: {error}") from error
    rows = _json_rows(path, text) if text.lstrip()[:1] in ("{", "[") else _csv_rows(text)
    try:
        found = [_row(path, number, row, service) for number, row in rows]
    except csv.Error as error:
        raise BadFile(str(path), f"is no CSV: {error}") from error
    if not found:
        raise BadFile(str(path), "has no figures", "save answers of reportData, or their rows, as JSON or CSV")
    return found


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, object]]:
    for number, line in enumerate([text] if _is_json(text) else text.splitlines(), 1):
        if line.strip():
            try:
                yield from ((number, row) for row in _rows_of(msgspec.json.decode(line)))
            except (msgspec.DecodeError, RecursionError) as error:
                raise BadRecord(str(path), number, "line", f"is no JSON: {error}") from error


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _rows_of(content: object) -> Iterator[object]:
    if isinstance(content, list):
        for item in content:
            yield from _rows_of(item)
    elif isinstance(content, dict) and isinstance(content.get("dataList"), list):
        yield from content["dataList"]
    else:
        yield content


def _csv_rows(text: str) -> Iterable[tuple[int, object]]:
    reader = csv.DictReader(io.StringIO(text))
    return ((reader.line_num, row) for row in reader)


def _row(path: Path, number: int, row: object, service: Service) -> tuple[str, str, dict[str, Number]]:
    if not isinstance(row, Mapping):
        raise BadRecord(str(path), number, "row", "is no object")
    day = str(row.get("stat_date"))
    if not is_day(day):
        raise BadRecord(str(path), number, "stat_date", f"{day[:40]!r} is not a day written yyyyMMdd")
    try:
        corp_id = read_id("corp_id", row.get("corp_id"))
    except BadField as error:
        raise BadRecord(str(path), number, error.field, error.reason, error.hint) from error
    found = {kpi.id: _number(path, number, kpi, row.get(kpi.key)) for kpi in service.kpis}
    return corp_id, day, found


def _number(path: Path, number: int, kpi: Kpi, value: object) -> Number:
    text = str(value).strip()
    is_whole = text.isascii() and text.isdigit() and len(text) < 16
    if isinstance(value, bool) or not (is_whole or (kpi.may_be_broken and _BROKEN.fullmatch(text))):
        raise BadRecord(str(path), number, kpi.key, f"{text[:40]!r} is not a number")
    return int(text) if is_whole else float(text)
