"""What stores share of causes: which of them a changed value gets, and which days come to be covered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from reportdata.causes import bounded
from reportdata.coverage import Observation
from reportdata.days import from_date, ordinal
from reportdata.store import DayValue, KnownChange
from reportdata.store.rows import json_text, texts_of, values_of

EVERYBODY = ""
"""In place of an organisation: all of a day."""
Causes = Mapping[str, Sequence[str]]
"""What changed the numbers of a day, by organisation."""
HISTORY = "corp_id, kind, first_day, last_day, changed_at, covered, cause, change"
"""The columns of the history of coverage."""
KnownRow = tuple[str, str, str, str, int, int, str | None, int]


def causes_of_day(given: Causes | None, announced: Iterable[tuple[str, str]]) -> tuple[str | None, dict[str, str]]:
    """What rows of a day have as causes: of organisations that are not named, and of others, by organisation.

    :param given: what its computation was given; None when that says nothing.
    :param announced: organisations and causes that were announced.
    """
    named: dict[str, list[str]] = {}
    for corp_id, cause in announced:
        named.setdefault(corp_id, []).append(cause)
    if given is None and not named:
        return None, {}
    for corp_id, causes in (given or {}).items():
        named.setdefault(corp_id, []).extend(causes)
    everybody = named.pop(EVERYBODY, [])
    own = {corp_id: json_text(bounded([*causes, *everybody])) for corp_id, causes in named.items()}
    return json_text(bounded(everybody)), own


def day_value(stat_day: str, values: str, computed_at: int, causes: str | None, number: int) -> DayValue:
    """The value of a row. Its causes are None when none were kept."""
    return DayValue(stat_day, values_of(values), computed_at, None if causes is None else texts_of(causes), number)


def is_later(change: KnownChange, after: int, beyond: int | None) -> bool:
    """Whether a change came after a time or, in its place, by a transaction beyond that number."""
    return change.at > after if beyond is None else change.number > beyond


def known_rows(
    before: Iterable[Observation], after: Iterable[Observation], at: int, cause: str | None, number: int
) -> list[KnownRow]:
    """The rows that the history of coverage gets when pieces become others.

    :param number: of the transaction.
    """
    spans = _spans(before), _spans(after)
    found: list[KnownRow] = []
    for place in sorted({*spans[0], *spans[1]}):
        was, now = (each.get(place, []) for each in spans)
        for covered, pieces in ((1, _less(now, was)), (0, _less(was, now))):
            found += [(*place, _day(first), _day(last), at, covered, cause, number) for first, last in pieces]
    return found


def known_change(row: Sequence[object]) -> KnownChange:
    """What a row of the history of coverage says: kind, first and last day, time, whether covered, cause, number."""
    kind, first, last, at, covered, cause, number = row
    said = None if cause is None else str(cause)
    return KnownChange(str(kind), str(first), str(last), int(str(at)), bool(covered), said, int(str(number)))


_Spans = list[tuple[int, int]]


def _spans(pieces: Iterable[Observation]) -> dict[tuple[str, str], _Spans]:
    """Numbers of first and last days that do not overlap, by organisation and kind."""
    found: dict[tuple[str, str], _Spans] = {}
    for corp_id, kind, first, last in sorted(
        (p.corp_id, p.kind, ordinal(p.first_day), ordinal(p.last_day)) for p in pieces
    ):
        own = found.setdefault((corp_id, kind), [])
        if own and first <= own[-1][1] + 1:
            own[-1] = (own[-1][0], max(last, own[-1][1]))
        else:
            own.append((first, last))
    return found


def _less(spans: _Spans, others: _Spans) -> _Spans:
    """What of spans no other one has."""
    found: _Spans = []
    for first, last in spans:
        begin = first
        for from_, to in others:
            if to < begin or from_ > last:
                continue
            if begin < from_:
                found.append((begin, from_ - 1))
            begin = to + 1
        if begin <= last:
            found.append((begin, last))
    return found


def _day(number: int) -> str:
    return from_date(date.fromordinal(number))
