"""Ids of records that have none, and of people that are only named: digests, which begin with ``sheet-``.

A record's digest is of who sent it, the minute, and what else its kind names (`reportdata.kinds.Sheet`): exports show
times to the minute or to the second, and both are the same record. Records of one file that agree in all of these are
told apart by their other cells, in the order in which the file has them.
"""

from __future__ import annotations

import hashlib

MINUTE = 60_000_000
"""Microseconds in a minute."""
PREFIX = "sheet-"


def digest(*parts: str) -> str:
    """A digest that stands for an id."""
    return PREFIX + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:26]


def of_person(corp_id: str, user_id: str) -> str:
    """What stands for a person who was forgotten."""
    return hashlib.sha256(f"{corp_id}\0{user_id}".encode("utf-8", "surrogatepass")).hexdigest()


class Occurrences:
    """How often a digest occurred in one file, for rows with different cells."""

    def __init__(self) -> None:
        self._first: dict[str, int] = {}
        self._others: dict[str, list[int]] = {}

    def place(self, told: str, cells: int) -> int:
        """The place, from 0, of a row among those with the same digest; rows with the same cells have the same.

        :param cells: a hash of all cells of the row, those that nobody uses, too.
        """
        if self._first.setdefault(told, cells) == cells:
            return 0
        others = self._others.setdefault(told, [])
        if cells not in others:
            others.append(cells)
        return others.index(cells) + 1
