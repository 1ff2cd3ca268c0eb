"""``reportdata audit``: who read which day, from where and when."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import click
import msgspec

from reportdata.audit import Audit, Read
from reportdata.cli.local_times import local_text, shared_zone
from reportdata.cli.options import json_option, settings_options
from reportdata.cli.output import print_json, print_table
from reportdata.cli.periods import DAY, Today, check_period
from reportdata.cli.places import open_existing_store
from reportdata.days import MILLISECOND, day_before, day_of, from_date, time_zone, to_date
from reportdata.settings import Settings


@click.command("audit")
@click.option("--from", "first_day", type=DAY, help="The first day on which something was read.")
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
    zone = shared_zone(store.organisations())
    first_day, last_day = Today.of((), None, now, zone).between(first_day, last_day)
    if stat_date is not None:
        stat_date = Today.of(store.organisations(), corp_id, now).day(stat_date)
    wanted = {"corp_id": corp_id, "app_key": app_key, "stat_date": stat_date}
    found = (
        read
        for read in _between(Audit(settings.audit), first_day, last_day, zone)
        if all(value is None or getattr(read, name) == value for name, value in wanted.items())
    )
    if as_json:
        for read in found:
            print_json({"at": _time(read.at), **{k: v for k, v in msgspec.to_builtins(read).items() if k != "at"}})
        return
    print_table(
        [f"time ({zone})", "app", "organisation", "day", "address", "reads"],
        ([local_text(r.at / 1000, zone), r.app_key, r.corp_id, r.stat_date, r.address, r.reads] for r in found),
        numbers=(5,),
        least=(2, 4),
    )


def _between(audit: Audit, first_day: str | None, last_day: str | None, zone: str) -> Iterator[Read]:
    """What was read on days in a time zone. Files are of days in UTC."""
    where = time_zone(zone)
    before = day_before(first_day) if first_day is not None else None
    after = from_date(to_date(last_day) + timedelta(days=1)) if last_day is not None else None
    for read in audit.read(before, after):
        day = day_of(read.at * MILLISECOND, where)
        if (first_day or "") <= day <= (last_day or "99991231"):
            yield read


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
