"""What keeps a store: forgetting, copies, checks, and how large and how new it is."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Upkeep(Protocol):
    """What `reportdata.store` says of every method holds of these."""

    def forget(self, corp_id: str) -> int:
        """Remove an organisation with its KPIs, their history and states, its official figures, coverage, apps, links,
        sessions, tokens and client tokens; returns how many rows that were, 0 when nothing was there. Nothing of what
        was removed, now or before, can be read from an embedded store's files when this returns; a server keeps it in
        its log, and in free space, for a while.

        :raises StoreError: also when another process keeps what was removed readable, by reading; it is removed then.
        """

    def forgotten(self) -> frozenset[str]:
        """Digests of people who were forgotten (`reportdata.digests.of_person`), of organisations that were, too."""

    def put_forgotten(self, digest: str) -> None:
        """Note that a person was forgotten, so that their facts are not taken in again."""

    def remember(self, digest: str) -> bool:
        """Let the facts of a person who was forgotten be taken in again; False when nobody was."""

    def mentions(self, text: str) -> dict[str, int]:
        """Where a text stands in the store, alone or within a longer one: places, and how many values there hold it."""

    def newest(self) -> float:
        """When the newest of what carries a time was recorded, in seconds since 1970; 0 when nothing was."""

    def faults(self, *, thorough: bool = False) -> list[str]:
        """What is damaged, a line for each; empty when all is whole. Reads everything; ``thorough`` also compares
        indexes with what they index."""

    def copy(self, target: Path) -> None:
        """Copy the store, as it is at one moment, to a new file, which is an embedded store. Others go on reading and
        writing meanwhile.

        :raises StoreError: also when the copy is damaged.
        """

    def size(self) -> int:
        """Bytes that the store takes up."""

    def close(self) -> None:
        """Let go of the store."""
