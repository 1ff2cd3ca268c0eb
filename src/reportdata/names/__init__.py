"""Names of people, for organisations that have turned them on: kept apart from facts and numbers, which have ids alone.

What every place of names owes:

- An organisation has none until it turns them on; none is kept of an organisation that has not.
- What a method has changed is durable when it returns, wholly or not at all. Nothing of what was removed, now or
  before, can be read from an embedded place's files when this returns; a server keeps it in its log, and in free space,
  for a while.
- Who was forgotten is given no name again, not even by what was on its way meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Protocol

from reportdata.digests import of_person
from reportdata.errors import BadValue

Forgotten = Callable[[], Collection[str]]
"""The digests of people who were forgotten (`reportdata.digests.of_person`), as they are when it is called."""


class Names(Protocol):
    """Where names are kept.

    :raises StoreError: from every method, when it cannot be read or written.
    """

    def organisations(self) -> frozenset[str]:
        """The organisations that have names turned on."""

    def turn_on(self, corp_id: str) -> None:
        """Let names of an organisation be kept."""

    def turn_off(self, corp_id: str) -> int:
        """Remove all names of an organisation and keep none from now on; returns how many there were."""

    def put(self, corp_id: str, names: Mapping[str, str], forgotten: Forgotten) -> int:
        """Keep the names of people by their ids, in place of those that they had; returns how many people these are
        who were not forgotten.

        :raises BadValue: when the organisation has names turned off.
        """

    def names(self, corp_id: str, user_ids: Collection[str]) -> dict[str, str]:
        """The names of those of these people who have one."""

    def count(self, corp_id: str) -> int:
        """How many people have a name."""

    def forget(self, corp_id: str, user_id: str) -> int:
        """Remove a person's name; returns how many there were. Their digest was put into the store before."""

    def mentions(self, text: str) -> dict[str, int]:
        """Where a text stands, alone or within a longer one: places, and how many values there hold it."""

    def copy(self, target: Path) -> None:
        """Copy everything, as it is at one moment, to a new file, which is an embedded place."""

    def close(self) -> None:
        """Let go of it."""


def remembered(corp_id: str, names: Mapping[str, str], forgotten: Collection[str]) -> dict[str, str]:
    """The names of those who were not forgotten."""
    return {user_id: name for user_id, name in names.items() if of_person(corp_id, user_id) not in forgotten}


def turned_off(corp_id: str) -> BadValue:
    """The refusal of names of an organisation that has them turned off."""
    return BadValue(
        f"the organisation {corp_id} has names turned off: none is kept",
        f"turn them on with `reportdata org names on --corp {corp_id}`",
    )
