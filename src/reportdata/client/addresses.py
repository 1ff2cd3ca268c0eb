"""Addresses of calls, with what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, urlencode

Words = str | Sequence[str] | None
"""One value or several."""
Day = str | date
Moment = str | datetime


def address(path: str, parameters: Mapping[str, Day | Moment | int | Words]) -> str:
    """A path with parameters; those without a value are left out."""
    pairs: list[tuple[str, str]] = []
    for name, value in parameters.items():
        several: Iterable[Any] = value if isinstance(value, list | tuple) else [value]
        pairs += [(name, _text(one)) for one in several if one is not None]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def cell(than: Mapping[str, Day | Moment]) -> str:
    """Another cell as parameters of an address, in which a + would stand for itself and for no space."""
    return urlencode({name: _text(value) for name, value in than.items()}, quote_via=quote)


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def listed(words: Words) -> str | None:
    return words if isinstance(words, str) or words is None else ",".join(words)
