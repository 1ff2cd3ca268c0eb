"""DingTalk's own figures in files: the table of its document, as people save it."""

from __future__ import annotations

import json
import os
import re
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from reportdata.errors import BadFile, BadRecord
from reportdata.readers.figure_checks import require_possible
from reportdata.readers.figures import read_figures
from reportdata.services import REPORTS, read_services
from tests.support.folders import Folder, run

SERVICE = read_services().service(REPORTS)
HEADINGS = "统计日期,组织ID,发送日志数,发送日志用户数,评论日志用户数"
FIGURES = [("12345", "20210101", {"4100": 1056, "4101": 56, "4102": 13})]
ROW = "20210101,12345,1056,56,13"

TABLES = {
    "the document's own": f"{HEADINGS}\n{ROW}\n",
    "keys": f"stat_date,corp_id,4100_DAY,4101_DAY,4102_DAY\n{ROW}\n",
    "numbers of KPIs": f"日期,企业ID,4100,4101,4102\n{ROW}\n",
    "semicolons": f"{HEADINGS}\n{ROW}\n".replace(",", ";"),
    "tabs": f"{HEADINGS}\n{ROW}\n".replace(",", "\t"),
    "dashes": f"{HEADINGS}\n2021-01-01,12345,1056,56,13\n",
    "slashes": f"{HEADINGS}\n2021/1/1,12345,1056,56,13\n",
    "Chinese days": f"{HEADINGS}\n2021年1月1日,12345,1056,56,13\n",
    "midnight": f"{HEADINGS}\n2021-01-01 00:00:00,12345,1056,56,13\n",
    "full width": f"{HEADINGS}\n２０２１０１０１,１２３４５,１０５６,５６,１３\n".replace("12345", "12345"),
    "marks": "*统计日期（必填）,组织 ID,发送日志数 [篇],★发送日志用户数（人）,评论日志用户数:\n" + ROW + "\n",
    "thousands": f'{HEADINGS}\n20210101,12345,"1,056",56人,13.0\n',
    "titles, blanks, totals": f"日志统计\n导出时间：2021-02-01\n\n{HEADINGS}\n{ROW}\n,,,,\n合计,,1056,56,13\n",
    "units and days": f"{HEADINGS.replace('日志数', '日志数（日）', 1)}\n{ROW}\n",
    "months and years": f"{HEADINGS.replace('用户数,', '用户数（2021年1月）,', 1)}\n{ROW}\n",
    "columns that say nothing": f"统计周期,开始日期,结束日期,部门,{HEADINGS}\n日,20210101,2021-01-01,,{ROW}\n",
    "weekdays": f"{HEADINGS}\n2021-01-01(星期五),12345,1056,56,13\n",
    "weekdays after a blank": f"{HEADINGS}\n2021年1月1日 周五,12345,1056,56,13\n",
    "a part that is the whole": f"一级部门,终端,{HEADINGS}\n全公司,全部,{ROW}\n",
    "a name of the organisation": f"组织名称,{HEADINGS}\n某公司,{ROW}\n",
    "JSON in another answer": json.dumps({"statusCode": 200, "headers": {}, "body": {"metaList": [], "dataList": [
        dict(zip(HEADINGS.split(","), ROW.split(","), strict=True))]}}),
    "JSON as text": json.dumps({"result": json.dumps({"dataList": [
        dict(zip(HEADINGS.split(","), ROW.split(","), strict=True))]})}),
    "others": f"备注,{HEADINGS},备注\nx,{ROW},y\n",
    "JSON": json.dumps({"dataList": [dict(zip(HEADINGS.split(","), ROW.split(","), strict=True))]}),
    "pretty JSON": json.dumps([{"stat_date": 20210101, "corp_id": "12345", "4100_DAY": 1056, "4101_DAY": 56,
                                "4102_DAY": 13}], indent=1),
}  # fmt: skip


@pytest.mark.parametrize("form", [*TABLES])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_a_table_is_read_as_people_save_it(tmp_path: Path, form: str, encoding: str) -> None:
    path = tmp_path / "figures.xls"
    path.write_bytes(TABLES[form].encode(encoding))
    expected = FIGURES if form != "full width" else [("12345", *FIGURES[0][1:])]
    assert read_figures(path, SERVICE) == expected


@pytest.mark.parametrize("day", [date(2021, 1, 1), "20210101", 20210101, "2021-01-01"])
def test_a_spreadsheet_is_read(tmp_path: Path, day: object) -> None:
    path = tmp_path / "figures.csv"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("说明").write(0, 0, "统计")
        page, format_ = book.add_worksheet("数据"), book.add_format({"num_format": "yyyy-mm-dd"})
        page.write(0, 0, "企业日志统计数据")
        page.write_row(2, 0, HEADINGS.split(","))
        page.write(3, 0, day, format_ if isinstance(day, date) else None)
        page.write_row(3, 1, ["12345", 1056, 56, 13])
    assert read_figures(path, SERVICE) == FIGURES


@pytest.mark.parametrize(
    ("text", "reason", "hint"),
    [
        ("统计日期,组织ID,发送日志数,发送日志用户数\n", "line 1: 4102_DAY: no column holds it; the columns are",
         "name the column 4102_DAY or 4102 or 评论日志用户数; a table has, for example, 统计日期, 组织ID"),
        ("发送人,提交时间\n", "line 1: stat_date: no column holds it; the columns are: '发送人'", "统计日期"),
        (f"日期,{HEADINGS}\n1,{ROW}\n", "stat_date: '日期' and '统计日期' may both be it", "leave one of them out"),
        (f"{HEADINGS}\n昨天,12345,1,1,1\n", "line 2: stat_date: '昨天' is not a day", "20210101 or 2021-01-01"),
        (f"{HEADINGS}\n2021-13-01,12345,1,1,1\n", "line 2: stat_date: '2021-13-01' is not a day", "20210101"),
        (f"{HEADINGS}\n20210101,12345,1,1,-\n", "line 2: 4102_DAY: is missing", "leave the row out where"),
        (f"{HEADINGS}\n20210101,12345,1.5,1,1\n", "line 2: 4100_DAY: '1.5' is not a number", "发送日志数"),
        (f"{HEADINGS}\n20210101,,1,1,1\n", "line 2: corp_id: is missing", ""),
        (f"{HEADINGS}\n", "has no figures", "reportData"),
        ("", "has no figures, it is empty", "reportData"),
        (f"一级部门,{HEADINGS}\n研发,20210101,12345,1,1,1\n", "line 2: 一级部门: '研发': the row is", ""),
        (f"分公司名称,{HEADINGS}\n北京,20210101,12345,1,1,1\n", "line 2: 分公司名称: '北京': the row is", ""),
        (f"终端,{HEADINGS}\n手机,20210101,12345,1,1,1\n", "line 2: 终端: '手机': the row is of a part", ""),
        (f"{HEADINGS},小时\n20210101,12345,1,1,1,9\n", "line 2: 小时: '9': the row is of a part", ""),
        (f"{HEADINGS}\n20210101,12345,1.2万,1,1\n", "line 2: 4100_DAY: '1.2万' is not a number", "as a whole number"),
        (f"{HEADINGS}\n20210101,12345,5²,1,1\n", "line 2: 4100_DAY: '5²' is not a number", "as a whole number"),
        (f'{HEADINGS}\n20210101,12345,"0,385",1,1\n', "line 2: 4100_DAY: '0,385' is not a number", "as a whole number"),
        (f"{HEADINGS}\n2021010①,12345,1,1,1\n", "line 2: stat_date: '2021010①' is not a day", "20210101"),
        (f"{HEADINGS.replace('日志数', '日志数（万次）', 1)}\n{ROW}\n", "says '万次', so its numbers", "as they are"),
        (f"{HEADINGS.replace('日志数', '日志数(萬)', 1)}\n{ROW}\n", "says '万', so its numbers are", "as they are"),
        (f"{HEADINGS.replace('日志数', '日志数[周]', 1)}\n{ROW}\n", "says '周', so its numbers are", "as they are"),
        (f"部门,{HEADINGS}\n研发部,{ROW}\n", "line 2: 部门: '研发部': the row is of a part", "leave the column out"),
        (f"统计周期,{HEADINGS}\n周,{ROW}\n", "line 2: 统计周期: '周': the row is of more than a day", "by day"),
        (f"开始日期,结束日期,{HEADINGS}\n20210101,20210107,{ROW}\n", "another day than 20210101", "by day"),
        ('[{"dept_id": 3, "stat_date": 20210101, "corp_id": "1", "4100_DAY": 1, "4101_DAY": 1, "4102_DAY": 1}]',
         "line 1: dept_id: '3': the row is of a part", "leave the column out"),
        ('{"a": 1}', "line 1: stat_date: no column holds it; the columns are: 'a'", "统计日期"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_figures_is_refused_with_what_is_known(
    tmp_path: Path, text: str, reason: str, hint: str
) -> None:
    path = tmp_path / "figures.csv"
    path.write_text(text, "utf-8")
    with pytest.raises((BadFile, BadRecord)) as caught:
        read_figures(path, SERVICE)
    assert reason in caught.value.message
    assert hint in caught.value.hint


def test_of_several_sheets_none_is_left_out_and_formulas_must_have_been_computed(tmp_path: Path) -> None:
    path = tmp_path / "figures.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name in ("一月", "二月"):
            page = book.add_worksheet(name)
            page.write_row(0, 0, HEADINGS.split(","))
            page.write_row(1, 0, ["20210101", "12345", 1056, 56, 13])
    with pytest.raises(BadFile, match="figures in several sheets: '一月', '二月'"):
        read_figures(path, SERVICE)
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, HEADINGS.split(","))
        page.write_row(1, 0, ["20210101", "12345", 1056, 56])
        page.write_formula(1, 4, "=10+3")  # the file has 0 for it
    with pytest.raises(BadFile, match="formulas that no spreadsheet program has computed"):
        read_figures(path, SERVICE)


def test_a_share_in_per_cent_is_refused_where_its_parts_tell(tmp_path: Path) -> None:
    path, service = tmp_path / "figures.csv", read_services().service("onlineUserData")
    text = "stat_date,corp_id,19001,4001,4002,4003,4004,4005,4006\n20210101,1,5,13,5,{},3,5,5\n"
    for share in ("38.46", "38"):
        path.write_text(text.format(share))
        with pytest.raises(BadRecord, match=f"line 2: 4003_DAY: {share} is in per cent, as its parts in the row tell"):
            read_figures(path, service)
    path.write_text(text.format('"0,385"'))  # no thousand is meant
    with pytest.raises(BadRecord, match="'0,385' is not a number"):
        read_figures(path, service)
    path.write_text(text.format("0.3846"))
    assert read_figures(path, service)[0][2]["4003"] == 0.3846

    share = "stat_date,corp_id,4007,4008\n20210101,1,13,{}\n"
    for value, reason in (("99.8", "99.8 is more than 1, as shares in per cent are"), ("0.998", ""), ("1", "")):
        path.write_text(share.format(value))
        if reason:
            with pytest.raises(BadRecord, match=f"4008_DAY: {reason}"):
                read_figures(path, read_services().service("activeUserData"))
        else:
            assert read_figures(path, read_services().service("activeUserData"))
    row = {"stat_date": "20210101", "corp_id": "1", "4004_DAY": 5, "4029_DAY": 11.5}  # for each person, and no share
    path.write_text(json.dumps([row]))
    assert read_figures(path, read_services().service("singleMessagerData"), partly=True)


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize(
    ("service", "head", "share", "reason", "advised"),
    [
        ("activeUserData", "4007", "1.011", "1.011 is more than 1, as shares in per cent are", "0.01011"),
        ("activeUserData", "4007", "99.8", "99.8 is more than 1, as shares in per cent are", "0.998"),
        ("activeUserData", "4007", "100", "100 is more than 1, as shares in per cent are", "1"),
        ("activeUserData", "4007", "105", "105 is more than 1, and no share in per cent", None),
        ("onlineUserData", "19001,4001,4002,4004,4005,4006", "38", "38 is in per cent, as its parts tell", "0.38"),
        ("onlineUserData", "19001,4001,4002,4004,4005,4006", "1.2", "1.2 is more than 1, and its parts tell", "0.385"),
    ],
)
def test_what_is_advised_about_a_share_above_one_helps(
    tmp_path: Path, form: str, service: str, head: str, share: str, reason: str, advised: str | None
) -> None:
    of = read_services().service(service)
    kpi = "4008" if head == "4007" else "4003"
    values = {"19001": 5, "4001": 13, "4002": 5, "4004": 3, "4005": 5, "4006": 5, "4007": 13}
    names = ["stat_date", "corp_id", *head.split(","), kpi]

    def write(rows: dict[str, str]) -> Path:
        path = tmp_path / f"figures.{form}"
        cells = [[day, "1", *(str(values[name]) for name in head.split(",")), share] for day, share in rows.items()]
        lines = [",".join(row) for row in [names, *cells]]
        objects = [
            json.dumps(
                dict(zip(names[:2], row, strict=False))
                | {f"{n}_DAY": json.loads(v) for n, v in zip(names[2:], row[2:], strict=True)}
            )
            for row in cells
        ]
        path.write_text("\n".join(lines if form == "csv" else objects))
        return path

    with pytest.raises(BadRecord) as refused:
        read_figures(write({"20210101": "0.385", "20210102": share}), of, partly=True)
    assert refused.value.reason == reason.replace("parts tell", "parts in the row tell") + (
        " 0.385" if share == "1.2" else ""
    )
    if advised is not None:
        assert f"write {advised}" in refused.value.hint
        assert len(read_figures(write({"20210101": "0.385", "20210102": advised}), of, partly=True)) == 2
    if "leave the row out" in refused.value.hint:
        assert len(read_figures(write({"20210101": "0.385"}), of, partly=True)) == 1


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize(
    ("reports", "senders", "reason"),
    [
        (56, 1056, "1056 is more than 发送日志数 (56), of which each of these people has one at least"),
        (0, 3, "3 is more than 发送日志数 (0), of which each of these people has one at least"),
        (5, 0, "is 0, though somebody did what 发送日志数 (5) counts"),
        (-1, 0, "'-1' is not a number"),
        (3, 1.5, "'1.5' is not a number"),
        (0, 0, ""),
        (7, 7, ""),
    ],
)
def test_numbers_that_cannot_be_together_are_refused(
    tmp_path: Path, form: str, reports: float, senders: float, reason: str
) -> None:
    path = tmp_path / f"figures.{form}"
    rows = [["20210101", "12345", 3, 2, 1], ["20210102", "12345", reports, senders, 0]]
    if form == "csv":
        path.write_text("\n".join([HEADINGS, *(",".join(map(str, row)) for row in rows)]))
    else:
        path.write_text("\n".join(json.dumps(dict(zip(HEADINGS.split(","), row, strict=True))) for row in rows))
    if not reason:
        assert len(read_figures(path, SERVICE)) == 2
        return
    with pytest.raises(BadRecord) as refused:
        read_figures(path, SERVICE)
    assert (refused.value.line, reason) == (3 if form == "csv" else 2, refused.value.reason)
    path.write_text(path.read_text().splitlines()[0] + ("\n20210101,12345,3,2,1\n" if form == "csv" else "\n"))
    assert len(read_figures(path, SERVICE)) == 1  # as the advice says: without the row


def test_people_are_within_what_they_did_in_every_service() -> None:
    services = read_services()
    within = {f"{service.id} {kpi.id}" for service in services for kpi in service.kpis if kpi.within}
    assert {"reportData 4101", "checkinData 4091", "singleMessagerData 4004", "dingSendData 4037"} <= within
    samples = Path("tests/data/family.txt").read_text("utf-8").splitlines()  # DingTalk's own answers
    for path, _, answer in (line.partition(" ") for line in samples):
        (service,) = (service for service in services if service.path == path)
        for row in json.loads(answer)["dataList"]:
            require_possible(service, {kpi.id: row[kpi.key] for kpi in service.kpis})


@pytest.mark.whole
def test_files_of_one_moment_do_not_tell_a_day_differently(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation("12345")
    paths = [tmp_path / name for name in ("a.csv", "b.csv")]
    for path, row in zip(paths, (ROW, ROW.replace(",13", ",14")), strict=True):
        path.write_text(f"{HEADINGS}\n{row}\n")
        os.utime(path, (1_700_000_000, 1_700_000_000))
    refused = run(folder, "figures", "import", *paths)
    assert "b.csv: has other numbers of 20210101 than" in refused.output
    assert not folder.store.official(REPORTS, "12345", "20210101", "20210101")
    assert run(folder, "figures", "import", paths[1]).exit_code == 0
    os.utime(paths[0], (1_800_000_000, 1_700_000_001))  # now it is known which is newer
    assert run(folder, "figures", "import", *paths).exit_code == 0
    (kept,) = folder.store.official(REPORTS, "12345", "20210101", "20210101")
    assert kept.values is not None
    assert kept.values["4102"] == 13


@pytest.mark.whole
def test_days_that_have_not_begun_are_refused_and_what_is_wrong_is_said_without_a_service(
    folder: Folder, tmp_path: Path
) -> None:
    path = tmp_path / "figures.csv"
    folder.add_organisation("12345")
    for command in (("figures", "import", path), ("mirror", "--file", path)):
        path.write_text(f"{HEADINGS}\n{ROW}\n{ROW.replace('2021', '2099', 1)}\n", "utf-8")
        assert "has figures of 20990101, a day that has not begun" in run(folder, *command).output
    path.write_text(f"{HEADINGS}\n{ROW}人次\n", "utf-8")
    assert "line 2: 4102_DAY: '13人次' is not a number" in run(folder, "figures", "import", path).output
    assert run(folder, "query", "20210101", "--service", "reportData").output.count("1056") == 0


@pytest.mark.parametrize("service", ["reportData", "onlineUserData"])
def test_a_file_of_noon_takes_the_place_of_no_later_figures(folder: Folder, tmp_path: Path, service: str) -> None:
    folder.add_organisation("12345")
    kpis = [kpi.id for kpi in read_services().service(service).kpis]

    def bring(number: int, written: str) -> str:
        path = tmp_path / "figures.json"
        numbers = {
            f"{kpi.id}_DAY": number / 10 if kpi.ratio else number for kpi in read_services().service(service).kpis
        }
        row = {"stat_date": "20210101", "corp_id": "12345", **numbers}
        path.write_text(json.dumps([row]))
        at = datetime.fromisoformat(written).timestamp()
        os.utime(path, (at, at))
        return run(folder, "figures", "import", path, "--service", service).output

    def kept() -> tuple[float, int]:
        (found,) = folder.store.official(service, "12345", "20210101", "20210101")
        assert found.values is not None
        return found.values[kpis[-1]], found.fetched_at

    later = "2021-01-05T09:00:00+08:00"
    assert "kept official figures" in bring(9, later)
    known = kept()
    assert "Later figures are known of 1 day (20210101)" in bring(5, "2021-01-01T12:00:00+08:00")
    assert kept() == known
    bring(7, later)  # mended
    assert kept()[0] == 7
    bring(8, "2099-01-01T00:00:00+08:00")  # by a wrong clock
    bring(6, "2021-01-06T00:00:00+08:00")
    assert kept()[0] == 6


def test_rows_without_an_organisation_are_of_the_one_that_is_known(folder: Folder, tmp_path: Path) -> None:
    path = tmp_path / "figures.csv"
    path.write_text("统计日期,发送日志数,发送日志用户数,评论日志用户数\n20210101,3,2,1\n", "utf-8")
    folder.add_organisation("ding1")
    assert "Kept official figures of 1 day (20210101)" in run(folder, "mirror", "--file", path).output
    folder.add_organisation("ding2")
    refused = run(folder, "mirror", "--file", path)
    assert re.search(r"line 2: corp_id: is missing\n\s+name the organisation with --corp", refused.output)
    assert run(folder, "mirror", "--file", path, "--corp", "ding2").exit_code == 0


@pytest.mark.parametrize("form", ["csv", "json"])
def test_other_numbers_of_a_day_are_refused(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"figures.{form}"
    rows = [["20210101", "12345", "1056", "56", "13"], ["20210101", "12345", "1056", "56", "14"]]
    keys = HEADINGS.split(",")

    def write(rows: list[list[str]]) -> None:
        table = "\n".join(map(",".join, [keys, *rows]))
        path.write_text(table if form == "csv" else json.dumps([dict(zip(keys, row, strict=True)) for row in rows]))

    write([rows[0], rows[0]])
    assert read_figures(path, SERVICE) == FIGURES
    write(rows)
    with pytest.raises(BadRecord, match="20210101 has other numbers in a row above"):
        read_figures(path, SERVICE)


def test_rows_of_several_organisations_need_their_ids(tmp_path: Path) -> None:
    path = tmp_path / "figures.csv"
    headings = HEADINGS.replace("组织ID", "公司名称")
    path.write_text(f"{headings}\n20210101,甲公司,5,4,3\n20210102,乙公司,5,4,3\n")
    with pytest.raises(BadRecord, match="line 3: 公司名称: '乙公司' is another organisation") as refused:
        read_figures(path, SERVICE, "12345")
    assert "corp_id" in refused.value.hint
    path.write_text(f"{headings}\n20210101,甲公司,5,4,3\n20210102,甲公司,5,4,3\n")
    assert len(read_figures(path, SERVICE, "12345")) == 2


@pytest.mark.parametrize("cell", ["1:20:00", "1小时20分", "4800秒", "80.5"])
def test_minutes_are_refused_that_are_no_whole_number(tmp_path: Path, cell: str) -> None:
    service = read_services().service("vedioMeetingData")
    path = tmp_path / "figures.csv"
    values = ",".join("1" for _ in service.kpis[1:])
    path.write_text(f"日期,{','.join(kpi.name for kpi in service.kpis)}\n20210101,{cell},{values}\n")
    with pytest.raises(BadRecord, match=f"4049_DAY: '{cell}' is not a number") as refused:
        read_figures(path, service, "12345")
    assert refused.value.hint == "write 视频会议时长 (分钟) as a whole number"


def test_headings_in_traditional_chinese_are_read(tmp_path: Path) -> None:
    path = tmp_path / "figures.csv"
    path.write_text(f"統計日期,組織ID,發送日誌數,發送日誌用戶數,評論日誌用戶數\n{ROW}\n")
    assert read_figures(path, SERVICE) == FIGURES
