"""DingTalk's own figures, into the store: fetched day by day, or from a saved export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdata.causes import FIGURES
from reportdata.coverage import Observation
from reportdata.days import MILLISECOND, SECOND, days_between, end_of, time_zone
from reportdata.errors import NotPermitted
from reportdata.identity import Organisation
from reportdata.measures import Number
from reportdata.pipeline import Progress, silent
from reportdata.services import Relayed, Service, official
from reportdata.services.relayed import RelayedAnswer
from reportdata.store import DayKpis, Official, Store

Told = Mapping[str, Number] | RelayedAnswer | None
"""DingTalk's figures of a day: by KPI id, or its whole answer; None when it has none."""
Ask = Callable[[str, str], Mapping[str, Number] | None]
"""DingTalk's figures of an organisation and stat day, by KPI id; None when it has none."""


SETTLED = timedelta(days=7)
"""How long after a day's end DingTalk may still come to have figures of it. When it has none then, it never will."""


@dataclass
class Mirrored:
    """What a mirroring did: the days it has figures of now, those that DingTalk had none of, those that were known and
    not asked for, those of which a file has other figures that are older, those that have not ended yet, and why a
    service was left out."""

    fetched: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    older: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    refused: str = ""


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
    not asked for; one of which there were none is. DingTalk keeps figures for a time only: that it has none any more
    replaces none that are known.
    """
    done = Mirrored()
    corp_id, zone = wanted.organisation.corp_id, time_zone(wanted.organisation.time_zone)
    known = _certain(store, service, wanted)
    days = list(days_between(wanted.first_day, wanted.last_day))
    for number, day in enumerate(days):
        progress("fetching days", number, len(days))
        if now() * 1_000_000 < end_of(day, zone):
            done.unfinished.append(day)
        elif day in known and not wanted.again:
            done.known.append(day)
        else:
            values = ask(corp_id, day)
            if values is None and day in known:
                done.known.append(day)
                continue
            _keep(store, service, [Official(corp_id, day, values, int(now() * 1000))])
            (done.empty if values is None else done.fetched).append(day)
    progress("fetching days", len(days), len(days))
    return done


class Source(NamedTuple):
    """A service, and what asks for its figures of an organisation and stat day."""

    service: Service | Relayed
    ask: Callable[[str, str], Told]


def left(
    store: Store, services: Iterable[Service | Relayed], wanted: Wanted, now: float
) -> tuple[list[tuple[str, Service | Relayed]], dict[str, Mirrored]]:
    """The calls that are left to make for all figures of a period, a day and a service each, the newest day first; and
    by service what is known. A day that DingTalk had no figures of is asked for again until `SETTLED` after its end.
    Figures of weeks and months are asked for by the last day of each.

    :param now: seconds since 1970.
    """
    corp_id, zone = wanted.organisation.corp_id, time_zone(wanted.organisation.time_zone)
    days = list(days_between(wanted.first_day, wanted.last_day))
    calls: list[tuple[str, Service | Relayed]] = []
    done: dict[str, Mirrored] = {}
    for service in services:
        found = done[service.id] = Mirrored()
        kept = {one.stat_day: one for one in store.official(service.id, corp_id, wanted.first_day, wanted.last_day)}
        for day in days if isinstance(service, Service) else [day for day in days if service.last_day(day) == day]:
            if now * SECOND < end_of(day, zone):
                found.unfinished.append(day)
            elif not wanted.again and day in kept and _is_settled(kept[day], zone):
                found.known.append(day)
            else:
                calls.append((day, service))
    return sorted(calls, key=lambda call: call[0], reverse=True), done


def _is_settled(figures: Official, zone: ZoneInfo) -> bool:
    """Whether asking again would tell nothing new."""
    wait = timedelta() if figures.values is not None else SETTLED
    return figures.fetched_at * MILLISECOND >= end_of(figures.stat_day, zone) + int(wait.total_seconds() * SECOND)


def _certain(store: Store, service: Service | Relayed, wanted: Wanted) -> set[str]:
    """The days of a period of which figures are known from after their end."""
    zone = time_zone(wanted.organisation.time_zone)
    return {
        one.stat_day
        for one in store.official(service.id, wanted.organisation.corp_id, wanted.first_day, wanted.last_day)
        if one.values is not None and one.fetched_at * MILLISECOND >= end_of(one.stat_day, zone)
    }


def mirror_all(
    store: Store,
    sources: Iterable[Source],
    wanted: Wanted,
    *,
    now: Callable[[], float],
    progress: Progress = silent,
) -> dict[str, Mirrored]:
    """Fetch the figures of a period for several services, the newest day of all first, one call for each day and
    service; what was done by service. Each figure is kept as soon as it is there, so the same call goes on where this
    one is interrupted. A service that the app may not ask is left out after its first refusal.
    """
    asks = {source.service.id: source for source in sources}
    calls, done = left(store, [source.service for source in asks.values()], wanted, now())
    certain = {name: _certain(store, source.service, wanted) for name, source in asks.items()} if wanted.again else {}
    corp_id = wanted.organisation.corp_id
    for number, (day, service) in enumerate(calls):
        progress("fetching days", number, len(calls))
        found = done[service.id]
        if found.refused:
            continue
        try:
            told = asks[service.id].ask(corp_id, day)
        except NotPermitted as error:
            if not error.scope:  # the address is refused, and would be for any service
                raise
            found.refused = error.message
            continue
        if told is None and day in certain.get(service.id, ()):
            found.known.append(day)
            continue
        _keep(store, service, [_official(corp_id, day, told, int(now() * 1000))])
        (found.empty if told is None else found.fetched).append(day)
    progress("fetching days", len(calls), len(calls))
    for found in done.values():
        for days in (found.fetched, found.empty, found.known):
            days.sort()
    return done


def _official(corp_id: str, day: str, told: Told, at: int) -> Official:
    if isinstance(told, RelayedAnswer):
        return Official(corp_id, day, told.numbers, at, told.text)
    return Official(corp_id, day, told, at)


def keep_export(store: Store, service: Service | Relayed, figures: Iterable[Official], now: float = inf) -> Mirrored:
    """Keep the figures of a saved export, but for days of which later ones are known: one of noon takes the place of
    none that is certain. An answer without figures takes the place of none that are known.

    :param now: seconds since 1970; what is known from after it was noted by a wrong clock, and is no later.
    """
    done = Mirrored()
    given = list(figures)
    known = _known(store, service, given)
    kept = []
    for found in given:
        there = known.get((found.corp_id, found.stat_day))
        if there is not None and there.values is not None and found.values is None:
            done.known.append(found.stat_day)
        elif there is None or not found.fetched_at < there.fetched_at <= now * 1000:
            kept.append(found)
        elif there._replace(fetched_at=0) != found._replace(fetched_at=0):
            done.older.append(found.stat_day)
    _keep(store, service, kept)
    for found in kept:
        (done.empty if found.values is None else done.fetched).append(found.stat_day)
    return done


def _known(store: Store, service: Service | Relayed, figures: Sequence[Official]) -> dict[tuple[str, str], Official]:
    """What is known of the days of figures, by organisation and day."""
    days: dict[str, list[str]] = {}
    for found in figures:
        days.setdefault(found.corp_id, []).append(found.stat_day)
    return {
        (corp_id, one.stat_day): one
        for corp_id, own in days.items()
        for one in store.official(service.id, corp_id, min(own), max(own))
    }


def _keep(store: Store, service: Service | Relayed, figures: Sequence[Official]) -> None:
    """Keep figures; where a service has no facts, they are its numbers, which are there before the figures are known:
    who is killed between asks once more."""
    if isinstance(service, Service) and not service.has_facts:
        _put_numbers(store, service, figures)
    store.put_official(service.id, figures)


def _put_numbers(store: Store, service: Service, figures: Sequence[Official]) -> None:
    there = [found for found in figures if found.values is not None]
    for found in there:
        store.put_days(
            service.id,
            {found.stat_day: official(service)},
            [DayKpis(found.corp_id, found.stat_day, found.values or {})],
            found.fetched_at / 1000,
            only={found.stat_day: [found.corp_id]},
            causes={found.stat_day: {found.corp_id: [FIGURES]}},
        )
    looks = [
        Observation(found.corp_id, found.stat_day, found.stat_day, found.fetched_at, official(service))
        for found in there
    ]
    store.put_coverage(service.id, looks, [])
