"""Taking an import back: what only it brought goes, facts and coverage, and the days concerned are computed anew.

Its facts go from the files that hold them, which are written anew; where another origin had a fact, too, that one's
takes its place. All files and all coverage change by one entry of the lake's log. What the store tells changes around
it, so that nothing wrong is told however this is interrupted: before, days that are observed no more are missing, and
days that withdrawals go from are stale; afterwards, days are computed, and then the import is noted as taken back.
Until it is, the same call does what is missing.

An import that runs is waited for, and the next one waits: each compares its facts with those that are there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reportdata.causes import unimport
from reportdata.coverage import Coverage, Observation, latest, partly
from reportdata.days import days_between
from reportdata.engines import Origin, Place
from reportdata.errors import BadValue, NotKnown
from reportdata.kinds import Kind
from reportdata.lake import Replacement
from reportdata.lake.files import days_of_file
from reportdata.pipeline import Progress, silent
from reportdata.pipeline.causing import announce, make_stale
from reportdata.pipeline.compacting import reading
from reportdata.pipeline.coverage_changes import CoverageChange, without_origin
from reportdata.pipeline.observed import told_by_kind
from reportdata.pipeline.refreshing import refresh
from reportdata.pipeline.workspace import Workspace
from reportdata.store import Announced, ImportNote, Store


@dataclass
class TakenBack:
    """What was taken back: facts that went, facts that stay because another origin had them, too, files of the lake
    that were written anew or removed, the days that were computed, and what is observed no more. ``before`` is when it
    had been taken back already, in milliseconds since 1970."""

    gone: int = 0
    kept: int = 0
    files: int = 0
    days: list[str] = field(default_factory=list)
    unobserved: list[Coverage] = field(default_factory=list)
    before: int | None = None


@dataclass
class _Change:
    """What changes in the lake: files by their replacements, and days that facts that take back others went from, by
    the kind of these; and by kind the organisations and days whose numbers that may change."""

    folder: Path
    replacements: list[Replacement] = field(default_factory=list)
    retracting: list[tuple[Kind, Path, Replacement]] = field(default_factory=list)
    restored: dict[Kind, set[str]] = field(default_factory=dict)
    places: dict[Kind, set[Place]] = field(default_factory=dict)

    def new_file(self) -> Path:
        """The path of a new file."""
        return self.folder / f"{len(self.replacements)}.parquet"


def take_back(work: Workspace, import_id: str, *, now: float, progress: Progress = silent) -> TakenBack:
    """Take an import back.

    :raises NotKnown: when there is none of that id.
    :raises BadValue: when a release made it that did not keep what else had the same facts.
    """
    noted(work.store, import_id)  # before anything is waited for
    done = TakenBack()
    progress("waiting for imports", 0, 0)
    with work.lake.taking_back():
        note = noted(work.store, import_id)
        if note.taken_back_at is not None:
            done.before = note.taken_back_at
            return done
        with work.lake.refreshing(), work.lake.incoming() as incoming:
            change = _Change(incoming.folder)
            _leave_out_facts(work, note, change, done, progress)
            _announce(work, note, change)
            coverage = without_origin(work.lake, import_id, incoming)
            change.replacements += coverage.replacements
            _uncover(work, note, coverage, now, done)
            _make_stale(work, change.restored)
            if change.replacements:
                progress("replacing files", 0, 0)
                places = work.lake.replace_all(change.replacements)
                _apply(work, change, dict(zip(map(id, change.replacements), places, strict=True)))
            done.files = sum(len(one.files) for one in change.replacements)
    done.days = refresh(work, now, progress=progress).days
    work.store.put_import(note._replace(taken_back_at=int(now * 1000)))
    return done


def brought_kinds(work: Workspace, note: ImportNote) -> list[str]:
    """The kinds of which an import brought facts, or days that count as observed."""
    days = list(days_between(*note.days)) if note.days else [] if note.files else None
    origin = Origin(note.id)
    looks = {look.kind for look in work.lake.observed(damaged=set()) if look.origin == note.id}
    found = []
    for kind in work.kinds.values():
        of_kind = [_all(work.lake.files(name, days)) for name in (kind.name, kind.repeats)]
        if not looks.isdisjoint((kind.name, partly(kind.name))) or any(
            work.engine.holding(kind, files, origin) for files in of_kind
        ):
            found.append(kind.name)
    return found


def noted(store: Store, import_id: str) -> ImportNote:
    """The note of an import that can be taken back, or was.

    :raises NotKnown: when there is none of that id.
    :raises BadValue: when a release made it that did not keep what else had the same facts.
    """
    note = next((note for note in store.imports() if note.id == import_id), None)
    if note is None:
        raise NotKnown(f"there is no import {import_id!r}", "`reportdata imports` shows all")
    if not note.reversible:
        raise BadValue(
            f"the import {import_id} cannot be taken back: an older release made it, "
            "which did not keep what other imports had of the same facts",
            "restore a backup from before it, or forget the organisation and import the rest again",
        )
    return note


def _leave_out_facts(work: Workspace, note: ImportNote, change: _Change, done: TakenBack, progress: Progress) -> None:
    """Write the files anew that hold facts of the import."""
    days = list(days_between(*note.days)) if note.days else [] if note.files else None
    origin = Origin(note.id)
    for kind in work.kinds.values():
        facts, repeats = work.lake.files(kind.name, days), work.lake.files(kind.repeats, days)
        holding = work.engine.holding(kind, _all(facts), origin)
        if kind.retracts is None:
            own = (one for one in work.engine.brought({kind: holding}) if one.origin.startswith(f"{note.id}/"))
            change.places.setdefault(kind, set()).update(Place(one.corp_id, one.stat_day) for one in own)
        for number, path in enumerate(holding):
            progress(f"writing {kind.name} anew", number, len(holding))
            target, gone = change.new_file(), change.folder / "gone.parquet"
            near = {other for files in (facts, repeats) for other in _near(files, path)}
            others = {other: work.lake.info(other).added for other in sorted(near - {path})}
            found = work.engine.take_back(kind, path, target, origin, others, gone)
            done.gone, done.kept = done.gone + found.gone, done.kept + found.kept
            replacement = Replacement([path], target if target.exists() else None)
            change.replacements.append(replacement)
            if kind.retracts is not None:
                change.retracting.append((kind, path, replacement))
                if found.gone:
                    of = work.kinds[kind.retracts]
                    restored = work.engine.retracted(kind, of, [gone], work.lake.paths(of.name))
                    found_there = list(restored)
                    change.restored.setdefault(kind, set()).update(place.stat_day for place in found_there)
                    change.places.setdefault(of, set()).update(found_there)
            gone.unlink(missing_ok=True)
        for path in work.engine.holding(kind, _all(repeats), origin):
            target = change.new_file()
            left = work.engine.merge_repeats(kind, [path], target, origin)
            change.replacements.append(Replacement([path], target if left else None))


def _announce(work: Workspace, note: ImportNote, change: _Change) -> None:
    for kind, places in change.places.items():
        cause = unimport(note.id)
        announce(work.store, work.services, kind, [Announced(*place, cause) for place in sorted(places)])


def _all(files: Mapping[str, Sequence[Path]]) -> list[Path]:
    return sorted({path for paths in files.values() for path in paths})


def _near(files: Mapping[str, Sequence[Path]], path: Path) -> Iterable[Path]:
    """The files that may hold facts of a file's days."""
    first, last = days_of_file(path)
    return (other for day, paths in files.items() if first <= day <= last for other in paths)


def _uncover(work: Workspace, note: ImportNote, coverage: CoverageChange, at: float, done: TakenBack) -> None:
    """Take from the store what is observed no more, before the facts go: a day that was observed and has no facts would
    be answered zeros."""
    before = _by_kind(told_by_kind(coverage.before, work.kinds))
    after = _by_kind(told_by_kind(coverage.after, work.kinds))
    observed: dict[tuple[str, str], list[Observation]] = {}
    lost: list[Observation] = []
    told = _by_kind(look for corp_id in sorted(coverage.corp_ids) for look in work.store.observations(corp_id))
    for key, looks in before.items():
        was, now = latest(looks), latest(after.get(key, ()))
        if was != now:
            observed[key] = now if told.get(key, []) == was else _told_after(told.get(key, ()), was, now)
            covered = _by_day(now)
            lost += (Observation(key[0], day, day, 0, key[1]) for day in _by_day(was) if day not in covered)
    if observed:
        work.store.replace_coverage(observed, at, unimport(note.id))
    done.unobserved = [look.coverage for look in latest(lost)]


def _told_after(
    told: Iterable[Observation], was: Iterable[Observation], now: Iterable[Observation]
) -> list[Observation]:
    """What the store tells of an organisation and kind afterwards: nothing that it did not tell before, and later looks
    than the lake's where pushes brought them."""
    before, after = _by_day(was), _by_day(now)
    found: list[Observation] = []
    for look in told:
        for day in days_between(look.first_day, look.last_day):
            if day in after:
                at = look.at if look.at > before.get(day, -1) else min(look.at, after[day])
                found.append(look._replace(first_day=day, last_day=day, at=at))
    return latest(found)


def _by_kind(looks: Iterable[Observation]) -> dict[tuple[str, str], list[Observation]]:
    """Looks by organisation and kind."""
    found: dict[tuple[str, str], list[Observation]] = {}
    for look in looks:
        found.setdefault((look.corp_id, look.kind), []).append(look)
    return found


def _by_day(looks: Iterable[Observation]) -> dict[str, int]:
    """When each day was looked at."""
    return {day: look.at for look in looks for day in days_between(look.first_day, look.last_day)}


def _make_stale(work: Workspace, restored: Mapping[Kind, Collection[str]]) -> None:
    """Let the days be computed anew whose facts are taken back no more: their own files do not change. It is noted
    before the change, as nothing shows it afterwards."""
    for kind, days in restored.items():
        for service in reading(work, kind):
            for day, fingerprint in work.store.fingerprints(service.id, days).items():
                make_stale(work.store, service.id, day, fingerprint)


def _apply(work: Workspace, change: _Change, places: Mapping[int, Path | None]) -> None:
    """Note files of facts that take back others as applied in place of those that were; whoever dies before only has
    them applied once more."""
    for kind, path, replacement in change.retracting:
        place = places[id(replacement)]
        for service in reading(work, kind):
            if path.name in work.store.applied_withdrawals(service.id):
                work.store.exchange_withdrawals(service.id, [path.name], place.name if place else None)
