"""The pages of one list that are turned, so that a list without an end is noticed: one whose cursors come again, or
that goes on and tells nothing new."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from reportdata.errors import BadAnswer

_NOTHING_NEW = 5
"""Pages in a row at most that are empty or were there before: a list may shift while it is read."""


class Turning:
    """The pages that were turned of one list."""

    def __init__(self) -> None:
        self._cursors: set[Hashable] = set()
        self._pages: set[int] = set()
        self._idle = 0

    def add(self, records: Sequence[Hashable], following: Hashable | None) -> None:
        """A page was turned.

        :param records: what tells its records apart.
        :param following: where the next page begins, None when there is none.
        :raises BadAnswer: when the list has no end.
        """
        if following is None:
            return
        if following in self._cursors:
            raise BadAnswer("the list has no end: it goes on at a place where it was before")
        self._cursors.add(following)
        page = hash(tuple(records))
        self._idle = self._idle + 1 if not records or page in self._pages else 0
        self._pages.add(page)
        if self._idle >= _NOTHING_NEW:
            raise BadAnswer(f"the list has no end: it goes on, and its last {_NOTHING_NEW} pages told nothing new")
