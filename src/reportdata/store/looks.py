"""How looks at days come to what a store covers: they are gathered in temporary tables, so that others wait for the
change alone. Most of them are pieces as they stand; those that meet others are merged with these.

Many organisations are looked at for the same days at the same time, so what looks have in common stands in ``spans``
once: that halves what gathering costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from reportdata.coverage import Coverage, Observation, latest
from reportdata.days import from_date, to_date
from reportdata.store import FIRST_DAY, LAST_DAY

COLUMNS = "corp_id, kind, first_day, last_day, observed_at"
COLUMNS_OF_LOOKS = "corp_id, first_day, last_day, observed_at, kind"
_MEETS = """
   (select last_day >= s.first_day or (last_day = s.day_before and observed_at = s.observed_at) from coverage
    where corp_id = l.corp_id and kind = s.kind and first_day <= s.last_day order by first_day desc limit 1)
or exists (select 1 from coverage where corp_id = l.corp_id and kind = s.kind
           and first_day = s.day_after and observed_at = s.observed_at)
"""
MEETING = f"""
select l.corp_id, s.first_day, s.last_day, s.observed_at, s.kind, s.id
from looks l join spans s on s.id = l.span where {_MEETS}
"""
"""The looks that overlap a piece, or continue one that was observed at the same time, each with its span."""
MET = f"""
select distinct c.corp_id, c.first_day, c.last_day, c.observed_at, c.kind
from looks l join spans s on s.id = l.span join coverage c on c.corp_id = l.corp_id and c.kind = s.kind
     and c.first_day <= s.day_after and c.last_day >= s.day_before
where {_MEETS}
"""
"""The pieces that these touch."""
ADD = f"""
insert into coverage ({COLUMNS})
select l.corp_id, s.kind, s.first_day, s.last_day, s.observed_at from looks l join spans s on s.id = l.span
"""
ADD_HISTORY = """
insert into coverage_history (corp_id, kind, first_day, last_day, changed_at, covered, change)
select l.corp_id, s.kind, s.first_day, s.last_day, %s, 1, %s from looks l join spans s on s.id = l.span
"""
"""What `ADD` covers was not covered before."""
Spans = dict[tuple[str, str, str, int], int]
"""Ids of spans, by kind, first day, last day and time."""


_CHUNK = 2000
"""Looks that are gathered at once."""


def gathered(observed: Iterable[Observation], spans: Spans) -> Iterator[tuple[int, list[str]]]:
    """The rows of ``looks``: a span, and some of the organisations that were looked at for it, nearly in the order of
    organisations. Spans are added to those that are given."""
    waiting: dict[int, list[str]] = {}
    for number, (corp_id, first, last, at, kind, _) in enumerate(latest(observed), 1):
        waiting.setdefault(spans.setdefault((kind, first, last, at), len(spans)), []).append(corp_id)
        if number % _CHUNK == 0:
            yield from waiting.items()
            waiting = {}
    yield from waiting.items()


def rows_of(spans: Spans) -> list[tuple[int, str, str, str, int, str, str]]:
    """The rows of ``spans``: id, kind, first and last day, time, and the days before and after."""
    return [(id_, *span, _day_before(span[1]), _day_after(span[2])) for span, id_ in spans.items()]


def merged(known: Iterable[Observation], looks: Iterable[Observation]) -> tuple[list[Observation], list[Observation]]:
    """The pieces that go when these looks are merged with them, and those that come."""
    before = set(known)
    after = latest([*before, *looks])
    return sorted(before.difference(after)), [piece for piece in after if piece not in before]


def place_of(piece: Observation) -> tuple[str, str, str]:
    """The key of a piece in the tables."""
    return piece.corp_id, piece.kind, piece.first_day


def row_of(piece: Observation) -> tuple[str, str, str, str, int]:
    """A piece as `COLUMNS`."""
    return piece.corp_id, piece.kind, piece.first_day, piece.last_day, piece.at


def _day_before(day: str) -> str:
    """The stat day before; a text before all days for the first one."""
    return from_date(to_date(day) - timedelta(days=1)) if day > FIRST_DAY else ""


def _day_after(day: str) -> str:
    """The stat day after; a text after all days for the last one."""
    return from_date(to_date(day) + timedelta(days=1)) if day < LAST_DAY else "~"


def coverage_of(looks: Iterable[Observation]) -> list[Coverage]:
    """What looks cover for some kind, in as few pieces as possible."""
    return [look.coverage for look in latest(look._replace(at=0, kind="") for look in looks)]
