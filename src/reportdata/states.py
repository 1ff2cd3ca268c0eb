"""How certain the numbers of a day are."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum
from typing import NamedTuple


class State(Enum):
    """How certain a KPI of a day is, the most certain first."""

    FINAL = "final"
    """All was seen, and it is looked at no more."""
    PROVISIONAL = "provisional"
    """All was seen that there was, and it may still change."""
    PARTIAL = "partial"
    """A look has begun and was not finished: the number is too small, or just right."""
    DAMAGED = "damaged"
    """Facts that it rests on are damaged: it is as it was before, and is not computed anew."""
    MISSING = "missing"
    """Nobody has looked: the number is not known."""


class DayState(NamedTuple):
    """The state of a KPI of an organisation's day; ``as_of`` is the last look, in milliseconds since 1970, 0 when there
    was none or its time is not known."""

    corp_id: str
    stat_day: str
    kpi_id: str
    state: State
    as_of: int


_ORDER = list(State)


def least_certain(states: Collection[State]) -> State:
    """The least certain of states; missing when there is none."""
    return max(states, key=_ORDER.index, default=State.MISSING)
