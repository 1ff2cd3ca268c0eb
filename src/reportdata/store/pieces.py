"""Pieces of coverage."""

from __future__ import annotations

from collections.abc import Iterable

from reportdata.days import to_date


def merged(pieces: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same days, each piece from a first to a last one, in as few pieces as possible."""
    found: list[tuple[str, str]] = []
    for first, last in sorted(pieces):
        if found and to_date(first).toordinal() <= to_date(found[-1][1]).toordinal() + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found
