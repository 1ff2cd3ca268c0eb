"""The objects that the log is made of, and the place where they lie."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from reportdata.errors import LakeError
from reportdata.lake.membership import Entry


class Missing(LakeError):
    """There is no such object."""


class Objects(Protocol):
    """The place of the log: objects by keys. Writing one is atomic and durable.

    :raises LakeError: from every method, when the place does not answer.
    """

    @property
    def address(self) -> str:
        """What the place is called."""

    @property
    def at_once(self) -> int:
        """Requests that may be made at once."""

    def put(self, key: str, content: bytes) -> None:
        """Write an object."""

    def get(self, key: str) -> bytes:
        """An object's content.

        :raises Missing: when there is none.
        """

    def keys(self, folder: str) -> Sequence[str]:
        """The keys that begin with ``folder/``, in their order."""

    def remove(self, keys: Iterable[str]) -> None:
        """Remove objects, whether they are there or not."""

    def unlogged(self) -> Entry | None:
        """The files from before there was a log, where that may be."""

    def take_over(self) -> None:
        """See that the log has begun: with an entry of the files from before it, the same whoever writes it first."""
