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

from reportdata.catalogue import Service
from reportdata.days import Observation, by_organisation, latest
from reportdata.engines import Engine, Measured, definition
from reportdata.errors import LakeError
from reportdata.lake import DayFiles, Lake
from reportdata.lake.files import fingerprint
from reportdata.pipeline import Progress, silent
from reportdata.store import DayKpis, Store

_STORED = 8 << 20
"""Days are stored in parts that were computed from about this much Parquet, or of one day: readers see all of a part
at once."""
_FEW = 256
"""With more organisations than these, a day is computed as a whole."""

Scope = frozenset[str] | None
"""The organisations of a day that are computed; None for all."""


@dataclass
class Refreshed:
    """What a refresh did: the days it computed, how many of these for some organisations only, and how many rows of
    KPIs changed."""

    days: list[str] = field(default_factory=list)
    partly: int = 0
    changed: int = 0


class _Standing(NamedTuple):
    """How the days that are looked at stand: their files, the fingerprints that they had before these were listed,
    which of them are stale and for whom, the files of withdrawals, all and those that were not applied to the days of
    their reports, and files that are gone, by the days that changed and need them."""

    files: Mapping[str, DayFiles]
    was: Mapping[str, str]
    stale: dict[str, Scope]
    withdrawals: Sequence[Path]
    unapplied: Sequence[Path]
    lost: dict[str, list[str]]


def stale_days(lake: Lake, store: Store, engine: Engine, service: Service) -> list[str]:
    """The days whose numbers do not stand for what the lake holds."""
    with lake.reading():
        standing = _standing(lake, store, engine, _id(service), None)
        return sorted(standing.stale.keys() | standing.lost.keys())


def waiting(lake: Lake, store: Store, service: Service) -> tuple[list[str], list[Path]]:
    """The days with other files than they were computed from, and the files of withdrawals that were not applied to the
    days of their reports: what can be told without an engine."""
    withdrawals = _unapplied(lake.withdrawals(), store, _id(service))
    return sorted(_changed(lake.days(), store.fingerprints(_id(service)))), withdrawals


def refresh(
    lake: Lake,
    store: Store,
    engine: Engine,
    service: Service,
    *,
    now: float,
    first_day: str | None = None,
    last_day: str | None = None,
    days: Collection[str] | None = None,
    looks: Collection[Observation] = (),
    progress: Progress = silent,
) -> Refreshed:
    """Compute what is stale and, when a first or last day is given, all days from the one to the other.

    :param days: look at these days only, and at those of reports that were withdrawn since. However many other days the
        lake has, that costs the same; what was observed of others is not shown by it.
    :param looks: at these days that are later than those that the lake has noted.
    :raises LakeError: when a file of the lake is gone or has another size. The days that need it keep the numbers that
        they have, and none of what was observed is taken over; other days are computed before.
    """
    done = Refreshed()
    service_id = _id(service)
    with lake.refreshing(), lake.reading():
        # Read before the days: what is noted as observed has its facts in the lake already.
        observed = lake.observed()
        standing = _standing(lake, store, engine, service_id, days)
        chosen = dict(standing.stale)
        if first_day is not None or last_day is not None:
            period = [day for day in standing.files if (first_day or "") <= day <= (last_day or "99991231")]
            standing.lost.update(_lost(lake, standing.files, period))
            chosen.update(dict.fromkeys(day for day in period if day not in standing.lost))
        sizes = {day: _size(lake, standing.files[day]) for day in chosen}
        for batch, scope in _batches(chosen, sizes, engine.batch):
            progress("computing days", len(done.days), len(chosen))
            files = [standing.files[day] for day in batch]
            rows = engine.kpis(
                [path for found in files for path in found.sent],
                [path for found in files for path in found.commented],
                standing.withdrawals,
                scope,
            )
            parts = [part for part, _ in _batches(dict.fromkeys(batch, scope), sizes, _STORED)]
            for part, own in _by_part(rows, parts):
                done.changed += store.put_days(
                    service_id,
                    {day: standing.files[day].fingerprint(definition()) for day in part},
                    _kpis(service, own),
                    now,
                    files={day: standing.files[day].names() for day in part},
                    only=dict.fromkeys(part, scope) if scope is not None else None,
                    was={day: standing.was.get(day) for day in part},
                )
                done.days += part
                done.partly += len(part) if scope is not None else 0
                progress("computing days", len(done.days), len(chosen))
        _require_whole(standing.lost)
        observed = observed if days is None else set(_clipped({*observed, *looks}, days))
        new = _untold(observed, store.observations())
        if standing.unapplied or new:
            store.put_coverage(service_id, new, [path.name for path in standing.unapplied])
    done.days.sort()
    return done


def _id(service: Service) -> str:
    if service.id is None:
        raise ValueError(f"{service.path} has no service id")
    return service.id


def _unapplied(withdrawals: Sequence[Path], store: Store, service: str) -> list[Path]:
    applied = store.applied_withdrawals(service)
    return [path for path in withdrawals if path.name not in applied]


def _standing(lake: Lake, store: Store, engine: Engine, service: str, days: Collection[str] | None) -> _Standing:
    withdrawals = lake.withdrawals()
    unapplied = _unapplied(withdrawals, store, service)
    was = store.fingerprints(service, days)  # before the files: what others store meanwhile differs from it
    files = lake.days(days)
    withdrawn: dict[str, Scope] = {}
    if unapplied:
        for corp_id, day in engine.places_of_reports(unapplied, lake.paths("sent")):
            withdrawn[day] = (withdrawn.get(day) or frozenset()) | {corp_id}
        others = withdrawn.keys() - files.keys()
        was = {**was, **store.fingerprints(service, others)}
        files = {**files, **lake.days(others)}
    changed = _changed(files, was)
    lost = _lost(lake, files, changed | withdrawn.keys())
    stale = _stale({day: files[day] for day in changed - lost.keys()}, was, store, engine, service)
    for day, scope in withdrawn.items():
        if day not in lost:
            stale[day] = _both(stale.get(day, frozenset()), scope)
    return _Standing(files, was, stale, withdrawals, unapplied, lost)


def _lost(lake: Lake, files: Mapping[str, DayFiles], days: Iterable[str]) -> dict[str, list[str]]:
    """Files that are gone, by the days among these that need them: they are no zeros."""
    found = {day: lake.lost([path for paths in files[day] for path in paths]) for day in days}
    return {day: lost for day, lost in found.items() if lost}


def _require_whole(lost: Mapping[str, Sequence[str]]) -> None:
    names = sorted({name for found in lost.values() for name in found})
    if names:
        raise LakeError(
            f"{len(names)} of the lake's files are gone or are not what was added, like {names[0]}: "
            f"{len(lost)} days that need them keep the numbers that they had",
            "bring them back from a backup, or restore the newest one and import again what came after it",
        )


def _both(one: Scope, other: Scope) -> Scope:
    both = None if one is None or other is None else one | other
    return None if both is None or len(both) > _FEW else both


def _changed(days: Mapping[str, DayFiles], computed: Mapping[str, str]) -> set[str]:
    """The days with other files than they were computed from, or computed by another definition."""
    return {day for day, files in days.items() if computed.get(day) != files.fingerprint(definition())}


def _stale(
    days: Mapping[str, DayFiles], computed: Mapping[str, str], store: Store, engine: Engine, service: str
) -> dict[str, Scope]:
    """These days, which changed, and whom they are stale for."""
    computed_from = store.computed_files(service, days)
    stale: dict[str, Scope] = {}
    added: list[DayFiles] = []
    for day in days:
        was, names = computed_from.get(day, frozenset()), days[day].names()
        if was < names and computed.get(day) == fingerprint(was, definition()):
            added.append(days[day].only(names - was))
            stale[day] = frozenset()
        else:
            stale[day] = None
    if added:
        sent = [path for files in added for path in files.sent]
        for corp_id, day in engine.places(sent, [path for files in added for path in files.commented]):
            stale[day] = _both(stale[day], frozenset((corp_id,)))
    return stale


def _size(lake: Lake, files: DayFiles) -> int:
    return sum(lake.info(path).size for paths in files for path in paths)


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


def _kpis(service: Service, rows: Iterable[Measured]) -> Iterator[DayKpis]:
    for row in rows:
        yield DayKpis(row.corp_id, row.stat_day, {kpi.id: row.measures[kpi.measure] for kpi in service.kpis})


def _clipped(observed: Collection[Observation], days: Collection[str]) -> Iterator[Observation]:
    """What was observed of these days."""
    for corp_id, first, last, at in observed:
        yield from (Observation(corp_id, day, day, at) for day in days if first <= day <= last)


def _untold(observed: Collection[Observation], told: Sequence[Observation]) -> list[Observation]:
    """What was observed of organisations of which it says more than the store has been told."""
    known, looks = by_organisation(told), by_organisation(observed)
    changed = {corp for corp, found in looks.items() if latest([*known.get(corp, ()), *found]) != known.get(corp)}
    return [look for look in observed if look.corp_id in changed]
