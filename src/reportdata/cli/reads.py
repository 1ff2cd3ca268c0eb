"""``reportdata audit``: who read which day, from where and when."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import click
import msgspec

from reportdata.audit import Audit
from reportdata.cli.options import json_option, settings_options
from reportdata.cli.output import print_json, print_table
from reportdata.cli.periods import DAY, Today, check_period
from reportdata.cli.places import open_existing_store
from reportdata.settings import Settings


@click.command("audit")
@click.option("--from", "first_day", type=DAY, help="The first day on which something was read (UTC).")
@click.option("--to", "last_day", type=DAY, help="The last day on which something was read.")
@click.option("--corp", "corp_id", help="Reads of one organisation's numbers.")
@click.option("--app", "app_key", help="Reads by one app.")
@click.option("--day", "stat_date", type=DAY, help="Reads of one day's numbers.")
@json_option
@settings_options
def audit_command(
    first_day: str | None,
    last_day: str | None,
    corp_id: str | None,
    app_key: str | None,
    stat_date: str | None,
    as_json: bool,
    settings: Settings,
) -> None:
    """Show who read which day's numbers, from where and when.

    Equal reads within a second are one line. With --json, one object a line; `requestId` is what the first of them was
    answered in the header x-acs-request-id.
    """
    check_period(first_day, last_day)
    store, now = open_existing_store(settings), time.time()
    first_day, last_day = Today.of((), None, now, "UTC").between(first_day, last_day)
    if stat_date is not None:
        stat_date = Today.of(store.organisations(), corp_id, now).day(stat_date)
    wanted = {"corp_id": corp_id, "app_key": app_key, "stat_date": stat_date}
    found = (
        read
        for read in Audit(settings.audit).read(first_day, last_day)
        if all(value is None or getattr(read, name) == value for name, value in wanted.items())
    )
    if as_json:
        for read in found:
            print_json({"at": _time(read.at), **{k: v for k, v in msgspec.to_builtins(read).items() if k != "at"}})
        return
    print_table(
        ["time (UTC)", "app", "organisation", "day", "address", "reads"],
        ([_time(r.at)[:19].replace("T", " "), r.app_key, r.corp_id, r.stat_date, r.address, r.reads] for r in found),
        numbers=(5,),
        least=(2, 4),
    )


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
