"""How the number of any cell came to be: as it was known at each moment at which something became known of it.

What was taken back or forgotten is gone from all moments. Moments within a second are one. Where there are many, the
earlier ones are taken together, so that a change is told later than it was, with all causes that it may have had.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from reportdata.causes import COVERAGE, of_origin, withdrawal
from reportdata.coverage import Observation
from reportdata.days import SECOND
from reportdata.kinds import Kinds

MOST = 24
"""Moments at which a number is counted."""
_SINGLE = 16
"""The last of them, which stand alone."""


class Moment(NamedTuple):
    """An instant up to which something became known, and what it was, as `reportdata.causes` writes it."""

    at: int
    causes: tuple[str, ...]


def moments_of(
    known: Iterable[tuple[str, int, str]], looks: Iterable[tuple[Observation, int]], kinds: Kinds
) -> list[Moment]:
    """The moments at which facts or looks became known, the earliest first.

    :param known: kinds of facts, instants and origins.
    :param looks: looks at days, and the instants.
    """
    told = [(at, (withdrawal if kinds[kind].retracts else of_origin)(origin)) for kind, at, origin in known]
    told += [(at, "") for _, at in looks]
    found: list[tuple[int, list[str]]] = []
    for at, cause in sorted(told):
        if not found or at > found[-1][0] + SECOND:
            found.append((at, []))
        found[-1] = (at, [*found[-1][1], *([cause] if cause and cause not in found[-1][1] else [])])
    moments = [Moment(at, tuple(causes) or (COVERAGE,)) for at, causes in found]
    return _fewer(moments)


def _fewer(moments: Sequence[Moment]) -> list[Moment]:
    if len(moments) <= MOST:
        return list(moments)
    early, late = moments[:-_SINGLE], moments[-_SINGLE:]
    size = -(-len(early) // (MOST - _SINGLE))
    parts = (list(part) for _, part in groupby(enumerate(early), key=lambda placed: placed[0] // size))
    together = [
        Moment(part[-1][1].at, tuple(dict.fromkeys(cause for _, one in part for cause in one.causes))) for part in parts
    ]
    return [*together, *late]
