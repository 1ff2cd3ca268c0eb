"""``reportdata import --dry-run``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

import click

from reportdata.cli.language import say
from reportdata.cli.output import print_json, print_table, progress_bar
from reportdata.cli.places import workspace
from reportdata.cli.terminals import visible
from reportdata.cli.words import kind_word, kpi_word
from reportdata.columns import Columns, why_chosen
from reportdata.errors import BadRecord, BadValue
from reportdata.headings import BOTH
from reportdata.kinds import Kinds
from reportdata.measures import Number
from reportdata.pipeline.imports import Imported, Options
from reportdata.pipeline.previewing import DayChange, Preview, PreviewedFile, preview
from reportdata.plurals import count_of
from reportdata.settings import Settings
from reportdata.store import Store

_SHOWN = 10
"""Days, bad records and the like that are shown to people."""
_WHY = {
    "name": "the field's own name",
    "own": "a heading of this kind alone",
    "general": "a heading of any kind",
    "shared": "a heading of several kinds",
    "given": "as you said",
}


def preview_import(settings: Settings, store: Store, files: Sequence[Path], options: Options, *, as_json: bool) -> None:
    """Say what an import would do. Exits with 1 when a file could not be imported."""
    bad: list[BadRecord] = []

    def skip(record: BadRecord, _cells: Mapping[str, object]) -> None:
        if len(bad) < _SHOWN:
            bad.append(record)

    if options.skip_bad is not None:
        options = replace(options, skip_bad=skip)
    # What is staged is on this machine alone, and little is computed of it.
    with progress_bar() as progress, workspace(replace(settings, engine="duckdb"), store) as work:
        check_kinds(options.covers, work.kinds)
        found = preview(work, files, options, progress)
        called = {(one.id, kpi.id): kpi_word(kpi) for one in work.services for kpi in one.kpis}
    if as_json:
        print_json(summary(found))
    else:
        _print(found, called)
        for record in bad:
            say(f"skipped: {record.message}")
    tell_failures(found.done)


def check_kinds(covers: Sequence[str], kinds: Kinds) -> None:
    """:raises BadValue: when one of these is no kind of facts that covers days."""
    for kind in covers:
        if kind not in kinds or not kinds[kind].covers:
            known = ", ".join(own.name for own in kinds.values() if own.covers)
            raise BadValue(f"{kind!r} is no kind of facts that covers days", f"there are {known}")


def tell_failures(done: Imported) -> None:
    """Name the files that could not be imported, and exit with 1 when there are some."""
    for failure, following in zip_longest(done.failures, done.failures[1:]):
        # Of several that are to be mended alike it is said once how.
        hint = failure.hint if following is None or following.hint != failure.hint else ""
        say(visible(f"Error: {failure.message}" + (f"\n  {hint}" if hint else "")), err=True)
    if done.failures:
        say("No day counts as covered by this import: import again what is mended, or the rest alone.", err=True)
        raise click.exceptions.Exit(1)


def _columns(columns: Columns) -> Iterator[tuple[str, str]]:
    """The fields that are held, and the column of each."""
    if columns.corp_id is not None:
        yield "corp_id", columns.corp_id
    yield columns.kind.time, columns.at if columns.clock is None else f"{columns.at}{BOTH}{columns.clock}"
    yield from columns.fields.items()
    if columns.person_name is not None and columns.kind.person_name is not None:
        yield columns.kind.person_name, columns.person_name


def _counts(found: Imported) -> dict[str, object]:
    return {
        "read": found.read,
        "new": found.added,
        "alreadyKnown": found.known,
        "skipped": found.skipped,
        "leftOut": found.left_out,
    }


def _file(file: PreviewedFile) -> dict[str, object]:
    return {
        "file": file.name,
        "format": file.found.format.value if file.found.format else None,
        "encoding": file.found.encoding,
        "tables": [
            {
                "kind": columns.kind.name,
                "columns": [
                    {"field": field, "column": column, "why": why_chosen(columns, field)}
                    for field, column in _columns(columns)
                ],
            }
            for columns in file.found.tables
        ],
        **_counts(file.found),
        "days": sorted(file.found.days),
    }


def summary(found: Preview) -> dict[str, object]:
    """What an import would do, for programs."""
    return {
        "dryRun": True,
        **_counts(found.done),
        "files": [_file(file) for file in found.files],
        "organisationsToAdd": found.done.organisations,
        "observed": [
            {"corpId": piece.corp_id, "kind": piece.kind, "firstDay": piece.first_day, "lastDay": piece.last_day}
            for piece in found.observed
        ],
        "changes": [
            {
                "service": change.service,
                "corpId": change.corp_id,
                "statDate": change.stat_day,
                "before": dict(change.before),
                "after": dict(change.after),
            }
            for change in found.changes
        ],
        "unknown": [
            {
                "service": unknown.service,
                "corpId": unknown.corp_id,
                "kpiId": unknown.kpi_id,
                "days": unknown.days,
                "notObserved": list(unknown.kinds),
            }
            for unknown in found.unknown
        ],
        "notes": found.done.notes,
        "failures": [failure.message for failure in found.done.failures],
        "hints": [failure.hint for failure in found.done.failures],
    }


def _print(found: Preview, called: Mapping[tuple[str, str], str]) -> None:
    """
    :param called: what numbers are called, by service and KPI.
    """
    for file in found.files:
        _print_file(file)
    for corp_id in found.done.organisations:
        say(f"The organisation {corp_id} would be added.")
    for piece in found.observed[:_SHOWN]:
        days = "–".join(dict.fromkeys((piece.first_day, piece.last_day)))
        say(f"observed: {kind_word(piece.kind)} of {piece.corp_id}, {days}")
    if len(found.observed) > _SHOWN:
        say(f"and {len(found.observed) - _SHOWN:,} more; --json has all")
    for unknown in found.unknown[:_SHOWN]:
        say(
            f"{called[unknown.service, unknown.kpi_id]} of {unknown.corp_id} stays unknown on {unknown.days:,} of "
            f"these days: {' and '.join(map(kind_word, unknown.kinds))} facts of them would have to be observed, too"
        )
    for note in found.done.notes:
        say(f"Note: {note}")
    if found.changes:
        _print_changes(found.changes, called)
    elif not found.observed:
        say("No number would change.")
    if found.observed:
        say("Days that would be observed for the first time and have no facts become 0.")
    say("Nothing was added: this was a dry run.")


def _print_file(file: PreviewedFile) -> None:
    told = (file.found.format.value if file.found.format else "empty", file.found.encoding)
    say(visible(f"{file.name}: {', '.join(text for text in told if text)}"))
    for columns in file.found.tables[:_SHOWN]:
        click.echo(f"  {kind_word(columns.kind.name)}")
        for field, column in _columns(columns):
            say(f"    {field:<14}{' '.join(column.split())!r}, {_WHY[why_chosen(columns, field)]}")
    found = file.found
    if not found.days:
        say(
            f"  {found.read:,} read, {found.added:,} new, {found.known:,} already known, {found.skipped:,} skipped; "
            "no day with new facts"
        )
        return
    days = "–".join(dict.fromkeys((min(found.days), max(found.days))))
    say(
        f"  {found.read:,} read, {found.added:,} new, {found.known:,} already known, {found.skipped:,} skipped; "
        f"days with new facts: {days}"
    )


def _print_changes(changes: Sequence[DayChange], called: Mapping[tuple[str, str], str]) -> None:
    rows = [
        (
            change.stat_day,
            change.corp_id,
            change.service,
            called[change.service, kpi_id],
            _text(change.before, kpi_id),
            _text(change.after, kpi_id),
        )
        for change in changes[:_SHOWN]
        for kpi_id in sorted({*change.before, *change.after})
        if change.before.get(kpi_id) != change.after.get(kpi_id)
    ]
    print_table(("day", "organisation", "service", "number", "before", "after"), rows, numbers=(4, 5), least=(2, 1))
    if len(changes) > _SHOWN:
        say(f"and {count_of(len(changes) - _SHOWN, 'more day', 'more days')}; --json has all")


def _text(values: Mapping[str, Number], kpi_id: str) -> str:
    return str(values.get(kpi_id, "–"))
