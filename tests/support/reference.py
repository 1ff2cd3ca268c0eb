"""Writes the reference of all commands, from their help: ``python -m tests.support.reference > docs/cli.md``."""

from __future__ import annotations

from collections.abc import Iterator

import click

from reportdata.cli import cli
from reportdata.cli.exits import MEANINGS
from reportdata.named_days import DAYS, PERIODS

_HEAD = """# Commands

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
"""


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _sections(inner, _context(inner, name, context))


def _context(command: click.Command, name: str, parent: click.Context | None = None) -> click.Context:
    settings = {**command.context_settings, "terminal_width": 100, "max_content_width": 100}
    return click.Context(command, parent, name, **settings)


def reference() -> str:
    """The whole reference."""
    words = (" ".join(f"`{word}`" for word in known) for known in (DAYS, PERIODS))
    exits = "\n".join(f"| {code.value} | {meaning} |" for code, meaning in MEANINGS.items())
    head = _HEAD.format(**dict(zip(("days", "periods"), words, strict=True)), exits=exits)
    return head + "\n" + "\n".join(_sections(cli, _context(cli, "reportdata")))


if __name__ == "__main__":
    print(reference(), end="")
