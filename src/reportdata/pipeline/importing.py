"""From files to the lake: reading records, checking them, adding what is new."""

from __future__ import annotations

import hashlib
import secrets
import string
import time
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from math import inf
from pathlib import Path
from zoneinfo import ZoneInfo

from reportdata.choices import NO_CHOICES, Choices
from reportdata.columns import Columns
from reportdata.days import (
    DEFAULT_TIME_ZONE,
    MILLISECOND,
    PARTITION,
    SECOND,
    Observation,
    end_of,
    time_zone,
    to_date,
)
from reportdata.engines.duckdb.spans import Span
from reportdata.engines.duckdb.staging import Staged, Staging
from reportdata.errors import BadValue, InputError
from reportdata.facts import Organisations, Provenance
from reportdata.identity import Organisation
from reportdata.kinds import Kind
from reportdata.lake import Incoming
from reportdata.pipeline import Progress, clashes, silent
from reportdata.pipeline.handed import Handed, handed_files
from reportdata.pipeline.looks import DAY, Look, Stated, begun, exported_at, look_of, outside, partial_of
from reportdata.pipeline.sources import Bounds, Reading, SkipBad, Source, size_of
from reportdata.pipeline.workspace import Workspace
from reportdata.readers import Format, detect_format
from reportdata.readers.encodings import encoding_of
from reportdata.readers.figures import told_apart
from reportdata.readers.text import opened_bytes
from reportdata.store import FIRST_DAY, LAST_DAY, ImportedFile, ImportNote, Store

UTC = ZoneInfo("UTC")
_OF_IDS = string.ascii_lowercase + string.digits
"""What ids of imports are made of: 41 bits. Origins of up to 12 characters cost an import nothing."""
_CLOCKS_DIFFER = 300_000
"""Milliseconds by which a file's clock may be ahead of this one."""
_ENDS = 65_536
"""Bytes of a file's start and end that its digest is of."""
_PARTS = 5
"""A part of a file has a fifth of the memory's size: with its rows sorted by day, it still fits."""


@dataclass(frozen=True)
class Options:
    """How files are imported.

    ``corp_id`` is the organisation of records that name none; ``add_in`` the time zone in which unknown organisations
    are added, None to refuse them; ``skip_bad`` takes the bad records, None to let the first one stop its file;
    ``first_day`` and ``last_day`` bound the days that are covered, in place of those of the records, and ``covers`` are
    kinds for which they are even where a file has no facts of them; ``exported_at`` is when the files were exported, in
    milliseconds since 1970, None for what they say themselves; ``choices`` is what was said of them; ``memory`` is how
    many bytes DuckDB may take, ``part_size`` how many of a file are staged at a time (both None for what suits this
    machine); ``now`` is the present, in seconds since 1970, after which no record may be: without it every time is
    believed. With ``dry``, no organisation is made known, and it is told in which encoding files are.

    What a file that says nothing holds was observed when it was last written, since nothing later can be in it; a time
    after ``now`` is a mistake, and then it is ``now`` (see `reportdata.pipeline.looks`). It is observed for each
    organisation and kind of fact in the file by itself.
    """

    corp_id: str | None = None
    format: Format | None = None
    add_in: ZoneInfo | None = None
    skip_bad: SkipBad | None = None
    first_day: str | None = None
    last_day: str | None = None
    covers: tuple[str, ...] = ()
    exported_at: int | None = None
    choices: Choices = NO_CHOICES
    memory: int | None = None
    part_size: int | None = None
    now: float = inf
    dry: bool = False


@dataclass
class Imported:
    """What an import did: records read, facts added, bad records skipped, records of forgotten people left out, which
    are not among those read, the days that facts were added to, the organisations that were added, and the files that
    could not be imported. ``spans`` are, by kind, those of each organisation; ``alike`` are kinds of which facts may
    share an id; ``told`` are the kinds that the columns told, even without any record, and ``tables`` what these
    columns hold; ``titles`` stand above a heading; ``partial`` gives for kinds of which facts are missing the reason;
    ``notes`` are what is to be said; ``id`` is that under which the import is noted, empty when no file was
    imported."""

    read: int = 0
    added: int = 0
    skipped: int = 0
    left_out: int = 0
    days: set[str] = field(default_factory=set)
    organisations: list[str] = field(default_factory=list)
    failures: list[InputError] = field(default_factory=list)
    spans: dict[str, dict[str, Span]] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    alike: set[str] = field(default_factory=set)
    format: Format | None = None
    encoding: str | None = None
    tables: list[Columns] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    partial: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    id: str = ""

    @property
    def known(self) -> int:
        """Records whose facts were there already, or stood in the import more than once."""
        return self.read - self.added - self.skipped

    def add(self, other: Imported) -> None:
        """Take in what another import did."""
        self.read += other.read
        self.added += other.added
        self.skipped += other.skipped
        self.left_out += other.left_out
        self.days |= other.days
        self.organisations += other.organisations
        self.failures += other.failures


@dataclass
class StagedImport:
    """An import before it is in the lake: what it will have done, when it began, in milliseconds since 1970, the
    folders in which its files' facts lie, what is done and noted of each of the files, and what they show of days."""

    done: Imported
    at: int
    files: list[tuple[str, Imported]] = field(default_factory=list)
    incoming: list[Incoming] = field(default_factory=list)
    noted: list[ImportedFile] = field(default_factory=list)
    looks: list[Observation] = field(default_factory=list)


def import_files(work: Workspace, files: Sequence[Path], options: Options, progress: Progress = silent) -> Imported:
    """Add the facts of files to the lake, each file as a whole or not at all, and the days that were observed, all of
    it by one entry of the lake's log.

    A file that cannot be imported is named in the result and does not keep the others from it; but then no day is noted
    as observed, since what is missing would be read as zeros. Days are refreshed by `reportdata.pipeline.refreshing`.

    When this is interrupted, it has added nothing or everything; the same call adds it.
    """
    with work.lake.importing(), ExitStack() as held:
        found = stage_files(work, files, options, held, progress)
        if found.noted:
            # Before its facts: whoever dies between has left a note of an import that brought nothing.
            work.store.put_import(ImportNote(found.done.id, found.at, ()))
            progress("adding", 0, 0)
            work.lake.add_all(found.incoming, found.looks)
            work.store.put_import(ImportNote(found.done.id, found.at, tuple(found.noted)))
    return found.done


def stage_files(
    work: Workspace, files: Sequence[Path], options: Options, held: ExitStack, progress: Progress = silent
) -> StagedImport:
    """Stage what is new in files, each in a folder of its own, which goes when ``held`` is closed."""
    if options.exported_at is not None and options.exported_at > options.now * 1000 + _CLOCKS_DIFFER:
        raise BadValue(
            "--exported-at is after now: no file was exported then",
            "say when it was, or leave it out; if it is right, set this machine's clock",
        )
    done = Imported()
    observed: list[Observation] = []
    if options.corp_id is not None:
        organisations = _known(work.store, options)
        organisations.time_zone(options.corp_id)
        done.organisations += _add_unknown(work.store, organisations, {options.corp_id}, dry=options.dry)
    began = time.time() if options.now == inf else options.now
    import_id = "".join(secrets.choice(_OF_IDS) for _ in range(8))
    staged = StagedImport(done, int(began * 1000))
    for number, file in enumerate(handed_files(files, work.settings.data, done.failures.append)):
        provenance = Provenance(int(began * SECOND), f"{import_id}/{number}")
        try:
            with ExitStack() as own:
                incoming = own.enter_context(work.lake.incoming())
                found = _stage_file(work, file, options, provenance, (incoming, *staged.incoming), progress)
                held.push(own.pop_all())
        except InputError as error:
            done.failures.append(file.told(told_apart(file.path, work.services, error)))
        else:
            look = _looked(work, file.path, found, options)
            observed += look.observations
            done.notes += look.notes
            if found.left_out:
                done.notes.append(
                    f"{file.name}: {found.left_out:,} records of forgotten people were left out; "
                    "`reportdata remember` lets a person in again"
                )
            done.add(found)
            before = [one.folder for one in staged.incoming]
            done.notes += clashes.told(work, file.name, incoming.folder, before, found.alike)
            staged.files.append((file.name, found))
            staged.incoming.append(incoming)
            staged.noted.append(_noted(file.path, found))
    if staged.noted:
        done.id = import_id
    if not done.failures:
        staged.looks = sorted({look._replace(origin=import_id) for look in observed})
    return staged


def _stage_file(
    work: Workspace,
    file: Handed,
    options: Options,
    provenance: Provenance,
    incoming: Sequence[Incoming],
    progress: Progress,
) -> Imported:
    """Stage a file in the first of these folders; the others have what was staged before."""
    path = file.path
    if options.covers and not size_of(path):
        return Imported()
    organisations = _known(work.store, options)
    format_ = options.format or detect_format(path)
    reading = Reading(
        format_,
        work.kinds,
        organisations,
        options.corp_id,
        _bounds(options),
        options.choices,
    )
    source = Source(path, reading, file.skipping(options.skip_bad), progress)
    done = Imported(format=format_, encoding=_encoding(path, format_) if options.dry else None)
    staged, done.left_out = _stage(work, source, incoming, options, provenance)
    corp_ids = {corp_id for part in staged for corp_id in part.spans}
    done.organisations = _add_unknown(work.store, organisations, corp_ids, dry=options.dry)
    done.titles, done.partial = source.remarks.titles, dict(source.remarks.partial)
    done.read = done.skipped = source.skipped
    done.told, done.tables = source.told, source.tables
    for part in staged:
        done.read += part.read
        done.added += part.added
        done.days |= set(part.days)
        done.spans[part.kind.name] = dict(part.spans)
        done.alike |= {part.kind.name} if part.alike else set()
    for kind in {*done.spans, *done.told} if source.skipped else ():
        done.partial.setdefault(kind, f"{source.skipped} bad records were skipped")
    return done


def _bounds(options: Options) -> Bounds:
    """Times are believed up to a day after now: clocks and zones differ; and what the options state."""
    if options.now == inf:
        return Bounds(first_day=FIRST_DAY, last_day=LAST_DAY)
    end = int(options.now * SECOND) + DAY * MILLISECOND
    if options.last_day is not None:
        end = max(end, end_of(options.last_day, UTC) + DAY * MILLISECOND)
    return Bounds(end, options.first_day or LAST_DAY, options.last_day or FIRST_DAY)


def _stage(
    work: Workspace, source: Source, incoming: Sequence[Incoming], options: Options, provenance: Provenance
) -> tuple[list[Staged], int]:
    """What was staged of each kind, and how many records of forgotten people were left out."""
    folder, *before = (one.folder for one in incoming)
    staging = Staging(folder, work.kinds, provenance, options.memory, work.lake, work.store.forgotten())
    try:
        source.stage(staging, folder, options.part_size or staging.memory // _PARTS)

        def known(kind: Kind, day: str) -> Sequence[Path]:
            source.comparing(day)
            name = f"{kind.name}/{PARTITION}{to_date(day)}"
            staged = (path for one in before for path in sorted((one / name).glob("*.parquet")))
            return [*work.lake.files(kind.name, [day]).get(day, ()), *staged]

        return staging.finish(known), staging.left_out
    finally:
        staging.close()


def _known(store: Store, options: Options) -> Organisations:
    return Organisations(
        {o.corp_id: time_zone(o.time_zone) for o in store.organisations()}, options.add_in, options.choices.times_in
    )


def _add_unknown(store: Store, organisations: Organisations, corp_ids: Collection[str], *, dry: bool) -> list[str]:
    """Make organisations known that are not; facts of theirs come later."""
    unknown = sorted(corp_id for corp_id in corp_ids if corp_id not in organisations.known)
    if unknown and not dry:
        store.add_organisations(Organisation(corp_id, str(organisations.add_in)) for corp_id in unknown)
    return unknown


def _noted(path: Path, found: Imported) -> ImportedFile:
    """What is noted of a file: no name, since that may be a person's."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(_ENDS)
        file.seek(max(0, size - _ENDS))
        digest = hashlib.sha256(start + file.read(_ENDS)).hexdigest()[:32]
    days = [day for spans in found.spans.values() for span in spans.values() for day in (span.first, span.last)]
    return ImportedFile(
        digest, size, found.read, found.added, found.skipped, min(days, default=None), max(days, default=None)
    )


def _encoding(path: Path, format_: Format) -> str | None:
    """The encoding of a text; None of what is none."""
    if format_ not in (Format.CSV, Format.JSONL, Format.DINGTALK):
        return None
    with opened_bytes(path) as file:
        return encoding_of(str(path), file).name.removesuffix("-sig")


def _written_at(path: Path, now: float) -> int:
    """When a file was last written, in milliseconds since 1970; 0 when that cannot be told."""
    try:
        return int(min(now, path.stat().st_mtime) * 1000)
    except OSError:  # it was there a moment ago
        return 0


def _looked(work: Workspace, path: Path, found: Imported, options: Options) -> Look:
    """What a file shows of days: for each kind in it, those that it has facts of. Where both ends are named, and the
    organisation, it shows that there was nothing of kinds that it has no facts of: that of its columns, and those that
    are named."""
    stated = Stated(options.first_day, options.last_day, options.exported_at)
    last_at = max((span.last_at for spans in found.spans.values() for span in spans.values()), default=0)
    zone_of = partial(_zone, _known(work.store, options))
    said = None
    if last_at:
        zone = zone_of(next(corp_id for spans in found.spans.values() for corp_id in spans))
        said = exported_at(path, found.titles, zone, last_at)
        if said is not None and said > options.now * 1000 + _CLOCKS_DIFFER:  # a mistake
            said = None
    times = said, _written_at(path, options.now)
    look = look_of(path.name, found.spans, stated, times, work.kinds, found.partial)
    pieces = look.observations
    if options.corp_id is not None and stated.first_day is not None and stated.last_day is not None:
        at = next(at for at in (stated.exported_at, *times) if at is not None)
        without = {*options.covers, *found.told} - found.spans.keys()
        first, last = stated.first_day, stated.last_day
        pieces += [
            Observation(options.corp_id, first, last, at, kind) for kind in sorted(without) if work.kinds[kind].covers
        ]
    notes = [
        f"{path.name}: {kind} facts are missing: {reason}: its days are partial"
        for kind, reason in found.partial.items()
        if work.kinds[kind].covers
    ]
    look = begun(Look(pieces, look.notes), found.spans, zone_of, options.now)
    notes += outside(path.name, found.spans, stated, work.kinds)
    return Look(partial_of(look.observations, found.partial), [*notes, *look.notes])


def _zone(organisations: Organisations, corp_id: str) -> ZoneInfo:
    """An organisation's time zone; that of those that are new, while it is not known."""
    return organisations.known.get(corp_id, organisations.add_in or time_zone(DEFAULT_TIME_ZONE))
