"""From the lake to the store: computing the KPIs of days.

A day to which files were only added since it was computed is computed anew for the organisations in these files, from
their rows of all of its files. Any other stale day, and a day of a period that is asked for, is computed as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from reportdata.days import Observation
from reportdata.engines import Measured, measured
from reportdata.errors import LakeError
from reportdata.lake import Lake
from reportdata.pipeline import Progress, silent
from reportdata.pipeline.ahead import settle
from reportdata.pipeline.day_files import DayFiles, day_kinds, files_of_days, fingerprint, together
from reportdata.pipeline.observed import clipped, told_by_kind, untold, without_collections
from reportdata.pipeline.workspace import Workspace
from reportdata.services import Service, Services
from reportdata.services.sql import definition, kpis_of_days
from reportdata.store import DayKpis, Store

_STORED = 8 << 20
"""Days are stored in parts that were computed from about this much Parquet, or of one day: readers see all of a part
at once."""
_FEW = 256
"""With more organisations than these, a day is computed as a whole."""

Scope = frozenset[str] | None
"""The organisations of a day that are computed; None for all."""
Period = tuple[str | None, str | None]
"""A first and a last day, None where it is open."""


@dataclass
class Refreshed:
    """What a refresh did: the days it computed, how many of these for some organisations only, and how many rows of
    KPIs changed."""

    days: list[str] = field(default_factory=list)
    partly: int = 0
    changed: int = 0


class _Standing(NamedTuple):
    """How the days that are looked at stand: their files, the fingerprints that they had before these were listed,
    which of them are stale and for whom, by kind the files of facts that take back others, all and those that were not
    applied to the days of what they take back, and files that are gone, by the days that changed and need them."""

    files: Mapping[str, DayFiles]
    was: Mapping[str, str]
    stale: dict[str, Scope]
    retracting: Mapping[str, Sequence[Path]]
    unapplied: Mapping[str, Sequence[Path]]
    lost: dict[str, list[str]]


def stale_days(work: Workspace) -> list[str]:
    """The days whose numbers do not stand for what the lake holds."""
    with work.lake.reading():
        found = [_standing(work, service, None) for service in counted(work.services)]
        return sorted({day for standing in found for day in (*standing.stale, *standing.lost)})


def waiting(lake: Lake, store: Store, services: Services) -> tuple[list[str], list[Path]]:
    """The days with other files than they were computed from, and the files of facts that take back others and were not
    applied: what can be told without an engine."""
    days: set[str] = set()
    files: set[Path] = set()
    for service in counted(services):
        for paths in _unapplied(_retracting(lake, service, services), store, service).values():
            files.update(paths)
        listed = files_of_days(lake, day_kinds(service, services.kinds))
        days |= _changed(listed, store.fingerprints(service.id), definition(service, services.kinds))
    return sorted(days), sorted(files)


def refresh(
    work: Workspace,
    now: float,
    *,
    period: Period = (None, None),
    days: Collection[str] | None = None,
    looks: Collection[Observation] = (),
    progress: Progress = silent,
) -> Refreshed:
    """Compute what is stale and, when a period with a first or last day is given, all its days.

    :param days: look at these days only, and at those of facts that were taken back since. However many other days the
        lake has, that costs the same; what was observed of others is not shown by it. A service with KPIs that were
        never computed of all days is looked at as a whole.
    :param looks: at these days that are later than those that the lake has noted.
    :raises LakeError: when a file of the lake is gone or has another size. The days that need it keep the numbers that
        they have, and none of what was observed is taken over; other days are computed before.
    """
    done = Refreshed()
    with work.lake.refreshing(), work.lake.reading(), without_collections():
        # Read before the days: what is noted as observed has its facts in the lake already.
        observed = told_by_kind(work.lake.observed(), work.kinds)
        unapplied: dict[str, list[str]] = {}
        lost: dict[str, list[str]] = {}
        for service in counted(work.services):
            computed = work.store.computed(service.id)
            whole = days is None or not service.ids <= computed
            if not computed <= service.ids:  # from now on days are stored without these
                work.store.put_computed(service.id, computed & service.ids)
            standing = _standing(work, service, None if whole else days)
            chosen = dict(standing.stale)
            if period != (None, None):
                first, last = period[0] or "", period[1] or "99991231"
                wanted = [day for day in standing.files if first <= day <= last]
                standing.lost.update(_lost(work.lake, standing.files, wanted))
                chosen.update(dict.fromkeys(day for day in wanted if day not in standing.lost))
            _compute(work, service, standing, chosen, now, _Told(done, progress))
            lost |= standing.lost
            if whole and not standing.lost and not service.ids <= computed:
                work.store.put_computed(service.id, service.ids)
            unapplied[service.id] = [path.name for paths in standing.unapplied.values() for path in paths]
        _require_whole(lost)
        if days is not None:
            observed = list(clipped([*observed, *looks], days))
        told = work.store.observations()
        new = untold(observed, told)
        for service_id, names in unapplied.items():
            if names or new:
                work.store.put_coverage(service_id, new, names)
                new = ()
        if days is None:
            settle(work, [*observed, *told], now)
    done.days = sorted({*done.days})
    return done


class _Told(NamedTuple):
    """What is told of a computation while it goes on."""

    done: Refreshed
    progress: Progress


def _compute(
    work: Workspace, service: Service, standing: _Standing, chosen: Mapping[str, Scope], now: float, told: _Told
) -> None:
    """Compute days of a service and store them."""
    what, defined = kpis_of_days(service, work.kinds), definition(service, work.kinds)
    sizes = {day: _size(work.lake, standing.files[day]) for day in chosen}
    done, progress = told
    count = 0
    for batch, scope in _batches(chosen, sizes, work.engine.batch):
        progress("computing days", count, len(chosen))
        files = {**standing.retracting, **together(standing.files[day] for day in batch)}
        rows = measured(what, work.engine.rows(what, files, scope))
        parts = [part for part, _ in _batches(dict.fromkeys(batch, scope), sizes, _STORED)]
        for part, own in _by_part(rows, parts):
            done.changed += work.store.put_days(
                service.id,
                {day: standing.files[day].fingerprint(defined) for day in part},
                kpis_of(service, own),
                now,
                files={day: standing.files[day].names() for day in part},
                only=dict.fromkeys(part, scope) if scope is not None else None,
                was={day: standing.was.get(day) for day in part},
            )
            done.days += part
            done.partly += len(part) if scope is not None else 0
            count += len(part)
            progress("computing days", count, len(chosen))


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


def _standing(work: Workspace, service: Service, days: Collection[str] | None) -> _Standing:
    lake, store, kinds = work.lake, work.store, day_kinds(service, work.kinds)
    retracting = _retracting(lake, service, work.services)
    unapplied = _unapplied(retracting, store, service)
    was = store.fingerprints(service.id, days)  # before the files: what others store meanwhile differs from it
    files = files_of_days(lake, kinds, days)
    withdrawn: dict[str, set[str]] = {}
    for name, paths in unapplied.items():
        kind = work.kinds[name]
        of = work.kinds[kind.retracts or ""]
        for corp_id, day in work.engine.retracted(kind, of, paths, lake.paths(of.name)):
            withdrawn.setdefault(day, set()).add(corp_id)
    if others := withdrawn.keys() - files.keys():
        was = {**was, **store.fingerprints(service.id, others)}
        files = {**files, **files_of_days(lake, kinds, others)}
    changed = _changed(files, was, definition(service, work.kinds))
    lost = _lost(lake, files, changed | withdrawn.keys())
    stale = _stale(work, service, {day: files[day] for day in changed - lost.keys()}, was)
    for day, corp_ids in withdrawn.items():
        if day not in lost:
            stale[day] = _union_of_scopes(stale.get(day, frozenset()), frozenset(corp_ids))
    return _Standing(files, was, stale, retracting, unapplied, lost)


def _lost(lake: Lake, files: Mapping[str, DayFiles], days: Iterable[str]) -> dict[str, list[str]]:
    """Files that are gone, by the days among these that need them: they are no zeros."""
    found = {day: lake.lost([path for paths in files[day].kinds.values() for path in paths]) for day in days}
    return {day: lost for day, lost in found.items() if lost}


def _require_whole(lost: Mapping[str, Sequence[str]]) -> None:
    names = sorted({name for found in lost.values() for name in found})
    if names:
        raise LakeError(
            f"{len(names)} of the lake's files are gone or are not what was added, like {names[0]}: "
            f"{len(lost)} days that need them keep the numbers that they had",
            "bring them back from a backup, or restore the newest one and import again what came after it",
        )


def _union_of_scopes(one: Scope, other: Scope) -> Scope:
    """Both scopes together; all organisations, when that is too many to name."""
    both = None if one is None or other is None else one | other
    return None if both is None or len(both) > _FEW else both


def _changed(days: Mapping[str, DayFiles], computed: Mapping[str, str], defined: str) -> set[str]:
    """The days with other files than they were computed from, or computed by another definition."""
    return {day for day, files in days.items() if computed.get(day) != files.fingerprint(defined)}


def _stale(
    work: Workspace, service: Service, days: Mapping[str, DayFiles], computed: Mapping[str, str]
) -> dict[str, Scope]:
    """These days, which changed, and whom they are stale for."""
    defined = definition(service, work.kinds)
    computed_from = work.store.computed_files(service.id, days)
    stale: dict[str, Scope] = {}
    added: list[DayFiles] = []
    for day in days:
        was, names = computed_from.get(day, frozenset()), days[day].names()
        if was < names and computed.get(day) == fingerprint(was, defined):
            added.append(days[day].only(names - was))
            stale[day] = frozenset()
        else:
            stale[day] = None
    if added:
        files = {work.kinds[kind]: paths for kind, paths in together(added).items()}
        for corp_id, day in work.engine.places(files):
            stale[day] = _union_of_scopes(stale[day], frozenset((corp_id,)))
    return stale


def _size(lake: Lake, files: DayFiles) -> int:
    return sum(lake.info(path).size for paths in files.kinds.values() for path in paths)


def _batches(chosen: Mapping[str, Scope], sizes: Mapping[str, int], most: int) -> Iterator[tuple[list[str], Scope]]:
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


def _by_part(rows: Iterable[Measured], parts: Sequence[list[str]]) -> Iterator[tuple[list[str], Iterable[Measured]]]:
    """Each part of the days with its rows, none for some; the rows come in the order of the days."""
    part_of = {day: number for number, part in enumerate(parts) for day in part}
    groups = groupby(rows, key=lambda row: part_of[row.stat_day])
    found = next(groups, None)
    for number, part in enumerate(parts):
        if found is not None and found[0] == number:
            yield part, found[1]
            found = next(groups, None)
        else:
            yield part, ()


def kpis_of(service: Service, rows: Iterable[Measured]) -> Iterator[DayKpis]:
    """The KPIs of a service, with those that are made of others, from what was computed."""
    ratios = [kpi for kpi in service.kpis if kpi.measure is None]
    for corp_id, stat_day, numbers in rows:
        if not ratios:
            yield DayKpis(corp_id, stat_day, numbers)
            continue
        found = {**numbers, **{kpi.id: kpi.of_parts(numbers) for kpi in ratios}}
        yield DayKpis(corp_id, stat_day, {kpi_id: number for kpi_id, number in found.items() if number is not None})
