"""``reportdata import`` and ``reportdata refresh``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import click

from reportdata.choices import Choices
from reportdata.cli.bad_records import BadRecords
from reportdata.cli.choosing import choice_options, with_choices
from reportdata.cli.known import require_written
from reportdata.cli.language import say
from reportdata.cli.options import engine_options, json_option, lake_options, settings_options
from reportdata.cli.output import print_json, print_pairs, progress_bar
from reportdata.cli.periods import DAY, Today, check_period
from reportdata.cli.places import open_store, services_of, workspace
from reportdata.cli.previews import check_kinds, preview_import, tell_failures
from reportdata.days import DEFAULT_TIME_ZONE, MILLISECOND, time_zone
from reportdata.errors import BadValue, NotKnown
from reportdata.pipeline.importing import import_files
from reportdata.pipeline.imports import Imported, Options
from reportdata.pipeline.refreshing import Refreshed
from reportdata.pipeline.refreshing import refresh as refresh_days
from reportdata.plurals import count_of
from reportdata.readers import Format
from reportdata.services import REPORTS, Services
from reportdata.settings import Settings
from reportdata.store import Store
from reportdata.times import BadTime, read_instant

_MOST_SHOWN = 10
"""Lines of one kind that a person is shown."""


@click.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
)
@click.option(
    "--corp",
    "corp_id",
    help="The organisation of records that name none.  [default: the only organisation, when there is one]",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["auto", *(format_.value for format_ in Format if format_ is not Format.ZIP)]),
    default="auto",
    show_default=True,
    help="What the files are.",
)
@choice_options
@click.option("--from", "first_day", type=DAY, help="The first day that is covered, in place of the first record's.")
@click.option("--to", "last_day", type=DAY, help="The last day that is covered, in place of the last record's.")
@click.option(
    "--covers",
    metavar="KIND",
    multiple=True,
    help="A kind of facts for which the days from --from to --to are covered even where a file has none of it.",
)
@click.option(
    "--exported-at",
    metavar="TIME",
    help="When the files were exported, like '2024-01-05 18:00'.  [default: what a file says, or its time stamp]",
)
@click.option("--add-orgs", is_flag=True, help="Add unknown organisations in place of refusing their records.")
@click.option(
    "--time-zone",
    "zone",
    default=DEFAULT_TIME_ZONE,
    show_default=True,
    help="The zone of organisations that are added.",
)
@click.option("--skip-bad", is_flag=True, help="Add the good records, and write the bad ones with reasons to a file.")
@click.option(
    "--bad-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where bad records go.  [default: NAME.bad.jsonl for each file, in the working folder]",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done, and which numbers it would change.")
@json_option
@lake_options
@settings_options
@engine_options
@with_choices
def import_command(
    files: Sequence[Path],
    corp_id: str | None,
    format_: str,
    first_day: str | None,
    last_day: str | None,
    covers: tuple[str, ...],
    exported_at: str | None,
    add_orgs: bool,
    zone: str,
    skip_bad: bool,
    bad_file: Path | None,
    dry_run: bool,
    as_json: bool,
    choices: Choices,
    settings: Settings,
) -> None:
    """Add the reports, comments and withdrawals in FILES, and compute the days they touch.

    A file is a spreadsheet, CSV or TSV, JSON, Parquet, saved exchanges with DingTalk's report APIs, or a .zip of such
    files; - is standard input. What a column holds is told by its heading; where it cannot be told, say so with --kind
    and --column, or keep that in a --mapping:

    \b
        kind = "sent"
        times_in = "UTC"
        [columns]
        user_id = "工号"

    Importing the same records again changes no number.
    """
    check_period(first_day, last_day)
    store = open_store(settings)
    now = time.time()
    first_day, last_day = Today.of(store.organisations(), corp_id, now, zone).between(first_day, last_day)
    bad = BadRecords(bad_file)
    if skip_bad and not dry_run:
        bad.check()
    options = Options(
        corp_id=_organisation(store, corp_id, add_orgs=add_orgs),
        format=None if format_ == "auto" else Format(format_),
        add_in=time_zone(zone) if add_orgs else None,
        skip_bad=bad.add if skip_bad else None,
        first_day=first_day,
        last_day=last_day,
        covers=covers,
        exported_at=read_exported_at(store, exported_at, corp_id, zone),
        choices=choices,
        now=now,
    )
    if dry_run:
        preview_import(settings, store, files, options, as_json=as_json)
        return
    try:
        with progress_bar() as progress, workspace(settings, store) as work:
            check_kinds(covers, work.kinds)
            done = import_files(work, files, options, progress)
            refreshed = refresh_days(work, time.time(), progress=progress)
    except KeyboardInterrupt:
        say("Interrupted: the same command adds what is missing.", err=True)
        raise
    if as_json:
        print_json(summary(done, refreshed, bad.paths))
    else:
        _print_summary(done, refreshed, bad.paths, _service_of(done, services_of(settings)))
    tell_failures(done)


def _organisation(store: Store, corp_id: str | None, *, add_orgs: bool) -> str | None:
    known = [organisation.corp_id for organisation in store.organisations()]
    if corp_id is None:
        return known[0] if len(known) == 1 and not add_orgs else None
    if corp_id not in known:
        require_written("corp_id", corp_id)
    if corp_id not in known and not add_orgs:
        raise NotKnown(
            f"the organisation {corp_id!r} is not known",
            f"add it with `reportdata org add {corp_id}`, or import with --add-orgs",
        )
    return corp_id


def read_exported_at(store: Store, text: str | None, corp_id: str | None, zone: str) -> int | None:
    """A time in the organisation's zone, in milliseconds since 1970; where none is named, in that of all.

    :raises BadValue: when it is none, or not the same moment in the zones of all.
    """
    if text is None:
        return None
    zones = {one.time_zone for one in store.organisations() if corp_id in (None, one.corp_id)} or {zone}
    try:
        found = {read_instant(text, time_zone(name)) // MILLISECOND for name in sorted(zones)}
    except ValueError as error:
        raise BadValue(f"--exported-at: {error}", error.hint if isinstance(error, BadTime) else "") from None
    if len(found) > 1:
        told = " and ".join(sorted(zones)[:2])
        raise BadValue(
            f"--exported-at: {text} is not the same moment in the zones {told}",
            "name the organisation with --corp, or write the time with its offset, like 2024-01-05T18:00:00+08:00",
        )
    return found.pop()


def summary(done: Imported, refreshed: Refreshed, bad: Sequence[Path] = ()) -> dict[str, object]:
    """What an import did, for programs."""
    return {
        "import": done.id or None,
        "read": done.read,
        "added": done.added,
        "alreadyKnown": done.known,
        "skipped": done.skipped,
        "leftOut": done.left_out,
        "daysTouched": sorted(done.days),
        "daysComputed": refreshed.days,
        "organisationsAdded": done.organisations,
        "badRecords": [str(path) for path in bad],
        "notes": done.notes,
        "failures": [failure.message for failure in done.failures],
        "hints": [failure.hint for failure in done.failures],
    }


def _service_of(done: Imported, services: Services) -> str | None:
    """The service whose numbers are of what came; None for reports."""
    of = [service.id for service in services if any(kind.name in done.told for kind in service.kinds)]
    return None if not of or REPORTS in of else of[0]


def _print_summary(done: Imported, refreshed: Refreshed, bad: list[Path], service: str | None) -> None:
    lines = [
        ("read", f"{done.read:,}"),
        ("added", f"{done.added:,}"),
        ("already known", f"{done.known:,}"),
        ("skipped", f"{done.skipped:,}" + (f", with reasons in {', '.join(map(str, bad))}" if bad else "")),
        (
            "days touched",
            f"{len(done.days):,}" + (f", {min(done.days)} to {max(done.days)}" if done.days else ""),
        ),
        ("days computed", f"{len(refreshed.days):,}"),
    ]
    if not done.failures or done.read or refreshed.days:
        print_pairs(lines, 14)
    _show_first([f"Added the organisation {corp_id}." for corp_id in done.organisations])
    _show_first([f"Note: {note}" for note in done.notes])
    if done.added and not done.failures:
        first, last = min(done.days), max(done.days)
        days = " --to ".join(dict.fromkeys((first, last)))
        say(f"Next: reportdata query {days}" + (f" --service {service}" if service else ""))


def _show_first(lines: Sequence[str]) -> None:
    """Print so many lines as a person reads, and how many there are besides; --json has them all."""
    for line in lines[:_MOST_SHOWN]:
        say(line)
    if len(lines) > _MOST_SHOWN:
        say(f"… and {count_of(len(lines) - _MOST_SHOWN, 'more such line', 'more such lines')}; --json has them all.")
