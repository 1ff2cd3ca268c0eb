"""Ids of records that have none, and of people that are only named: digests, which begin with ``sheet-``.

A record's digest is of who sent it, the minute, and what else its kind names (`reportdata.kinds.Sheet`): exports show
times to the minute or to the second, and both are the same record. Records of one table that agree in all of these are
told apart by their seconds and by their other cells, in the order in which the table has them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

MINUTE = 60_000_000
"""Microseconds in a minute."""
_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff"
"""Signs that are not seen, and are no blanks."""
PREFIX = "sheet-"


def digest(*parts: str) -> str:
    """A digest that stands for an id."""
    return PREFIX + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:26]


def of_person(corp_id: str, user_id: str) -> str:
    """What stands for a person who was forgotten."""
    return hashlib.sha256(f"{corp_id}\0{user_id}".encode("utf-8", "surrogatepass")).hexdigest()


class Occurrences:
    """How often a digest occurred in one table, for rows that differ."""

    def __init__(self) -> None:
        self._first: dict[str, int] = {}
        self._others: dict[str, list[int]] = {}

    def place(self, told: str, cells: int, at: int) -> int:
        """The place, from 0, of a row among those with the same digest. Rows with the same cells have the same when
        they are of one instant, or when one of them is of a whole minute, as a time without its seconds is.

        :param cells: a hash of the row's other cells.
        :param at: the row's instant.
        """
        row = cells * MINUTE + at % MINUTE
        first = self._first.setdefault(told, row)
        if _alike(first, row):
            self._first[told] = max(first, row)
            return 0
        others = self._others.setdefault(told, [])
        for place, other in enumerate(others):
            if _alike(other, row):
                others[place] = max(other, row)
                return place + 1
        others.append(row)
        return len(others)


def _alike(one: int, other: int) -> bool:
    """Whether two rows, by the hash of their cells and what their instants are beyond the minute, are one."""
    if one == other:
        return True
    (cells, rest), (other_cells, other_rest) = divmod(one, MINUTE), divmod(other, MINUTE)
    return cells == other_cells and not (rest and other_rest)


def of_cells(cells: Iterable[object]) -> int:
    """A hash of cells, in which neither blanks, line ends and invisible signs nor empty cells at the end matter."""
    texts = ["" if cell is None else _plain(str(cell)) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return hash(tuple(texts))


def _plain(text: str) -> str:
    for sign in _UNSEEN if not text.isascii() else ():
        if sign in text:
            text = text.replace(sign, "")
    return "".join(text.split())
