"""From files to the lake: reading records, checking them, adding what is new."""

from __future__ import annotations

import hashlib
import secrets
import string
import time
from collections.abc import Collection, Sequence
from contextlib import ExitStack, closing
from functools import partial
from math import inf
from pathlib import Path
from shutil import rmtree
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdata.days import SECOND
from reportdata.engines.duckdb.connection import Database
from reportdata.engines.duckdb.staging import Staged, Staging
from reportdata.errors import BadFile, BadRecord, BadValue, InputError
from reportdata.facts import Organisations, Provenance
from reportdata.identity import Organisation
from reportdata.kinds import Kind
from reportdata.pipeline import Progress, clashes, retold, silent
from reportdata.pipeline.combined_looks import combined
from reportdata.pipeline.damage import require_lake
from reportdata.pipeline.export_times import CLOCKS_DIFFER
from reportdata.pipeline.handed import Handed, handed_files
from reportdata.pipeline.imports import Imported, Options, StagedImport, known_organisations, zone_of
from reportdata.pipeline.looks import looked
from reportdata.pipeline.missing_facts import note_missing
from reportdata.pipeline.reading import MOST_COUNTED, Reading, size_of
from reportdata.pipeline.sources import Source
from reportdata.pipeline.windows import Asked
from reportdata.pipeline.workspace import Workspace
from reportdata.plurals import count_of
from reportdata.readers import Format, detect_format
from reportdata.readers.encodings import encoding_of
from reportdata.readers.text import opened_bytes
from reportdata.store import ImportedFile, ImportNote, Store

UTC = ZoneInfo("UTC")
_OF_IDS = string.ascii_lowercase + string.digits
"""What ids of imports are made of: 41 bits. Origins of up to 12 characters cost an import nothing."""
_ENDS = 65_536
"""Bytes of a file's start and end that its digest is of."""
_PARTS = 5
"""A part of a file has a fifth of the memory's size: with its rows sorted by day, it still fits."""


class _Place(NamedTuple):
    """Where a file is staged: in which folder, as whose facts, by which database, and what was staged before it."""

    folder: Path
    provenance: Provenance
    database: Database
    before: StagedImport


def import_files(work: Workspace, files: Sequence[Path], options: Options, progress: Progress = silent) -> Imported:
    """Add the facts of files to the lake, each file as a whole or not at all, and the days that were observed, all of
    it by one entry of the lake's log.

    A file that cannot be imported is named in the result and does not keep the others from it, unless the import is to
    be whole; but then no day is noted as observed, since what is missing would be read as zeros. Days are refreshed by
    `reportdata.pipeline.refreshing`.

    When this is interrupted, it has added nothing or everything; the same call adds it.
    """
    with work.lake.importing(), ExitStack() as held:
        found = stage_files(work, files, options, held, progress)
        if options.whole and found.done.failures:
            return Imported(failures=found.done.failures, notes=found.done.notes)
        if found.noted:
            # Before its facts: whoever dies between has left a note of an import that brought nothing.
            note = ImportNote(found.done.id, found.at, (), corp_ids=_told_of(found, options))
            work.store.put_import(note)
            progress("adding", 0, 0)
            work.lake.add_all(found.incoming, found.looks)
            found.remember(work.single)
            work.store.put_import(note._replace(files=tuple(found.noted)))
    return found.done


def stage_files(
    work: Workspace, files: Sequence[Path], options: Options, held: ExitStack, progress: Progress = silent
) -> StagedImport:
    """Stage what is new in files, each in a folder of its own, which goes when ``held`` is closed. One database
    converts them, one after the other."""
    if options.exported_at is not None and options.exported_at > options.now * 1000 + CLOCKS_DIFFER:
        raise BadValue(
            "--exported-at is after now: no file was exported then",
            "say when it was, or leave it out; if it is right, set this machine's clock",
        )
    require_lake(work.lake, work.store, work.services)
    done = Imported()
    asked: list[Asked] = []
    if options.corp_id is not None:
        organisations = known_organisations(work.store, options)
        organisations.time_zone(options.corp_id)
        done.organisations += _add_unknown(work.store, organisations, {options.corp_id}, dry=options.dry)
    began = time.time() if options.now == inf else options.now
    import_id = "".join(secrets.choice(_OF_IDS) for _ in range(8))
    staged = StagedImport(done, int(began * 1000))
    room = held.enter_context(work.lake.incoming())
    database = held.enter_context(closing(Database(room.folder / "spill", options.memory)))
    for number, file in enumerate(handed_files(files, work.settings.data, done.failures.append)):
        incoming = work.lake.incoming_within(room)
        place = _Place(incoming.folder, Provenance(int(began * SECOND), f"{import_id}/{number}"), database, staged)
        try:
            found = _stage_file(work, file, options, place, progress)
        except InputError as error:
            from reportdata.readers.figures import told_apart

            rmtree(incoming.folder, ignore_errors=True)
            done.failures += _each(file.told(told_apart(file.path, work.services, error)))
        else:
            look = looked(work, file.path, found, options)
            asked.append(Asked(file.name, found, look.observations))
            done.notes += look.notes
            done.notes += (f"{file.name}: {note}" for note in found.notes)
            if found.left_out:
                what = count_of(
                    found.left_out,
                    "record of forgotten people was left out",
                    "records of forgotten people were left out",
                )
                done.notes.append(f"{file.name}: {what}; `reportdata remember` lets a person in again")
            staged.take(file.name, found, incoming)
            staged.noted.append(_noted(file.path, found, {one.kind for one in look.observations}))
    database.close()
    done.notes += clashes.told(work, staged, options.memory)
    done.notes += retold.told(work, staged)
    if staged.noted:
        done.id = import_id
    zones = partial(zone_of, known_organisations(work.store, options))
    observed, told = combined(asked, work.kinds, options.corp_id, zones)
    done.notes += told
    if not done.failures:
        staged.looks = sorted({look._replace(origin=import_id) for look in observed})
    return staged


def _stage_file(work: Workspace, file: Handed, options: Options, place: _Place, progress: Progress) -> Imported:
    """Stage a file."""
    path = file.path
    if options.covers and not size_of(path):
        return Imported()
    organisations = known_organisations(work.store, options)
    format_ = options.format or detect_format(path)
    reading = Reading(
        format_,
        options.kinds or work.kinds,
        organisations,
        options.corp_id,
        options.bounds,
        options.choices,
        options.covers,
    )
    source = Source(path, reading, file.skipping(options.skip_bad), progress)
    done = Imported(format=format_, encoding=_encoding(path, format_) if options.dry else None)
    staged, done.left_out = _stage(work, source, options, place)
    corp_ids = {corp_id for part in staged for corp_id in part.spans}
    done.organisations = _add_unknown(work.store, organisations, corp_ids, dry=options.dry)
    done.titles, done.partial = source.remarks.titles, dict(source.remarks.partial)
    done.windows = dict(source.remarks.windows)
    done.read = done.skipped = source.skipped
    done.told, done.tables = source.told, source.tables
    for part in staged:
        done.read += part.read
        done.added += part.added
        done.days |= set(part.days)
        done.spans[part.kind.name] = dict(part.spans)
        done.alike |= {part.kind.name} if part.alike else set()
        done.single[part.kind.name] = part.single
    note_missing(done, source.remarks, work.kinds, options.covers, source.skipped_kinds)
    done.notes += source.notes()
    return done


def _each(error: InputError) -> list[InputError]:
    """What is wrong with a file, one by one."""
    found = [error]
    if isinstance(error, BadRecord):
        found += error.others
        if error.more:
            what = count_of(error.more, "more record is bad", "more records are bad")
            if 1 + len(error.others) + error.more >= MOST_COUNTED:
                what += ", and what follows was not looked at"
            found.append(BadFile(error.file, what, "--skip-bad leaves them out and writes them with reasons to a file"))
    return found


def _told_of(staged: StagedImport, options: Options) -> tuple[str, ...]:
    """The organisations that an import tells of: those of its facts, and of the days that it shows."""
    of_facts = {corp_id for _, found in staged.files for spans in found.spans.values() for corp_id in spans}
    found = of_facts | {look.corp_id for look in staged.looks}
    return tuple(sorted(found)) or ((options.corp_id,) if options.corp_id is not None else ())


def _stage(work: Workspace, source: Source, options: Options, place: _Place) -> tuple[list[Staged], int]:
    """What was staged of each kind, and how many records of forgotten people were left out."""
    folder, provenance, database, before = place
    staging = Staging(folder, options.kinds or work.kinds, provenance, database, work.lake, work.store.forgotten())
    try:
        source.stage(staging, folder, options.part_size or staging.memory // _PARTS)

        def known(kind: Kind, day: str) -> Sequence[Path]:
            source.comparing(day)
            return [*work.lake.files(kind.name, [day]).get(day, ()), *before.staged(kind, day)]

        return staging.finish(known), staging.left_out
    finally:
        staging.close()


def _add_unknown(store: Store, organisations: Organisations, corp_ids: Collection[str], *, dry: bool) -> list[str]:
    """Make organisations known that are not; facts of theirs come later."""
    unknown = sorted(corp_id for corp_id in corp_ids if corp_id not in organisations.known)
    if unknown and not dry:
        store.add_organisations(Organisation(corp_id, str(organisations.add_in)) for corp_id in unknown)
    return unknown


def _noted(path: Path, found: Imported, looked_at: Collection[str]) -> ImportedFile:
    """What is noted of a file: no name, since that may be a person's.

    :param looked_at: what coverage has for the kinds of which it shows days.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(_ENDS)
        file.seek(max(0, size - _ENDS))
        digest = hashlib.sha256(start + file.read(_ENDS)).hexdigest()[:32]
    days = [day for spans in found.spans.values() for span in spans.values() for day in (span.first, span.last)]
    kinds = {kind for kind, spans in found.spans.items() if spans} | {kind.partition(" ")[0] for kind in looked_at}
    first, last = min(days, default=None), max(days, default=None)
    return ImportedFile(digest, size, found.read, found.added, found.skipped, first, last, tuple(sorted(kinds - {""})))


def _encoding(path: Path, format_: Format) -> str | None:
    """The encoding of a text; None of what is none."""
    if format_ not in (Format.CSV, Format.JSONL, Format.DINGTALK):
        return None
    with opened_bytes(path) as file:
        return encoding_of(str(path), file).name.removesuffix("-sig")
