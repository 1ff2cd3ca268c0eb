"""From files to the lake: reading records, checking them, adding what is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from zoneinfo import ZoneInfo

from reportdata.days import Coverage, time_zone
from reportdata.engines.duckdb.staging import Staged, Staging
from reportdata.errors import InputError
from reportdata.facts import Kind, Organisations
from reportdata.identity import Organisation
from reportdata.lake import Incoming, Lake
from reportdata.pipeline import Progress, silent
from reportdata.pipeline.sources import SkipBad, Source
from reportdata.readers import Format, detect_format
from reportdata.store import Store

_PARTS = 5
"""A part of a file has a fifth of the memory's size: with its rows sorted by day, it still fits."""


@dataclass(frozen=True)
class Options:
    """How files are imported.

    ``corp_id`` is the organisation of records that name none; ``add_in`` the time zone in which unknown organisations
    are added, None to refuse them; ``skip_bad`` takes the bad records, None to let the first one stop its file;
    ``first_day`` and ``last_day`` bound the days that are covered, in place of those of the records; ``memory`` is how
    many bytes DuckDB may take, ``part_size`` how many of a file are staged at a time (both None for what suits this
    machine); ``now`` is the present, in seconds since 1970.

    What files hold was observed when the oldest of them was last written, since nothing later can be in it; a time
    after ``now`` is a mistake, and then it is ``now``.
    """

    corp_id: str | None = None
    format: Format | None = None
    add_in: ZoneInfo | None = None
    skip_bad: SkipBad | None = None
    first_day: str | None = None
    last_day: str | None = None
    memory: int | None = None
    part_size: int | None = None
    now: float = inf


@dataclass
class Imported:
    """What an import did: records read, facts added, bad records skipped, the days that facts were added to, and the
    files that could not be imported."""

    read: int = 0
    added: int = 0
    skipped: int = 0
    days: set[str] = field(default_factory=set)
    organisations: list[str] = field(default_factory=list)
    failures: list[InputError] = field(default_factory=list)
    spans: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def known(self) -> int:
        """Records whose facts were there already, or stood in the import more than once."""
        return self.read - self.added - self.skipped


def import_files(
    lake: Lake, store: Store, files: Sequence[Path], options: Options, progress: Progress = silent
) -> Imported:
    """Add the facts of files to the lake, each file as a whole or not at all, and note the days that were observed.

    A file that cannot be imported is named in the result and does not keep the others from it; but then no day is noted
    as observed, since what is missing would be read as zeros. Days are refreshed by `reportdata.pipeline.refreshing`.

    When this is interrupted, the same call adds what is missing.
    """
    done = Imported()
    if options.corp_id is not None:
        organisations = _known(store, options)
        organisations.time_zone(options.corp_id)
        _add(store, organisations, done)
    for path in files:
        try:
            _import_file(lake, store, path, options, progress, done)
        except InputError as error:
            done.failures.append(error)
    if not done.failures:
        lake.observe(_observed(done, options), _written_at(files, options.now))
    return done


def _import_file(lake: Lake, store: Store, path: Path, options: Options, progress: Progress, done: Imported) -> None:
    organisations = _known(store, options)
    format_ = options.format or detect_format(path)
    source = Source(path, format_, organisations, options.corp_id, options.skip_bad, progress)
    with lake.incoming() as incoming:
        staged = _stage(lake, source, incoming, options)
        for corp_id in {corp_id for part in staged for corp_id in part.spans}:
            organisations.time_zone(corp_id)  # adds it, if it is to be added
        _add(store, organisations, done)
        progress(f"adding {path.name}", 0, 0)
        lake.add(incoming)
    _count(done, staged, source.skipped)


def _stage(lake: Lake, source: Source, incoming: Incoming, options: Options) -> list[Staged]:
    staging = Staging(incoming.folder, options.memory, lake)
    try:
        source.stage(staging, incoming.folder, options.part_size or staging.memory // _PARTS)

        def known(kind: Kind, day: str) -> Sequence[Path]:
            source.comparing(day)
            return lake.files(kind, [day]).get(day, ())

        return staging.finish(known)
    finally:
        staging.close()


def _known(store: Store, options: Options) -> Organisations:
    return Organisations({o.corp_id: time_zone(o.time_zone) for o in store.organisations()}, options.add_in)


def _add(store: Store, organisations: Organisations, done: Imported) -> None:
    """Make the organisations known that were taken in; facts of theirs come later."""
    added = [Organisation(corp_id, str(zone)) for corp_id, zone in organisations.added.items()]
    if added:
        store.add_organisations(added)
        done.organisations += organisations.added


def _count(done: Imported, staged: Sequence[Staged], skipped: int) -> None:
    done.skipped += skipped
    done.read += skipped
    for part in staged:
        done.read += part.read
        done.added += part.added
        done.days |= set(part.days)
        if part.kind == "withdrawn":  # says nothing of what else happened that day
            continue
        for corp_id, (first, last) in part.spans.items():
            known = done.spans.get(corp_id, (first, last))
            done.spans[corp_id] = (min(known[0], first), max(known[1], last))


def _written_at(files: Sequence[Path], now: float) -> int:
    """When the oldest of the files was last written, in milliseconds since 1970; 0 when that cannot be told."""
    try:
        return int(min(now, *(path.stat().st_mtime for path in files)) * 1000)
    except OSError:  # it was there a moment ago
        return 0


def _observed(done: Imported, options: Options) -> list[Coverage]:
    first, last = options.first_day, options.last_day
    pieces = [Coverage(corp_id, first or span[0], last or span[1]) for corp_id, span in done.spans.items()]
    if not pieces and options.corp_id is not None and first is not None and last is not None:
        pieces.append(Coverage(options.corp_id, first, last))
    return [piece for piece in pieces if piece.first_day <= piece.last_day]
