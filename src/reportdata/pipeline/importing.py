"""From files to the lake: reading records, checking them, adding what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from reportdata.columns import columns_of_file
from reportdata.days import Coverage, time_zone
from reportdata.engines.duckdb.parquet import ParquetTable
from reportdata.engines.duckdb.staging import Staged, Staging
from reportdata.errors import BadField, BadRecord, InputError
from reportdata.facts import Fact, Kind, Organisations, read_fact
from reportdata.identity import Organisation
from reportdata.lake import Lake
from reportdata.pipeline import Progress, silent
from reportdata.readers import Format, detect_format, read_exchanges, read_jsonl, read_table
from reportdata.readers.tables import read_heading
from reportdata.records import Line
from reportdata.store import Store

SkipBad = Callable[[BadRecord, Mapping[str, object]], None]
"""Given each bad record that is skipped: what is wrong, and those of its columns that hold a field."""


@dataclass(frozen=True)
class Options:
    """How files are imported.

    ``corp_id`` is the organisation of records that name none; ``add_in`` the time zone in which unknown organisations
    are added, None to refuse them; ``skip_bad`` takes the bad records, None to let the first one stop its file;
    ``first_day`` and ``last_day`` bound the days that are covered, in place of those of the records.
    """

    corp_id: str | None = None
    format: Format | None = None
    add_in: ZoneInfo | None = None
    skip_bad: SkipBad | None = None
    first_day: str | None = None
    last_day: str | None = None


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
        lake.observe(_observed(done, options))
    return done


def _import_file(lake: Lake, store: Store, path: Path, options: Options, progress: Progress, done: Imported) -> None:
    format_ = options.format or detect_format(path)
    organisations = _known(store, options)
    skipped = _Skipped(path, options.skip_bad)
    with lake.incoming() as incoming:
        staging = Staging(incoming.folder)
        try:
            progress(f"reading {path.name}", 0, 0)
            if not _stage_table(staging, path, format_, organisations, options.corp_id):
                lines = _progressing(_lines(path, format_), path, progress)
                staging.add_facts(_facts(lines, organisations, options.corp_id, skipped))
            files = {kind: lake.files(kind) for kind in ("sent", "commented", "withdrawn")}

            def known(kind: Kind, days: Sequence[str]) -> list[Path]:
                return [file for day in days for file in files[kind].get(day, ())]

            staged = staging.finish(known)
        finally:
            staging.close()
        _add(store, organisations, done)
        lake.add(incoming)
    _count(done, staged, skipped.count)


def _known(store: Store, options: Options) -> Organisations:
    return Organisations({o.corp_id: time_zone(o.time_zone) for o in store.organisations()}, options.add_in)


def _stage_table(
    staging: Staging, path: Path, format_: Format, organisations: Organisations, corp_id: str | None
) -> bool:
    """Stage a table as a whole, when its form allows it."""
    if format_ is Format.CSV:
        heading = read_heading(path)
        if heading is None:
            return False
        columns = columns_of_file(str(path), heading.columns)
        query = staging.read_csv(path, heading.columns, heading.delimiter)
        return staging.add_table(query, columns, organisations, corp_id)
    if format_ is Format.PARQUET:
        table = ParquetTable(path)
        table_query = table.query()
        table.close()
        return table_query is not None and staging.add_table(table_query, table.columns, organisations, corp_id)
    return False


def _lines(path: Path, format_: Format) -> Iterator[Line]:
    if format_ is Format.CSV:
        return read_table(path)
    if format_ is Format.JSONL:
        return read_jsonl(path)
    if format_ is Format.DINGTALK:
        return read_exchanges(path)
    return ParquetTable(path).rows()


def _progressing(lines: Iterator[Line], path: Path, progress: Progress) -> Iterator[Line]:
    size = path.stat().st_size
    for count, line in enumerate(lines):
        if count % 4096 == 0:
            progress(f"reading {path.name}", line.position, size)
        yield line


class _Skipped:
    """Hands bad records on when they are to be skipped, and stops the file when they are not."""

    def __init__(self, path: Path, take: SkipBad | None) -> None:
        self._path = path
        self._take = take
        self.count = 0

    def take(self, line: Line, error: BadField) -> None:
        bad = BadRecord(str(self._path), line.number, error.field, error.reason, error.hint)
        if self._take is None:
            raise bad
        used = set(line.columns[1:]) if line.columns else set()
        self._take(bad, {name: value for name, value in line.record.items() if name in used})
        self.count += 1


def _facts(
    lines: Iterator[Line], organisations: Organisations, corp_id: str | None, skipped: _Skipped
) -> Iterator[Fact]:
    for line in lines:
        if line.error is not None or line.columns is None:
            skipped.take(line, line.error or BadField("record", "has no columns"))
            continue
        try:
            fact = read_fact(line.record, line.columns, organisations, corp_id)
        except BadField as error:
            skipped.take(line, error)
        else:
            yield fact


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


def _observed(done: Imported, options: Options) -> list[Coverage]:
    first, last = options.first_day, options.last_day
    pieces = [Coverage(corp_id, first or span[0], last or span[1]) for corp_id, span in done.spans.items()]
    if not pieces and options.corp_id is not None and first is not None and last is not None:
        pieces.append(Coverage(options.corp_id, first, last))
    return [piece for piece in pieces if piece.first_day <= piece.last_day]
