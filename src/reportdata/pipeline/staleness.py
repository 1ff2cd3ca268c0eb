"""Which days are stale: whose numbers do not stand for what the lake holds, and for whom.

A day to which files were only added since it was computed is stale for the organisations in these files; any other one
is stale as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from reportdata.days import days_between
from reportdata.engines import Brought, Place
from reportdata.errors import Damaged
from reportdata.kinds import Kind
from reportdata.lake import Lake
from reportdata.lake.files import days_of_file
from reportdata.pipeline.causing import OfDays, brought, by_origin, withdrawals_of
from reportdata.pipeline.damage import damaged_days, left, require_lake
from reportdata.pipeline.day_files import DayFiles, day_kinds, files_of_days, fingerprint
from reportdata.pipeline.workspace import Workspace
from reportdata.services import Service, Services
from reportdata.services.sql import definition
from reportdata.store import Store

_FEW = 256
"""With more organisations than these, a day is computed as a whole."""

Scope = frozenset[str] | None
"""The organisations of a day that are computed; None for all."""


class Standing(NamedTuple):
    """How the days that are looked at stand: their files, the fingerprints that they had before these were listed,
    which of them are stale and for whom, by kind the files of facts that take back others, all and those that were not
    applied to the days of what they take back, damaged files by the days that changed and need them, and days of which
    it could not be told whether facts of theirs were taken back; and what changed
    the numbers of those that are stale for some, by organisation."""

    files: Mapping[str, DayFiles]
    was: Mapping[str, str]
    stale: dict[str, Scope]
    retracting: Mapping[str, Sequence[Path]]
    unapplied: Mapping[str, Sequence[Path]]
    lost: dict[str, list[str]]
    untold: set[str]
    causes: OfDays


def stale_days(work: Workspace) -> list[str]:
    """The days whose numbers do not stand for what the lake holds."""
    with work.lake.reading():
        require_lake(work.lake, work.store, work.services)
        known = damaged_days(left(work))
        found = [standing_of(work, service, None, known.get(service.id, {})) for service in counted(work.services)]
        return sorted({day for one in found for day in (*one.stale, *one.lost)})


def waiting(lake: Lake, store: Store, services: Services) -> tuple[list[str], list[Path]]:
    """The days with other files than they were computed from, but for those that rest on damaged ones, and the files of
    facts that take back others and were not applied: what can be told without an engine."""
    days: set[str] = set()
    damaged = damaged_days(store.damage())
    files: set[Path] = set()
    for service in counted(services):
        for paths in _unapplied(_retracting(lake, service, services), store, service).values():
            files.update(paths)
        listed = files_of_days(lake, day_kinds(service, services.kinds))
        changed = _changed(listed, store.fingerprints(service.id), definition(service, services.kinds))
        days |= changed - damaged.get(service.id, {}).keys()
    return sorted(days), sorted(files)


def counted(services: Services) -> list[Service]:
    """The services whose numbers are computed."""
    return [service for service in services if service.has_facts]


def _retracting(lake: Lake, service: Service, services: Services) -> dict[str, Sequence[Path]]:
    kinds = services.kinds
    return {kind: lake.paths(kind) for kind in service.reads() if kinds[kind].retracts is not None}


def _unapplied(retracting: Mapping[str, Sequence[Path]], store: Store, service: Service) -> dict[str, list[Path]]:
    applied = store.applied_withdrawals(service.id)
    left = {kind: [path for path in paths if path.name not in applied] for kind, paths in retracting.items()}
    return {kind: paths for kind, paths in left.items() if paths}


def standing_of(
    work: Workspace, service: Service, days: Collection[str] | None, known: Mapping[str, Sequence[str]]
) -> Standing:
    """How days stand.

    :param known: damaged files by the days that rest on them, as far as that is known already.
    """
    lake, store, kinds = work.lake, work.store, day_kinds(service, work.kinds)
    retracting = _retracting(lake, service, work.services)
    unapplied = {
        kind: whole for kind, paths in _unapplied(retracting, store, service).items() if (whole := lake.sound(paths)[0])
    }
    was = store.fingerprints(service.id, days)  # before the files: what others store meanwhile differs from it
    files = files_of_days(lake, kinds, days)
    withdrawn: dict[str, set[str]] = {}
    untold: set[str] = set()
    for name, paths in unapplied.items():
        kind = work.kinds[name]
        of = work.kinds[kind.retracts or ""]
        found, damaged = _retracted(work, kind, of, paths)
        untold.update(day for path in damaged for day in days_between(*days_of_file(path)))
        for corp_id, day in found:
            withdrawn.setdefault(day, set()).add(corp_id)
    if others := withdrawn.keys() - files.keys():
        files = {**files, **files_of_days(lake, kinds, others)}
    if unknown := (withdrawn.keys() | untold) - was.keys():
        was = {**was, **store.fingerprints(service.id, unknown)}
    changed = _changed(files, was, definition(service, work.kinds))
    lost = {day: list(known[day]) for day in known.keys() & (changed | withdrawn.keys())}
    causes: OfDays = {}
    stale = _stale(work, service, {day: files[day] for day in changed - lost.keys()}, was, _Told(lost, causes))
    for day, corp_ids in withdrawn.items():
        if day not in lost:
            stale[day] = _union_of_scopes(stale.get(day, frozenset()), frozenset(corp_ids))
    taking = withdrawals_of(work, unapplied) if withdrawn.keys() & was.keys() else {}
    for day in withdrawn.keys() & was.keys():
        for corp_id in withdrawn[day]:
            causes.setdefault(day, {}).setdefault(corp_id, []).extend(taking.get(corp_id, ()))
    untold |= withdrawn.keys() & lost.keys()
    return Standing(files, was, stale, retracting, unapplied, lost, untold, causes)


def _retracted(work: Workspace, by: Kind, of: Kind, taking: Sequence[Path]) -> tuple[list[Place], set[Path]]:
    """Whose facts are taken back on which days, and the damaged files of which that cannot be told. They are not looked
    for before, since there are many files, which may lie elsewhere."""
    damaged: set[Path] = set()
    while True:
        files = [path for path in work.lake.paths(of.name) if path not in damaged]
        try:
            return list(work.engine.retracted(by, of, taking, files)), damaged
        except Damaged as error:
            new = {path for path in files if work.lake.name(path) in error.files}
            if not new:
                raise
            damaged |= new


def _union_of_scopes(one: Scope, other: Scope) -> Scope:
    """Both scopes together; all organisations, when that is too many to name."""
    both = None if one is None or other is None else one | other
    return None if both is None or len(both) > _FEW else both


def _changed(days: Mapping[str, DayFiles], computed: Mapping[str, str], defined: str) -> set[str]:
    """The days with other files than they were computed from, or computed by another definition."""
    return {day for day, files in days.items() if computed.get(day) != files.fingerprint(defined)}


class _Told(NamedTuple):
    """What a look at stale days adds to: those with damaged files, and what changed the others."""

    lost: dict[str, list[str]]
    causes: OfDays


def _stale(
    work: Workspace, service: Service, days: Mapping[str, DayFiles], computed: Mapping[str, str], told: _Told
) -> dict[str, Scope]:
    """These days, which changed, and whom they are stale for; those of which that cannot be told are added to those
    with damaged files."""
    defined = definition(service, work.kinds)
    computed_from = work.store.computed_files(service.id, days)
    stale: dict[str, Scope] = {}
    added: list[DayFiles] = []
    for day in days:
        was, names = computed_from.get(day, frozenset()), days[day].names()
        if was < names and computed.get(day) == fingerprint(was, defined):
            new = days[day].only(names - was)
            if damaged := work.lake.lost(new.paths()):
                told.lost[day] = damaged
                continue
            added.append(new)
            stale[day] = frozenset()
        else:
            stale[day] = None
    if added:
        found: list[Brought] = []
        for one in brought(work, added):
            scope = stale[one.stat_day] = _union_of_scopes(stale[one.stat_day], frozenset((one.corp_id,)))
            found += [one] if scope is not None else []
        told.causes.update(by_origin(found, [day for day, scope in stale.items() if scope is not None]))
    return stale


def batches(chosen: Mapping[str, Scope], sizes: Mapping[str, int], most: int) -> Iterator[tuple[list[str], Scope]]:
    """Days with the same scope in their order, so many together that they have as many bytes, or a day at least."""
    batch: list[str] = []
    size = 0
    scope: Scope = None
    for day in sorted(chosen, key=lambda day: (sorted(chosen[day] or ()), day)):
        if batch and (size >= most or chosen[day] != scope):
            yield batch, scope
            batch, size = [], 0
        scope = chosen[day]
        batch.append(day)
        size += sizes[day]
    if batch:
        yield batch, scope
