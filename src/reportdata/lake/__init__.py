"""The lake: facts at rest, as immutable Parquet files by kind and stat day. ::

    sent/stat_day=2021-06-20/<id>.parquet        corp_id, report_id, user_id, sent_at, template, departments
    commented/stat_day=2021-06-20/<id>.parquet   corp_id, report_id, user_id, commented_at
    withdrawn/stat_day=2021-06-20/<id>.parquet   corp_id, report_id, withdrawn_at
    withdrawn/merged/20210601-20210620-<id>.parquet   withdrawals of several days, the first and the last of them
    coverage/<id>.jsonl                          what was observed; a line: [organisation, first day, last day, when]

One protocol, `Lake`, and two places: a folder (`reportdata.lake.local`) and object storage (`reportdata.lake.s3`). A
fact may stand in several files: facts are a set. A file named ``merged-<id>`` holds each of its facts once, by
organisation.

Lakes know names and durability, not Parquet: engines read and write the files. A file is named by its path below the
lake's ``root`` wherever it lies; `Lake.located` tells where it can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol

from reportdata.days import Coverage, Observation
from reportdata.facts import Kind
from reportdata.lake.files import DayFiles, Incoming
from reportdata.leases import Lease

__all__ = ["DayFiles", "FileInfo", "Incoming", "Lake"]


class FileInfo(NamedTuple):
    """A file's size in bytes, and when it was added, in seconds since 1970."""

    size: int
    added: float


class Lake(Protocol):
    """What the pipeline needs of a lake. A place that cannot be read or written is a `LakeError`."""

    @property
    def root(self) -> Path:
        """The lake's folder on this machine, which is made when it is needed: its files, or what is remembered of
        them; locks, what imports are writing, and what engines spill."""

    def exists(self) -> bool:
        """Whether anything may have been added."""

    def files(self, kind: Kind, days: Collection[str] | None = None) -> dict[str, tuple[Path, ...]]:
        """The files of a kind by stat day, the earliest first: of the named days, in place of all. Withdrawals of
        several days stand at each day from the first of them to the last."""

    def paths(self, kind: Kind) -> tuple[Path, ...]:
        """All files of a kind, each once."""

    def days(self, days: Collection[str] | None = None) -> dict[str, DayFiles]:
        """The files of each day that has reports or comments, the earliest first: of the named days, in place of all,
        which then costs the same however many others there are."""

    def withdrawals(self) -> tuple[Path, ...]:
        """All files of withdrawals."""

    def observations(self) -> tuple[Path, ...]:
        """All files of coverage."""

    def coverage(self, files: Sequence[Path] | None = None) -> set[Coverage]:
        """What was observed: all of it, or what stands in some of the files."""

    def observed(self, files: Sequence[Path] | None = None) -> set[Observation]:
        """What was observed and when: all of it, or what stands in some of the files. Releases before 0.1 noted no
        time."""

    def size(self) -> int:
        """Bytes that the facts take up."""

    def info(self, path: Path) -> FileInfo:
        """What is known of a listed file."""

    def located(self, paths: Sequence[Path]) -> AbstractContextManager[Sequence[Path]]:
        """Where this machine can read the files until the block ends, in their order."""

    def parts(self, paths: Sequence[Path]) -> Iterable[Sequence[Path]]:
        """The files in parts that are located together, where all of them might be too many."""

    def uri(self, path: Path) -> str:
        """The file's address as Hadoop writes it, for programs on other machines, which have to see a folder, too."""

    def reading(self) -> AbstractContextManager[None]:
        """No file that was listed within this block goes away before it ends. Any number of processes may read."""

    def incoming(self) -> AbstractContextManager[Incoming]:
        """A folder to write facts to, which is emptied when the block ends, or by a later import when this one dies.
        What the lake holds can be read meanwhile, as within `reading`."""

    def abandoned(self) -> list[Path]:
        """What imports and snapshots left that died; the next one removes it."""

    def snapshot(self) -> AbstractContextManager[Mapping[str, Path]]:
        """The files as they are at one moment: their paths in the lake, and a path of each that `info` and `located`
        take until the block ends, even when it is removed from the lake meanwhile."""

    def add(self, incoming: Incoming) -> None:
        """Add what was written: all of it at once to who lists files, and durable when this returns."""

    def replace(self, files: Sequence[Path], by: Path | None) -> Path | None:
        """Let one file stand in for others of one kind, and of one day unless they are withdrawals; or none, when
        ``by`` is absent. It is durable when this returns; a reader sees the old files or the new one, and in between
        perhaps both. Who calls this holds the lease for refreshing.

        :param by: the new file, in a folder for incoming facts.
        :returns: the new file in its place.
        """

    def replaced(self) -> list[Path]:
        """Files that are still there though others stand in for them."""

    def sweep(self, *, wait: bool = False) -> int | None:
        """Remove files that others stand in for, and return how many; None, and nothing is removed, while anybody
        reads. Who calls this holds the lease for refreshing, and does not read itself.

        :param wait: wait for who reads, and let nothing stay.
        """

    def observe(self, observed: Iterable[Coverage], at: int = 0) -> None:
        """Add to what is observed; what is known already adds no file. It is durable when this returns.

        :param at: when, in milliseconds since 1970; 0 when that is not known.
        """

    def refreshing(self) -> AbstractContextManager[None]:
        """Hold the lease under which days are refreshed: one process at a time, so that no older state of a day is
        stored over a newer one. It ends with the process that holds it."""

    def working(self, ending: Callable[[], bool]) -> AbstractContextManager[Lease | None]:
        """Hold the lease of the one worker, once it can be had; None, and it is not held, when ``ending`` says first
        that it is not to be waited for any more. Whoever finds it invalid works no more."""

    def damaged(self) -> list[str]:
        """The files that are missing or damaged, as far as that shows without reading them whole."""

    def try_adding(self) -> None:
        """See that more can be added.

        :raises OSError: when this user may not.
        """
