"""Writes the reference of all commands, from their help.

python -m tests.support.reference > docs/cli.md
python -m tests.support.reference zh > docs/cli.zh-CN.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from reportdata.cli import cli
from reportdata.cli.language import speaking

_HEADS = {
    "en": """# Commands

What `reportdata COMMAND --help` prints. Settings may also come from the environment, where the help names a variable.
""",
    "zh": """# 命令

以下是 `reportdata --lang zh COMMAND --help` 打印的内容。帮助中写有环境变量的设置，也可以用环境变量给出。
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
    with speaking(language):
        sections = (f"## {one.command_path}\n\n```text\n{one.get_help()}\n```\n" for one in commands())
        return _HEADS[language] + "\n" + "\n".join(sections)


if __name__ == "__main__":
    print(reference(*sys.argv[1:]), end="")
