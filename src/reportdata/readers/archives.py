"""Archives (.zip) with tables in them, as DingTalk and mail programs give them."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

from reportdata.errors import BadFile
from reportdata.readers.formats import Format, detect_format, is_attachment

MOST_FILES = 1000
LARGEST = 8 << 30
"""Bytes that the files of an archive may have together."""
_HIDDEN = ("__MACOSX", ".", "~$")
_OF_SYSTEMS = ("thumbs.db", "desktop.ini")
"""What file managers leave in folders."""
_LONGEST_NAME = 200
"""Bytes of a name that every file system takes."""
_FIRST_CLOCKS = 14 * 3600
"""An archive has times without a zone. Of all clocks, those that show a time first are so many seconds before UTC."""
_UNPACK = "unpack it and import what is in it"

log = logging.getLogger("reportdata.import")


def is_archive(path: Path) -> bool:
    """Whether a file is an archive, and no workbook.

    :raises BadFile: when it is damaged.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError:  # its reader will say so
        return False
    return start[:2] == b"PK" and detect_format(path) is Format.ZIP


def unpacked(path: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """The names of an archive's files, each with its copy in ``folder``, which is there until the next one is asked
    for. Pictures and documents among them are passed over.

    A copy's time is the earliest at which its member can have been written.

    :raises BadFile: when the archive is damaged, protected or too large, has archives within, or no tables.
    """
    passed: list[str] = []
    try:
        with ZipFile(path) as archive:
            members = [member for member in archive.infolist() if _is_wanted(member)]
            _check(path, members)
            for number, member in enumerate(members):
                name = _name(member)
                copy = _copy(archive, member, folder / str(number))
                if is_attachment(copy):
                    passed.append(name)
                    log.info("passed over %s/%s: it is no table", path.name, name)
                elif is_archive(copy):
                    raise BadFile(f"{path}/{name}", "is an archive within an archive", _UNPACK)
                else:
                    yield name, copy
                shutil.rmtree(copy.parent, ignore_errors=True)
    except (BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        raise BadFile(str(path), f"cannot be unpacked: {error}", _UNPACK) from error
    except OSError as error:
        full = f"make room on the disk of {folder.parent}" if error.errno == errno.ENOSPC else _UNPACK
        raise BadFile(str(path), f"cannot be unpacked: {error.strerror or error}", full) from error
    if len(passed) == len(members):
        raise BadFile(str(path), f"has no tables, but {', '.join(passed[:5])}", "choose another archive")


def _copy(archive: ZipFile, member: ZipInfo, folder: Path) -> Path:
    name = PurePosixPath(_name(member)).name
    folder.mkdir()
    target = folder / (name if len(name.encode()) <= _LONGEST_NAME else f"member{PurePosixPath(name).suffix[:20]}")
    with archive.open(member) as source, target.open("wb") as copy:
        shutil.copyfileobj(source, copy, 1 << 20)
    written = min(_written(member), Path(archive.filename or "").stat().st_mtime)
    os.utime(target, (written, written))
    return target


def _written(member: ZipInfo) -> float:
    """The earliest instant at which a member can have been written, in seconds since 1970."""
    try:
        return datetime(*member.date_time, tzinfo=UTC).timestamp() - _FIRST_CLOCKS
    except ValueError:  # no date at all
        return 0.0


def _is_wanted(member: ZipInfo) -> bool:
    parts = PurePosixPath(member.filename).parts
    hidden = any(part.startswith(_HIDDEN) or part.lower() in _OF_SYSTEMS for part in parts)
    return not member.is_dir() and bool(parts) and not hidden


def _check(path: Path, members: list[ZipInfo]) -> None:
    if not members:
        raise BadFile(str(path), "has no files", "choose another archive")
    if any(member.flag_bits & 1 for member in members):
        raise BadFile(str(path), "is protected by a password", _UNPACK)
    if len(members) > MOST_FILES or sum(member.file_size for member in members) > LARGEST:
        raise BadFile(str(path), "has too many or too large files", _UNPACK)


def _name(member: ZipInfo) -> str:
    """A member's name; without the mark for UTF-8 it is what Chinese Windows writes."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename
