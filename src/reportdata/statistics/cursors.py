"""How far somebody has read what changed, as one word: ``c1024.5f0a91c3`` is the number of a transaction and the story
that it belongs to."""

from __future__ import annotations

import re
from typing import NamedTuple

from reportdata.errors import BadValue

_FORM = re.compile(r"c(0|[1-9]\d{0,17})(?:\.([0-9a-f]{8}))?", re.ASCII)


class Reached(NamedTuple):
    """How far a store's changes go: the number of the last transaction that changed something, 0 before the first, and
    the story to which the number belongs. Transactions are numbered in the order in which they are committed; those
    from before that was kept have 0."""

    number: int = 0
    story: str = ""


def cursor_text(reached: Reached) -> str:
    """The word."""
    return f"c{reached.number}.{reached.story}" if reached.story else f"c{reached.number}"


def cursor_in(text: str) -> Reached | None:
    """What a word says; None when it is none."""
    found = _FORM.fullmatch(text)
    return Reached(int(found[1]), found[2] or "") if found is not None else None


def require_story(cursor: Reached, reached: Reached) -> None:
    """:raises BadValue: when a cursor is not of what a store has told: then nobody knows what came after it."""
    if cursor.number and (cursor.story != reached.story or cursor.number > reached.number):
        raise BadValue(
            f"{cursor_text(cursor)} is a place in another store, or from before a backup was restored",
            "begin anew from a moment, or a day, before the last change that was read, like since=2026-09-22",
        )
