"""Sheets as people have them, at random: exactly the numbers that their rows say, or a refusal that names the place."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import duckdb
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.digests import Occurrences
from reportdata.errors import BadFile
from reportdata.facts import Fact, Organisations, read_fact
from reportdata.pipeline.reading import lines_of
from reportdata.readers import detect_format
from reportdata.remarks import Remarks
from tests.support.examples import tried_with
from tests.support.services import KINDS

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = datetime(2024, 1, 1, 8)
DELIMITERS = [",", ";", "\t", "|"]
ENCODINGS = ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"]
ENDS = ["\n", "\r\n", "\r"]
SENDERS = ["发送人", "*发送人", "提交者", "填写人（必填）", "汇报人", "发起人姓名", "Sender", "姓名", "员工 姓名"]
IDS = ["user_id", "钉钉UserID", "发送人ID", "工号", "User ID"]
TIMES = [
    "提交时间",
    "* 提交时间",
    "发送时间",
    "提交时间（北京时间）",
    "创建时间",
    "日志发送时间",
    "Submitted Time",
    "sent_at",
]
REPORTS = ["日志ID", "report_id", "日志编号"]
UNUSED = ["", "备注", "备注", "今日完成工作\n（必填）", "图片", "客户编号", "完成日期"]
TITLES = ["日志报表  2024年1月", "导出时间：2024-02-01 09:00", "第一季度", "# exported"]
TOTALS = ["合计", "总计：", "共 3 条"]
PEOPLE = ["张一", "李二", "王三", "赵四", "Zhang San"]


class Record(NamedTuple):
    """A report that somebody sent."""

    report: str
    person: str
    at: datetime


class Sheet(NamedTuple):
    """A grid of cells, and the reports that it has."""

    rows: list[list[object]]
    records: list[Record]


def _time_text(at: datetime, form: int) -> object:
    hour, half = at.hour % 12 or 12, "下午" if at.hour >= 12 else "上午"
    return [
        f"{at:%Y-%m-%d %H:%M:%S}",
        f"{at.year}/{at.month}/{at.day} {at.hour}:{at:%M}",
        f"{at.year}年{at.month}月{at.day}日 {at.hour}时{at:%M}分",
        f"{at.year}/{at.month}/{at.day} {half} {hour}:{at:%M}",
        f"{at:%Y-%m-%d} {hour}:{at:%M:%S} {'PM' if at.hour >= 12 else 'AM'}",
        f"{at:%Y%m%d%H%M%S}",
        at,
    ][form]


def _id_text(person: str, form: int) -> str:
    plain = f"1000{PEOPLE.index(person)}"
    return [plain, f'="{plain}"', f"'{plain}", f"{plain}.0", f"\u200b{plain} "][form]


@st.composite
def sheets(draw: st.DrawFn, *, titles: bool = True) -> Sheet:
    """A sheet with titles, blank rows, columns in any order, headings with decorations, and forms of times and ids.

    :param titles: whether there may be anything but a heading and records.
    """
    minutes = draw(st.lists(st.integers(0, 60 * 24 * 20), min_size=1, max_size=8, unique=True))
    people = st.sampled_from(PEOPLE)
    records = [Record(f"r{n}", draw(people), FIRST + timedelta(minutes=at)) for n, at in enumerate(minutes)]
    by_id, with_report = draw(st.booleans()), draw(st.booleans())
    used: list[tuple[str, Callable[[Record], object]]] = []
    time_form, id_form = draw(st.integers(0, 6)), draw(st.integers(0, 4))
    time = draw(st.sampled_from(TIMES))
    if by_id:  # 创建时间 may be a comment's, too, unless somebody is named who sends
        used.append(
            (
                draw(st.sampled_from(IDS if time != "创建时间" else ["发送人ID"])),
                lambda record: _id_text(record.person, id_form),
            )
        )
    else:
        used.append(
            (draw(st.sampled_from(SENDERS if time != "创建时间" else SENDERS[:7])), lambda record: record.person)
        )
    used.append((time, lambda record: _time_text(record.at, time_form)))
    if with_report:
        used.append((draw(st.sampled_from(REPORTS)), lambda record: record.report))
    used += [(heading, lambda _: "") for heading in draw(st.lists(st.sampled_from(UNUSED), max_size=4))]
    used = draw(st.permutations(used))
    if not titles:
        return Sheet([[h for h, _ in used], *([cell(record) for _, cell in used] for record in records)], records)
    rows: list[list[object]] = [[title] for title in draw(st.lists(st.sampled_from(TITLES), max_size=3))]
    headings: list[object] = [heading for heading, _ in used]
    if draw(st.booleans()):
        rows.append(headings)
    else:  # on two lines, of which the first has what belongs to several columns
        above = draw(st.lists(st.booleans(), min_size=len(used), max_size=len(used)))
        rows.append([heading if up else "" for heading, up in zip(headings, above, strict=True)])
        rows.append([heading if not up else "" for heading, up in zip(headings, above, strict=True)])
    for record in records:
        if draw(st.integers(0, 5)) == 0:
            rows.append([""] * len(used))
        rows.append([cell(record) for _, cell in used])
    if draw(st.booleans()):
        rows.append([draw(st.sampled_from(TOTALS))])
    width = len(used)
    return Sheet([row + [""] * (width - len(row)) for row in rows], records)


def _csv(sheet: Sheet, path: Path, delimiter: str, encoding: str, end: str) -> None:
    text = io.StringIO(newline="")
    # The writer quotes the line ends that it writes itself, and no others.
    always = end == "\r"
    csv.writer(
        text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL if always else csv.QUOTE_MINIMAL
    ).writerows(
        [f"{cell:%Y/%m/%d %H:%M}" if isinstance(cell, datetime) else cell for cell in row] for row in sheet.rows
    )
    path.write_bytes(text.getvalue().encode(encoding))


def _xlsx(sheet: Sheet, path: Path) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        page, format_ = book.add_worksheet("日报"), book.add_format({"num_format": "yyyy/m/d h:mm"})
        for number, row in enumerate(sheet.rows):
            for place, cell in enumerate(row):
                if isinstance(cell, datetime):
                    page.write_datetime(number, place, cell, format_)
                elif cell:
                    page.write_string(number, place, str(cell))


def _parquet(sheet: Sheet, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    names = [f"{heading}{' ' * place}" or "x" for place, heading in enumerate(map(str, sheet.rows[0]), 1)]
    types = ["timestamp" if isinstance(cell, datetime) else "varchar" for cell in sheet.rows[1]]
    columns = ", ".join(f'"{name}" {type_}' for name, type_ in zip(names, types, strict=True))
    connection.execute(f"create or replace temp table sheet ({columns})")
    for row in sheet.rows[1:]:
        connection.execute(f"insert into sheet values ({', '.join('?' * len(row))})", row)
    connection.execute(f"copy sheet to '{path}' (format parquet)")


def _facts(path: Path) -> list[Fact]:
    """The facts that a file's records are, as an import reads them."""
    organisations = Organisations({"ding1": ZONE})
    found = []
    occurrences = Occurrences()
    for line in lines_of(path, detect_format(path), KINDS, Remarks()):
        if line.error is not None:
            raise line.error
        assert line.columns is not None
        found.append(read_fact(line.record, line.columns, organisations, "ding1", occurrences, line.cells))
    return found


def _numbers(facts: list[Fact]) -> dict[str, tuple[int, int]]:
    days = {fact.stat_day for fact in facts}
    return {
        day: (
            len({fact.values["report_id"] for fact in facts if fact.stat_day == day}),
            len({fact.values["user_id"] for fact in facts if fact.stat_day == day}),
        )
        for day in days
    }


def _oracle(records: list[Record]) -> dict[str, tuple[int, int]]:
    days = {f"{record.at:%Y%m%d}" for record in records}
    of_day = {day: [record for record in records if f"{record.at:%Y%m%d}" == day] for day in days}
    return {day: (len(found), len({record.person for record in found})) for day, found in of_day.items()}


@tried_with(20, 10_000, always=True)
def test_a_table_of_text_has_the_numbers_of_its_rows(examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(sheets(), st.sampled_from(DELIMITERS), st.sampled_from(ENCODINGS), st.sampled_from(ENDS))
    def check(sheet: Sheet, delimiter: str, encoding: str, end: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "日报.xls"
            _csv(sheet, path, delimiter, encoding, end)
            assert _numbers(_facts(path)) == _oracle(sheet.records)

    check()


@tried_with(20, 8_000, always=True)
def test_a_spreadsheet_has_the_numbers_of_its_rows(examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(sheets())
    def check(sheet: Sheet) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "日报.csv"
            _xlsx(sheet, path)
            assert _numbers(_facts(path)) == _oracle(sheet.records)

    check()


@tried_with(10, 2_000, always=True)
def test_a_parquet_file_has_the_numbers_of_its_rows_or_is_refused_with_its_column(examples: int) -> None:
    with duckdb.connect() as connection:

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
        @given(sheets(titles=False))
        def check(sheet: Sheet) -> None:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "日报.parquet"
                _parquet(sheet, path, connection)
                if any(heading in REPORTS for heading in sheet.rows[0]) or any(
                    str(heading).strip() in ("提交时间", "发送时间", "创建时间") for heading in sheet.rows[0]
                ):
                    assert _numbers(_facts(path)) == _oracle(sheet.records)
                else:
                    with pytest.raises(BadFile, match="report_id: no column holds it"):
                        _facts(path)

        check()


def test_a_name_that_has_an_id_elsewhere_in_the_table_is_that_person(tmp_path: Path) -> None:
    path = tmp_path / "日报.csv"
    path.write_text("发送人,工号,提交时间\n张一,A1,2024/1/5 8:03\n张一,,2024/1/5 9:03\n李二,,2024/1/5 9:05\n", "utf-8")
    users = [str(fact.values["user_id"]) for fact in _facts(path)]
    assert users[:2] == ["A1", "A1"]
    assert users[2].startswith("sheet-")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xef\xbb\xbf", "is empty"),
        ("提交时间\n2024/1/5 8:03\n".encode(), "line 1: user_id: no column holds it"),
        ("标题\n\n发送人,部门,日期\n".encode(), "line 3: kind: no column holds a time"),
        ("发送人,提交时间\n张一,x\n".encode() + "李二".encode("gb18030") * 9 + b",y\n", "mixes encodings: line 1"),
        (b"<html><body>no</body></html>", "is HTML without a table"),
        (b"%PDF-1.7", "is a PDF"),
        (b"PK\x03\x04nothing", "is a damaged archive or spreadsheet"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_its_place(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(BadFile) as caught:
        _facts(path)
    assert reason in caught.value.message
    assert caught.value.hint
