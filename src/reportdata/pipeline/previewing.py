"""What an import would do: all that it does until its facts would be added, and the numbers that they would give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from reportdata.coverage import Coverage, Observation, latest
from reportdata.engines import Place, measured
from reportdata.measures import Number
from reportdata.pipeline import Progress, silent
from reportdata.pipeline.day_files import day_kinds
from reportdata.pipeline.importing import stage_files
from reportdata.pipeline.imports import Imported, Options, StagedImport
from reportdata.pipeline.refreshing import kpis_of
from reportdata.pipeline.staleness import counted
from reportdata.pipeline.workspace import Workspace
from reportdata.services import Service
from reportdata.services.service import is_official
from reportdata.services.sql import kpis_of_days
from reportdata.states import State
from reportdata.store import Day
from reportdata.store.standing import stand

_TOGETHER = 100
"""Days that are computed at once."""


class PreviewedFile(NamedTuple):
    """A file, by its name for people, and what importing it would do."""

    name: str
    found: Imported


class DayChange(NamedTuple):
    """The numbers of a day before and after, by KPI, those that are known; and the KPIs that are not known after."""

    service: str
    corp_id: str
    stat_day: str
    before: Mapping[str, Number]
    after: Mapping[str, Number]
    unknown: Sequence[str]


class Unknown(NamedTuple):
    """A KPI that is not known afterwards on days with new facts, of which there are so many, and the kinds of facts
    that would have to be observed."""

    service: str
    corp_id: str
    kpi_id: str
    days: int
    kinds: Sequence[str]


@dataclass
class Preview:
    """What an import would do, files that could not be imported among it; the days whose numbers would change, what
    would be observed that is not yet, and what would not be known."""

    done: Imported
    files: list[PreviewedFile] = field(default_factory=list)
    changes: list[DayChange] = field(default_factory=list)
    observed: list[Coverage] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)


def preview(work: Workspace, files: Sequence[Path], options: Options, progress: Progress = silent) -> Preview:
    """Do what an import does, and add nothing."""
    with work.lake.importing(), ExitStack() as held:
        staged = stage_files(work, files, replace(options, dry=True), held, progress)
        staged.done.id = ""
        staged.done.organisations = sorted({*staged.done.organisations})
        done = Preview(staged.done, [PreviewedFile(name, found) for name, found in staged.files])
        done.observed = _observed(work, staged.looks)
        with work.lake.reading():
            for service in counted(work.services):
                progress("computing days", 0, 0)
                places = _places(work, service, staged)
                found = list(_changes(work, service, staged, options, places))
                done.changes += (change for change in found if change.before != change.after)
                done.unknown += _unknown(service, found)
        return done


def _observed(work: Workspace, looks: Iterable[Observation]) -> list[Coverage]:
    """What would be observed that is not yet; pieces of it may be."""
    known = [look for look in work.store.observations() if not is_official(look.kind)]
    new = (
        look._replace(at=0, origin="")
        for look in looks
        if not any(wide.coverage.includes(look.coverage) for wide in known)
    )
    return [look.coverage for look in latest(new)]


def _places(work: Workspace, service: Service, staged: StagedImport) -> set[Place]:
    """The organisations and days that new facts concern, and those with facts that would be observed for the first
    time."""
    kinds = [work.kinds[name] for name in service.reads()]
    own = {kind: files for kind in kinds if kind.retracts is None and (files := staged.staged(kind))}
    found = set(work.engine.places(own))
    for kind in kinds:
        if kind.retracts is not None and (taking := staged.staged(kind)):
            of = work.kinds[kind.retracts]
            found |= set(work.engine.retracted(kind, of, taking, [*work.lake.paths(of.name), *staged.staged(of)]))
    days = {day for kind in day_kinds(service, work.kinds) for day in work.lake.files(kind)}
    known: dict[tuple[str, str], list[Observation]] = {}
    for piece in work.store.observations():
        known.setdefault((piece.corp_id, piece.kind), []).append(piece)
    for look in staged.looks:
        pieces = known.get((look.corp_id, look.kind), ())
        for day in (day for day in days if look.first_day <= day <= look.last_day):
            if not any(piece.first_day <= day <= piece.last_day for piece in pieces):
                found.add(Place(look.corp_id, day))
    return found


def _changes(
    work: Workspace, service: Service, staged: StagedImport, options: Options, places: set[Place]
) -> Iterator[DayChange]:
    """The numbers of these days, before and after."""
    what = kpis_of_days(service, work.kinds)
    kinds = [work.kinds[name] for name in service.reads()]
    looks = _looks(staged.looks)
    days = sorted({place.stat_day for place in places})
    for start in range(0, len(days), _TOGETHER):
        part = days[start : start + _TOGETHER]
        files: dict[str, list[Path]] = {}
        for kind in kinds:
            if kind.name in day_kinds(service, work.kinds):
                listed = work.lake.files(kind.name, part)
                there = {path for paths in listed.values() for path in paths}
                files[kind.name] = [*sorted(there), *(path for day in part for path in staged.staged(kind, day))]
            else:
                files[kind.name] = [*work.lake.paths(kind.name), *staged.staged(kind)]
        corp_ids = {place.corp_id for place in places if part[0] <= place.stat_day <= part[-1]}
        rows = kpis_of(service, measured(what, work.engine.rows(what, files, corp_ids)))
        values = {Place(row.corp_id, row.stat_day): row.values for row in rows}
        for place in sorted(place for place in places if part[0] <= place.stat_day <= part[-1]):
            yield _change(work, service, place, values.get(place, {}), looks, options)


def _change(
    work: Workspace,
    service: Service,
    place: Place,
    values: Mapping[str, Number],
    looks: Mapping[str, Sequence[Observation]],
    options: Options,
) -> DayChange:
    corp_id, day = place
    was = work.store.day(service.id, corp_id, day)
    seen = dict(was.looks)
    for look in looks.get(corp_id, ()):
        if look.first_day <= day <= look.last_day:
            seen[look.kind] = max(look.at, seen.get(look.kind, 0))
    zone = was.time_zone or (str(options.add_in) if options.add_in is not None else None)
    at = int(options.now * 1000)
    before = stand(service, corp_id, day, was, options.now)
    found = Day(values, at, seen, was.states, zone, service.ids, was.damaged)
    after = stand(service, corp_id, day, found, options.now)
    unknown = [kpi.kpi_id for kpi in after.kpis if kpi.state is State.MISSING]
    return DayChange(service.id, corp_id, day, before.values, after.values, unknown)


def _looks(looks: Iterable[Observation]) -> dict[str, list[Observation]]:
    found: dict[str, list[Observation]] = {}
    for look in looks:
        found.setdefault(look.corp_id, []).append(look)
    return found


def _unknown(service: Service, found: Iterable[DayChange]) -> Iterator[Unknown]:
    """The KPIs that would not be known, by organisation."""
    counts: dict[tuple[str, str], int] = {}
    for change in found:
        for kpi_id in change.unknown:
            counts[change.corp_id, kpi_id] = counts.get((change.corp_id, kpi_id), 0) + 1
    for (corp_id, kpi_id), days in sorted(counts.items()):
        yield Unknown(service.id, corp_id, kpi_id, days, sorted(service.observed(kpi_id)))
