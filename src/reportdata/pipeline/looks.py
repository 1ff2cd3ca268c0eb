"""What a file shows of days: which it covers, when they were looked at, and what is said of that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdata.coverage import Observation, partly
from reportdata.days import MILLISECOND, SECOND, day_after, day_before, day_of, days_between
from reportdata.engines.duckdb.spans import Span
from reportdata.kinds import Kinds
from reportdata.pipeline.export_times import CLOCKS_DIFFER, exported_at, written_at
from reportdata.pipeline.imports import Imported, Options, known_organisations, zone_of
from reportdata.pipeline.workspace import Workspace
from reportdata.plurals import count_of

DAY = 86_400 * 1000
"""Milliseconds of a day."""


class Stated(NamedTuple):
    """What whoever imports a file states: the first and the last day that it covers, and when it was exported, in
    milliseconds since 1970."""

    first_day: str | None
    last_day: str | None
    exported_at: int | None


class Look(NamedTuple):
    """What a file shows: observations, and what is to be said of them."""

    observations: list[Observation]
    notes: list[str]


def looked(work: Workspace, path: Path, found: Imported, options: Options) -> Look:
    """What a file shows of days: for each kind in it, those that it has facts of. Where both ends are named, and the
    organisation, it shows that there was nothing of kinds that it has no facts of: that of its columns, and those that
    are named."""
    stated = Stated(options.first_day, options.last_day, options.exported_at)
    last_at = max((span.last_at for spans in found.spans.values() for span in spans.values()), default=0)
    known = known_organisations(work.store, options)
    named = [options.corp_id] if options.corp_id is not None else []
    zones = {zone_of(known, corp_id) for corp_id in (*named, *(one for own in found.spans.values() for one in own))}
    times_said = (exported_at(path, found.titles, zone, last_at) for zone in zones)
    said = min((time for time in times_said if time is not None), default=None)
    if said is not None and said > options.now * 1000 + CLOCKS_DIFFER:  # a mistake
        said = None
    times = said, written_at(path, options.now)
    look = look_of(path.name, found.spans, stated, times, work.kinds, found.partial)
    pieces = look.observations
    if options.corp_id is not None and stated.first_day is not None and stated.last_day is not None:
        at = next(at for at in (stated.exported_at, *times) if at is not None)
        without = {*options.covers, *found.told} - found.spans.keys() - found.unread
        first, last = stated.first_day, stated.last_day
        pieces += [
            Observation(options.corp_id, first, last, at, kind) for kind in sorted(without) if work.kinds[kind].covers
        ]
    notes = [
        f"{path.name}: {kind} facts are missing: {reason}: its days are partial"
        for kind, reason in found.partial.items()
        if work.kinds[kind].covers
    ]
    notes += [
        f"{path.name}: {kind} facts are missing: {reason}: what they take back still counts"
        for kind, reason in found.partial.items()
        if work.kinds[kind].retracts is not None
    ]
    notes += [
        f"{path.name}: {kind} facts stand within records and were not read: --covers covers no days of theirs"
        for kind in sorted(found.unread & {*options.covers} - found.spans.keys())
    ]
    notes += _unsaid(path.name, {*options.covers} - found.spans.keys() - found.unread, options)
    look = begun(Look(pieces, look.notes), found.spans, partial(zone_of, known), options.now)
    notes += outside(path.name, found.spans, stated, work.kinds)
    return Look(partial_of(look.observations, found.partial), [*notes, *look.notes])


def _unsaid(name: str, kinds: Collection[str], options: Options) -> Iterator[str]:
    """What is to be said where kinds are named of which a file has no facts, and not whose days they cover."""
    needed = {"--from": options.first_day, "--to": options.last_day, "--corp": options.corp_id}
    left = [option for option, said in needed.items() if said is None]
    for kind in sorted(kinds) if left else ():
        yield f"{name}: it has no {kind} facts, and --covers covers no days of theirs without {', '.join(left)}"


def look_of(
    name: str,
    spans: Mapping[str, Mapping[str, Span]],
    stated: Stated,
    times: tuple[int | None, int],
    kinds: Kinds,
    partial: Collection[str],
) -> Look:
    """What a file with these spans, by kind and organisation, shows.

    Where neither the person nor the file itself says when it was exported, it was looked at when it was last written;
    unless that is more than a day after its last record: then it was copied or is older than it looks, and its last day
    counts as seen up to the last record only.

    :param times: when the file itself says that it was exported, None when it does not; and when it was last written.
    :param partial: the kinds of which some facts are missing, so that their days are doubted in any case.
    """
    said, written = times
    found: list[Observation] = []
    notes: list[str] = []
    doubted: list[str] = []
    at = next(time for time in (stated.exported_at, said, written) if time is not None)
    newest = max((span.last_at for own in spans.values() for span in own.values()), default=0) // MILLISECOND
    doubtful = stated.exported_at is None and said is None and stated.last_day is None and at - newest > DAY
    for kind, by_organisation in spans.items():
        if not kinds[kind].covers:
            continue
        for corp_id, span in by_organisation.items():
            pieces = list(_pieces(span, stated))
            last_at = span.last_at // MILLISECOND
            for first, last in pieces:
                if doubtful and last == span.last:
                    if kind not in partial:
                        doubted.append(last)
                    before = _day_before(first, last)
                    if before is not None:
                        found.append(Observation(corp_id, first, before, at, kind))
                    found.append(Observation(corp_id, last, last, last_at, kind))
                else:
                    found.append(Observation(corp_id, first, last, at, kind))
            if len(pieces) > 1:
                notes.append(_hole(name, corp_id, kind, span))
    if doubted:
        notes.append(
            f"{name}: its last day, {max(doubted)}, stays provisional: when it was exported is not known, and it was "
            "last written more than a day after its last record; say --exported-at, or --to"
        )
    return Look(found, notes)


def begun(looks: Look, spans: Mapping[str, Mapping[str, Span]], zone_of: Callable[[str], ZoneInfo], now: float) -> Look:
    """The same looks without the days that had not begun when they were, in the organisation's time zone: nobody can
    have seen that nothing happened there. A day with records had begun, unless it lies more than a day after ``now``,
    in seconds since 1970: clocks differ by less."""
    found: list[Observation] = []
    left: dict[str, str] = {}
    for look in looks.observations:
        span = spans.get(look.kind, {}).get(look.corp_id)
        newest = day_of(look.at * MILLISECOND, zone_of(look.corp_id))
        if span is not None and span.last_at <= now * SECOND + DAY * MILLISECOND:
            newest = max(newest, span.last)
        if look.last_day > newest:
            left[look.corp_id] = max(left.get(look.corp_id, ""), newest)
        last = min(look.last_day, newest)
        if look.first_day <= last:
            found.append(look._replace(last_day=last))
    notes = (
        f"{corp_id}: days after {day} are not covered: they had not begun when the file was exported or last written"
        for corp_id, day in left.items()
    )
    return Look(found, [*looks.notes, *notes])


def outside(name: str, spans: Mapping[str, Mapping[str, Span]], stated: Stated, kinds: Kinds) -> list[str]:
    """What is to be said of records outside the days that whoever imports a file states."""
    first, last = stated.first_day or "", stated.last_day or "~"
    covering = (own for kind, own in spans.items() if kinds[kind].covers)
    found = {day for own in covering for span in own.values() for day in (span.first, span.last)}
    left = sorted(day for day in found if not first <= day <= last)
    if not left:
        return []
    between = f"--from {stated.first_day}" * bool(stated.first_day), f"--to {stated.last_day}" * bool(stated.last_day)
    return [
        f"{name}: it has records outside {' '.join(filter(None, between))}, as of {left[0]}: they are kept, and their "
        "days are not covered"
    ]


def partial_of(observations: Sequence[Observation], partial: Mapping[str, str]) -> list[Observation]:
    """The same looks, those at kinds of which some facts are missing as looks at a part of them."""
    return [look._replace(kind=partly(look.kind)) if look.kind in partial else look for look in observations]


def _pieces(span: Span, stated: Stated) -> Iterator[tuple[str, str]]:
    """The days of a span without its holes; what is stated at both ends has none."""
    first, last = stated.first_day or span.first, stated.last_day or span.last
    if stated.first_day is None or stated.last_day is None:
        for begin, end in span.holes:
            if first < begin <= end < last:
                yield first, day_before(begin)
                first = day_after(end)
    if first <= last:
        yield first, last


def _day_before(first: str, last: str) -> str | None:
    return day_before(last) if first < last else None


def _hole(name: str, corp_id: str, kind: str, span: Span) -> str:
    begin, end = max(span.holes, key=lambda hole: sum(1 for _ in days_between(*hole)))
    more = f", and {count_of(len(span.holes) - 1, 'more such hole', 'more such holes')}" if len(span.holes) > 1 else ""
    return (
        f"{name}: {corp_id} has no {kind} facts from {begin} to {end}{more}: these days are not covered; "
        f"if there was nothing, say --from {span.first} --to {span.last}"
    )
