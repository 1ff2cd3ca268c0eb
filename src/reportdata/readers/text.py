"""Opening files of text, plain or gzip, in the encodings of `reportdata.readers.encodings`."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from reportdata.errors import BadFile
from reportdata.readers.encodings import ERRORS, encoding_of


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """The text of a file, without a byte order mark, its line ends as they are.

    Bytes that are no text become U+FFFD.

    :raises BadFile: when it cannot be read, is no text, or mixes encodings.
    """
    with opened_bytes(path) as file:
        encoding = encoding_of(str(path), file)
    with opened_bytes(path) as file, io.TextIOWrapper(file, encoding.name, ERRORS, newline="") as text:
        yield text


@contextmanager
def opened_bytes(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, uncompressed when it is a gzip file.

    :raises BadFile: when it cannot be read.
    """
    try:
        with path.open("rb") as raw:
            if _is_packed(raw):
                with gzip.open(raw) as file:
                    yield cast(BinaryIO, file)
            else:
                yield raw
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise BadFile(str(path), f"cannot be read: {error}", "copy or export it again") from error


def packed(path: Path) -> bool:
    """Whether it is a gzip file.

    :raises BadFile: when it cannot be read.
    """
    try:
        with path.open("rb") as raw:
            return _is_packed(raw)
    except OSError as error:
        raise BadFile(str(path), f"cannot be read: {error}") from error


def _is_packed(raw: BinaryIO) -> bool:
    start = raw.read(2)
    raw.seek(0)
    return start == b"\x1f\x8b"


def position(source: TextIO | BinaryIO) -> int:
    """How many bytes of the file, as it lies on disk, have been read."""
    file = getattr(source, "buffer", source)
    place: int = (getattr(file, "fileobj", None) or file).tell()
    return place
