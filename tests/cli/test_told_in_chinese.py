"""What commands tell in Chinese: errors, tables, remarks and answers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from python_calamine import load_workbook

from reportdata.cli import cli
from tests.support.chinese import in_chinese
from tests.support.folders import Folder, run


@pytest.fixture
def files(known: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A data folder with one organisation, and a working folder with files that cannot be used."""
    monkeypatch.chdir(tmp_path)
    Path("in.csv").write_text("report_id,user_id,sent_at\nr1,u1,2024-01-05 08:00:00\nr2,,2024-01-05 09:00:00\n")
    Path("我的 日报.csv").write_text("report_id,user_id,sent_at\nr1,u1,2024/1/5\n", encoding="utf-8")
    Path("empty.csv").touch()
    return known


ERRORS = {
    "import in.csv": "in.csv 第 3 行：user_id：缺少\n  请填上，或用 --skip-bad 跳过这样的记录",
    "import empty.csv": "empty.csv：是空的\n  请选择有记录的文件，或写明哪种记录没有：--covers sent --from … --to …",
    "import in.csv --corp ding9": ("没有企业 'ding9'\n  用 `reportdata org add ding9` 添加，或导入时加 --add-orgs"),
    "import in.csv --sheet 日志": "in.csv：没有工作表可选\n  请去掉 --sheet",
    "query": "没有写日期\n  请写 DAY，或区间，例如 --range 30d",
    "query --range 7x": (
        "没有 range='7x'\n  可用的有 month, lastMonth, quarter, year，以及 1d 至 3660d；"
        "其他日期用 from 和 to 指定，命令行用 DAY 和 --to"
    ),
    "app show k": "没有应用 'k'\n  `reportdata app list` 列出所有应用",
    "link add --corp ding1 --name x --until 20200101": "--until 20200101 已过\n  请写将来的日期，或去掉它",
    "serve --port 99999": "99999 不是端口\n  请选 1 至 65535，或用 0 取任一空闲端口",
    "collect --once": "还没有配置采集来源\n  reportdata source add dingtalk --corp CORP_ID --app-key KEY",
    "unimport none": "没有导入 'none'\n  `reportdata imports` 列出所有导入",
}


@pytest.mark.parametrize("arguments", ERRORS)
def test_an_error_is_chinese(files: Folder, arguments: str) -> None:
    code, _, said = in_chinese(*arguments.split(), *files.place)
    assert code == 1
    assert said.startswith(f"错误：{ERRORS[arguments]}\n")


def test_a_name_with_spaces_stays_whole(files: Folder) -> None:
    _, _, said = in_chinese("import", "我的 日报.csv", *files.place)
    assert said.startswith("错误：我的 日报.csv 第 2 行：sent_at：'2024/1/5' 没有时刻\n  请写成 2024-01-05 08:03、")


MISUSES = {
    "import": "缺少参数 'FILES...'。",
    "app add": "缺少选项 '--name'。",
    "query yesterdaz": "'DAY' 的值无效：'yesterdaz' 不是日期；请写成 yyyyMMdd，例如 20210620，或写成词："
    "today、yesterday、-7d、last-week、this-month、上月",
    "import nowhere.csv": "'FILES...' 的值无效：文件 'nowhere.csv' 不存在。",
    "imports --jsn": "没有选项 '--jsn'。是不是 '--json'？",
    "serve --rate x": "'--rate'（环境变量 'REPORTDATA_RATE'）的值无效：'x' 不是有效的整数。",
}


@pytest.mark.parametrize("arguments", MISUSES)
def test_a_misuse_is_chinese(files: Folder, arguments: str) -> None:
    code, _, said = in_chinese(*arguments.split())
    assert code == 2
    command = "app add" if arguments == "app add" else arguments.split()[0]
    assert said.startswith(f"用法：reportdata {command} [OPTIONS]")
    assert said.endswith(f"用 'reportdata {command} --help' 查看帮助。\n\n错误：{MISUSES[arguments]}\n")


def test_tables_and_remarks_are_chinese(files: Folder) -> None:
    _, printed, _ = in_chinese("import", "in.csv", "--skip-bad", *files.place)
    assert printed.splitlines()[:5] == [
        "读取          2",
        "新增          1",
        "已有          0",
        "跳过          1，原因在 in.csv.bad.jsonl 中",
        "涉及日期      1，20240105 至 20240105",
    ]
    assert "注意：in.csv：缺少日志记录：跳过了 1 条有问题的记录：其日期不完整\n" in printed
    _, printed, _ = in_chinese("status", *files.place)
    assert "企业    覆盖       最近一天" in printed
    assert "20240105 至" not in printed
    _, printed, _ = in_chinese("doctor", *files.place)
    assert "当前用户可写，其他用户不可读" in printed


@pytest.mark.whole
def test_answers_and_states_are_chinese(files: Folder) -> None:
    """Headings, states and causes of people's tables; what programs get has none of it."""
    Path("b.csv").write_text("report_id,user_id,commented_at\nr1,u2,2024-01-06 08:00:00\n")
    _, printed, _ = in_chinese("import", "in.csv", "--skip-bad", "--dry-run", *files.place)
    assert "\n  日志（sent）\n" in printed
    assert "覆盖：ding1 的日志（sent，不完整），20240105\n" in printed
    assert "ding1 的评论日志用户数在其中 1 天仍然未知：这些日期还缺少评论（commented）记录" in printed
    assert re.search(r"20240105 +ding1 +reportData +发送日志数 ", printed)
    in_chinese("import", "in.csv", "b.csv", "--skip-bad", *files.place)
    code, printed, said = in_chinese("query", "20240105", "--to", "20240106", "--require", "final", *files.place)
    assert code == 3
    assert "不完整，评论日志用户数 未知" in printed
    assert said.startswith("错误：有的日期尚未达到“最终”：20240105 ding1 未知, 20240106 ding1 未知\n")
    _, printed, _ = in_chinese("query", "20240105", "--by", "day,department", *files.place)
    assert printed.split("\n")[1].split()[:5] == ["期间", "部门", "发送日志数", "发送日志用户数", "评论日志用户数"]
    assert "不完整，评论日志用户数 未知" in printed or "不完整*" in printed or "未知*" in printed
    in_chinese("query", "20240105", "--by", "day", "--format", "xlsx", "--output", "a.xlsx", *files.place)
    heads, first = load_workbook("a.xlsx").get_sheet_by_index(0).to_python()
    assert " ".join(map(str, heads)) == (
        "期间 首日 末日 发送日志数 发送日志用户数 评论日志用户数 状态 各指标状态 截至 覆盖天数 总天数"
    )
    assert (first[3], first[6]) == (1, "不完整，评论日志用户数 未知")
    assert first[7] == "发送日志数 不完整，发送日志用户数 不完整，评论日志用户数 未知"
    told = {str(name): text for name, text in load_workbook("a.xlsx").get_sheet_by_name("说明").to_python()}
    assert (told["首日"], told["时区"]) == ("2024-01-05", "Asia/Shanghai")
    assert not {"page", "state", "columns", "calibre"} & told.keys()
    assert told["指标 4100"] == "发送日志数：发送钉钉日志数量"
    assert told["注意"] == "每一格都是各自的精确计数；不同行的格不能相加。"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", str(told["按此时所知"]))
    in_chinese("query", "20240105", "--by", "day", "--format", "csv", "--output", "a.csv", *files.place)
    assert Path("a.csv").read_text("utf-8-sig").startswith("period,periodStart,"), "other formats are for programs"
    _, printed, _ = in_chinese("changes", "--since", "2024-01-01", *files.place)
    assert printed.split("\n")[1].split() == ["日期", "指标", "原值", "现值", "时间", "原因", "状态"]
    assert "的第 1 个文件" in printed
    assert " file " not in printed
    assert "发送日志数" in printed


def test_json_is_the_same_in_every_language(files: Folder) -> None:
    for arguments in (["import", "in.csv", "--json"], ["status", "--json"], ["query", "20240105", "--format", "json"]):
        in_english = run(files, *arguments)
        assert in_chinese(*arguments, *files.place)[:2] == (in_english.exit_code, in_english.stdout)


@pytest.mark.whole
def test_what_to_do_about_a_time_that_no_column_holds_is_said_whole(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation("ding1")
    path = tmp_path / "a.csv"
    path.write_text("日志ID,工号,日期,时间\nr1,u1,2026-11-03,09:15\n")
    _, _, said = in_chinese("import", path, "--corp", "ding1", *folder.place)
    assert "一列是日期、另一列是时刻时，把两列都写上：--column " in said
    assert "；用 --column sent_at=日期 (sent) 或 " in said
    assert "where" not in said
    assert "say which" not in said


def test_moments_and_sets_of_records_are_told_in_words(files: Folder) -> None:
    in_chinese("import", "in.csv", "--skip-bad", *files.place)
    _, printed, _ = in_chinese("explain", "reports", "20240105", "--than", "day=20240106", *files.place)
    assert "只在前者 1, 只在后者 0, 两者都有 0" in printed
    assert "knownAt" not in printed
    assert not re.search(r"\dT\d\d:", printed)
    for words in (["changes", "--since", "2024-01-01"], ["query", "20240105", "--by", "day"]):
        code, printed, _ = in_chinese(*words, *files.place)
        assert code == 0
        assert not re.search(r"\dT\d\d:", printed), printed
    assert "1 report on 2024-01-05: " in run(files, "explain", "reports", "20240105").stdout


def test_settings_are_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _, printed, _ = in_chinese("config")
    rows = [line.split() for line in printed.splitlines()]
    assert ["设置", "值", "来源"] in rows
    assert ["insecure-permissions", "false", "默认"] in rows
    assert "default" not in printed
    assert ["insecure-permissions", "false", "default"] in [
        line.split() for line in CliRunner().invoke(cli, ["config"]).stdout.splitlines()
    ]


def test_nothing_is_no_difference(known: Folder) -> None:
    code, printed, _ = in_chinese("reconcile", *known.place)
    assert code == 0
    assert "没有可以比较的日期" in printed
    assert "没有不同" not in printed
    assert "differ" not in run(known, "reconcile").stdout
    assert "no difference" not in run(known, "reconcile").stdout
