"""What is said of rows that hold what no row can: SQLite has no checksums, and reads a flipped bit as it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import msgspec

from reportdata.errors import ReportDataError
from reportdata.store.sqlite.numbers import Counted

UNREADABLE = (ValueError, TypeError, msgspec.MsgspecError)
"""What is raised for texts that are no JSON, no number or no day, and for values that are missing."""
_P = ParamSpec("_P")
_T = TypeVar("_T")


class _Reader(Protocol):
    database: Counted


_R = TypeVar("_R", bound=_Reader)


def unreadable(database: Counted, error: Exception) -> ReportDataError:
    """The error for a row that cannot be read."""
    kind = database.kind
    return kind.error(f"{kind.name} {database.path} is damaged: a row cannot be read: {error}", kind.restored)


def reading(method: Callable[Concatenate[_R, _P], _T]) -> Callable[Concatenate[_R, _P], _T]:
    """A method that raises the store's error for rows that cannot be read."""

    @wraps(method)
    def read(self: _R, /, *arguments: _P.args, **named: _P.kwargs) -> _T:
        try:
            return method(self, *arguments, **named)
        except UNREADABLE as error:
            raise unreadable(self.database, error) from error

    return read
