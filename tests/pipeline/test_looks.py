"""What a file shows of days: which it covers, how certain they are, and which times are not believed."""

from __future__ import annotations

import itertools
import json
import os
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median_low
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from reportdata.coverage import Observation, partly
from reportdata.days import days_between, from_date
from reportdata.engines.duckdb.spans import isolated, of_another_year
from reportdata.pipeline.export_times import exported_at
from reportdata.pipeline.imports import Imported
from reportdata.pipeline.looks import Look, begun
from reportdata.states import State
from reportdata.store.standing import standing
from tests.support.examples import tried_with
from tests.support.folders import Folder, run
from tests.support.services import SERVICE

CORP = "ding1"
ZONE = ZoneInfo("Asia/Shanghai")
NOT_BEGUN = "ding1: days after {} are not covered: they had not begun when the file was exported or last written"
NOW = datetime(2024, 3, 1, 12, tzinfo=ZONE).timestamp()


@pytest.fixture
def known(folder: Folder) -> Folder:
    folder.add_organisation(CORP)
    return folder


def reports(path: Path, *times: str, written: str | None = None) -> Path:
    """A file of one report at each time, last written at a time."""
    rows = "".join(f"{path.stem}{number},u{number % 3},{time}\n" for number, time in enumerate(times))
    path.write_text("report_id,user_id,sent_at\n" + rows)
    if written is not None:
        at = datetime.fromisoformat(written).replace(tzinfo=ZONE).timestamp()
        os.utime(path, (at, at))
    return path


def take(folder: Folder, path: Path, **options: Any) -> Imported:
    """Import a file of the organisation."""
    return folder.import_(path, corp_id=CORP, **options)


def states(folder: Folder, first: str, last: str) -> dict[str, str]:
    """The state of 4100 on each day."""
    return {
        day.stat_day: day.kpis[0].state.value
        for day in standing(folder.store, SERVICE, CORP, first, last, time.time())
        if day.kpis[0].state is not State.MISSING
    }


def covered(folder: Folder) -> list[tuple[str, str]]:
    return [(look.first_day, look.last_day) for look in folder.store.observations()]


@pytest.mark.whole
def test_a_forgotten_month_is_not_covered_and_said_to_be_not(known: Folder, tmp_path: Path) -> None:
    days = [*(f"2024-01-{day:02} 09:00" for day in range(1, 32)), *(f"2024-03-{day:02} 09:00" for day in range(1, 9))]
    path = reports(tmp_path / "a.csv", *days, written="2024-03-08 18:00")
    done = take(known, path)
    assert [piece[:2] for piece in known.store.coverage()] == [("ding1", "20240101"), ("ding1", "20240301")]
    (note,) = done.notes
    assert "no sent facts from 20240201 to 20240229" in note
    assert "--from 20240101 --to 20240308" in note
    take(known, path, first_day="20240101", last_day="20240308")
    assert [piece[1:3] for piece in known.store.coverage()] == [("20240101", "20240308")]


def test_holidays_and_rare_reports_leave_no_hole(known: Folder, tmp_path: Path) -> None:
    holiday = [f"2024-02-{day:02} 09:00" for day in (5, 6, 7, 18, 19)]
    assert not take(known, reports(tmp_path / "a.csv", *holiday, written="2024-02-19 18:00")).notes
    monthly = [f"2024-{month:02}-28 09:00" for month in range(1, 7)]
    assert not take(known, reports(tmp_path / "b.csv", *monthly, written="2024-06-28 18:00")).notes
    assert covered(known)[0][0] == "20240128"


@pytest.mark.whole
@tried_with(5, 60)
def test_covered_are_the_days_without_long_holes(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(st.sets(st.integers(0, 400), min_size=1, max_size=25))
    def check(numbers: set[int]) -> None:
        first = date(2022, 1, 1)
        days = [first + timedelta(days=number) for number in sorted(numbers)]
        distances = [(after - before).days for before, after in itertools.pairwise(days)]
        usual = median_low(distances) if len(distances) > 1 else 0
        expected: set[str] = {from_date(days[0])}
        for before, distance in zip(days, distances, strict=False):
            whole = distance <= max(15, 3 * usual)
            expected |= {
                from_date(before + timedelta(days=step)) for step in range(1, distance + 1) if whole or step == distance
            }
        with tempfile.TemporaryDirectory() as temporary:
            folder = Folder(Path(temporary) / "data")
            folder.add_organisation(CORP)
            path = reports(Path(temporary) / "a.csv", *(f"{day} 09:00" for day in days))
            done = take(folder, path, exported_at=int(NOW * 1000), now=NOW)
            if of_another_year(list(map(from_date, days))) or any(
                len(days) > 1 and all(abs((day - other).days) > 366 for other in days if other != day) for day in days
            ):
                assert "about a year or more from all other records" in done.failures[0].message
            else:
                known = standing(folder.store, SERVICE, CORP, "20220101", "20230301", time.time())
                assert {day.stat_day for day in known if day.kpis[0].state is not State.MISSING} == expected
            folder.store.close()

    check()


def test_a_record_in_the_future_is_refused_unless_it_is_stated(known: Folder, tmp_path: Path) -> None:
    path = reports(tmp_path / "a.csv", "2024-02-29 09:00:00", "2042-01-03 09:00:00")
    (failure,) = take(known, path, now=NOW).failures
    assert failure.message == f"{path}, line 3: sent_at: is on 20420103, which lies in the future"
    assert "--to 20420103" in failure.hint
    bad: list[int] = []
    done = take(known, path, now=NOW, skip_bad=lambda record, _: bad.append(record.line))
    assert (done.added, bad) == (1, [3])
    assert states(known, "20240229", "20240301") == {"20240229": "partial"}
    done = take(known, path, now=NOW, first_day="20240229", last_day="20420103")
    assert (done.failures, done.added) == ([], 1)
    assert done.notes == [NOT_BEGUN.format("20240301")]
    assert max(last for _, last in covered(known)) == "20240301", "nobody has seen the days until then"


def test_days_that_have_not_begun_are_not_covered(known: Folder, tmp_path: Path) -> None:
    stated = {"first_day": "20240104", "last_day": "20240331", "now": NOW}
    path = reports(tmp_path / "a.csv", "2024-01-05 09:00", written="2024-01-06 00:30")
    done = take(known, path, **stated, covers=["commented"])
    assert done.notes == [NOT_BEGUN.format("20240106")]
    assert {(look.kind, look.first_day, look.last_day) for look in known.store.observations()} == {
        ("sent", "20240104", "20240106"),
        ("commented", "20240104", "20240106"),
    }
    assert states(known, "20240101", "20240430") == {
        "20240104": "final", "20240105": "final", "20240106": "provisional"
    }  # fmt: skip
    take(known, path, **stated, exported_at=int(NOW * 1000))
    assert ("20240104", "20240301") in covered(known)
    early = reports(tmp_path / "b.csv", "2024-03-02 00:10", written="2024-03-01 11:00")
    assert take(known, early, now=NOW).notes == []
    assert states(known, "20240302", "20240430") == {"20240302": "provisional"}, "clocks differ by hours"


@given(
    st.integers(0, 80), st.integers(0, 80), st.integers(0, 80 * 24), st.sampled_from(["Asia/Shanghai", "Europe/Berlin"])
)
def test_no_look_sees_a_day_that_had_not_begun(first: int, last: int, hours: int, zone: str) -> None:
    begin = date(2024, 1, 1)
    piece = Observation("c", from_date(begin + timedelta(first)), from_date(begin + timedelta(last)), hours * 3_600_000)
    piece = piece._replace(at=piece.at + int(datetime(2024, 1, 1, tzinfo=ZoneInfo(zone)).timestamp() * 1000))
    seen = begun(Look([piece], []), {}, lambda _: ZoneInfo(zone), NOW).observations
    days = [day for look in seen for day in days_between(look.first_day, look.last_day)]
    local = datetime.fromtimestamp(piece.at / 1000, ZoneInfo(zone)).date()
    expected = [begin + timedelta(number) for number in range(first, last + 1)]
    assert days == [from_date(day) for day in expected if day <= local]


def test_a_record_a_year_from_all_others_is_refused_unless_it_is_stated(known: Folder, tmp_path: Path) -> None:
    path = reports(tmp_path / "a.csv", "2024-02-28 09:00:00", "2014-02-28 09:00:00", "2024-02-29 09:00:00")
    (failure,) = take(known, path, now=NOW).failures
    assert failure.message == (
        f"{path}, line 3: sent_at: is on 20140228, about a year or more from all other records of the file"
    )
    bad: list[int] = []
    assert take(known, path, now=NOW, skip_bad=lambda record, _: bad.append(record.line)).added == 2
    assert bad == [3]
    assert not take(known, path, now=NOW, first_day="20140228", last_day="20240229").failures


def test_isolated_days() -> None:
    assert isolated(["20200101", "20210101", "20220102"]) == []
    assert isolated(["20190101", "20210102", "20230301", "20230302"]) == ["20190101", "20210102"]
    assert isolated(["20190101"]) == []


def test_days_of_another_year() -> None:
    january = ["20240105", "20240107", "20240108"]
    assert of_another_year(["20230106", *january]) == ["20230106"]
    assert of_another_year(["20240102", "20241230", "20241231", "20250103"]) == ["20240102"]
    assert of_another_year(["20221230", "20231229", "20241230"]) == []  # a report of each year
    assert of_another_year(["20230301", *january]) == []
    assert of_another_year(["20230106", *january[:2]]) == []
    assert of_another_year([]) == []


def test_the_last_day_of_a_copy_is_provisional(known: Folder, tmp_path: Path) -> None:
    times = ("2024-01-04 09:00", "2024-01-05 09:00")
    fresh = reports(tmp_path / "a.csv", *times, written="2024-01-05 12:00")
    assert take(known, fresh).notes == []
    assert states(known, "20240101", "20240131") == {"20240104": "final", "20240105": "provisional"}
    copied = reports(tmp_path / "b.csv", *times, written="2024-02-01 12:00")
    (note,) = take(known, copied).notes
    assert "its last day, 20240105, stays provisional" in note
    assert states(known, "20240101", "20240131") == {"20240104": "final", "20240105": "provisional"}
    assert not take(known, copied, last_day="20240105").notes
    assert states(known, "20240105", "20240105") == {"20240105": "final"}


def test_a_file_soon_after_its_last_record_shows_the_whole_day(known: Folder, tmp_path: Path) -> None:
    take(known, reports(tmp_path / "a.csv", "2024-01-05 18:00", written="2024-01-06 08:00"))
    assert states(known, "20240101", "20240131") == {"20240105": "final"}


def test_a_file_is_as_fresh_as_its_last_record_of_any_organisation(known: Folder, tmp_path: Path) -> None:
    known.add_organisation("ding2")
    path = tmp_path / "a.csv"
    rows = f"{CORP},r1,u1,2024-01-02 18:00\nding2,r2,u1,2024-01-05 18:00\n"
    path.write_text(f"corp_id,report_id,user_id,sent_at\n{rows}")
    written = datetime(2024, 1, 6, 8, tzinfo=ZONE).timestamp()
    os.utime(path, (written, written))
    assert take(known, path).notes == []
    assert states(known, "20240101", "20240131") == {"20240102": "final"}


def test_the_time_of_the_export_can_be_said(known: Folder, tmp_path: Path) -> None:
    path = reports(tmp_path / "a.csv", "2024-01-05 09:00", written="2024-02-01 12:00")
    refused = run(known, "import", path, "--exported-at", "soon")
    assert "--exported-at: 'soon' is not a time" in refused.output
    said = json.loads(run(known, "import", path, "--exported-at", "2024-01-05 12:00", "--json").stdout)
    assert said["notes"] == []
    assert states(known, "20240105", "20240105") == {"20240105": "provisional"}
    run(known, "import", path, "--exported-at", "2024-01-06 12:00")
    assert states(known, "20240105", "20240105") == {"20240105": "final"}


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("导出时间：2024-01-05 12:00", "2024-01-05 12:00"),
        ("导出日期 2024年1月6日 8时3分", "2024-01-06 08:03"),
        ("Exported at 2024-01-06 08:00:00", "2024-01-06 08:00"),
        ("导出时间：2023-01-05 12:00", None),
        ("日志报表", None),
    ],
)
def test_a_title_may_say_when_a_sheet_was_exported(tmp_path: Path, title: str, said: str | None) -> None:
    last = datetime(2024, 1, 5, 9, tzinfo=ZONE)
    found = exported_at(tmp_path / "none", ["x", title], ZONE, int(last.timestamp()) * 1_000_000)
    expected = None if said is None else int(datetime.fromisoformat(said).replace(tzinfo=ZONE).timestamp() * 1000)
    assert found == expected


def test_a_workbook_says_when_it_was_made(known: Folder, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"created": datetime(2024, 1, 5, 4, tzinfo=UTC)})
        page = book.add_worksheet()
        for number, row in enumerate([["日志ID", "工号", "提交时间"], ["r1", "u1", "2024-01-05 09:00"]]):
            page.write_row(number, 0, row)
    assert take(known, path).notes == []
    assert states(known, "20240105", "20240105") == {"20240105": "provisional"}


def answer(cursor: int | None, more: bool, report: str, **request: object) -> dict[str, object]:
    """A page of the list of reports."""
    found = [{"report_id": report, "creator_id": "u1", "create_time": 1704412980000}]
    result = {"data_list": found, "has_more": more, "next_cursor": 9 if more else 0}
    asked = {"start_time": 1, "end_time": 2, **request, **({"cursor": cursor} if cursor is not None else {})}
    return {"api": "topapi/report/list", "request": asked, "response": {"errcode": 0, "result": result}}


@pytest.mark.parametrize(
    ("pages", "reason"),
    [
        ([answer(0, True, "r1")], "line 1: has_more is true, and the page that follows is not in the file"),
        ([answer(0, True, "r1"), answer(9, False, "r2")], None),
        ([answer(9, False, "r2"), answer(0, True, "r1")], None),
        ([answer(0, False, "r1", userid="u1")], "line 1: the request was for one userid"),
        ([answer(0, False, "r1", template_name="日报")], "line 1: the request was for one template_name"),
        ([answer(0, True, "r1")["response"]], "line 1: has_more is true, and no answer follows"),
        ([answer(0, True, "r1")["response"], answer(0, False, "r2")["response"]], None),
    ],
)
def test_pages_that_are_missing_make_days_partial(
    known: Folder, tmp_path: Path, pages: list[object], reason: str | None
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(page) + "\n" for page in pages))
    done = take(known, path, exported_at=int(NOW * 1000))
    assert not done.failures
    assert done.notes == ([f"a.jsonl: sent facts are missing: {reason}: its days are partial"] if reason else [])
    assert states(known, "20240105", "20240105") == {"20240105": "partial" if reason else "final"}
    assert any(look.kind == partly("sent") for look in known.store.observations()) == (reason is not None)


def test_a_whole_look_makes_a_partial_day_whole_and_stays(known: Folder, tmp_path: Path) -> None:
    part = tmp_path / "a.csv"
    part.write_text("report_id,user_id,sent_at\nr1,u1,2024-01-05 09:00\nr2,,2024-01-05 09:00\n")
    take(known, part, exported_at=int(NOW * 1000), skip_bad=lambda *_: None)
    assert states(known, "20240105", "20240105") == {"20240105": "partial"}
    take(known, reports(tmp_path / "b.csv", "2024-01-05 09:00"), exported_at=int(NOW * 1000))
    assert states(known, "20240105", "20240105") == {"20240105": "final"}
    take(known, part, exported_at=int(NOW * 1000) + 5, skip_bad=lambda *_: None)
    assert states(known, "20240105", "20240105") == {"20240105": "final"}


@pytest.mark.whole
def test_ids_that_a_spreadsheet_rounded_are_refused(known: Folder, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = ["1226682231742700", "1226682231742700", "12266822317428000", "u1", "100000"]
    path.write_text("report_id,user_id,sent_at\n" + "".join(f"r{n},{u},2024-01-05 09:00\n" for n, u in enumerate(rows)))
    (failure,) = take(known, path).failures
    assert "user_id: all ids of 16 digits and more end in zeros, like 1226682231742700" in failure.message
    assert "export the column as text" in failure.hint
    said = run(known, "import", path, "--column", "user_id=user_id", "--dry-run")
    assert said.exit_code == 0, "whoever names the column says that the ids are right"
    path.write_text(path.read_text() + "r9,1226682231742801,2024-01-05 09:00\n")
    assert not take(known, path).failures


def test_reports_without_ids_are_told_apart_by_their_other_cells(known: Folder, tmp_path: Path) -> None:
    head = "发送人,部门,提交时间,日志模板,客户\n"
    path = tmp_path / "a.csv"
    path.write_text(head + "张一,销售部,2024/1/5 8:03,拜访记录,甲\n张一,销售部,2024/1/5 8:03,拜访记录,乙\n")
    assert (take(known, path).added, known.days()[CORP, "20240105"][:2]) == (2, (2, 1))
    path.write_text(path.read_text() + "张一,销售部,2024/1/5 8:03,拜访记录,甲\n")
    assert (take(known, path).added, known.days()[CORP, "20240105"][:2]) == (0, (2, 1))
    (tmp_path / "b.csv").write_text(head + "张一,销售部,2024-01-05 08:03:27,拜访记录,甲\n张二,,2024/1/5 8:04,日报,\n")
    take(known, tmp_path / "b.csv")
    assert known.days()[CORP, "20240105"][:2] == (3, 2), "with seconds it is the same report"


def test_namesakes_of_different_departments_are_different_people(known: Folder, tmp_path: Path) -> None:
    rows = "张伟,研发部,2024/1/5 18:00,日报\n张伟,销售部,2024/1/5 18:00,日报\n张伟,销售部,2024/1/5 19:00,日报\n"
    (tmp_path / "a.csv").write_text("发送人,部门,提交时间,日志模板\n" + rows)
    take(known, tmp_path / "a.csv")
    assert known.days()[CORP, "20240105"][:2] == (3, 2)


@pytest.mark.whole
def test_a_report_with_a_name_and_with_an_id_is_of_one_person(known: Folder, tmp_path: Path) -> None:
    sheet, answers = tmp_path / "a.csv", tmp_path / "a.jsonl"
    sheet.write_text("日志ID,发送人,部门,提交时间\nr1,张一,研发部,2024/1/5 8:03\nr2,张一,研发部,2024/1/5 9:03\n")
    reports_ = [{"report_id": "r1", "creator_id": "u1", "create_time": 1704412980000, "template_name": "日报"}]
    answers.write_text(json.dumps({"errcode": 0, "result": {"data_list": reports_, "has_more": False}}))
    for path in (sheet, answers):
        take(known, path)
    assert known.days()[CORP, "20240105"][:2] == (2, 2), "r2 is known by a name alone"
    with sheet.open("a") as file:
        file.write("r3,张二,研发部,2024/1/5 8:03\n")
    sheet.write_text(sheet.read_text().replace("r2,张一,研发部,2024/1/5 9:03\n", ""))
    other = Folder(tmp_path / "other")
    other.add_organisation(CORP)
    for path in (answers, sheet):
        take(other, path)
    assert other.days()[CORP, "20240105"][:2] == (2, 2)
    other.store.close()
