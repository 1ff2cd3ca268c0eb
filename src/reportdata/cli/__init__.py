"""The command line: one command a verb. It parses, wires the parts together, calls one function and prints."""

from __future__ import annotations

import logging
from typing import Any

import click

from reportdata import __version__
from reportdata.cli.apps import app, token
from reportdata.cli.demonstration import demo
from reportdata.cli.importing import import_, refresh
from reportdata.cli.numbers import query, status
from reportdata.cli.organisations import org
from reportdata.cli.serving import serve
from reportdata.errors import ReportDataError


class _Failed(click.ClickException):
    def __init__(self, error: ReportDataError) -> None:
        super().__init__(f"{error.message}\n  {error.hint}" if error.hint else error.message)


class _Commands(click.Group):
    """Turns this package's errors into one message and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ReportDataError as error:
            raise _Failed(error) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, package_name="reportdata", message="%(prog)s %(version)s")
def cli() -> None:
    """Count an organisation's work reports as DingTalk does, and serve the numbers as DingTalk did.

    `reportdata demo` shows everything at once. For your own numbers: `org add`, `import`, `app add`, `serve`.
    """
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)


for command in (import_, refresh, query, status, org, app, token, serve, demo):
    cli.add_command(command)


def main() -> None:
    """The console script."""
    cli(prog_name="reportdata")
