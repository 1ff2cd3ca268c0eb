"""Writes the reference of all commands, from their help.

python -m tests.support.reference > docs/cli.md
python -m tests.support.reference zh > docs/cli.zh-CN.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from reportdata.cli import cli
from reportdata.cli.exits import MEANINGS
from reportdata.cli.language import speaking, translated
from reportdata.named_days import DAYS, PERIODS

_HEADS = {
    "en": """# Commands

What `reportdata COMMAND --help` prints. Settings may also come from the environment, where the help names a variable.

## Days

A day is written yyyyMMdd or yyyy-MM-dd, or in words. Words mean days in the organisation's time zone; where
organisations in several zones are meant and it is not the same day everywhere, the command asks for one. Weeks begin on
Monday, and what has not ended, like this month, ends today. Where one day is taken as a bound, a period begins with its
first day and ends with its last: `query last-month --to yesterday`.

| words | meaning |
|---|---|
| {days} | one day |
| `-7d` `-2w` `+30d` `7天前` | one day, so many days or weeks from today |
| {periods} | all days of a period |

## Exit codes

| code | meaning |
|--:|---|
{exits}
""",
    "zh": """# 命令

以下是 `reportdata --lang zh COMMAND --help` 打印的内容。帮助中写有环境变量的设置，也可以用环境变量给出。

## 日期

日期写成 yyyyMMdd 或 yyyy-MM-dd，也可以写成词。词按企业的时区计算；
涉及多个时区的企业、而各地不是同一天时，命令会要求指定一个企业。
一周从星期一开始；尚未结束的时段（例如本月）到今天为止。需要单个日期作边界时，时段从其第一天开始、到其最后一天结束：
`query 上月 --to 昨天`。

| 词 | 含义 |
|---|---|
| {days} | 某一天 |
| `-7d` `-2w` `+30d` `7天前` | 从今天起往前或往后若干天、若干周的那一天 |
| {periods} | 一个时段内的每一天 |

## 退出码

| 退出码 | 含义 |
|--:|---|
{exits}
""",
}


def commands(columns: int = 100) -> Iterator[click.Context]:
    """Every command, as it is called on a terminal of so many columns."""
    yield from _within(cli, _context(cli, "reportdata", columns), columns)


def _within(command: click.Command, context: click.Context, columns: int) -> Iterator[click.Context]:
    yield context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _within(inner, _context(inner, name, columns, context), columns)


def _context(command: click.Command, name: str, columns: int, parent: click.Context | None = None) -> click.Context:
    settings = {**command.context_settings, "terminal_width": columns, "max_content_width": columns}
    return click.Context(command, parent, name, **settings)


def reference(language: str = "en") -> str:
    """The whole reference, in one of `reportdata.cli.language.LANGUAGES`."""
    words = (" ".join(f"`{word}`" for word in known) for known in (DAYS, PERIODS))
    with speaking(language):
        exits = "\n".join(f"| {code.value} | {translated(meaning)} |" for code, meaning in MEANINGS.items())
        sections = (f"## {one.command_path}\n\n```text\n{one.get_help()}\n```\n" for one in commands())
        head = _HEADS[language].format(**dict(zip(("days", "periods"), words, strict=True)), exits=exits)
        return head + "\n" + "\n".join(sections)


if __name__ == "__main__":
    print(reference(*sys.argv[1:]), end="")
