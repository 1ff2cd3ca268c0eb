"""Sheets that are converted as whole columns hold exactly what they hold when they are read row by row."""

from __future__ import annotations

import csv
import random
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
import xlsxwriter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reportdata.engines.duckdb.connection import columns_of, facts
from reportdata.engines.duckdb.staging import Staging
from reportdata.errors import BadRecord, InputError
from reportdata.facts import Organisations, Provenance
from reportdata.pipeline import silent
from reportdata.pipeline.reading import Reading
from reportdata.pipeline.sources import Source
from reportdata.readers import Format
from tests.support.effort import QUICK
from tests.support.examples import tried_with
from tests.support.services import KINDS

ZONE = ZoneInfo("Asia/Shanghai")
SENT = KINDS["sent"]
HEADINGS = ("日志ID", "工号", "部门", "提交时间", "日志模板", "今日完成工作")
ODD: dict[str, list[object]] = {
    "日志ID": ["", "NULL", 'a"b', "a\tb", "'0042", 42, 42.5, True, "编号", 2**60, "x" * 129, "r 1", "合计"],
    "工号": ["", "-", "张三", "u\n1", 10023, 0.5, '="7"', False],
    "部门": [
        "",
        "-",
        "研发部;市场部",
        "研发\u200b部",
        " 研发  部 ",
        "a\u3000b",
        42,
        True,
        "研发部,NULL",
        "、",
        "a\ufffd",
    ],
    "提交时间": ["", "合计", "2026/9/1 下午 5:40", "2026-09-01", 46266.5, 1788220800, "2026-09-01T08:00:00Z", True],
    "日志模板": ["", "-", "日 报", "日\u00ad报", "日  报", 7, "日\n报", "\t", datetime(2026, 9, 1)],
    "今日完成工作": ["", "合计", 5, "做了\t很多\n事"],
    "姓名": ["", "李四", "-"],
}


SIZES = st.sampled_from((600, 4_000) if QUICK else (1, 600, 4_000))
"""Bytes of a part: a record at least, some, or many. In `make quick`, examples alone have parts of a record."""


def rows_of(rows: int, odd: float, seed: int) -> list[list[object]]:
    """The cells of a sheet with so many records, of which a share of the cells is odd."""
    chance = random.Random(seed)
    headings = [*HEADINGS, "姓名"] if chance.random() < 0.3 else list(HEADINGS)
    numbers, texts = chance.random() < 0.2, chance.random() < 0.2
    first = datetime(2026, 9, 1)
    found: list[list[object]] = [["日志报表\n九月"], [], []] if chance.random() < 0.3 else []
    found.append([*headings])
    for number in range(rows):
        found += [] if chance.random() > odd / 8 else [[]]
        at = first + timedelta(seconds=chance.randrange(0, 10 * 86400, chance.choice((1, 43200))))
        usual: dict[str, object] = {
            "日志ID": f"r{number}",
            "工号": float(chance.randrange(90)) if numbers else f"u{chance.randrange(90)}",
            "部门": chance.choice(("研发部", "销售一部,客户成功", "A B", "")),
            "提交时间": f"{at:%Y-%m-%d %H:%M:%S}" if texts else at,
            "日志模板": chance.choice(("日报", "周报", "")),
            "今日完成工作": "完成",
            "姓名": chance.choice(("张三", "王五")),
        }
        found.append([chance.choice(ODD[name]) if chance.random() < odd else usual[name] for name in headings])
    return [*found, [], ["合计", f"共 {rows} 条"]] if chance.random() < 0.5 else found


def write_sheet(path: Path, rows: list[list[object]]) -> None:
    """The cells as a workbook."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_numbers": False}) as book:
        sheet = book.add_worksheet()
        times = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for line, cells in enumerate(rows):
            for place, value in enumerate(cells):
                if isinstance(value, datetime):
                    sheet.write_datetime(line, place, value, times)
                elif value == "=1/0":
                    sheet.write_formula(line, place, "=1/0", None, "#DIV/0!")
                elif value != "":
                    sheet.write(line, place, value)


def write_text(path: Path, rows: list[list[object]], end: str) -> None:
    """The cells as text with commas between them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator=end).writerows(rows)


Found = tuple[list[tuple[object, ...]], list[str], str]


def found_in(path: Path, format_: Format, skip: bool, stage: Callable[[Source, Staging, Path], None]) -> Found:
    """The facts of a sheet, what is said of its bad records, and why it is refused, if it is."""
    bad: list[str] = []

    def take(error: BadRecord, record: object) -> None:
        bad.append(f"{error} {record}")

    reading = Reading(format_, KINDS, Organisations({}, ZONE), "ding1")
    source = Source(path, reading, take if skip else None, silent)
    with tempfile.TemporaryDirectory() as temporary:
        staging = Staging(Path(temporary), KINDS, Provenance(0, "test/0"))
        try:
            stage(source, staging, Path(temporary))
        except InputError as error:
            return [], bad, str(error)
        finally:
            staging.close()
        names = ", ".join(f"cast({name} as varchar)" for name in columns_of(SENT))
        with duckdb.connect() as connection:
            query = (
                f"select {names} from ({facts(SENT, sorted(Path(temporary).glob('raw/**/*.parquet')))}) order by all"
            )
            return connection.execute(query).fetchall(), bad, ""


def by_columns(size: int) -> Callable[[Source, Staging, Path], None]:
    """As an import does it, in parts of so many bytes."""
    return lambda source, staging, folder: source.stage(staging, folder, size)


def by_rows(source: Source, staging: Staging, _folder: Path) -> None:
    """Row by row, and all at once."""
    try:
        staging.add_facts(source.facts())
    finally:
        source._skipped.refuse()
    source._people.check(source._path)


@pytest.mark.whole
@tried_with(4, 150)
def test_a_sheet_holds_the_same_by_columns_and_by_rows(examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.tuples(st.integers(0, 600), st.sampled_from((0.0, 0.001, 0.01, 0.2)), st.integers(0, 1 << 30)),
        SIZES,
        st.booleans(),
    )
    @example((600, 0.0, 1), 1, False)
    @example((600, 0.002, 2), 1, True)
    def check(made: tuple[int, float, int], size: int, skip: bool) -> None:
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary, "sheet.xlsx")
            write_sheet(path, rows_of(*made))
            found = found_in(path, Format.SHEET, skip, by_columns(size))
            assert found == found_in(path, Format.SHEET, skip, by_rows)

    check()


START = datetime(2026, 9, 1)
CELLS: dict[str, tuple[str, list[object]]] = {
    "times to the second": ("提交时间", [START + timedelta(seconds=7919 * n) for n in range(300)]),
    "times to the millisecond": ("提交时间", [START + timedelta(milliseconds=7919 * n) for n in range(300)]),
    "midnights": ("提交时间", [START + timedelta(days=n % 9) for n in range(300)]),
    "midnights among times": ("提交时间", [START + timedelta(hours=8 * n) for n in range(40)]),
    "midnights, and then times": (
        "提交时间",
        [*(START + timedelta(days=n % 9) for n in range(300)), *(START + timedelta(hours=n) for n in range(5))],
    ),
    "times of other centuries": ("提交时间", [datetime(1900, 3, 1, 8), datetime(1999, 12, 31, 23, 59, 59), START]),
    "times and texts": ("提交时间", [START, "2026-09-02 10:00:00", "2026-09-03T10:00:00.5", START] * 70),
    "times and serials": ("提交时间", [START + timedelta(hours=1), 46266.5] * 150),
    "serials": ("提交时间", [46266.5 + n / 86400 for n in range(300)]),
    "durations": ("提交时间", [START + timedelta(hours=1), 0.25, True, ""] * 70),
    "ids that are numbers": ("日志ID", [float(n) for n in range(300)]),
    "ids beyond 2⁵³": ("日志ID", [float(2**53 + 2 * n) for n in range(300)]),
    "ids that are numbers and texts": ("日志ID", [float(n) if n % 3 else f"r{n}" for n in range(300)]),
    "ids that are texts and numbers": ("日志ID", [f"r{n}" if n % 3 != 1 else float(n) for n in range(300)]),
    "people who are numbers": ("工号", [float(n % 50) for n in range(300)]),
    "people who are truths": ("工号", [n % 2 == 0 for n in range(300)]),
    "people who are fractions": ("工号", [f"u{n}" for n in range(270)] + [0.5] * 3),
    "departments that are missing": ("部门", [""] * 300),
    "departments that are numbers": ("部门", ["研发部"] * 270 + [42.0, True, START]),
    "templates that are times": ("日志模板", ["日报", START, "周报"] * 100),
    "templates that are missing": ("日志模板", ["日报", "", "周报"] * 100),
    "errors": ("日志模板", ["日报", "=1/0"] * 150),
    "ids that are errors": ("日志ID", [*(f"r{n}" for n in range(270)), "=1/0"]),
}
"""Columns in which the cells are of one type or of several; an equals sign begins a formula that gave an error."""


def cells_of(name: str, cells: list[object]) -> list[list[object]]:
    """Rows whose cells are common but for one column."""
    found: list[list[object]] = [list(HEADINGS)]
    for n, cell in enumerate(cells):
        usual: dict[str, object] = {
            "日志ID": f"r{n}",
            "工号": f"u{n % 50}",
            "部门": "研发部",
            "提交时间": START + timedelta(seconds=n),
            "日志模板": "日报",
            "今日完成工作": "完成",
        }
        found.append(list((usual | {name: cell}).values()))
    return found


@pytest.mark.whole
@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("name", CELLS)
def test_cells_of_each_type_hold_the_same_by_columns_and_by_rows(tmp_path: Path, name: str, skip: bool) -> None:
    path = tmp_path / "sheet.xlsx"
    write_sheet(path, cells_of(*CELLS[name]))
    found = found_in(path, Format.SHEET, skip, by_columns(1 << 20))
    assert found == found_in(path, Format.SHEET, skip, by_rows)
    assert any(found)


def test_times_of_cells_are_exact(tmp_path: Path) -> None:
    path = tmp_path / "sheet.xlsx"
    times = [START, START + timedelta(milliseconds=1), START + timedelta(hours=23, minutes=59, seconds=59.999)]
    write_sheet(path, cells_of("提交时间", [*times]))
    facts_, _, refused = found_in(path, Format.SHEET, False, by_columns(1 << 20))
    place = list(columns_of(SENT)).index(SENT.time)
    told = sorted(datetime.fromisoformat(str(fact[place])).astimezone(ZONE).replace(tzinfo=None) for fact in facts_)
    assert (refused, told) == ("", times)


@pytest.mark.whole
@tried_with(4, 300)
def test_a_table_of_text_holds_the_same_by_columns_and_by_rows(examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.tuples(st.integers(0, 300), st.sampled_from((0.0, 0.001, 0.01, 0.2)), st.integers(0, 1 << 30)),
        st.sampled_from(("\n", "\r\n", "\r")),
        SIZES,
        st.booleans(),
    )
    @example((60, 0.0, 1), "\n", 1, False)
    @example((60, 0.01, 2), "\r\n", 1, True)
    def check(made: tuple[int, float, int], end: str, size: int, skip: bool) -> None:
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary, "sheet.csv")
            write_text(path, rows_of(*made), end)
            found = found_in(path, Format.CSV, skip, by_columns(size))
            assert found == found_in(path, Format.CSV, skip, by_rows)

    check()
