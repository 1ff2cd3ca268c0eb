"""Commands in Chinese."""

from __future__ import annotations

from click.testing import CliRunner

from reportdata.cli import cli


def in_chinese(*arguments: object) -> tuple[int, str, str]:
    """A command in Chinese, on 80 columns: its exit code, what it prints and what it says."""
    given = ["--lang", "zh", *map(str, arguments)]
    done = CliRunner().invoke(cli, given, env={"COLUMNS": "80"}, prog_name="reportdata")
    return done.exit_code, done.stdout, done.stderr
