"""Forgetting an organisation, or one of its people: out of store, names, lake, inbox and audit, and a look whether it
is true.

First the organisation leaves the store: nobody can ask or push for it any more, and imports refuse it. What was on its
way is waited for. Then the files that hold facts of it are written anew, by the same steps as in a compaction, and the
old ones removed, for which readers are waited for. Doing it again changes nothing, so that a run that was interrupted
is finished by another one.

A digest of a person is kept, so that their facts do not come back by the next import, push or collection.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec

from reportdata.audit import Read
from reportdata.causes import FORGETTING
from reportdata.collector.ledger import Ledger
from reportdata.days import days_between
from reportdata.digests import of_person
from reportdata.engines import Subject
from reportdata.errors import InboxError, LakeError
from reportdata.files import rewrite
from reportdata.kinds import Kind
from reportdata.lake import Lake
from reportdata.lake.files import days_of_file
from reportdata.pipeline import Progress, silent
from reportdata.pipeline.causing import announce
from reportdata.pipeline.compacting import (
    applied_everywhere,
    merge_coverage,
    merge_day,
    merge_repeats,
    merge_retracting,
    reading,
)
from reportdata.pipeline.refreshing import refresh
from reportdata.pipeline.remains import Remains, is_of, look_for
from reportdata.pipeline.workspace import Workspace
from reportdata.store import Announced

_ROUNDS = 3
"""What was on its way when forgetting began may come in behind it: then it is done again."""
_PATIENCE = 60.0
"""Seconds to wait for the worker to take up what was pushed."""

_reads = msgspec.json.Decoder(Read)


@dataclass
class Forgotten:
    """What was removed: rows of the store, of names and of what the collector remembers, files of the lake that were
    written anew or removed, the days of these, lines of inbox and audit; and what a look at all files found
    afterwards."""

    rows: int = 0
    files: int = 0
    days: set[str] = field(default_factory=set)
    lines: int = 0
    remains: Remains = field(default_factory=Remains)


class Held(NamedTuple):
    """Where a subject is before it is forgotten, and the days that it has facts of."""

    remains: Remains
    days: list[str]


def held_by(work: Workspace, subject: Subject) -> Held:
    """Which files hold a subject. Nothing is changed."""
    days: set[str] = set()
    if work.lake.exists():
        with work.lake.reading():
            for kind in work.kinds.counted():
                for path in work.engine.holding(kind, work.lake.paths(kind.name), subject):
                    days.update(days_between(*days_of_file(path)))
    return Held(look_for(work, subject), sorted(days))


def forget(work: Workspace, subject: Subject, *, now: float, progress: Progress = silent) -> Forgotten:
    """Remove an organisation, or one person's facts; in the latter case the days concerned are computed anew.

    Imports, backups and other readers that are running are waited for.

    :raises LakeError: when a file cannot be written anew, among other things.
    :raises StoreError: when the store cannot be wiped, because another process reads it all the time.
    :raises InboxError: when a worker is running and does not take up what was pushed.
    """
    done = Forgotten()
    for _ in range(_ROUNDS):
        _forget(work, subject, now, progress, done)
        progress("looking at all files", 0, 0)
        done.remains = look_for(work, subject)
        if not done.remains.found:
            break
    return done


def _forget(work: Workspace, subject: Subject, now: float, progress: Progress, done: Forgotten) -> None:
    whole = subject.user_id is None
    settings, lake = work.settings, work.lake
    if whole:
        progress("removing it from the store", 0, 0)
        done.rows += work.store.forget(subject.corp_id)
        done.rows += work.names.turn_off(subject.corp_id)
    else:
        work.store.put_forgotten(of_person(subject.corp_id, subject.user_id or ""))
        done.rows += work.names.forget(subject.corp_id, subject.user_id or "")
    if settings.ledger.exists():
        progress("removing it from what the collector remembers", 0, 0)
        with closing(Ledger(settings.ledger, new=False)) as ledger:
            done.rows += ledger.forget(subject.corp_id, subject.user_id)
    done.lines += _forget_pushed(work, subject)
    if lake.exists():
        progress("waiting for imports and readers", 0, 0)
        with lake.incoming():
            pass  # what dead imports left is removed
        shutil.rmtree(lake.root / "unfinished", ignore_errors=True)  # where older releases kept parts
        with lake.refreshing():
            lake.sweep(wait=True)
            _forget_facts(work, subject, progress, done)
            progress("waiting for imports and readers", 0, 0)
            lake.sweep(wait=True)
            for spilled in ("spill", "spill-pushes"):
                shutil.rmtree(lake.root / spilled, ignore_errors=True)
        if not whole:
            refresh(work, now, progress=progress)
    if whole:
        done.rows += work.store.forget(subject.corp_id)  # a refresh may have brought something back meanwhile
        done.lines += _forget_reads(settings.audit, subject)


def _forget_facts(work: Workspace, subject: Subject, progress: Progress, done: Forgotten) -> None:
    """Write the files anew that hold facts of the subject. What was noted as computed or applied stays apart from what
    was not, so that the former need not be done again."""
    whole, lake = subject.user_id is None, work.lake
    by_day: dict[tuple[str, Kind], list[Path]] = {}
    for kind in work.kinds.counted():
        for path in work.engine.holding(kind, lake.paths(kind.name), subject):
            by_day.setdefault((days_of_file(path)[0], kind), []).append(path)
    for number, ((day, kind), files) in enumerate(by_day.items()):
        progress("writing days anew", number, len(by_day))
        if not whole:
            days = {on for path in files for on in days_between(*days_of_file(path))}
            announce(
                work.store, work.services, kind, [Announced(subject.corp_id, on, FORGETTING) for on in sorted(days)]
            )
        for part in _parted(files, _computed_from(work, kind, day)):
            merge_day(work, kind, day, part, without=subject, same=whole)
        done.days.add(day)
        done.files += len(files)
    for kind in work.kinds.retracting():
        gone = work.engine.holding(kind, lake.paths(kind.name), subject)
        for part in _parted(gone, applied_everywhere(work, kind)):
            merge_retracting(work, kind, part, subject)
        done.files += len(gone)
    for kind in work.kinds.values():
        for path in work.engine.holding(kind, lake.paths(kind.repeats), subject):
            merge_repeats(work, kind, [path], subject)
            done.files += 1
    for looks in (lake.observations(), lake.repeated_observations()):
        covering = [path for path in looks if whole and _covers(lake, path, subject)]
        merge_coverage(lake, covering, subject)
        done.files += len(covering)


def _computed_from(work: Workspace, kind: Kind, day: str) -> set[str]:
    """The files of a kind that a day's numbers were computed from, for every service that counts it."""
    noted = [work.store.computed_files(service.id, [day]).get(day, frozenset()) for service in reading(work, kind)]
    names = frozenset.intersection(*noted) if noted else frozenset()
    return {Path(name).name for name in names if name.startswith(f"{kind.name}/")}


def _parted(files: Sequence[Path], noted: Collection[str]) -> list[list[Path]]:
    parts = [path for path in files if path.name in noted], [path for path in files if path.name not in noted]
    return [part for part in parts if part]


def _covers(lake: Lake, path: Path, subject: Subject) -> bool:
    return any(piece.corp_id == subject.corp_id for piece in lake.coverage([path]))


def _forget_pushed(work: Workspace, subject: Subject) -> int:
    """Remove pushed facts that are not in the lake yet. A running worker takes them there by itself: only without one
    are segments written anew."""
    inbox = work.inbox
    removed, end = 0, time.monotonic() + _PATIENCE

    def concerned(line: bytes) -> bool:
        return is_of(line, subject, work.kinds)

    if not inbox.holds(concerned):
        return 0
    with work.lake.working(lambda: True) as alone:
        while True:
            if alone:
                removed += inbox.drop(concerned)
            if not inbox.holds(concerned):
                return removed
            if time.monotonic() > end:
                raise InboxError(
                    "the worker does not take up what was pushed", "see what it logs, or stop it, and try again"
                )
            time.sleep(0.05)


def _is_read_of(line: bytes, subject: Subject) -> bool:
    try:
        return _reads.decode(line).corp_id == subject.corp_id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return subject.corp_id.encode() in line


def _forget_reads(folder: Path, subject: Subject) -> int:
    """Remove the audit's lines about the organisation."""
    try:
        return sum(rewrite(path, lambda line: _is_read_of(line, subject)) for path in sorted(folder.glob("*.jsonl")))
    except OSError as error:
        raise LakeError(f"the audit in {folder} cannot be written anew: {error}") from error
