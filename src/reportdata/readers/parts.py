"""A large file of text in parts, each of which ends where a record ends, so that it can be read alone.

Nothing is looked at but line ends and quotes: a part ends at a line end with an even number of quotes before it. Where
a cell has a quote that does not quote, this may be wrong. Then a record stands in two parts, and who reads the first of
them finds it cut off within quotes: that reader raises `NotAlone`, and the file is read as a whole.
"""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, TextIO, TypeVar

from reportdata.errors import BadFile
from reportdata.readers.text import opened_bytes, packed, position

_BLOCK = 1 << 20
Each = TypeVar("Each")


class NotAlone(BadFile):
    """A part that cannot be read without what follows it, or is not UTF-8."""


class Part(NamedTuple):
    """A part of a file's text: its number from 0, the bytes of text before its start and its end, how many bytes of the
    file as it lies on disk were read by then, and the file that holds nothing but the part's text."""

    number: int
    start: int
    end: int
    position: int
    text: Path


def read_parts(path: Path, size: int, folder: Path, *, quoted: bool) -> Generator[Part]:
    """The parts of a file, each of at least ``size`` bytes of text but for the last. A part's text is there until the
    next part is asked for, which is written meanwhile.

    :param folder: where the parts are written.
    :param quoted: whether a line end between quotes is part of a record.
    :raises BadFile: when the file cannot be read.
    """
    if not packed(path) and path.stat().st_size <= size:
        yield Part(0, 0, path.stat().st_size, path.stat().st_size, path)
        return
    yield from ahead(_parts(path, size, folder, quoted))


def ahead(parts: Iterator[Each]) -> Generator[Each]:
    """Parts, of which the next one is made while one is worked on."""
    with ThreadPoolExecutor(1, "parts") as writer:
        coming = writer.submit(next, parts, None)
        while (part := coming.result()) is not None:
            coming = writer.submit(next, parts, None)
            yield part


def _parts(path: Path, size: int, folder: Path, quoted: bool) -> Iterator[Part]:
    number = start = 0
    is_packed = packed(path)
    with opened_bytes(path) as source:
        cutter = _Cutter(source, size, quoted)
        while True:
            text = folder / f"part-{number % 2}"
            end = start + cutter.write(text)
            if end == start:
                return
            yield Part(number, start, end, position(source) if is_packed else end, text)
            number, start = number + 1, end


class _Cutter:
    """Writes the next part of a source to a file."""

    def __init__(self, source: BinaryIO, size: int, quoted: bool) -> None:
        self._source = source
        self._size = size
        self._quoted = quoted
        self._rest = b""

    def write(self, target: Path) -> int:
        written = quotes = 0
        with target.open("wb") as out:
            while block := self._rest or self._source.read(_BLOCK):
                self._rest = b""
                if written + len(block) >= self._size:
                    end = self._end_of_record(block, max(0, self._size - written - 1), quotes)
                    if end is not None:
                        out.write(block[:end])
                        self._rest = block[end:]
                        return written + end
                out.write(block)
                written += len(block)
                quotes += block.count(b'"') if self._quoted else 0
        return written

    def _end_of_record(self, block: bytes, start: int, quotes: int) -> int | None:
        """Where in a block the first record ends at or after ``start``; None when it goes on."""
        counted, at = 0, start
        while (line_end := block.find(b"\n", at)) >= 0:
            at = line_end + 1
            quotes += block.count(b'"', counted, at) if self._quoted else 0
            counted = at
            if quotes % 2 == 0:
                return at
        return None


@contextmanager
def opened_part(path: Path, part: Part) -> Iterator[TextIO]:
    """The text of a part, without a byte order mark, its line ends as they are.

    :raises NotAlone: when it is not UTF-8.
    """
    try:
        with (
            part.text.open("rb") as file,
            io.TextIOWrapper(file, "utf-8" if part.start else "utf-8-sig", newline="") as text,
        ):
            yield text
    except UnicodeDecodeError as error:
        raise NotAlone(str(path), f"is not UTF-8: {error}") from error
    except OSError as error:
        raise BadFile(str(path), f"cannot be read: {error}") from error


class LineCounts:
    """How many lines of a file's text end before its parts, counted once they are asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = {0: 0}

    def before(self, part: Part) -> int:
        """The lines before a part's start."""
        if part.start not in self._known:
            nearest = max(place for place in self._known if place < part.start)
            self._known[part.start] = self._known[nearest] + _lines(self._path, nearest, part.start)
        return self._known[part.start]

    def note(self, part: Part, lines: int) -> None:
        """So many lines end before a part's end."""
        self._known[part.end] = lines


def _lines(path: Path, start: int, end: int) -> int:
    lines, last = 0, b""
    with opened_bytes(path) as source:
        source.seek(start)
        while start < end and (block := source.read(min(_BLOCK, end - start))):
            start += len(block)
            lines += block.count(b"\n")
            if returns := block.count(b"\r"):
                lines += returns - block.count(b"\r\n")
            lines -= last == b"\r" and block[:1] == b"\n"  # the two are one end, and were counted twice
            last = block[-1:]
    return lines
