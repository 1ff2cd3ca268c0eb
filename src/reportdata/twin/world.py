"""What a call of the old API sees, and how lists of items are taken in parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from reportdata.twin.activity import Activity
from reportdata.twin.answers import BAD_PARAMETER, Failed, number_of
from reportdata.twin.organisation import Organisation
from reportdata.twin.troubles import Hit

Parameters = dict[str, object]
Result = dict[str, object]
_Item = TypeVar("_Item")


class World(NamedTuple):
    """What a call sees."""

    organisation: Organisation
    activity: Activity
    now: int
    """Milliseconds since 1970."""
    trouble: Hit
    number: int
    """The call's number."""
    seed: int


def part(parameters: Parameters, items: Sequence[_Item], largest: int) -> tuple[Sequence[_Item], Result]:
    """The items that an offset and a size ask for, and how to go on: at the end there is no ``next_cursor``."""
    offset, size = number_of(parameters, "offset", 0), number_of(parameters, "size", largest)
    if not 1 <= size <= largest:
        raise Failed(*BAD_PARAMETER)
    if offset + size < len(items):
        return items[offset : offset + size], {"has_more": True, "next_cursor": offset + size}
    return items[offset:], {"has_more": False}
