"""The times that saved requests asked for: of a day that was asked for in part, the facts of a part were seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdata.coverage import Observation, partly
from reportdata.days import MILLISECOND, SECOND, day_before, days_between, end_of
from reportdata.engines.duckdb.spans import Span
from reportdata.pipeline.imports import Imported

Window = tuple[int, int]
"""The first and the last instant that was asked for."""
_TOLERANCE = SECOND
"""By how much a window may begin after midnight, or end before it: some end at 23:59:59."""


class Asked(NamedTuple):
    """A file, what was found in it, and the looks at days that it shows."""

    name: str
    found: Imported
    looks: Sequence[Observation]


def within_windows(
    files: Sequence[Asked], corp_id: str | None, zone_of: Callable[[str], ZoneInfo]
) -> tuple[list[Observation], list[str]]:
    """The looks of all files of an import at days that requests asked for, and what is to be said of them.

    A day that was asked for from its beginning to a time within it was looked at then; one that was asked for in part
    otherwise, as a part; and one that nobody asked for, not at all. The windows of several files make a day whole
    together. Where a file has facts outside the windows, these are not what they seem to be, and change nothing.

    :param corp_id: the organisation of files that name none.
    """
    windows: dict[tuple[str, str], set[Window]] = {}
    for one in files:
        for kind, of_file in one.found.windows.items():
            for named in {look.corp_id for look in one.looks if look.kind == kind} or {corp_id or ""}:
                windows.setdefault((kind, named), set()).update(of_file)
    merged = {of: _merged(sorted(of_both)) for of, of_both in windows.items()}
    found: list[Observation] = []
    notes: list[str] = []
    for one in files:
        for look in one.looks:
            asked = merged.get((look.kind, look.corp_id), ()) if look.kind in one.found.windows else ()
            span = one.found.spans.get(look.kind, {}).get(look.corp_id)
            zone = zone_of(look.corp_id)
            if not asked or (span is not None and not _holds(asked, span, zone)):
                found.append(look)
                continue
            seen = [(day, _seen(look, day, asked, zone)) for day in days_between(look.first_day, look.last_day)]
            found += _pieces(look, seen)
            if part := [day for day, told in seen if told is not None and told[0] != look.kind]:
                notes.append(
                    f"{one.name}: days that the requests asked for in part are partial: {len(part):,}, like {part[0]}; "
                    "ask for whole days, in the organisation's time zone"
                )
            if left := [day for day, told in seen if told is None]:
                notes.append(
                    f"{one.name}: days that no request asked for are not covered: {len(left):,}, like {left[0]}"
                )
    return found, notes


def _pieces(look: Observation, seen: Iterable[tuple[str, tuple[str, int] | None]]) -> Iterator[Observation]:
    for told, group in groupby(seen, key=lambda of: of[1]):
        if told is not None:
            days = [day for day, _ in group]
            yield look._replace(first_day=days[0], last_day=days[-1], kind=told[0], at=told[1])


def _merged(windows: Iterable[Window]) -> list[Window]:
    """Windows, in their order, as few as possible."""
    found: list[Window] = []
    for first, last in windows:
        if found and first <= found[-1][1] + _TOLERANCE:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found


def _holds(asked: Sequence[Window], span: Span, zone: ZoneInfo) -> bool:
    """Whether the first day of facts and the last fact are in windows."""
    begin, end = end_of(day_before(span.first), zone), end_of(span.first, zone)
    return any(first < end and last >= begin for first, last in asked) and any(
        first - _TOLERANCE <= span.last_at <= last + _TOLERANCE for first, last in asked
    )


def _seen(look: Observation, day: str, asked: Sequence[Window], zone: ZoneInfo) -> tuple[str, int] | None:
    """The kind under which a day was seen, and when, in milliseconds; None where nobody asked for it."""
    begin, end = end_of(day_before(day), zone), end_of(day, zone)
    of_day = [(first, last) for first, last in asked if first < end and last > begin]
    if not of_day:
        return None
    first, last = of_day[0]
    if first > begin + _TOLERANCE:
        return partly(look.kind), look.at
    if last >= end - _TOLERANCE:
        return look.kind, look.at
    return (look.kind, min(look.at, last // MILLISECOND)) if len(of_day) == 1 else (partly(look.kind), look.at)
