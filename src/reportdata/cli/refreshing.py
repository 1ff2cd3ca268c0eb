"""``reportdata refresh``: compute days whose numbers are stale."""

from __future__ import annotations

import time

import click

from reportdata.cli.language import say
from reportdata.cli.options import engine_options, json_option, lake_options, settings_options
from reportdata.cli.output import print_json, progress_bar
from reportdata.cli.periods import DAY, Today, check_period
from reportdata.cli.places import open_existing_store, workspace
from reportdata.pipeline.refreshing import refresh as refresh_days
from reportdata.plurals import count_of
from reportdata.settings import Settings

_MOST_SHOWN = 10
"""Lines of one kind that a person is shown."""


@click.command("refresh")
@click.option("--from", "first_day", type=DAY, help="Compute the days from this one on, stale or not.")
@click.option("--to", "last_day", type=DAY, help="Compute the days up to this one, stale or not.")
@json_option
@lake_options
@settings_options
@engine_options
def refresh_command(first_day: str | None, last_day: str | None, as_json: bool, settings: Settings) -> None:
    """Compute the days whose numbers are stale, or all days of a period."""
    check_period(first_day, last_day)
    store = open_existing_store(settings)
    first_day, last_day = Today.of(store.organisations(), None, time.time()).between(first_day, last_day)
    with progress_bar() as progress, workspace(settings, store) as work:
        done = refresh_days(work, time.time(), period=(first_day, last_day), progress=progress)
    if as_json:
        print_json({"days": done.days, "changed": done.changed})
    else:
        days, values = len(done.days), done.changed
        say(f"Computed {count_of(days, 'day', 'days')}; {count_of(values, 'value', 'values')} changed.")
