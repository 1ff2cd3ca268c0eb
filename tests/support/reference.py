"""Writes the reference of all commands, from their help: ``python -m tests.support.reference > docs/cli.md``."""

from __future__ import annotations

from collections.abc import Iterator

import click

from reportdata.cli import cli

_HEAD = """# Commands

What `reportdata COMMAND --help` prints. Settings may also come from the environment, where the help names a variable.
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
    return _HEAD + "\n" + "\n".join(_sections(cli, _context(cli, "reportdata")))


if __name__ == "__main__":
    print(reference(), end="")
