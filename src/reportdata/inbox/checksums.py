"""Checksums of what a segment holds: before each batch that was made durable together stands a line of its own. ::

    #<size> <digest> <check>

``size`` is the batch's, in bytes; ``digest`` is of the segment's name, where the batch begins in it, and its lines;
``check`` is of the two and the name, so that a size that is not what was written is told from a batch that was cut off.
All are hexadecimal. A segment that does not begin with such a line was written before there were any.
"""

from __future__ import annotations

import re
import zlib
from hashlib import blake2b
from typing import NamedTuple

_MARK = b"#"
_LINE = re.compile(rb"#([0-9a-f]{8}) ([0-9a-f]{32}) ([0-9a-f]{8})\n?")
_LENGTH = len("#") + 8 + 1 + 32 + 1 + 8 + len("\n")


class Checked(NamedTuple):
    """What a look at a segment's checksums found."""

    lines: bytes
    """The lines of the batches that are what was written, without checksums."""
    end: int
    """Where the last of these batches ends."""
    torn: bool
    """Whether what follows may be a batch that was cut off while it was written, which was not acknowledged."""


def has_checksums(content: bytes) -> bool:
    """Whether a segment has checksums."""
    return content.startswith(_MARK)


def is_checksum(line: bytes) -> bool:
    """Whether a line is no fact, but a checksum."""
    return _LINE.fullmatch(line) is not None


def summed(name: str, place: int, lines: bytes) -> bytes:
    """A batch with its checksum before it.

    :param name: the segment's, without its suffix.
    :param place: the batch's, in bytes from the segment's start.
    """
    head = b"#%08x %s" % (len(lines), _digest(name, place, lines))
    return b"%s %08x\n%s" % (head, _check(name, head), lines)


def checked(name: str, content: bytes) -> Checked:
    """The batches of a segment up to the first one that is not what was written."""
    end = 0
    lines: list[bytes] = []
    while end < len(content):
        start = end + _LENGTH
        line = content[end:start]
        found = _LINE.fullmatch(line)
        if found is None or len(line) < _LENGTH or int(found[3], 16) != _check(name, line[: -len(found[3]) - 2]):
            short = len(line) < _LENGTH and b"\n" not in line
            return Checked(b"".join(lines), end, short or b"\0" in content[end:])
        size = int(found[1], 16)
        batch = content[start : start + size]
        if len(batch) < size or _digest(name, end, batch) != found[2]:
            return Checked(b"".join(lines), end, len(batch) < size or b"\0" in content[end:])
        lines.append(batch)
        end = start + size
    return Checked(b"".join(lines), end, torn=False)


def _digest(name: str, place: int, lines: bytes) -> bytes:
    return blake2b(lines, digest_size=16, person=b"segment", key=f"{name} {place}".encode()[:64]).hexdigest().encode()


def _check(name: str, head: bytes) -> int:
    return zlib.crc32(head, zlib.crc32(name.encode()))
