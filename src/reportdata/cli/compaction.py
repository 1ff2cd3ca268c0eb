"""``reportdata compact``."""

from __future__ import annotations

import time

import click

from reportdata.cli.language import say
from reportdata.cli.options import json_option, lake_options, settings_options
from reportdata.cli.output import print_json, progress_bar, size_text
from reportdata.cli.periods import DAY, Today, check_period
from reportdata.cli.places import open_existing_store, workspace
from reportdata.days import days_between
from reportdata.lake import Lake
from reportdata.pipeline.compacting import MANY, QUIET, compact
from reportdata.plurals import count_of
from reportdata.settings import Settings


@click.command("compact")
@click.option("--from", "first_day", type=DAY, help="Leave the reports and comments of earlier days as they are.")
@click.option("--to", "last_day", type=DAY, help="Leave the reports and comments of later days as they are.")
@click.option("--all", "everything", is_flag=True, help="Make one sorted file of each day's files, few or many.")
@json_option
@lake_options
@settings_options
def compact_command(
    first_day: str | None, last_day: str | None, everything: bool, as_json: bool, settings: Settings
) -> None:
    """Merge the lake's small files, while imports and serving go on. No number changes."""
    check_period(first_day, last_day)
    store = open_existing_store(settings)
    first_day, last_day = Today.of(store.organisations(), None, time.time()).between(first_day, last_day)
    days = None
    if first_day is not None or last_day is not None:
        days = list(days_between(first_day or "20000101", last_day or "20991231"))
    with progress_bar() as progress, workspace(settings, store) as work:
        lake = work.lake
        before, size = _files(lake), lake.size()
        quiet = None if everything else QUIET
        merged = compact(work, time.time(), days=days, quiet=quiet, progress=progress)
    left = lake.replaced()
    if as_json:
        print_json(
            {
                "merges": merged,
                "filesBefore": before,
                "filesAfter": _files(lake),
                "bytesBefore": size,
                "bytesAfter": lake.size(),
                "filesToRemove": len(left),
            }
        )
        return
    say(f"merges  {merged:,}")
    say(f"files   {_files(lake):,}, before {before:,}")
    say(f"lake    {size_text(lake.size())}, before {size_text(size)}")
    if left:
        what = count_of(len(left), "merged file", "merged files")
        say(f"{what} may still be read; a later `reportdata compact` removes what was merged.")
    if not merged and not everything:
        say(
            f"No day has more than {MANY} files, or several that have not changed for {QUIET / 3600:.0f} h; "
            "--all merges the others too."
        )


def _files(lake: Lake) -> int:
    return sum(len(lake.paths(kind)) for kind in lake.kinds()) + len(lake.observations())
