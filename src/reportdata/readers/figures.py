"""Saved official figures: answers of the contract or their rows as JSON, and tables of them as people have them.

A table has the keys of ``dataList``, or the headings of DingTalk's document (统计日期, 组织ID, 发送日志数, …), anywhere
in its first rows, as CSV or as a spreadsheet.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec

from reportdata.days import from_date, is_day
from reportdata.errors import BadField, BadFile, BadRecord, InputError
from reportdata.headings import CORP_ID, normal, seen
from reportdata.identifiers import is_nothing, read_id
from reportdata.measures import Kpi, Number, decimal_of
from reportdata.readers.cells import Row, is_total
from reportdata.readers.formats import Format, detect_format
from reportdata.readers.grids import Heading, Vocabulary, find_heading, likeness
from reportdata.readers.sheets import read_workbook
from reportdata.readers.tables import read_grid
from reportdata.readers.text import opened
from reportdata.services import Service

_BROKEN = re.compile(r"\d{1,15}(\.\d{1,20})?(e-\d{1,2})?", re.ASCII | re.IGNORECASE)
_WHOLE = re.compile(r"(\d{1,15})(?:\.0+)?", re.ASCII)
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+", re.ASCII)
_DAY = re.compile(r"(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})日?(?:[ T]0?0:00(?::00(?:\.0+)?)?)?", re.ASCII)
_DATES = ("stat_date", "statDate", "统计日期", "日期", "统计日", "统计时间", "stat_day", "day", "date")
_FORMS = "write it like 20210101 or 2021-01-01"

_LARGEST = 10_000_000
"""Bytes of a file at most that is looked through for figures of every service."""
_decoder = msgspec.json.Decoder(float_hook=decimal_of)

Figure = tuple[str, str, dict[str, Number]]


class FigureFields(NamedTuple):
    """The vocabulary of a service's figures: by field, the headings that it may have."""

    service: Service
    partly: bool = False
    """Whether columns of KPIs may be absent, but not all."""

    def headings(self) -> dict[str, tuple[str, ...]]:
        """``stat_date``, ``corp_id`` and the KPIs by their keys."""
        kpis = {kpi.key: (kpi.key, kpi.id, kpi.name) for kpi in self.service.kpis}
        return {"stat_date": _DATES, "corp_id": CORP_ID, **kpis}

    def columns(self, names: Sequence[str]) -> dict[str, str]:
        """The column of each field; ``corp_id`` may have none.

        :raises BadField: when another has none, or one has two.
        """
        found: dict[str, str] = {}
        for field, headings in self.headings().items():
            known = set(map(normal, headings))
            held = [name for name in names if normal(name) in known]
            if len(held) > 1:
                both = " and ".join(map(repr, held[:3]))
                raise BadField(field, f"{both} may both be it", "leave one of them out, or rename it")
            if held:
                found[field] = held[0]
            elif field != "corp_id" and not (self.partly and field != "stat_date"):
                reason = f"no column holds it; the columns are: {seen(names)}"
                raise BadField(field, reason, f"name it {' or '.join(headings[:3])}; {self._known()}")
        if not found.keys() - {"stat_date", "corp_id"}:
            kpi = self.service.kpis[0]
            raise BadField(kpi.key, f"no column holds it; the columns are: {seen(names)}", self._known())
        return found

    def knows(self, heading: str) -> bool:
        """Whether a heading is that of a field."""
        return any(normal(heading) in map(normal, headings) for headings in self.headings().values())

    def _known(self) -> str:
        last = [headings[2] for headings in self.headings().values()]
        return f"a table has, for example, {', '.join([last[0], CORP_ID[1].replace('id', 'ID'), *last[2:]])}"


def read_figures(path: Path, service: Service, corp_id: str | None = None, *, partly: bool = False) -> list[Figure]:
    """Organisation, stat day and numbers by KPI id, of each row of figures in a file.

    :param corp_id: the organisation of rows that name none.
    :param partly: whether rows of JSON may lack numbers.
    :raises BadFile: when the file cannot be read, or its columns are not those of figures.
    :raises BadRecord: for the first row that is none.
    """
    fields = FigureFields(service, partly and detect_format(path) is Format.JSONL)
    match detect_format(path):
        case Format.JSONL:
            rows = _json_rows(path, fields)
        case Format.CSV:
            rows = rows_below(*_table(path, fields))
        case Format.SHEET:
            rows = rows_of_sheet(path, fields)
        case other:
            raise BadFile(str(path), f"is {other.value}, and figures are not read from it", "save it as CSV or XLSX")
    found: dict[tuple[str, str], Figure] = {}
    for number, row in rows:
        corp, day, values = figure = _figure(path, number, row, fields, corp_id)
        if values and found.setdefault((corp, day), figure) != figure:
            raise BadRecord(
                str(path), number, "stat_date", f"{day} has other numbers in a row above", "leave one of the rows out"
            )
    if not found:
        raise BadFile(str(path), "has no figures", "save answers of reportData, or their rows, as JSON or CSV")
    return list(found.values())


def told_apart(path: Path, services: Iterable[Service], error: InputError) -> InputError:
    """Why a file cannot be imported: as it was told, or because it holds figures and no records."""
    if not isinstance(error, BadFile) or not path.is_file() or path.stat().st_size > _LARGEST:
        return error
    for service in services:
        with suppress(InputError):
            read_figures(path, service, "any")
            return BadFile(
                str(path), "holds figures of days, and no records", "take them over with `reportdata figures import`"
            )
    return error


def columns_held(path: Path, service: Service) -> frozenset[str]:
    """The columns of a file that hold numbers of a service, as the file names them; none where it holds no figures."""
    fields, found = FigureFields(service, partly=True), set[str]()
    keys = {kpi.key for kpi in service.kpis}
    with suppress(InputError):
        match detect_format(path):
            case Format.JSONL:
                for _, row in _rows(path):
                    named = fields.columns([name for name, value in row.items() if value is not None])
                    found.update(name for field, name in named.items() if field in keys)
            case Format.CSV:
                found.update(name for field, name in _table(path, fields)[0].columns.items() if field in keys)
            case Format.SHEET:
                found.update(name for field, name in _sheet(path, fields)[0].columns.items() if field in keys)
            case _:
                pass
    return frozenset(found)


def _json_rows(path: Path, fields: FigureFields) -> Iterator[tuple[int, Mapping[str, object]]]:
    for number, row in _rows(path):
        try:
            columns = fields.columns(list(row))
        except BadField as error:
            raise BadRecord(str(path), number, error.field, error.reason, error.hint) from error
        yield number, {field: row[name] for field, name in columns.items()}


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    with opened(path) as file:
        text = file.read()
    for number, line in enumerate([text] if _is_json(text) else text.splitlines(), 1):
        if line.strip():
            try:
                rows = list(_rows_of(_decoder.decode(line)))
            except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
                raise BadRecord(str(path), number, "line", f"is no JSON: {error}") from error
            for row in rows:
                if not isinstance(row, Mapping):
                    raise BadRecord(str(path), number, "row", "is no object")
                yield number, row


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
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


def _table(path: Path, fields: FigureFields) -> tuple[Heading[dict[str, str]], list[Row]]:
    if not path.stat().st_size:
        raise BadFile(
            str(path), "has no figures, it is empty", "save answers of reportData, or their rows, as JSON or CSV"
        )
    return read_grid(path, fields)


def rows_of_sheet(path: Path, fields: Vocabulary[dict[str, str]]) -> Iterator[tuple[int, Mapping[str, object]]]:
    """The rows of the sheet of a workbook whose heading is most like one of the fields, with their numbers.

    :raises BadFile: when it has none.
    """
    yield from rows_below(*_sheet(path, fields))


def _sheet(path: Path, fields: Vocabulary[dict[str, str]]) -> tuple[Heading[dict[str, str]], Iterable[Row]]:
    sheets = [sheet for sheet in read_workbook(path) if sheet.start]
    if not sheets:
        raise BadFile(str(path), "has no rows", "choose a file that has some")
    best = max(sheets, key=lambda sheet: max(likeness(row.cells, fields) for row in sheet.start))
    return find_heading(str(path), best.start, fields), best.rows


def rows_below(heading: Heading[dict[str, str]], rows: Iterable[Row]) -> Iterator[tuple[int, Mapping[str, object]]]:
    """The rows below a heading by fields, with their numbers, but for blank ones and totals."""
    places = {field: heading.names.index(name) for field, name in heading.columns.items()}
    for row in rows:
        if row.number > heading.last and not all(map(is_nothing, row.cells)) and not is_total(row.cells):
            yield (
                row.number,
                {field: row.cells[place] for field, place in places.items() if place < len(row.cells)},
            )


def _figure(path: Path, number: int, row: Mapping[str, object], fields: FigureFields, corp_id: str | None) -> Figure:
    kpis = [kpi for kpi in fields.service.kpis if not (fields.partly and row.get(kpi.key) is None)]
    try:
        found = {kpi.id: _number(kpi, row.get(kpi.key)) for kpi in kpis}
        return _corp(row, corp_id), _day(row.get("stat_date")), found
    except BadField as error:
        raise BadRecord(str(path), number, error.field, error.reason, error.hint) from error


def _corp(row: Mapping[str, object], given: str | None) -> str:
    if "corp_id" in row:
        return read_id("corp_id", row["corp_id"])
    if given is None:
        raise BadField("corp_id", "is missing", "name the organisation with --corp")
    return given


def _day(value: object) -> str:
    if isinstance(value, date):  # a spreadsheet's times are dates, too
        return from_date(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = unicodedata.normalize("NFKC", str(value)).strip() if value is not None else ""
    written = _DAY.fullmatch(text)
    day = f"{written[1]}{int(written[2]):02}{int(written[3]):02}" if written is not None else text.removesuffix(".0")
    if not is_day(day):
        raise BadField("stat_date", f"{text[:40]!r} is not a day" if text else "is missing", _FORMS)
    return day


def _number(kpi: Kpi, value: object) -> Number:
    text = unicodedata.normalize("NFKC", str(value)).strip() if not is_nothing(value) else ""
    if kpi.unit:
        text = text.removesuffix(kpi.unit).strip()
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    whole = _WHOLE.fullmatch(text)
    if not text or isinstance(value, bool) or not (whole or (kpi.may_be_broken and _BROKEN.fullmatch(text))):
        reason = f"{str(value)[:40]!r} is not a number" if text else "is missing"
        raise BadField(kpi.key, reason, f"write {kpi.name} as a whole number" if not kpi.may_be_broken else "")
    if kpi.may_be_broken and "." in text:
        return decimal_of(text)
    return int(whole[1]) if whole else decimal_of(text)
