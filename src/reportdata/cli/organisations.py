"""``reportdata org``: the organisations whose reports are counted."""

from __future__ import annotations

import click

from reportdata.cli.known import known_organisation, read_own_id
from reportdata.cli.language import is_english, say, tell, translated
from reportdata.cli.language.help import Group
from reportdata.cli.language.wrapping import padded
from reportdata.cli.naming import names_command
from reportdata.cli.options import json_option, settings_options
from reportdata.cli.output import print_json, print_table
from reportdata.cli.places import open_existing_store, open_store
from reportdata.cli.terminals import visible
from reportdata.days import DEFAULT_TIME_ZONE, time_zone
from reportdata.identity import Organisation
from reportdata.settings import Settings


@click.group("org", cls=Group)
def org_command() -> None:
    """Organisations: add, list, show, names."""


org_command.add_command(names_command)


@org_command.command("add")
@click.argument("corp_id")
@click.option(
    "--time-zone",
    "zone",
    default=DEFAULT_TIME_ZONE,
    show_default=True,
    help="The zone its days are counted in. It cannot be changed later.",
)
@json_option
@settings_options
def add(corp_id: str, zone: str, as_json: bool, settings: Settings) -> None:
    """Add the organisation CORP_ID."""
    corp_id = read_own_id("corp_id", corp_id)
    time_zone(zone)
    open_store(settings).add_organisations([Organisation(corp_id, zone)])
    if as_json:
        print_json({"corpId": corp_id, "timeZone": zone})
        return
    tell(f"Added the organisation {corp_id}, time zone {zone}.")
    say(f"Next: reportdata import FILE... --corp {corp_id}")


@org_command.command("list")
@json_option
@settings_options
def list_(as_json: bool, settings: Settings) -> None:
    """List all organisations."""
    organisations = open_existing_store(settings).organisations()
    if as_json:
        print_json([{"corpId": o.corp_id, "timeZone": o.time_zone} for o in organisations])
    else:
        print_table(["organisation", "time zone"], ([o.corp_id, o.time_zone] for o in organisations))


@org_command.command("show")
@click.argument("corp_id")
@json_option
@settings_options
def show(corp_id: str, as_json: bool, settings: Settings) -> None:
    """Show the organisation CORP_ID: its time zone, what is covered, and its apps."""
    store = open_existing_store(settings)
    organisation = known_organisation(store, corp_id)
    coverage = [(piece.first_day, piece.last_day) for piece in store.coverage() if piece.corp_id == corp_id]
    apps = [app for app in store.apps() if app.corp_id == corp_id]
    if as_json:
        print_json(
            {
                "corpId": corp_id,
                "timeZone": organisation.time_zone,
                "coverage": [{"firstDay": first, "lastDay": last} for first, last in coverage],
                "apps": [app.app_key for app in apps],
            }
        )
        return
    days = ", ".join("–".join(dict.fromkeys(piece)) for piece in coverage)
    say(f"organisation  {corp_id}")
    say(f"time zone     {organisation.time_zone}")
    say(f"coverage      {days}" if days else "coverage      nothing yet")
    told = ", ".join(f"{app.app_key} ({app.name})" for app in apps)
    wide = 14 if is_english() else 6
    click.echo(visible(padded(translated("apps"), wide) + (told or translated("none yet"))))
