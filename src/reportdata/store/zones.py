"""The time zones of organisations, as the views of a store need them: SQL knows none, or others than this program."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from reportdata.days import SECOND, offsets, time_zone
from reportdata.errors import BadValue

Row = tuple[str, int, int]
"""A row of ``zone_offsets``: the zone, from which local time on, how many seconds ahead of UTC."""


def rows_of_zones(names: Iterable[str]) -> list[Row]:
    """The offsets of zones over all days that facts may have; none of a name that is no zone.

    A local time that a change lets happen twice, or never, belongs to what was before the change, as in
    `reportdata.days.end_of`: so a change counts from the later of the two local times at its instant.
    """
    found: list[Row] = []
    for name in sorted(set(names)):
        try:
            known = offsets(time_zone(name))
        except BadValue:
            continue
        found.append((name, 0, known[0].offset // SECOND))
        for before, after in pairwise(known):
            local = after.start + max(before.offset, after.offset)
            found.append((name, local // SECOND, after.offset // SECOND))
    return found
