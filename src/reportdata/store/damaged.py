"""What is said of rows that hold what no row can: SQLite has no checksums, and reads a flipped bit as it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import msgspec

from reportdata.store.database import Database

UNREADABLE = (ValueError, TypeError, msgspec.MsgspecError)
"""What is raised for texts that are no JSON, no number or no day, and for values that are missing."""
_P = ParamSpec("_P")
_T = TypeVar("_T")


class _Reader(Protocol):
    @property
    def database(self) -> Database: ...


_R = TypeVar("_R", bound=_Reader)


def reading(method: Callable[Concatenate[_R, _P], _T]) -> Callable[Concatenate[_R, _P], _T]:
    """A method that raises the store's error for rows that cannot be read."""

    @wraps(method)
    def read(self: _R, /, *arguments: _P.args, **named: _P.kwargs) -> _T:
        try:
            return method(self, *arguments, **named)
        except UNREADABLE as error:
            raise self.database.unreadable(error) from error

    return read
