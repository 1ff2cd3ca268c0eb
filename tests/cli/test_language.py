"""The command line in Chinese and English."""

from __future__ import annotations

import gettext
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import load_workbook

from reportdata.cli import cli
from reportdata.cli.language import chosen, speaking, translated
from reportdata.cli.language.catalogue import Entry, compiled_po, load, read_mo, read_po
from reportdata.cli.language.help import beside
from reportdata.cli.language.templates import PLACE, Templates, is_number, is_spoken
from reportdata.cli.language.wrapping import padded, width, wrapped
from tests.support.folders import Folder, run
from tests.support.messages import CHINESE, TEMPLATES, messages, template
from tests.support.reference import commands
from tests.support.waiting import SOON

ANEW = "write the catalogues anew with: python -m tests.support.messages"


def entries(path: Path) -> dict[str, Entry]:
    """The entries of a catalogue, without its head."""
    return {entry.id: entry for entry in read_po(path.read_text("utf-8")) if entry.id}


def in_chinese(*arguments: object) -> tuple[int, str, str]:
    """A command in Chinese, on 80 columns: its exit code, what it prints and what it says."""
    given = ["--lang", "zh", *map(str, arguments)]
    done = CliRunner().invoke(cli, given, env={"COLUMNS": "80"}, prog_name="reportdata")
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.whole
def test_every_message_is_in_both_catalogues() -> None:
    assert TEMPLATES.read_text("utf-8") == template(), ANEW
    assert list(entries(CHINESE)) == list(messages()), ANEW


def test_every_message_has_a_translation_with_its_values() -> None:
    for entry in entries(CHINESE).values():
        assert entry.text, f"{entry.place}: {entry.id!r} has no translation"
        assert not entry.fuzzy, f"{entry.place}: {entry.id!r} has to be looked at"
        assert names(entry.text) == names(entry.id), f"{entry.place}: {entry.id!r} has other values"


def names(text: str) -> list[str]:
    return sorted(place[1] for place in PLACE.finditer(text) if place[1])


@pytest.mark.whole
def test_a_text_is_parsed_by_the_message_it_was_made_of() -> None:
    """Of each message with values, and with others within."""
    found = load("zh")
    templates = Templates(found, str)
    for message, translation in found.items():
        values = {place[1]: value(place, message) for place in PLACE.finditer(message) if place[1]}
        said = {name: told.text if (told := templates.translated(text)) else text for name, text in values.items()}
        assert (got := templates.translated(filled(message, values))), message
        assert got.text == filled(translation, said)


def value(place: re.Match[str], message: str) -> str:
    if is_number(place):
        return str(place.start())
    if is_spoken(place):
        return ", and 3 more" if message[: place.start()].endswith("}") else "added"
    return f"'v{place.start()}'" if place[2] else f"v{place.start()}"


def filled(text: str, values: dict[str, str]) -> str:
    return PLACE.sub(lambda place: values[place[1]] if place[1] else place[0][0], text)


@given(path=st.text(st.characters(codec="utf-8", exclude_characters="\n:"), min_size=1), line=st.integers(1, 10**9))
def test_what_a_message_names_stays_what_it_is(path: str, line: int) -> None:
    with speaking("zh"):
        assert translated(f"{path}.csv, line {line:}: sent_at: is missing") == f"{path}.csv 第 {line} 行：sent_at：缺少"


def test_what_is_no_message_stays_what_it_is() -> None:
    with speaking("zh"):
        for text in (
            "Ministry of Truth",
            "a: b",
            "x; y",
            "3 of a kind",
            "",
            "日报",
            "to and from: nobody belongs to it",
        ):
            assert translated(text) == text


def test_gettext_reads_what_is_compiled() -> None:
    content = compiled_po(CHINESE)
    theirs = gettext.GNUTranslations(io.BytesIO(content))
    for message, translation in read_mo(content).items():
        assert not message or theirs.gettext(message) == translation


@pytest.mark.whole
def test_all_help_is_chinese_and_fits() -> None:
    with speaking("zh"):
        for context in commands(80):
            for line in context.get_help().splitlines():
                assert width(line) <= 80 or line.startswith("      reportdata "), f"{context.command_path}: {line}"
            for option in context.command.get_params(context):
                told = getattr(option, "help", None)
                assert not told or translated(told) != told, f"{context.command_path}: {told}"


def test_help_with_a_default_of_its_own_has_its_own_translation() -> None:
    own = [entry for entry in entries(CHINESE).values() if "  [default: " in entry.id and not PLACE.search(entry.id)]
    assert own
    with speaking("zh"):
        assert [beside(entry.id) for entry in own] == [entry.text for entry in own]


@pytest.mark.whole
def test_all_help_fits_in_english_too() -> None:
    for context in commands(80):
        for line in context.get_help().splitlines():
            assert width(line) <= 80 or line.startswith("      reportdata "), f"{context.command_path}: {line}"


def test_a_command_that_is_spelt_wrongly_is_offered() -> None:
    code, _, said = in_chinese("querry")
    assert (code, said.splitlines()[-1]) == (2, "错误：没有命令 'querry'。是不是 'query'？")
    assert "Did you mean 'serve'?" in CliRunner().invoke(cli, ["server"]).stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        ([], {}, "en"),
        ([], {"LANG": "C.UTF-8"}, "en"),
        ([], {"LANG": "POSIX"}, "en"),
        ([], {"LANG": "de_DE.UTF-8"}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "zh-Hans"}, "zh"),
        ([], {"LC_MESSAGES": "zh_CN.GB18030", "LANG": "en_US.UTF-8"}, "zh"),
        ([], {"LC_ALL": "C", "LC_MESSAGES": "zh_CN.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ([], {"LC_ALL": "", "LANG": "zh_CN"}, "zh"),
        ([], {"LANG": "zh_CN", "REPORTDATA_LANG": "en"}, "en"),
        (["--lang", "zh", "query"], {"REPORTDATA_LANG": "en"}, "zh"),
        (["--lang=zh", "--help"], {}, "zh"),
        (["--config", "a.toml", "-q", "--lang", "zh", "query"], {}, "zh"),
        (["--lang", "en", "--lang", "zh", "query"], {}, "zh"),
        (["--config", "--lang", "zh"], {}, "en"),
        (["explain", "--lang", "zh"], {}, "en"),
        (["--lang", "nonsense"], {"LANG": "zh_CN"}, "zh"),
    ],
)
def test_a_language_is_chosen(arguments: list[str], environment: dict[str, str], language: str) -> None:
    assert chosen(arguments, environment.get) == language


def test_the_help_of_all() -> None:
    code, printed, _ = in_chinese("--help")
    assert code == 0
    assert printed.startswith("用法：reportdata [OPTIONS] COMMAND [ARGS]...\n\n  按钉钉的口径统计企业的日志，")
    assert "\n选项：\n  --lang [zh|en]" in printed
    assert " 帮助、提示和错误的语言。" in printed
    assert re.search("\n命令：\n  init +以问答", printed)
    assert re.search("\n  import +导入 FILES 中的日志、评论和撤回，并计算涉及的日期\n", printed)


def test_the_help_of_one() -> None:
    code, printed, _ = in_chinese("token", "--help")
    assert code == 0
    assert printed == HELP


HELP = """\
用法：reportdata token [OPTIONS] APP_KEY

  打印应用 APP_KEY（或唯一叫这个名称的应用）的 token，供试用。

  能读数据文件夹的人不需要 secret。程序用 key 和 secret 从
  /v1.0/oauth2/accessToken 取得 token。

选项：
  --json                  打印 JSON，供程序使用。
  --data DIRECTORY        数据文件夹。 [环境变量：REPORTDATA_DATA；默认：
                          （./reportdata-data）]
  --insecure-permissions  使用本机其他用户能读的数据文件夹，例如容器的卷带有组权
                          限时。 [环境变量：REPORTDATA_INSECURE_PERMISSIONS]
  --store ADDRESS         用 PostgreSQL 数据库保存存储和推送的内容，代替数据文件
                          夹：postgresql://USER@HOST/DATABASE。 [环境变量：
                          REPORTDATA_STORE]
  --services FOLDER       自定义服务的文件夹（可含多个服务），与内置服务并用；可
                          以写多个。写 counted 时：只有官方数据的内置服务改由记
                          录计算。 [环境变量：REPORTDATA_SERVICES]
  -h, --help              显示此帮助并退出。
"""


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


def test_a_manual_page_is_chinese() -> None:
    code, printed, _ = in_chinese("man", "token")
    assert code == 0
    assert "reportdata\\-token \\- 打印应用 APP_KEY（或唯一叫这个名称的应用）的 token，供试用\n" in printed
    assert ".B \\-\\-json\n打印 JSON，供程序使用。\n" in printed


def test_json_is_the_same_in_every_language(files: Folder) -> None:
    for arguments in (["import", "in.csv", "--json"], ["status", "--json"], ["query", "20240105", "--format", "json"]):
        in_english = run(files, *arguments)
        assert in_chinese(*arguments, *files.place)[:2] == (in_english.exit_code, in_english.stdout)


def test_english_is_spoken_again_afterwards() -> None:
    in_chinese("--help")
    assert "Usage: " in CliRunner().invoke(cli, ["--help"]).stdout


@pytest.mark.whole
@pytest.mark.parametrize(
    ("encoding", "said"), [("ascii", "用法："), ("gb18030", "用法："), ("latin-1", "Usage: "), ("utf-8", "用法：")]
)
def test_a_terminal_without_chinese_is_spoken_to_in_english(encoding: str, said: str) -> None:
    """ASCII is what a machine without a locale names: its terminals show UTF-8."""
    environment = {name: text for name, text in os.environ.items() if name != "REPORTDATA_LANG"}
    done = subprocess.run(
        [sys.executable, "-m", "reportdata", "--help"],
        capture_output=True,
        timeout=SOON,
        env=environment | {"LC_ALL": "zh_CN.UTF-8", "PYTHONIOENCODING": encoding},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode("utf-8" if encoding == "ascii" else encoding).startswith(said)


@pytest.mark.parametrize("columns", [4, 11, 78])
def test_chinese_lines_fit(columns: int) -> None:
    text = "先列出缺少的，从最近的日期开始（`reportdata collect`）；余下的调用用来读评论。"
    lines = wrapped(text, columns)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert not any(line[0] in "，；。）" for line in lines)
    assert all(width(line) <= columns or not line.isascii() or " " not in line for line in lines)
    if columns == 78:
        assert max(map(width, lines)) <= columns
    assert width(padded("日志", 9)) == 9


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


@pytest.mark.parametrize(
    ("said", "chinese"),
    [
        (
            "a.csv, line 1: kind: 'created_at' may be the time of sent or commented; the columns are: 'id'",
            "a.csv 第 1 行：kind：'created_at' 可能是 sent 或 commented 的时间；各列为：'id'",
        ),
        (
            "say which with --kind sent or --kind commented; or name it sent_at (sent) or commented_at (commented)",
            "用 --kind sent 或 --kind commented 写明是哪种；或把它命名为 sent_at (sent) 或 commented_at (commented)",
        ),
        (
            "could not call v1.0/oauth2/accessToken: the server could not answer (not sent): there is no connection to "
            "https://api.dingtalk.com: Name or service not known",
            "调用 v1.0/oauth2/accessToken 失败：服务器未能答复（没有发出）：无法连接 https://api.dingtalk.com："
            "Name or service not known",
        ),
        (
            "19001, 4002: not known of several days, as those of one day may be those of another; ask by=day.",
            "19001, 4002：多日时未知，因为不同日期里的可能是同一些；请用 by=day 查询。",
        ),
        (
            "4003: of several days, 4002/4001, and not known, as 4002 is not; ask by=day.",
            "4003：多日时，4002/4001；因 4002 未知而未知；请用 by=day 查询。",
        ),
        (
            "a.csv: ding1 has no sent facts from 20240101 to 20240103: these days are not covered; if there was "
            "nothing, say --from 20240101 --to 20240105",
            "a.csv：ding1 从 20240101 至 20240103 没有日志记录：这些日期不算覆盖；如果确实没有，请写 --from 20240101 "
            "--to 20240105",
        ),
        (
            "a.csv: 1 ids of sent facts are of two people or two days: r2 of ding1, by u1 on 20240106 and by u2 on "
            "20240106: all of them count",
            "a.csv：1 个日志记录的 id 属于两个人或两天：ding1 的 r2（u1 于 20240106，u2 于 20240106）：都会计入",
        ),
        (
            "say which it is with --column sent_at=HEADING (sent); or name the column sent_at (sent), or for example x",
            "用 --column sent_at=表头 (sent) 写明是哪一列；或把该列命名为 sent_at (sent)，或者例如 x",
        ),
        ("reportData of ding1: DingTalk's own figures are served.", "ding1 的 reportData：返回钉钉官方数字。"),
    ],
)
def test_messages_within_messages_are_chinese_throughout(said: str, chinese: str) -> None:
    assert translated(said, "zh") == chinese


@pytest.mark.parametrize("words", [[], ["app"], ["link"]])
def test_a_command_without_words_shows_its_help(words: list[str]) -> None:
    done = CliRunner().invoke(cli, words, env={"REPORTDATA_LANG": "zh"}, prog_name="reportdata")
    said = done.stderr
    assert (done.exit_code, done.stdout) == (2, "")
    assert said.startswith("用法：reportdata")
    assert "错误：" not in said
    assert said.count("用法：") == 1
    assert "Error:" not in CliRunner().invoke(cli, words, prog_name="reportdata").stderr


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
