"""What the parts of a store need of its database, of whatever kind that is. Each writes its statements once, with
``%s`` for values, in the words that both know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from reportdata.errors import ReportDataError
from reportdata.store import Reached

_NEXT = """
insert into change_numbers (id, story, last) values (1, {text}, 1)
on conflict (id) do update set last = change_numbers.last + 1 returning last
"""


class Rows(Protocol):
    """What a statement gave; it is read before the next one is executed."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows that are left."""


class Transaction(Protocol):
    """Executes statements."""

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Rows:
        """Execute a statement."""

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Execute a statement with each row's values."""


class Database(Protocol):
    """A connection. It may be used by one thread at a time; every method raises `StoreError`."""

    locked: str
    """What ends a query whose rows nobody is to change until the transaction ends."""
    among: str
    """What is behind a column that is to be among `several` texts."""
    random_text: str
    """An expression for a random text of eight digits."""

    def several(self, texts: Iterable[str], /) -> object:
        """Texts as one value, for `among`."""

    def rows(self, sql: str, values: Sequence[Any] = (), /) -> list[tuple[Any, ...]]:
        """All rows of a query."""

    def row(self, sql: str, values: Sequence[Any] = (), /) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""

    def reading(self) -> AbstractContextManager[Transaction]:
        """A transaction that reads: everything in it is as of one moment."""

    def uncounted(self) -> AbstractContextManager[Transaction]:
        """A transaction that commits when the block ends, and changes nothing when the block raises."""

    def changing(self, *, long: bool = False) -> AbstractContextManager[Transaction]:
        """As `uncounted`, counted as a change of what answers rest on.

        :param long: it may take as long as many rows do.
        """

    def changing_access(self) -> AbstractContextManager[Transaction]:
        """As `changing`, of who may ask alone: apps, tokens, links and sessions. No answer rests on these."""

    def alone(self, transaction: Transaction, /) -> None:
        """Wait until nobody else replaces days or coverage, up to the end of the transaction."""

    def notice_restore(self) -> None:
        """Begin another story when the tables were brought back without this program's knowledge: perhaps not all that
        was told is there any more, and the numbers of what was lost are given again."""

    def unreadable(self, error: Exception) -> ReportDataError:
        """The error for a row that cannot be read."""


def next_number(database: Database, transaction: Transaction) -> int:
    """The number of a transaction that changes something. Who takes one keeps a row until the end of the transaction:
    the next one is taken after that, so it is committed later, which numbers of a sequence need not be."""
    found = transaction.execute(_NEXT.format(text=database.random_text)).fetchone()
    assert found is not None  # noqa: S101 - the statement returns a row
    return int(found[0])


def reached(transaction: Transaction) -> Reached:
    """How far changes go that this transaction sees."""
    found = transaction.execute("select last, story from change_numbers").fetchone()
    return Reached(*found) if found is not None else Reached()


def begin_story(database: Database, transaction: Transaction) -> None:
    """Tell numbers from now on apart from those that were given so far."""
    transaction.execute(f"update change_numbers set story = {database.random_text}")
