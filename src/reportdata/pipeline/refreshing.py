"""From the lake to the store: computing the KPIs of days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reportdata.catalogue import Service
from reportdata.engines import Engine, Measured, definition
from reportdata.lake import DayFiles, Lake
from reportdata.pipeline import Progress, silent
from reportdata.store import DayKpis, Store

_BATCH_BYTES = 8 << 20
"""Days are computed and stored in batches of about this much Parquet, so that memory stays bounded and what is counted
fits the processor's caches."""


@dataclass
class Refreshed:
    """What a refresh did: the days it computed, and how many rows of KPIs changed."""

    days: list[str] = field(default_factory=list)
    changed: int = 0


def stale_days(lake: Lake, store: Store, engine: Engine, service: Service) -> list[str]:
    """The days whose numbers do not stand for what the lake holds."""
    withdrawals = lake.withdrawals()
    return sorted(_stale(lake.days(), _unapplied(withdrawals, store, service), store, engine, service))


def waiting(lake: Lake, store: Store, service: Service) -> tuple[list[str], list[Path]]:
    """The days with other files than they were computed from, and the files of withdrawals that were not applied to the
    days of their reports: what can be told without an engine."""
    withdrawals = _unapplied(lake.withdrawals(), store, service)
    return sorted(_changed(lake.days(), store, service)), withdrawals


def refresh(
    lake: Lake,
    store: Store,
    engine: Engine,
    service: Service,
    *,
    now: float,
    first_day: str | None = None,
    last_day: str | None = None,
    progress: Progress = silent,
) -> Refreshed:
    """Compute what is stale and, when a first or last day is given, all days from the one to the other."""
    done = Refreshed()
    service_id = _id(service)
    with lake.refreshing():
        # Read before the days: what is noted as observed has its facts in the lake already.
        coverage = lake.coverage()
        withdrawals = lake.withdrawals()
        days = lake.days()
        new = _unapplied(withdrawals, store, service)
        chosen = _stale(days, new, store, engine, service)
        if first_day is not None or last_day is not None:
            chosen |= {day for day in days if (first_day or "") <= day <= (last_day or "99991231")}
        for batch in _batches(sorted(chosen), days):
            progress("computing days", len(done.days), len(chosen))
            rows = engine.kpis(
                [path for day in batch for path in days[day].sent],
                [path for day in batch for path in days[day].commented],
                withdrawals,
            )
            fingerprints = {day: days[day].fingerprint(definition()) for day in batch}
            done.changed += store.put_days(service_id, fingerprints, _kpis(service, rows), now)
            done.days += batch
            progress("computing days", len(done.days), len(chosen))
        covered = store.coverage()
        if new or not all(any(wide.includes(piece) for wide in covered) for piece in coverage):
            store.put_coverage(service_id, coverage, [path.name for path in new])
    return done


def _id(service: Service) -> str:
    if service.id is None:
        raise ValueError(f"{service.path} has no service id")
    return service.id


def _unapplied(withdrawals: Sequence[Path], store: Store, service: Service) -> list[Path]:
    applied = store.applied_withdrawals(_id(service))
    return [path for path in withdrawals if path.name not in applied]


def _stale(
    days: Mapping[str, DayFiles], unapplied: Sequence[Path], store: Store, engine: Engine, service: Service
) -> set[str]:
    """The days with other files than they were computed from, and those of reports that were withdrawn since."""
    stale = _changed(days, store, service)
    if unapplied:
        stale |= engine.days_of_reports(unapplied, [path for files in days.values() for path in files.sent])
    return stale


def _changed(days: Mapping[str, DayFiles], store: Store, service: Service) -> set[str]:
    computed = store.fingerprints(_id(service))
    return {day for day, files in days.items() if computed.get(day) != files.fingerprint(definition())}


def _batches(chosen: Sequence[str], days: Mapping[str, DayFiles]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for day in chosen:
        batch.append(day)
        size += sum(path.stat().st_size for path in (*days[day].sent, *days[day].commented))
        if size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _kpis(service: Service, rows: Sequence[Measured]) -> list[DayKpis]:
    return [
        DayKpis(row.corp_id, row.stat_day, {kpi.id: row.measures[kpi.measure] for kpi in service.kpis}) for row in rows
    ]
