"""``reportdata imports`` and ``reportdata unimport``."""

from __future__ import annotations

import time

import click

from reportdata.cli.language import ask, say
from reportdata.cli.local_times import local_text, shared_zone
from reportdata.cli.options import json_option, lake_options, settings_options
from reportdata.cli.output import days_text, print_json, print_table, progress_bar, size_text
from reportdata.cli.places import open_existing_store, workspace
from reportdata.pipeline.taking_back import TakenBack, noted, take_back
from reportdata.plurals import count_of
from reportdata.settings import Settings
from reportdata.store import ImportedFile, ImportNote


@click.command("imports")
@json_option
@settings_options
def imports_command(as_json: bool, settings: Settings) -> None:
    """List imports, the earliest first: when they were, what they read, and what was new of it.

    Files are told by a digest of their start and end, and their size; names are not kept.
    """
    store = open_existing_store(settings)
    notes = store.imports()
    if as_json:
        print_json([_told(note) for note in notes])
        return
    if not notes:
        say("Nothing was imported yet: reportdata import FILE...")
        return
    zone = shared_zone(store.organisations())
    headings = ("import", f"when ({zone})", "files", "read", "added", "already known", "skipped", "days", "")
    rows = [
        (
            note.id,
            local_text(note.at / 1000, zone),
            ", ".join(f"{file.digest[:8]} {size_text(file.size)}" for file in note.files) or "interrupted",
            f"{sum(file.read for file in note.files):,}",
            f"{sum(file.added for file in note.files):,}",
            f"{sum(_known(file) for file in note.files):,}",
            f"{sum(file.skipped for file in note.files):,}",
            "–".join(dict.fromkeys(note.days or ())),
            f"taken back {local_text(note.taken_back_at / 1000, zone)}" if note.taken_back_at is not None else "",
        )
        for note in notes
    ]
    print_table(headings, rows, numbers=(3, 4, 5, 6), messages=(2, 8), least=(5, 6, 2, 3))


@click.command("unimport")
@click.argument("import_id", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@lake_options
@settings_options
def unimport_command(import_id: str, yes: bool, as_json: bool, settings: Settings) -> None:
    """Take the import ID back: its facts, and what it said of days, as if it had never been made.

    What another import, a push or a collection brought, too, stays. Days that nobody else has observed are not known
    any more, and are not answered zeros. What was interrupted is finished by running it again. Organisations that the
    import added stay. `reportdata imports` shows the ids.
    """
    store = open_existing_store(settings)
    note, zone = noted(store, import_id), shared_zone(store.organisations())
    if not yes and note.taken_back_at is None:
        read = sum(file.read for file in note.files)
        ask(
            f"Take back the import {import_id} of {local_text(note.at / 1000, zone)}, "
            f"{count_of(read, 'record', 'records')}?"
        )
    with progress_bar() as progress, workspace(settings, store) as work:
        done = take_back(work, import_id, now=time.time(), progress=progress)
    if as_json:
        print_json(summary(import_id, done))
    else:
        _print_summary(import_id, done, zone)


def _known(file: ImportedFile) -> int:
    return file.read - file.added - file.skipped


def _told(note: ImportNote) -> dict[str, object]:
    return {
        "import": note.id,
        "at": note.at,
        "files": [
            {
                "digest": file.digest,
                "size": file.size,
                "read": file.read,
                "added": file.added,
                "alreadyKnown": _known(file),
                "skipped": file.skipped,
                "firstDay": file.first_day,
                "lastDay": file.last_day,
            }
            for file in note.files
        ],
        "reversible": note.reversible,
        "takenBackAt": note.taken_back_at,
    }


def summary(import_id: str, done: TakenBack) -> dict[str, object]:
    """What was taken back, for programs."""
    return {
        "import": import_id,
        "takenBackBefore": done.before is not None,
        "factsRemoved": done.gone,
        "factsKept": done.kept,
        "lakeFiles": done.files,
        "daysComputed": done.days,
        "unobserved": [
            {"corpId": piece.corp_id, "kind": piece.kind, "firstDay": piece.first_day, "lastDay": piece.last_day}
            for piece in done.unobserved
        ],
    }


def _print_summary(import_id: str, done: TakenBack, zone: str) -> None:
    if done.before is not None:
        say(f"The import {import_id} was taken back on {local_text(done.before / 1000, zone)}: nothing is left to do.")
        return
    say(f"Took back the import {import_id}:")
    say(f"removed   {count_of(done.gone, 'fact', 'facts')} that nobody else had")
    say(f"kept      {count_of(done.kept, 'fact', 'facts')} that others had, too")
    say(f"computed  {days_text(done.days)}")
    for piece in done.unobserved:
        days = "–".join(dict.fromkeys((piece.first_day, piece.last_day)))
        say(f"not known any more: {piece.kind} of {piece.corp_id}, {days}")
