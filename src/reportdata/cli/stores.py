"""``reportdata store``: from one kind of store to another."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import click

from reportdata.cli.language import say
from reportdata.cli.language.help import Group
from reportdata.cli.options import json_option
from reportdata.cli.output import print_json, print_table, progress_bar
from reportdata.cli.places import store_at
from reportdata.errors import BadValue, NotKnown
from reportdata.plurals import count_of
from reportdata.settings import Settings
from reportdata.store.copying import copy_rows


@click.group("store", cls=Group)
def store_command() -> None:
    """Stores: copy."""


@store_command.command("copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@json_option
def copy_command(source: str, target: str, as_json: bool) -> None:
    """Copy the store FROM to the store TO, which must not keep anything yet, and compare them row for row.

    Each is a data folder or a PostgreSQL address, postgresql://USER@HOST/DATABASE. FROM is copied as it is at one
    moment and can be read meanwhile; what is written to it later is not in the copy, so stop what writes before. Facts
    are in the lake and stay there.
    """
    if source == target:
        raise BadValue("FROM and TO are the same", "name another one")
    if not _is_database(source) and not Settings(Path(source)).store.exists():
        raise NotKnown(f"there is no store in {source}", "name a data folder, or a PostgreSQL address")
    began = time.monotonic()
    with progress_bar() as progress, closing(store_at(source)) as given, closing(store_at(target)) as filled:
        counts = copy_rows(given, filled, progress)
    seconds = time.monotonic() - began
    if as_json:
        print_json({"rows": counts, "seconds": round(seconds, 3)})
        return
    print_table(["table", "rows"], ([table, f"{count:,}"] for table, count in counts.items()), numbers=[1])
    say(f"Copied and compared {count_of(sum(counts.values()), 'row', 'rows')} in {seconds:.1f} s.")
    say(
        "Next: reportdata status --store ADDRESS"
        if _is_database(target)
        else f"Next: reportdata status --data {target}, with the lake in {Settings(Path(target)).lake}"
    )


def _is_database(address: str) -> bool:
    return "://" in address
