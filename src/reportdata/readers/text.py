"""Opening files of text: plain or gzip, UTF-8 (with or without a mark), UTF-16 with a mark, or GB18030."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from reportdata.errors import BadFile

_CHUNK = 1 << 20


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """The text of a file, without a byte order mark, its line ends as they are.

    :raises BadFile: when it cannot be read, or is in none of the encodings.
    """
    with opened_bytes(path) as file:
        encoding = _encoding(path, file)
    with opened_bytes(path) as file, io.TextIOWrapper(file, encoding, newline="") as text:
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
        raise BadFile(str(path), f"cannot be read: {error}") from error


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


def _encoding(path: Path, file: BinaryIO) -> str:
    """Chinese spreadsheet programs write GB18030, some UTF-16; both are told from UTF-8 by what is no UTF-8."""
    start = file.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8-sig", "gb18030"):
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise BadFile(str(path), "is text neither in UTF-8 nor in GB18030", "save it as UTF-8")
