"""What changed since a moment, as it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from zoneinfo import ZoneInfo

import msgspec

from reportdata.days import DEFAULT_TIME_ZONE, SECOND, instant_of, is_day, parse_day, time_zone, to_date
from reportdata.errors import BadValue
from reportdata.services import Service
from reportdata.statistics.cursors import Reached, cursor_in
from reportdata.statistics.parameters import given_in, listed, number_in, one_of
from reportdata.statistics.question import AHEAD, FORMATS, LARGEST_PAGE, fixed_moment
from reportdata.statistics.words import (
    FIRST,
    LAST,
    PAGES,
    PARAMETERS,
    PATH,
    SERVICE,
    dashed,
    metrics_in,
    range_in,
    words_of_service,
)
from reportdata.times import read_instant

CHANGES_PATH = f"{PATH}/changes"
"""Where changes are asked for over HTTP."""
CHANGES_PARAMETERS: Mapping[str, str] = {
    "since": "The nextSince of an answer: only what was committed after it; that misses nothing and repeats nothing. "
    "Or a moment, ISO 8601, or a day, which means its beginning: only changes that began later. Without an offset it "
    "is in the organisation's time zone.",
    "from": "Only days from this one on, yyyy-MM-dd or yyyyMMdd; without it, all.",
    "to": "Only days up to this one.",
    "metrics": PARAMETERS["metrics"],
    "asOf": "A moment: only changes that began up to then; without it, all that are committed.",
    "upTo": "The nextSince of an answer: only what was committed up to it, as on its further pages.",
    **{name: PARAMETERS[name] for name in (*PAGES, SERVICE)},
}
"""The parameters of changes, and what each means."""


class Changes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What changed since a cursor (`reportdata.statistics.cursors`), a moment, or the beginning of a day, on days
    (yyyyMMdd) from one to another; up to a moment or a cursor, which are empty for all that is there."""

    since: str
    first_day: str = FIRST
    last_day: str = LAST
    metrics: tuple[str, ...]
    as_of: str = ""
    up_to: str = ""
    page: int = 1
    page_size: int = LARGEST_PAGE
    format: str = "json"
    bom: bool = True

    @property
    def bounds_days(self) -> bool:
        """Whether not all days are asked for."""
        return (self.first_day, self.last_day) != (FIRST, LAST)


def read_changes(pairs: Iterable[tuple[str, str]], service: Service) -> Changes:
    """The changes that parameters ask for.

    :raises BadValue: when a name or value is not known.
    """
    given = given_in(pairs, CHANGES_PARAMETERS)
    since = given.get("since", [""])[0]
    if not since:
        raise BadValue("no moment is given", "give since, like since=2026-09-22 or since=2026-09-22T08:00:00+08:00")
    first, last = given.get("from", [""])[0], given.get("to", [""])[0]
    days = range_in({"from": [first or FIRST], "to": [last or LAST]})
    changes = Changes(
        since=since,
        first_day=days[0],
        last_day=days[1],
        metrics=metrics_in(listed(given, "metrics"), service),
        as_of=given.get("asOf", [""])[0],
        up_to=given.get("upTo", [""])[0],
        page=number_in(given, "page", 1, 1_000_000),
        page_size=number_in(given, "pageSize", LARGEST_PAGE, LARGEST_PAGE),
        format=one_of(given, "format", {name: name for name in FORMATS}),
        bom=one_of(given, "bom", {"1": True, "0": False}),
    )
    since_of(changes, time_zone(DEFAULT_TIME_ZONE))
    if changes.up_to and cursor_in(changes.up_to) is None:
        raise BadValue(f"upTo={changes.up_to[:40]!r} is not the nextSince of an answer", "leave it out, or copy one")
    return changes


def since_of(changes: Changes, zone: ZoneInfo) -> int | Reached:
    """The moment since which changes are asked for, as an instant; or the place.

    :raises BadValue: when it is neither.
    """
    text = changes.since
    if (cursor := cursor_in(text)) is not None:
        return cursor
    if is_day(text.replace("-", "")) and len(text) in (8, 10):
        day = parse_day(text)
        if not FIRST <= day <= LAST:
            raise BadValue(f"{day} is none of the days that facts may have", f"they are {FIRST} to {LAST}")
        return instant_of(datetime.combine(to_date(day), time.min, zone))
    try:
        return read_instant(text, zone)
    except ValueError as error:
        raise BadValue(
            f"since={text[:40]!r} is no moment: {error}", "write it like 2026-09-22T00:10:00+08:00"
        ) from error


def words_of_changes(changes: Changes, service: Service) -> list[tuple[str, str]]:
    """The parameters that ask for changes: `read_changes` of them gives the same again."""
    pairs = [*words_of_service(service), ("since", changes.since)]
    if changes.bounds_days:
        pairs += [("from", dashed(changes.first_day)), ("to", dashed(changes.last_day))]
    pairs.append(("metrics", ",".join(service.kpi(kpi).name_of_column for kpi in changes.metrics)))
    pairs.append(("asOf", changes.as_of))
    pairs.append(("upTo", changes.up_to))
    pairs.append(("page", str(changes.page) if changes.page != 1 else ""))
    pairs.append(("pageSize", str(changes.page_size) if changes.page_size != LARGEST_PAGE else ""))
    pairs.append(("format", changes.format if changes.format != "json" else ""))
    pairs.append(("bom", "" if changes.bom else "0"))
    return [(name, value) for name, value in pairs if value]


def until_of(changes: Changes, zone: ZoneInfo, now: float) -> int:
    """The moment up to which changes are asked for, as an instant. Who asks again since the moment of the last answer
    may have had it from a machine whose clock is ahead: then there is nothing between.

    :param now: seconds since 1970.
    :raises BadValue: when it is none, or lies ahead.
    """
    if changes.as_of:
        return fixed_moment(changes.as_of, zone, now)
    instant, since = int(now * SECOND), since_of(changes, zone)
    return max(instant, since) if isinstance(since, int) and since <= instant + AHEAD else instant
