"""Counts with the words for what is counted, as English has them."""

from __future__ import annotations

from gettext import ngettext


def count_of(number: int, one: str, more: str) -> str:
    """A count with what follows it: ``1 day was``, ``1,234 days were``.

    :param one: what follows 1.
    :param more: what follows any other number.
    """
    return f"{number:,} {ngettext(one, more, number)}"
