"""Saved official figures: answers of the contract or their rows as JSON, and tables of them as people have them.

A table has the keys of ``dataList``, or the headings of DingTalk's document (统计日期, 组织ID, 发送日志数, …), anywhere
in its first rows, as CSV or as a spreadsheet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from reportdata.errors import BadField, BadFile, BadRecord, InputError
from reportdata.identifiers import half_width, is_nothing, read_id
from reportdata.measures import Kpi, Number, decimal_of
from reportdata.readers.cells import Row, is_remark, is_total
from reportdata.readers.figure_answers import rows_of_answers
from reportdata.readers.figure_checks import require_possible
from reportdata.readers.figure_columns import OTHER, FigureFields, names_organisation, read_day, require_whole
from reportdata.readers.formats import Format, detect_format
from reportdata.readers.grids import Heading, Vocabulary, find_heading, likeness
from reportdata.readers.sheets import read_workbook
from reportdata.readers.tables import read_grid
from reportdata.services import Service

_BROKEN = re.compile(r"\d{1,15}(\.\d{1,20})?(e-\d{1,2})?", re.ASCII | re.IGNORECASE)
_WHOLE = re.compile(r"(\d{1,15})(?:\.0+)?", re.ASCII)
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(,\d{3})+", re.ASCII)
_LARGEST = 10_000_000
"""Bytes of a file at most that is looked through for figures of every service."""
Figure = tuple[str, str, dict[str, Number]]


def read_figures(path: Path, service: Service, corp_id: str | None = None, *, partly: bool = False) -> list[Figure]:
    """Organisation, stat day and numbers by KPI id, of each row of figures in a file.

    :param corp_id: the organisation of rows that name none.
    :param partly: whether rows of JSON may lack numbers.
    :raises BadFile: when the file cannot be read, or its columns are not those of figures.
    :raises BadRecord: for the first row that is none.
    """
    format_ = detect_format(path)
    fields = FigureFields(service, partly and format_ is Format.JSONL)
    match format_:
        case Format.JSONL:
            rows = _json_rows(path, fields)
        case Format.CSV:
            rows = rows_below(*_table(path, fields))
        case Format.SHEET:
            rows = _rows_of_one_sheet(path, fields)
        case other:
            raise BadFile(str(path), f"is {other.value}, and figures are not read from it", "save it as CSV or XLSX")
    found: dict[tuple[str, str], Figure] = {}
    named: dict[str, object] = {}
    for number, row in rows:
        corp, day, values = figure = _figure(path, number, row, fields, corp_id)
        for field, name in row.items() if "corp_id" not in row else ():
            if names_organisation(field) and named.setdefault(field, name) != name:
                reason = f"{str(name)[:40]!r} is another organisation than in the rows above"
                hint = "write their ids into a column corp_id, or keep the rows of each in a file of its own"
                raise BadRecord(str(path), number, field.removeprefix(OTHER), reason, hint)
        try:
            require_possible(service, values)
        except BadField as error:
            raise BadRecord(str(path), number, error.field, error.reason, error.hint) from error
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
    fields, found = FigureFields(service, partly=True, any_unit=True), set[str]()
    keys = {kpi.key for kpi in service.kpis}
    with suppress(InputError):
        match detect_format(path):
            case Format.JSONL:
                for _, row in rows_of_answers(path):
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
    for number, row in rows_of_answers(path):
        try:
            columns = fields.columns(list(row))
        except BadField as error:
            raise BadRecord(str(path), number, error.field, error.reason, error.hint) from error
        yield number, {field: row[name] for field, name in columns.items()}


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


def _rows_of_one_sheet(path: Path, fields: FigureFields) -> Iterator[tuple[int, Mapping[str, object]]]:
    """The rows of a workbook's sheet of figures.

    :raises BadFile: when several sheets have figures.
    """
    heading, rows = _sheet(path, fields)
    found = []
    for sheet in read_workbook(path):
        with suppress(InputError):
            if any(rows_below(find_heading(str(path), sheet.start, fields), sheet.rows)):
                found.append(repr(sheet.name))
    if len(found) > 1:
        raise BadFile(str(path), f"has figures in several sheets: {', '.join(found)}", "save each as a file of its own")
    yield from rows_below(heading, rows)


def _sheet(path: Path, fields: Vocabulary[dict[str, str]]) -> tuple[Heading[dict[str, str]], Iterable[Row]]:
    sheets = [sheet for sheet in read_workbook(path) if sheet.start]
    if not sheets:
        raise BadFile(str(path), "has no rows", "choose a file that has some")
    best = max(sheets, key=lambda sheet: max(likeness(row.cells, fields) for row in sheet.start))
    return find_heading(str(path), best.start, fields), best.rows


def is_other(cells: Sequence[object]) -> bool:
    """Whether a row has no figures of a day: totals, or a note."""
    return is_total(cells) or is_remark(cells)


def rows_below(heading: Heading[dict[str, str]], rows: Iterable[Row]) -> Iterator[tuple[int, Mapping[str, object]]]:
    """The rows below a heading by fields, with their numbers, but for blank ones and totals."""
    places = {field: heading.names.index(name) for field, name in heading.columns.items()}
    for row in rows:
        if row.number > heading.last and not all(map(is_nothing, row.cells)) and not is_other(row.cells):
            yield (
                row.number,
                {field: row.cells[place] for field, place in places.items() if place < len(row.cells)},
            )


def _figure(path: Path, number: int, row: Mapping[str, object], fields: FigureFields, corp_id: str | None) -> Figure:
    kpis = [kpi for kpi in fields.service.kpis if not (fields.partly and row.get(kpi.key) is None)]
    try:
        found = {kpi.id: _number(kpi, row.get(kpi.key)) for kpi in kpis}
        day = read_day(row.get("stat_date"))
        for field, value in row.items():
            if field.startswith(OTHER) and not is_nothing(value):
                require_whole(field.removeprefix(OTHER), value, day)
        return _corp(row, corp_id), day, found
    except BadField as error:
        raise BadRecord(str(path), number, error.field, error.reason, error.hint) from error


def _corp(row: Mapping[str, object], given: str | None) -> str:
    if "corp_id" in row:
        return read_id("corp_id", row["corp_id"])
    if given is None:
        raise BadField("corp_id", "is missing", "name the organisation with --corp")
    return given


def _number(kpi: Kpi, value: object) -> Number:
    text = half_width(str(value)).strip() if not is_nothing(value) else ""
    if kpi.unit:
        text = text.removesuffix(kpi.unit).strip()
    if _THOUSANDS.fullmatch(text) and not kpi.ratio:
        text = text.replace(",", "")
    whole = _WHOLE.fullmatch(text)
    if not text or isinstance(value, bool) or not (whole or (kpi.may_be_broken and _BROKEN.fullmatch(text))):
        if not text:
            raise BadField(kpi.key, "is missing", "leave the row out where a number is not known, and write 0 for none")
        unit = f" ({kpi.unit})" if kpi.unit else ""
        hint = f"write {kpi.name}{unit} as a whole number"
        if kpi.may_be_broken:
            hint = f"write {kpi.name} like 0.385, with a point"
        raise BadField(kpi.key, f"{str(value)[:40]!r} is not a number", hint)
    if kpi.may_be_broken and "." in text:
        return decimal_of(text)
    return int(whole[1]) if whole else decimal_of(text)
