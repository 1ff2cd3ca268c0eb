"""The page docs/operations.md and the files that it shows, as tests read them."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import yaml

from reportdata.api import bringing, writing
from reportdata.cli import askers, cli, import_process, import_runs, upload_folders
from reportdata.cli.bringing import MEMORY
from reportdata.http import connections, limits, server, sockets
from reportdata.http.limits import Phase
from reportdata.identity import TOKEN_LIFETIME
from reportdata.limits import Guesses
from reportdata.links import MOST_SESSIONS
from reportdata.settings import Settings
from reportdata.statistics.answers import MOST_ROWS
from reportdata.statistics.question import LONGEST
from reportdata.store.sqlite import COMMAND_TIMEOUT, SERVING_TIMEOUT
from tests.support.documents import document
from tests.support.paths import ROOT

PAGE = document("docs/operations.md")
DEPLOY = ROOT / "deploy"
DOCKERFILE = document("Dockerfile")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
RULES: dict[str, Any] = yaml.safe_load((DEPLOY / "prometheus" / "reportdata.rules.yml").read_text("utf-8"))
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("REPORTDATA_")}
"""As it was before a test changed it: packages may come through a proxy."""
BIN = Path(sys.executable).parent

DEFAULTS = Settings(Path("data"))
LIMITS = {
    "bytes of the address": limits.LONGEST_URL,
    "headers": limits.MOST_HEADERS,
    "bytes of all headers": limits.LARGEST_HEADERS,
    "bytes of a head without an end": limits.LONGEST_URL + limits.LARGEST_HEADERS,
    "bytes of a trailer, or between parts of a body": limits.LARGEST_HEADERS,
    "bytes of the body": limits.LARGEST_BODY,
    "seconds for the head": Phase.HEAD.value,
    "seconds for the body": Phase.BODY.value,
    "requests before an answer": limits.MOST_PIPELINED,
    "seconds for a TLS handshake": server.HANDSHAKE,
    "seconds for the end of TLS": server.GOODBYE,
    "seconds without a request": Phase.REQUEST.value,
    "seconds in which nothing of an answer is taken": Phase.READING.value,
    "seconds after an answer that closes it": Phase.LEAVING.value,
    "connections, `--connections`": DEFAULTS.connections,
    "connections that are not accepted yet": sockets.BACKLOG,
    "calls a second to an API, `--rate`, `app add --rate`": DEFAULTS.rate,
    "seconds that a token lives": TOKEN_LIFETIME,
    "hours that a session lasts, `--session-hours`": DEFAULTS.session_hours,
    "sessions of an app or a view link": MOST_SESSIONS,
    "wrong secrets of an app key from an address": Guesses.FREE,
    "seconds of the longest wait after these": Guesses.LONGEST_WAIT,
    "seconds after which wrong secrets are forgotten": Guesses.FORGOTTEN,
    "days for which it is known where a secret was right": Guesses.PROVEN / 86_400,
    "app keys and addresses with wrong secrets": Guesses.MOST,
    "seconds for requests in flight at a stop": connections.GRACE,
    "seconds for another request at a stop": connections.LAST_CALL,
    "seconds that a call waits for calls before it": writing.LONGEST_WAIT,
    "seconds that a call waits for another process": SERVING_TIMEOUT,
    "seconds that a command waits for another process": COMMAND_TIMEOUT,
    "days that the audit is kept, `--audit-days`": DEFAULTS.audit_days,
    "days of a question": LONGEST,
    "rows of an answer": MOST_ROWS,
    "questions that wait for each process that answers": askers.WAITING,
    "seconds that an answer may take": askers.LONGEST,
    "MiB of an upload's files": bringing.LARGEST / (1 << 20),
    "files of an upload": bringing.MOST_FILES,
    "seconds for a file to come": bringing.SECONDS,
    "minutes that an upload stays after the last call": upload_folders.LIFETIME / 60,
    "uploads of an organisation on a machine": upload_folders.MOST_OF_ONE,
    "uploads of a machine": upload_folders.MOST_UPLOADS,
    "previews and imports that wait in each process that serves": import_runs.MOST_WAITING,
    "seconds that a preview may take": import_process.SECONDS["preview"],
    "seconds that an import, or its undoing, may take": import_process.SECONDS["import"],
    "GiB of memory for one of these": MEMORY / (1 << 30),
}

Unit = Mapping[str, Sequence[str]]


def table(first_heading: str) -> list[list[str]]:
    """The rows of all tables of the page whose first column has that heading."""
    found = []
    for block in re.findall(rf"^\| {first_heading} \|.*\n\|[-:| ]+\|\n((?:\|.*\|\n)+)", PAGE, re.MULTILINE):
        found += [[cell.strip() for cell in row[1:-1].split(" | ")] for row in block.splitlines()]
    assert found
    return found


def commands(command: click.Command = cli, context: click.Context | None = None) -> Iterator[click.Command]:
    """A command and all below it."""
    yield command
    if isinstance(command, click.Group):
        context = click.Context(command, context, **command.context_settings)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, context)


OPTIONS = [parameter for command in commands() for parameter in command.params if isinstance(parameter, click.Option)]
VARIABLES = {str(option.envvar) for option in OPTIONS if option.envvar}


def check_command(arguments: Sequence[str]) -> None:
    """:raises click.UsageError: when `reportdata` has no such command, options or arguments."""
    command: click.Command = cli
    context = click.Context(cli, info_name="reportdata", **cli.context_settings)  # click keeps the help option it makes
    rest = list(arguments)
    while isinstance(command, click.Group):
        inner = command.get_command(context, rest[0])
        assert inner is not None, arguments
        command, context, rest = inner, click.Context(inner, context, rest[0]), rest[1:]
    command.make_parser(context).parse_args(rest)


def unit(text: str) -> Unit:
    """The settings of a systemd unit, those of one name in their order."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def executed(of: Unit) -> list[list[str]]:
    """The command lines of a unit, as systemd reads them."""
    return [shlex.split(line.replace("%%", "%").replace("$$", "$")) for line in of["ExecStart"]]


def settings_of(text: str) -> dict[str, str]:
    """The variables of an environment file."""
    return dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))


def instructions(name: str) -> list[str]:
    """What follows an instruction in the Dockerfile, each time it is there."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return [re.sub(r"\s+", " ", rest) for rest in re.findall(rf"^{name} (.*)$", joined, re.MULTILINE)]
