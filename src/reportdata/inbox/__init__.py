"""The inbox: facts that were pushed, until they are in the lake. One protocol for every place where they may lie.

What every inbox owes:

- Lines that were acknowledged survive ``kill -9`` and power loss. Those that were not may be there or not, in whole
  lines.
- Lines lie in segments. A segment is finished when nothing is added to it any more; one that a dead writer left is
  finished by whoever looks for finished ones.
- Taking facts into the lake twice is harmless, so a segment is removed only after that.
- What keeps an inbox from working is raised as `InboxError`, from every method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from reportdata.errors import BadSegment, InboxError
from reportdata.facts import Fact, fact_of
from reportdata.files import read, reading
from reportdata.inbox.checksums import checked, has_checksums, is_checksum
from reportdata.kinds import Kinds

Concerned = Callable[[bytes], bool]
"""Whether a line is meant."""


class Writer(Protocol):
    """Adds lines to an inbox: all that comes while it writes is made durable together afterwards."""

    commits: int
    """How often lines were made durable."""

    def append(self, lines: bytes) -> Future[None]:
        """Add whole lines, each a `Fact` in JSON. They are durable when the future is done. When it fails they are not
        in the inbox, or nobody knows."""

    def close(self) -> None:
        """Write what is queued, and finish what is open."""


class Inbox(Protocol):
    """See the module's text for what holds of every method."""

    def ready(self) -> Sequence[Path]:
        """Finished segments as files, the oldest first: all, or as many as are taken up at a time. A name begins with
        when its segment was begun, in microseconds since 1970 as 16 hexadecimal digits."""

    def remove(self, paths: Iterable[Path]) -> None:
        """Remove segments whose facts are in the lake. They are gone for good when this returns."""

    def set_aside(self, path: Path) -> str:
        """Keep a damaged segment where nobody looks for finished ones; returns where."""

    def backlog(self) -> int:
        """Bytes that wait, finished or not."""

    def free(self) -> int:
        """Bytes that may still be written, as far as that can be told."""

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """A name and whole lines for each segment that is there, finished or not. What is taken into the lake meanwhile
        may be left out."""

    def holds(self, concerned: Concerned) -> bool:
        """Whether a segment, finished or not, has such a line."""

    def drop(self, concerned: Concerned) -> int:
        """Remove such lines from finished segments; returns how many. Who calls this is the only worker."""

    def close(self) -> None:
        """Let go of the inbox."""


def begun_at(segment: Path) -> int:
    """When a segment was begun, in milliseconds since 1970: nothing in it was pushed before, nor much later. 0 for a
    name that does not tell."""
    try:
        return int(segment.stem.partition("-")[0], 16) // 1000
    except ValueError:
        return 0


def facts_of(path: Path, kinds: Kinds) -> Iterator[Fact]:
    """The facts of a segment.

    :raises BadSegment: when a line is no fact, or a batch is not what was written.
    """
    content = _content(path)
    if not content:
        raise BadSegment(f"{path}, line 1: the segment is empty, and none is finished empty")
    summed = _is_sound(path, content)
    for number, line in enumerate(content.split(b"\n")[: None if content[-1:] not in (b"\n", b"") else -1], 1):
        try:
            if not summed or not is_checksum(line):
                yield fact_of(line, kinds)
        except ValueError as error:
            raise BadSegment(f"{path}, line {number}: is no fact: {error}") from error


def lines_of(path: Path) -> bytes:
    """The lines of a segment, each a fact's when `facts_of` raises nothing.

    :raises BadSegment: when a batch is not what was written.
    """
    content = _content(path)
    return checked(path.stem, content).lines if _is_sound(path, content) else content


def _is_sound(path: Path, content: bytes) -> bool:
    """Whether a segment has checksums, all of them right."""
    if not has_checksums(content):
        return False
    end = checked(path.stem, content).end
    if end < len(content):
        line = content.count(b"\n", 0, end) + 1
        raise BadSegment(f"{path}, line {line}: what follows is not what was written: its checksum differs")
    return True


def _content(path: Path) -> bytes:
    try:
        return read(path)
    except OSError as error:
        raise InboxError(f"the segment {path} cannot be read: {error.strerror or error}") from error


def readable_of(path: Path, kinds: Kinds) -> Iterator[Fact]:
    """The facts of a segment that can be read, of one that holds something that is no fact."""
    try:
        with reading(path) as lines:
            for line in lines:
                with suppress(ValueError):
                    yield fact_of(line, kinds)
    except OSError as error:
        raise InboxError(f"the segment {path} cannot be read: {error.strerror or error}") from error
