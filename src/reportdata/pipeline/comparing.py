"""The store compared with the lake: numbers that are not those of the facts, computed again, and days that it takes for
observed and were not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from reportdata.coverage import Observation, latest
from reportdata.days import days_between
from reportdata.engines import measured
from reportdata.errors import StoreError
from reportdata.pipeline import Progress, silent
from reportdata.pipeline.damage import damaged_days, left
from reportdata.pipeline.day_files import day_kinds, files_of_days, together
from reportdata.pipeline.observed import told_by_kind
from reportdata.pipeline.refreshing import kpis_of
from reportdata.pipeline.staleness import batches, counted
from reportdata.pipeline.workspace import Workspace
from reportdata.services import Service
from reportdata.services.sql import definition, kpis_of_days


def differences(work: Workspace, progress: Progress = silent) -> Iterator[str]:
    """What the store says otherwise than the lake: days whose numbers are not those of their facts though they are not
    stale, and days that it takes for observed and were not. Days that rest on damaged files are left out."""
    with work.lake.reading():
        damaged: set[str] = set()
        observed = told_by_kind(work.lake.observed(damaged=damaged), work.kinds)
        for service in counted(work.services):
            for corp_id, day in other_numbers(work, service, None, progress):
                yield f"the numbers of {corp_id} on {day}" if corp_id else f"the numbers of {day}, which cannot be read"
        if not damaged:
            yield from _not_observed(work, observed)


def other_numbers(
    work: Workspace, service: Service, days: Collection[str] | None = None, progress: Progress = silent
) -> Iterator[tuple[str, str]]:
    """Organisations and days whose numbers are not those of their facts though the day is not stale; without an
    organisation for a day whose numbers cannot be read. Who calls this reads the lake.

    :param days: these days only, the others cost nothing.
    """
    store, defined = work.store, definition(service, work.kinds)
    what = kpis_of_days(service, work.kinds)
    noted = store.fingerprints(service.id, days)
    damaged = damaged_days(left(work)).get(service.id, {})
    retracting = {kind: work.lake.paths(kind) for kind in service.reads() if work.kinds[kind].retracts is not None}
    listed = files_of_days(work.lake, day_kinds(service, work.kinds), days)
    files = {
        day: of_day
        for day, of_day in listed.items()
        if noted.get(day) == of_day.fingerprint(defined) and day not in damaged
    }
    if any(work.lake.lost(paths) for paths in retracting.values()):
        return
    whole = set(work.lake.sound([path for of_day in files.values() for path in of_day.paths()])[0])
    files = {day: of_day for day, of_day in files.items() if whole.issuperset(of_day.paths())}
    sizes = {day: sum(work.lake.info(path).size for path in of_day.paths()) for day, of_day in files.items()}
    count = 0
    for wanted, _ in batches(dict.fromkeys(files), sizes, work.engine.batch):
        progress("computing days again", count, len(files))
        count += len(wanted)
        rows = measured(what, work.engine.rows(what, {**retracting, **together(files[day] for day in wanted)}))
        right = {(row.corp_id, row.stat_day): _some(row.values) for row in kpis_of(service, rows)}
        for day in wanted:
            yield from _differing(work, service, day, right)
    without = _of_store(work) if days is None else days
    for day in sorted(set(without) - listed.keys()):
        yield from _differing(work, service, day, {})


def _of_store(work: Workspace) -> Collection[str]:
    """The days of which the store may have numbers."""
    pieces = work.store.coverage()
    return [*days_between(min(p.first_day for p in pieces), max(p.last_day for p in pieces))] if pieces else []


def _differing(
    work: Workspace, service: Service, day: str, right: Mapping[tuple[str, str], Mapping[str, float]]
) -> Iterator[tuple[str, str]]:
    try:
        rows = work.store.kpis_between(service.id, None, day, day)
    except StoreError:
        yield "", day
        return
    for row in rows:
        if _some(row.values) != right.get((row.corp_id, day), {}):
            yield row.corp_id, day


def _some(values: Mapping[str, float]) -> dict[str, float]:
    """The numbers that are not zero: no facts make no row."""
    return {kpi_id: number for kpi_id, number in values.items() if number}


def _not_observed(work: Workspace, observed: list[Observation]) -> Iterator[str]:
    """What the store takes for observed and the lake does not."""
    known: dict[tuple[str, str], set[str]] = {}
    for piece in latest(look._replace(at=0) for look in observed):
        known.setdefault((piece.corp_id, piece.kind), set()).update(days_between(piece.first_day, piece.last_day))
    for piece in work.store.observations():
        if piece.kind.partition(" ")[0] not in work.kinds:
            continue  # official figures are no facts
        wrong = set(days_between(piece.first_day, piece.last_day)) - known.get((piece.corp_id, piece.kind), set())
        if wrong:
            yield f"that {piece.kind} of {piece.corp_id} was observed on {min(wrong)}"
