"""How looks at days come to what a store covers: they are gathered in a temporary table ``looks``, so that others wait
for the change alone. Most of them are pieces as they stand; those that meet others are merged with these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import lru_cache

from reportdata.days import Observation, from_date, latest, to_date
from reportdata.store import FIRST_DAY, LAST_DAY

COLUMNS = "corp_id, kind, first_day, last_day, observed_at"
GATHERED = f"{COLUMNS}, day_before, day_after"
"""The columns of the temporary table: each look with the days that it touches."""
_MEETS = """
   (select last_day >= l.first_day or (last_day = l.day_before and observed_at = l.observed_at) from coverage
    where corp_id = l.corp_id and kind = l.kind and first_day <= l.last_day order by first_day desc limit 1)
or exists (select 1 from coverage where corp_id = l.corp_id and kind = l.kind
           and first_day = l.day_after and observed_at = l.observed_at)
"""
MEETING = f"""
select l.corp_id, l.first_day, l.last_day, l.observed_at, l.kind from looks l where {_MEETS}
"""
"""The looks that overlap a piece, or continue one that was observed at the same time."""
MET = f"""
select distinct c.corp_id, c.first_day, c.last_day, c.observed_at, c.kind
from looks l join coverage c on c.corp_id = l.corp_id and c.kind = l.kind
     and c.first_day <= l.day_after and c.last_day >= l.day_before
where {_MEETS}
"""
"""The pieces that these touch."""
ADD = f"insert into coverage ({COLUMNS}) select {COLUMNS} from looks"
Row = tuple[str, str, str, str, int]


def gathered(observed: Iterable[Observation]) -> Iterator[tuple[str, str, str, str, int, str, str]]:
    """The rows of the temporary table."""
    for corp_id, first, last, at, kind in latest(observed):
        yield corp_id, kind, first, last, at, _day_before(first), _day_after(last)


def merged(known: Iterable[Observation], looks: Iterable[Observation]) -> tuple[list[Observation], list[Observation]]:
    """The pieces that go when these looks are merged with them, and those that come."""
    before = set(known)
    after = latest([*before, *looks])
    return sorted(before.difference(after)), [piece for piece in after if piece not in before]


def place_of(piece: Observation) -> tuple[str, str, str]:
    """The key of a piece in the tables."""
    return piece.corp_id, piece.kind, piece.first_day


def row_of(piece: Observation) -> Row:
    """A piece as `COLUMNS`."""
    return piece.corp_id, piece.kind, piece.first_day, piece.last_day, piece.at


@lru_cache(maxsize=8192)
def _day_before(day: str) -> str:
    """The stat day before; a text before all days for the first one."""
    return from_date(to_date(day) - timedelta(days=1)) if day > FIRST_DAY else ""


@lru_cache(maxsize=8192)
def _day_after(day: str) -> str:
    """The stat day after; a text after all days for the last one."""
    return from_date(to_date(day) + timedelta(days=1)) if day < LAST_DAY else "~"
