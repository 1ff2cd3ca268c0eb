"""The help of commands, in Chinese and English: translated, and as wide as a terminal."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from reportdata.cli import cli
from reportdata.cli.language import speaking, translated
from reportdata.cli.language.wrapping import padded, width, wrapped
from tests.support.chinese import in_chinese
from tests.support.reference import commands


@pytest.mark.whole
def test_all_help_is_chinese_and_fits() -> None:
    with speaking("zh"):
        for context in commands(80):
            for line in context.get_help().splitlines():
                assert width(line) <= 80 or line.startswith("      reportdata "), f"{context.command_path}: {line}"
            for option in context.command.get_params(context):
                told = getattr(option, "help", None)
                assert not told or translated(told) != told, f"{context.command_path}: {told}"


@pytest.mark.whole
def test_all_help_fits_in_english_too() -> None:
    for context in commands(80):
        for line in context.get_help().splitlines():
            assert width(line) <= 80 or line.startswith("      reportdata "), f"{context.command_path}: {line}"


def test_a_command_that_is_spelt_wrongly_is_offered() -> None:
    code, _, said = in_chinese("querry")
    assert (code, said.splitlines()[-1]) == (2, "错误：没有命令 'querry'。是不是 'query'？")
    assert "Did you mean 'serve'?" in CliRunner().invoke(cli, ["server"]).stderr


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


def test_a_manual_page_is_chinese() -> None:
    code, printed, _ = in_chinese("man", "token")
    assert code == 0
    assert "reportdata\\-token \\- 打印应用 APP_KEY（或唯一叫这个名称的应用）的 token，供试用\n" in printed
    assert ".B \\-\\-json\n打印 JSON，供程序使用。\n" in printed


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


@pytest.mark.parametrize("words", [[], ["app"], ["link"]])
def test_a_command_without_words_shows_its_help(words: list[str]) -> None:
    done = CliRunner().invoke(cli, words, env={"REPORTDATA_LANG": "zh"}, prog_name="reportdata")
    said = done.stderr
    assert (done.exit_code, done.stdout) == (2, "")
    assert said.startswith("用法：reportdata")
    assert "错误：" not in said
    assert said.count("用法：") == 1
    assert "Error:" not in CliRunner().invoke(cli, words, prog_name="reportdata").stderr
