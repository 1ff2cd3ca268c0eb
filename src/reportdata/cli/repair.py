"""``reportdata repair``."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import click

from reportdata.cli.language import say
from reportdata.cli.options import json_option, lake_options, settings_options
from reportdata.cli.output import print_json, progress_bar
from reportdata.cli.places import open_existing_store, workspace
from reportdata.errors import Damaged
from reportdata.pipeline.refreshing import refresh
from reportdata.pipeline.repairing import Repaired, repair
from reportdata.plurals import count_of
from reportdata.settings import Settings


@click.command("repair")
@click.option(
    "--from",
    "backup",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A backup, or another folder with a lake: damaged files that it has are brought back.",
)
@click.option(
    "--give-up",
    multiple=True,
    metavar="FILE",
    help="A damaged file to go on without; any number of them. What it held is not known any more.",
)
@json_option
@lake_options
@settings_options
def repair_command(backup: Path | None, give_up: tuple[str, ...], as_json: bool, settings: Settings) -> None:
    """Read every file of the lake, say which are damaged, and bring them back or give them up.

    Days that rest on a damaged file keep their numbers, in the state `damaged`, until it is back. When it is given up,
    nothing of its kind counts as observed on its days: they are not known until they are imported or collected again.
    Exits with 1 when files are damaged still.
    """
    store = open_existing_store(settings)
    with progress_bar() as progress, workspace(settings, store) as work:
        done = repair(work, backup, give_up, progress)
        computed: list[str] = []
        with suppress(Damaged):  # what is left is printed
            computed = refresh(work, time.time(), progress=progress).days
    if as_json:
        print_json(_summary(done, computed))
    else:
        _print(done, computed)
    if done.left:
        raise click.exceptions.Exit(1)


def _summary(done: Repaired, computed: list[str]) -> dict[str, object]:
    return {
        "broughtBack": done.back,
        "givenUp": done.given_up,
        "notKnownAnyMore": [piece._asdict() for piece in done.unobserved],
        "daysComputed": computed,
        "damaged": [{"file": file, "days": _days(done, file)} for file in done.damaged],
    }


def _days(done: Repaired, file: str) -> list[str]:
    return sorted({one.stat_day for one in done.left if one.file == file and one.stat_day})


def _print(done: Repaired, computed: list[str]) -> None:
    for name in done.back:
        say(f"brought back  {name}")
    for name in done.given_up:
        say(f"given up      {name}")
    for corp_id, first, last, kind in done.unobserved:
        say(f"not known     {kind} of {corp_id}, {first} to {last}: import or collect them again")
    say(f"computed      {count_of(len(computed), 'day', 'days')}")
    for name in done.damaged:
        days = _days(done, name)
        kept = (
            f"; {count_of(len(days), 'day keeps its', 'days keep their')} numbers, {days[0]} to {days[-1]}"
            if days
            else ""
        )
        say(f"damaged       {name}{kept}")
    say(
        "Put the files there again, `reportdata repair --from BACKUP`, or `reportdata repair --give-up FILE`."
        if done.left
        else "Every file is what was added."
    )
