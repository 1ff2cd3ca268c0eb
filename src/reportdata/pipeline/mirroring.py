"""DingTalk's own figures, into the store: fetched day by day, or from a saved export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from reportdata.catalogue import Service
from reportdata.days import MILLISECOND, days_between, end_of, time_zone
from reportdata.identity import Organisation
from reportdata.pipeline import Progress, silent
from reportdata.store import Official, Store

Ask = Callable[[str, str], Mapping[str, int] | None]
"""DingTalk's figures of an organisation and stat day, by KPI id; None when it has none."""


@dataclass
class Mirrored:
    """What a mirroring did: the days it has figures of now, those that DingTalk had none of, those that were known and
    not asked for, and those that have not ended yet."""

    fetched: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)


def mirror(
    store: Store,
    service: Service,
    organisation: Organisation,
    first_day: str,
    last_day: str,
    ask: Ask,
    *,
    now: Callable[[], float],
    again: bool = False,
    progress: Progress = silent,
) -> Mirrored:
    """Fetch the figures of a period, the earliest day first. Each is kept as soon as it is there, so the same call goes
    on where this one is interrupted.

    A day is asked for once it has ended in the organisation's zone. One whose figures are known from after its end is
    not asked for; one of which there were none is.

    :param again: ask for days that are known, too.
    """
    done = Mirrored()
    zone = time_zone(organisation.time_zone)
    service_id = service.id or ""
    known = {
        figures.stat_day
        for figures in store.official(service_id, organisation.corp_id, first_day, last_day)
        if figures.values is not None and figures.fetched_at * MILLISECOND >= end_of(figures.stat_day, zone)
    }
    days = list(days_between(first_day, last_day))
    for number, day in enumerate(days):
        progress("fetching days", number, len(days))
        if now() * 1_000_000 < end_of(day, zone):
            done.unfinished.append(day)
        elif day in known and not again:
            done.known.append(day)
        else:
            values = ask(organisation.corp_id, day)
            store.put_official(service_id, [Official(organisation.corp_id, day, values, int(now() * 1000))])
            (done.empty if values is None else done.fetched).append(day)
    progress("fetching days", len(days), len(days))
    return done


def keep_export(store: Store, service: Service, figures: Iterable[Official]) -> Mirrored:
    """Keep the figures of a saved export."""
    done = Mirrored()
    kept = list(figures)
    store.put_official(service.id or "", kept)
    for found in kept:
        (done.empty if found.values is None else done.fetched).append(found.stat_day)
    return done
