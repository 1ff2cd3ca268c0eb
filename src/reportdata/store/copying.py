"""From one store to another, row by row, and compared row for row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from reportdata.errors import BadValue, StoreError

Row = tuple[Any, ...]
_FIRST = ("organisations", "apps")
"""Tables that others refer to."""


class Tables(Protocol):
    """What a store keeps, as tables of the same names and columns in every store. An instance is a transaction."""

    def columns(self) -> Mapping[str, Sequence[str]]:
        """The columns of each table."""

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Row]:
        """The rows of a table, in the order of the columns' values."""

    def load(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Add rows to a table."""


class Copied(Protocol):
    """A store that can be copied, and copied to."""

    def tables(self, *, filling: bool = False) -> AbstractContextManager[Tables]:
        """Its tables as they are at one moment; or, ``filling``, to add rows to, all of them or none."""


def copy_rows(source: Copied, target: Copied, progress: Callable[[str, int, int], None]) -> dict[str, int]:
    """Copy everything that a store keeps to another one, which keeps nothing yet; returns how many rows that were, by
    table. Others may use the source meanwhile: the copy is of one moment.

    :raises BadValue: when the target keeps something already.
    :raises StoreError: when the target gives back something else than was written; it then keeps nothing.
    """
    counts: dict[str, int] = {}
    with source.tables() as given, target.tables(filling=True) as filled:
        columns = given.columns()
        if {table: set(names) for table, names in columns.items()} != {t: set(n) for t, n in filled.columns().items()}:
            raise StoreError("the stores have different tables", "open both with this version of reportdata first")
        for table, names in columns.items():
            if next(filled.rows(table, names), None) is not None:
                raise BadValue(f"the target keeps something already: its table {table} is not empty", "name a new one")
        order = [*_FIRST, *sorted(columns.keys() - set(_FIRST))]
        for number, table in enumerate(order):
            progress("copying tables", number, len(order))
            filled.load(table, columns[table], given.rows(table, columns[table]))
        for number, table in enumerate(order):
            progress("comparing tables", number, len(order))
            counts[table] = _compared(table, given.rows(table, columns[table]), filled.rows(table, columns[table]))
    return counts


def _compared(table: str, given: Iterator[Row], filled: Iterator[Row]) -> int:
    count = 0
    for row in given:
        if next(filled, None) != row:
            raise StoreError(f"the target gives back other rows of {table} than were written", "see to its disk")
        count += 1
    if next(filled, None) is not None:
        raise StoreError(f"the target has more rows of {table} than were written", "see that nobody else writes to it")
    return count
