"""Saved official figures: answers of the contract, or their rows, as JSON, JSON Lines or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from reportdata.catalogue import Service
from reportdata.days import is_day
from reportdata.errors import BadField, BadFile, BadRecord
from reportdata.facts import read_id


def read_figures(path: Path, service: Service) -> list[tuple[str, str, dict[str, int]]]:
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


def _row(path: Path, number: int, row: object, service: Service) -> tuple[str, str, dict[str, int]]:
    if not isinstance(row, Mapping):
        raise BadRecord(str(path), number, "row", "is no object")
    day = str(row.get("stat_date"))
    if not is_day(day):
        raise BadRecord(str(path), number, "stat_date", f"{day[:40]!r} is not a day written yyyyMMdd")
    try:
        corp_id = read_id("corp_id", row.get("corp_id"))
    except BadField as error:
        raise BadRecord(str(path), number, error.field, error.reason, error.hint) from error
    return corp_id, day, {kpi.id: _number(path, number, kpi.key, row.get(kpi.key)) for kpi in service.kpis}


def _number(path: Path, number: int, key: str, value: object) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BadRecord(str(path), number, key, f"{text[:40]!r} is not a number")
    return int(text)
