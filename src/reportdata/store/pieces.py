"""Pieces of coverage, and whether days still stand as they did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reportdata.days import to_date
from reportdata.errors import Overtaken


def merged(pieces: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same days, each piece from a first to a last one, in as few pieces as possible."""
    found: list[tuple[str, str]] = []
    for first, last in sorted(pieces):
        if found and to_date(first).toordinal() <= to_date(found[-1][1]).toordinal() + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def require_standing(was: Mapping[str, str | None] | None, found: Mapping[str, str]) -> None:
    """:raises Overtaken: when a day has another fingerprint than it was said to have."""
    for day, fingerprint in (was or {}).items():
        if found.get(day) != fingerprint:
            raise Overtaken(f"somebody else computed {day} meanwhile, perhaps from more", "nothing was changed")
