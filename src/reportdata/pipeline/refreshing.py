"""From the lake to the store: computing the KPIs of days.

A day to which files were only added since it was computed is computed anew for the organisations in these files, from
their rows of all of its files. Any other stale day, and a day of a period that is asked for, is computed as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from reportdata.coverage import Observation
from reportdata.engines import Measured, measured
from reportdata.errors import Damaged
from reportdata.lake import Lake
from reportdata.pipeline import Progress, silent
from reportdata.pipeline.ahead import settle
from reportdata.pipeline.causing import Before, OfDays, causes_of, make_stale
from reportdata.pipeline.damage import damaged_days, left, note_damage, require_lake
from reportdata.pipeline.day_files import DayFiles, together
from reportdata.pipeline.observed import clipped, outside, told_by_kind, untold, without_collections
from reportdata.pipeline.staleness import Scope, Standing, batches, counted, standing_of
from reportdata.pipeline.workspace import Workspace
from reportdata.plurals import count_of
from reportdata.services import Service
from reportdata.services.sql import definition, kpis_of_days
from reportdata.store import DayKpis

_STORED = 8 << 20
"""Days are stored in parts that were computed from about this much Parquet, or of one day: readers see all of a part
at once."""
Period = tuple[str | None, str | None]
"""A first and a last day, None where it is open."""


@dataclass
class Refreshed:
    """What a refresh did: the days it computed, how many of these for some organisations only, and how many rows of
    KPIs changed."""

    days: list[str] = field(default_factory=list)
    partly: int = 0
    changed: int = 0


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
    :raises Damaged: when files of the lake are gone or are not what was added. The days that need them keep the numbers
        that they have, which the store notes, and nothing is taken over that was observed of them; all the rest was
        done before.
    """
    done = Refreshed()
    with work.lake.refreshing(), work.lake.reading(), without_collections():
        require_lake(work.lake, work.store, work.services)
        if days is None:
            work.store.tell_zones(again=True)
        # Read before the days: what is noted as observed has its facts in the lake already.
        damaged: set[str] = set()
        observed = told_by_kind(work.lake.observed(damaged=damaged), work.kinds)
        unapplied: dict[str, list[str]] = {}
        lost: dict[str, dict[str, list[str]]] = {}
        known = damaged_days(left(work))
        for service in counted(work.services):
            computed = work.store.computed(service.id)
            whole = days is None or not service.ids <= computed
            if not computed <= service.ids:  # from now on days are stored without these
                work.store.put_computed(service.id, computed & service.ids)
            standing = standing_of(work, service, None if whole else days, known.get(service.id, {}))
            chosen = dict(standing.stale)
            if period != (None, None):
                first, last = period[0] or "", period[1] or "99991231"
                chosen.update(dict.fromkeys(day for day in standing.files if first <= day <= last))
            _compute(work, service, standing, chosen, now, _Told(done, progress))
            # What was taken back is noted as applied: its days are computed once all of their files are there.
            for day in standing.untold | (standing.stale.keys() & standing.lost.keys()):
                make_stale(work.store, service.id, day, standing.was.get(day, ""))
            lost[service.id] = standing.lost
            if whole and not standing.lost and not service.ids <= computed:
                work.store.put_computed(service.id, service.ids)
            unapplied[service.id] = [path.name for paths in standing.unapplied.values() for path in paths]
        note_damage(work, lost, damaged)
        kept = {day for of in (*lost.values(), *known.values()) for day in of}
        if days is None:
            told = work.store.observations()
        else:
            observed = list(clipped([*observed, *looks], days))
            told = work.store.observations(None, min(days), max(days)) if observed else []
        new = untold(list(outside(observed, kept)), told)
        for service_id, names in unapplied.items():
            if names or new:
                work.store.put_coverage(service_id, new, names, now)
                new = ()
        if days is None and not damaged:  # it writes files of coverage anew
            settle(work, [*observed, *told], now)
    done.days = sorted({*done.days})
    _require_whole(lost, damaged)
    return done


class _Told(NamedTuple):
    """What is told of a computation while it goes on."""

    done: Refreshed
    progress: Progress


def _compute(
    work: Workspace, service: Service, standing: Standing, chosen: Mapping[str, Scope], now: float, told: _Told
) -> None:
    """Compute days of a service and store them."""
    defined = definition(service, work.kinds)
    sizes = {day: _size(work.lake, standing.files[day]) for day in chosen}
    done, progress = told
    count = 0
    retracting = [path for paths in standing.retracting.values() for path in paths]
    of_all = work.lake.lost(retracting, read=work.engine.here) if chosen else []
    for wanted, scope in batches(chosen, sizes, work.engine.batch):
        progress("computing days", count, len(chosen))
        standing.lost.update(_lost(work, standing.files, wanted, of_all))
        batch = [day for day in wanted if day not in standing.lost]
        if not batch:
            continue
        files = {**standing.retracting, **together(standing.files[day] for day in batch)}
        causes = _causes(work, service, standing, batch, scope)
        single = work.single.of(standing.files[day].kinds for day in batch)
        what = kpis_of_days(service, work.kinds, single)
        rows = measured(what, work.engine.rows(what, files, scope))
        parts = [part for part, _ in batches(dict.fromkeys(batch, scope), sizes, _STORED)]
        for part, own in _by_part(rows, parts):
            done.changed += work.store.put_days(
                service.id,
                {day: standing.files[day].fingerprint(defined) for day in part},
                kpis_of(service, own),
                now,
                files={day: standing.files[day].names() for day in part},
                only=dict.fromkeys(part, scope) if scope is not None else None,
                was={day: standing.was.get(day) for day in part},
                causes={day: causes[day] for day in part if day in causes},
            )
            done.days += part
            done.partly += len(part) if scope is not None else 0
            count += len(part)
            progress("computing days", count, len(chosen))


def _causes(work: Workspace, service: Service, standing: Standing, days: Collection[str], scope: Scope) -> OfDays:
    """What changes the numbers of days."""
    found = {day: standing.causes.get(day, {}) for day in days}
    if scope is None:
        before = Before(work.store.computed_files(service.id, days), standing.was)
        of_files = causes_of(work, {day: standing.files[day] for day in days}, before, definition(service, work.kinds))
        for day, causes in of_files.items():
            own = found[day]
            found[day] = {corp_id: [*causes.get(corp_id, ()), *own.get(corp_id, ())] for corp_id in {*causes, *own}}
    return found


def _lost(
    work: Workspace, files: Mapping[str, DayFiles], days: Iterable[str], of_all: Sequence[str]
) -> dict[str, list[str]]:
    """Damaged files, by the days among these that need them: they are no zeros.

    :param of_all: those that every day needs.
    """
    found = {day: [*of_all, *work.lake.lost(files[day].paths(), read=work.engine.here)] for day in days}
    return {day: lost for day, lost in found.items() if lost}


def _require_whole(lost: Mapping[str, Mapping[str, Sequence[str]]], others: Collection[str]) -> None:
    days = {day for found in lost.values() for day in found}
    names = sorted({name for found in lost.values() for of_day in found.values() for name in of_day} | set(others))
    if names:
        what = count_of(
            len(names),
            "of the lake's files is gone or is not what was added",
            "of the lake's files are gone or are not what was added",
        )
        raise Damaged(
            f"{what}, like {names[0]}: "
            f"{count_of(len(days), 'day that needs them keeps its', 'days that need them keep their')} numbers",
            "bring them back: put them there again, or restore them by `reportdata repair --from BACKUP`; "
            "`reportdata repair --give-up FILE` goes on without one",
            tuple(names),
        )


def _size(lake: Lake, files: DayFiles) -> int:
    return sum(lake.info(path).size for path in files.paths())


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
    ratios = [kpi for kpi in service.kpis if kpi.ratio]  # others that are not measured are known from official figures
    stated = any(kpi.stated for kpi in service.kpis)  # a day may state none of them
    for corp_id, stat_day, numbers in rows:
        if not ratios and not stated:
            yield DayKpis(corp_id, stat_day, numbers)
            continue
        found = {**numbers, **{kpi.id: kpi.of_parts(numbers) for kpi in ratios}}
        yield DayKpis(corp_id, stat_day, {kpi_id: number for kpi_id, number in found.items() if number is not None})
