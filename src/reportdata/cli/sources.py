"""``reportdata source``: where organisations' reports are collected from."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec

from reportdata.cli.collectors import account_of
from reportdata.cli.known import read_own_id
from reportdata.cli.language import say, tell
from reportdata.cli.language.help import Group
from reportdata.cli.options import json_option, settings_options
from reportdata.cli.output import print_json, print_table
from reportdata.cli.periods import DAY, Today
from reportdata.cli.places import open_ledger, open_store
from reportdata.collector.budget import Budget
from reportdata.collector.clock import SystemClock
from reportdata.collector.planning import before
from reportdata.collector.sources import Source, put_source, remove_source, secret_variable, sources
from reportdata.collector.suite import Access, Kind
from reportdata.days import DEFAULT_TIME_ZONE, SECOND, day_of, time_zone
from reportdata.errors import BadValue
from reportdata.identity import Organisation
from reportdata.settings import Settings
from reportdata.suites import SUITES

_BACK = 30
"""Days before today from which on is collected when nothing is said."""


@click.group("source", cls=Group)
def source_command() -> None:
    """Where organisations' reports are collected from: add, list, remove."""


@source_command.group("add")
def add_command() -> None:
    """Collect an organisation's reports from a suite, or change how. What was collected stays.

    An organisation may have several sources, each under a name of its own: all that is collected counts.
    """


def _options(kind: Kind) -> list[Callable[[Any], Any]]:
    """The options of adding a source of that kind, in the order of the help."""
    variable = secret_variable(kind.name)
    addresses = [
        click.option(
            f"--{endpoint.name}",
            f"endpoint_{endpoint.name}",
            default=endpoint.default,
            show_default=True,
            envvar=f"REPORTDATA_{kind.name.upper()}_{endpoint.name.upper()}",
            show_envvar=True,
            help=endpoint.help,
        )
        for endpoint in kind.endpoints
    ]
    return [
        click.option("--corp", "corp_id", required=True, help="The organisation; it is added when it is not known."),
        click.option("--name", help="The source's own name.  [default: the organisation]"),
        click.option("--app-key", required=True, help="The key of an internal app of the organisation."),
        click.option(
            "--secret-file",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help=f"A file outside the data folder that holds the app's secret.  [default: {variable}]",
        ),
        click.option("--from", "first_day", type=DAY, help="The first day to collect.  [default: 30 days ago]"),
        click.option(
            "--time-zone",
            "zone",
            default=DEFAULT_TIME_ZONE,
            show_default=True,
            help="The zone of an organisation that is added.",
        ),
        *addresses,
        click.option(
            "--calls",
            type=click.IntRange(min=0),
            help=f"Calls a month that may be spent.  [default: {kind.limits.calls}]",
        ),
        click.option(
            "--per-second",
            type=click.FloatRange(min=0.01),
            help=f"Calls a second at most.  [default: {kind.limits.per_second:g}]",
        ),
    ]


def _adding(kind: Kind) -> click.Command:
    """``reportdata source add`` for that kind."""
    command: Any = partial(_add, kind)
    command.__doc__ = f"Collect an organisation's reports from {kind.title}, or change how.\n\n{kind.needs}"
    command = json_option(settings_options(command))
    for option in reversed(_options(kind)):
        command = option(command)
    return click.command(kind.name, help=command.__doc__)(command)


def _add(
    kind: Kind,
    *,
    corp_id: str,
    name: str | None,
    app_key: str,
    secret_file: Path | None,
    first_day: str | None,
    zone: str,
    calls: int | None,
    per_second: float | None,
    as_json: bool,
    settings: Settings,
    **endpoints: str,
) -> None:
    corp_id, app_key = read_own_id("corp_id", corp_id), read_own_id("app_key", app_key)
    name = read_own_id("name", name) if name else corp_id
    if secret_file is not None and secret_file.resolve().is_relative_to(settings.data.resolve()):
        raise BadValue(f"{secret_file} is in the data folder, which holds no secret", "put it somewhere else")
    addresses = {key.removeprefix("endpoint_"): address.rstrip("/") for key, address in endpoints.items()}
    kind.check(Access(app_key, "", addresses))
    store = open_store(settings)
    if corp_id not in {organisation.corp_id for organisation in store.organisations()}:
        time_zone(zone)
        store.add_organisations([Organisation(corp_id, zone)])
    ledger = open_ledger(settings)
    first_day, _ = Today.of(store.organisations(), corp_id, time.time(), zone).between(first_day, None)
    first_day = first_day or before(day_of(int(time.time()) * SECOND, time_zone(zone)), _BACK)
    file = str(secret_file.resolve()) if secret_file else ""
    comments = kind.capabilities.comments
    source = put_source(ledger, Source(name, corp_id, kind.name, app_key, file, first_day, addresses, comments))
    Budget(ledger, account_of(source), SystemClock()).set(calls, per_second)
    if as_json:
        print_json(msgspec.to_builtins(source))
        return
    tell(f"Collecting {corp_id} from {kind.title} from {first_day} on, as {app_key}.")
    say("Next: reportdata collect --once")


for _kind in SUITES.values():
    add_command.add_command(_adding(_kind))


@source_command.command("list")
@json_option
@settings_options
def list_(as_json: bool, settings: Settings) -> None:
    """List what is collected."""
    found = sources(open_ledger(settings))
    if as_json:
        print_json([msgspec.to_builtins(source) for source in found])
        return
    print_table(
        ["source", "organisation", "suite", "app", "from", "secret"],
        ([s.name, s.corp_id, s.suite, s.app_key, s.first_day, s.secret_file or "variable"] for s in found),
        messages=(5,),
        least=(5, 2, 1),
    )


@source_command.command("remove")
@click.argument("name")
@json_option
@settings_options
def remove(name: str, as_json: bool, settings: Settings) -> None:
    """Collect the source NAME, or the only one of that organisation, no more. What was collected stays; `reportdata
    forget` removes it."""
    source = remove_source(open_ledger(settings), name)
    if as_json:
        print_json(msgspec.to_builtins(source))
        return
    tell(f"{source.name} is collected no more.")
