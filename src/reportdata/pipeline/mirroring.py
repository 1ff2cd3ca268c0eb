"""DingTalk's own figures, into the store: fetched day by day, or from a saved export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from reportdata.days import MILLISECOND, Observation, days_between, end_of, time_zone
from reportdata.identity import Organisation
from reportdata.measures import Number
from reportdata.pipeline import Progress, silent
from reportdata.services import Service, official
from reportdata.store import DayKpis, Official, Store

Ask = Callable[[str, str], Mapping[str, Number] | None]
"""DingTalk's figures of an organisation and stat day, by KPI id; None when it has none."""


@dataclass
class Mirrored:
    """What a mirroring did: the days it has figures of now, those that DingTalk had none of, those that were known and
    not asked for, and those that have not ended yet."""

    fetched: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)


class Wanted(NamedTuple):
    """The days whose figures are wanted; ``again`` includes those that are known."""

    organisation: Organisation
    first_day: str
    last_day: str
    again: bool = False


def mirror(
    store: Store,
    service: Service,
    wanted: Wanted,
    ask: Ask,
    *,
    now: Callable[[], float],
    progress: Progress = silent,
) -> Mirrored:
    """Fetch the figures of a period, the earliest day first. Each is kept as soon as it is there, so the same call goes
    on where this one is interrupted.

    A day is asked for once it has ended in the organisation's zone. One whose figures are known from after its end is
    not asked for; one of which there were none is.
    """
    done = Mirrored()
    corp_id, zone = wanted.organisation.corp_id, time_zone(wanted.organisation.time_zone)
    known = {
        figures.stat_day
        for figures in store.official(service.id, corp_id, wanted.first_day, wanted.last_day)
        if figures.values is not None and figures.fetched_at * MILLISECOND >= end_of(figures.stat_day, zone)
    }
    days = list(days_between(wanted.first_day, wanted.last_day))
    for number, day in enumerate(days):
        progress("fetching days", number, len(days))
        if now() * 1_000_000 < end_of(day, zone):
            done.unfinished.append(day)
        elif day in known and not wanted.again:
            done.known.append(day)
        else:
            values = ask(corp_id, day)
            _keep(store, service, [Official(corp_id, day, values, int(now() * 1000))])
            (done.empty if values is None else done.fetched).append(day)
    progress("fetching days", len(days), len(days))
    return done


def keep_export(store: Store, service: Service, figures: Iterable[Official]) -> Mirrored:
    """Keep the figures of a saved export."""
    done = Mirrored()
    kept = list(figures)
    _keep(store, service, kept)
    for found in kept:
        (done.empty if found.values is None else done.fetched).append(found.stat_day)
    return done


def _keep(store: Store, service: Service, figures: Sequence[Official]) -> None:
    """Keep figures; where a service has no facts, they are its numbers."""
    store.put_official(service.id, figures)
    if service.has_facts:
        return
    there = [found for found in figures if found.values is not None]
    for found in there:
        store.put_days(
            service.id,
            {found.stat_day: official(service)},
            [DayKpis(found.corp_id, found.stat_day, found.values or {})],
            found.fetched_at / 1000,
            only={found.stat_day: [found.corp_id]},
        )
    looks = [
        Observation(found.corp_id, found.stat_day, found.stat_day, found.fetched_at, official(service))
        for found in there
    ]
    store.put_coverage(service.id, looks, [])
