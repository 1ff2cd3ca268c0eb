"""``reportdata source``: the organisations whose reports are collected from DingTalk."""

from __future__ import annotations

import time
from pathlib import Path

import click
import msgspec

from reportdata.cli.options import DAY, json_option, settings_options
from reportdata.cli.output import print_json, print_table
from reportdata.cli.places import open_ledger, open_store
from reportdata.days import DEFAULT_TIME_ZONE, SECOND, day_of, time_zone
from reportdata.dingtalk.budget import Budget
from reportdata.dingtalk.client import API, OAPI
from reportdata.dingtalk.clock import SystemClock
from reportdata.dingtalk.planning import before
from reportdata.dingtalk.sources import Source, put_source, remove_source, sources
from reportdata.errors import BadField, BadValue
from reportdata.facts import read_id
from reportdata.identity import Organisation
from reportdata.settings import Settings

_BACK = 30
"""Days before today from which on is collected when nothing is said."""


@click.group("source")
def source_command() -> None:
    """Organisations that are collected from DingTalk: add, list, remove."""


@source_command.command("add")
@click.argument("kind", type=click.Choice(["dingtalk"]))
@click.option("--corp", "corp_id", required=True, help="The organisation; it is added when it is not known.")
@click.option("--app-key", required=True, help="The key of an internal app of the organisation.")
@click.option(
    "--secret-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file outside the data folder that holds the app's secret.  [default: REPORTDATA_DINGTALK_APP_SECRET]",
)
@click.option("--from", "first_day", type=DAY, help="The first day to collect.  [default: 30 days ago]")
@click.option(
    "--time-zone",
    "zone",
    default=DEFAULT_TIME_ZONE,
    show_default=True,
    help="The zone of an organisation that is added.",
)
@click.option(
    "--api",
    default=API,
    show_default=True,
    envvar="REPORTDATA_DINGTALK_API",
    show_envvar=True,
    help="The new API's endpoint.",
)
@click.option(
    "--oapi",
    default=OAPI,
    show_default=True,
    envvar="REPORTDATA_DINGTALK_OAPI",
    show_envvar=True,
    help="The old API's endpoint.",
)
@click.option("--calls", type=click.IntRange(min=0), help="Calls a month that may be spent.  [default: 5000]")
@click.option("--per-second", type=click.FloatRange(min=0.01), help="Calls a second at most.  [default: 10]")
@settings_options
def add(
    kind: str,  # noqa: ARG001 - there is one
    corp_id: str,
    app_key: str,
    secret_file: Path | None,
    first_day: str | None,
    zone: str,
    api: str,
    oapi: str,
    calls: int | None,
    per_second: float | None,
    settings: Settings,
) -> None:
    """Collect an organisation's reports from DingTalk, or change how. What was collected stays.

    The app needs the permission qyapi_report_statistics or qyapi_report_query to list reports, qyapi_report_query for
    comments, and qyapi_get_member and qyapi_get_department_list for departments.
    """
    try:
        corp_id, app_key = read_id("corp_id", corp_id), read_id("app_key", app_key)
    except BadField as error:
        raise BadValue(error.message) from error
    if secret_file is not None and secret_file.resolve().is_relative_to(settings.data.resolve()):
        raise BadValue(f"{secret_file} is in the data folder, which holds no secret", "put it somewhere else")
    store = open_store(settings)
    if corp_id not in {organisation.corp_id for organisation in store.organisations()}:
        time_zone(zone)
        store.add_organisations([Organisation(corp_id, zone)])
    ledger = open_ledger(settings)
    first_day = first_day or before(day_of(int(time.time()) * SECOND, time_zone(zone)), _BACK)
    file = str(secret_file.resolve()) if secret_file else ""
    put_source(ledger, Source(corp_id, app_key, file, first_day, api, oapi))
    Budget(ledger, corp_id, SystemClock()).set(calls, per_second)
    click.echo(f"Collecting {corp_id} from {first_day} on, as {app_key}.")
    click.echo("Next: reportdata collect --once")


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
        ["organisation", "app", "from", "lists by", "secret"],
        (
            [
                s.corp_id,
                s.app_key,
                s.first_day,
                s.listing.rpartition("/")[2] or "–",
                s.secret_file or "variable",
            ]
            for s in found
        ),
    )


@source_command.command("remove")
@click.argument("corp_id")
@settings_options
def remove(corp_id: str, settings: Settings) -> None:
    """Collect CORP_ID no more. What was collected stays; `reportdata forget` removes it."""
    remove_source(open_ledger(settings), corp_id)
    click.echo(f"{corp_id} is collected no more.")
