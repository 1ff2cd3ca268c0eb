"""Where a lake's files lie: what every place owes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol

from reportdata.errors import Damaged
from reportdata.lake.membership import Added
from reportdata.lake.objects import Objects


class Found(NamedTuple):
    """An object that was listed: its key, its bytes, and when it came there, in seconds since 1970."""

    key: str
    size: int
    written: float


class Content(NamedTuple):
    """A file's bytes, and their SHA-256 in hexadecimal."""

    size: int
    sha256: str


class Wanted(NamedTuple):
    """A file that is read: its key, and what is known of it; nothing when it is replaced and gone, and then only what
    is left of it can be read."""

    key: str
    added: Added | None


class Place(Protocol):
    """Files by keys, like ``sent/stat_day=2021-06-20/<id>.parquet``, and the objects of the log.

    :raises LakeError: from every method, when the place does not answer.
    """

    @property
    def objects(self) -> Objects:
        """Where the log lies."""

    @property
    def folder(self) -> Path:
        """The folder below which files are named, wherever they lie."""

    @property
    def grace(self) -> float:
        """Seconds for which another machine, which no lock shows, may go on reading files that are replaced."""

    @property
    def limit(self) -> float:
        """Bytes of files that can be located at once."""

    def exists(self) -> bool:
        """Whether anything may be there."""

    def bring(self, names: Mapping[Path, str]) -> dict[str, Content]:
        """Bring files of this machine to these keys, each whole and durable; they need not be left where they were.
        They do not count before an entry of the log adds them.

        :raises OSError: when a file cannot be read or written.
        """

    def brought(self, names: Mapping[Path, str]) -> None:
        """An entry added them."""

    def located(self, wanted: Sequence[Wanted]) -> AbstractContextManager[list[Path]]:
        """Where this machine can read the files until the block ends, in their order.

        A file that has changed since it was last found whole is read for that.

        :raises Damaged: when a file is gone, or is not what was added.
        """

    def pinned(self, keys: Collection[str], aside: Path) -> Mapping[str, Path]:
        """A path for each file that `located` takes as long as the folder ``aside`` is there."""

    def lost(self, wanted: Sequence[Wanted], *, read: bool = True) -> list[str]:
        """The names of those files that are gone, or are not what was added. A file that has changed since it was last
        found whole is read for that; unless ``read``, sizes alone are compared."""

    def misread(self, wanted: Sequence[Wanted]) -> list[str]:
        """The names of those files that `located` gave and that are not what was added, by all of their bytes: damage
        that changes no time of a file, or came meanwhile, shows only when it is read."""

    def is_whole(self, wanted: Wanted) -> bool:
        """Whether a file is what was added, by all of its bytes, which are read at its place."""

    def damaged(self, files: Mapping[str, Added]) -> list[str]:
        """The names of files that are gone or damaged, as far as that shows without reading them whole."""

    def uri(self, wanted: Wanted) -> str:
        """A file's address as Hadoop writes it.

        :raises Damaged: when it is gone or is not what was added, as far as that shows on this machine.
        """

    def written(self) -> list[Found]:
        """Files that a lake has written, whether they count or not."""

    def swept(self, keys: Collection[str]) -> None:
        """Only these files are needed any more."""

    def tidy(self, needed: Callable[[], Collection[str]]) -> None:
        """Forget what was seen of files that are not needed any more, for those who never sweep.

        :param needed: gives the keys of those that are.
        """

    def try_adding(self) -> None:
        """See that more can be added.

        :raises OSError: when this user may not.
        """


def damaged(*names: str) -> Damaged:
    """The error for files that are gone, or are not what was added."""
    several = f"{len(names)} of the lake's files are gone or are not what was added, like" if len(names) > 1 else ""
    return Damaged(
        f"{several} {names[0]}" if several else f"the lake's file {names[0]} is gone, or is not what was added",
        "bring it back: put it there again, or `reportdata repair --from BACKUP`; "
        "`reportdata repair --give-up FILE` goes on without it",
        names,
    )
