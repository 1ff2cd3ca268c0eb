"""Archives (.zip) with tables in them, as DingTalk and mail programs give them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

from reportdata.errors import BadFile

MOST_FILES = 1000
LARGEST = 8 << 30
"""Bytes that the files of an archive may have together."""
_HIDDEN = ("__MACOSX", ".")


def unpacked(path: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """The files of an archive, with the names by which they are told, each unpacked to ``folder`` until the next one.

    :raises BadFile: when it is damaged, protected, too large, or has no files.
    """
    try:
        with ZipFile(path) as archive:
            members = [member for member in archive.infolist() if _is_wanted(member)]
            _check(path, members)
            for number, member in enumerate(members):
                target = folder / f"{number}{PurePosixPath(member.filename).suffix}"
                with archive.open(member) as source, target.open("wb") as copy:
                    shutil.copyfileobj(source, copy, 1 << 20)
                try:
                    yield f"{path}/{_name(member)}", target
                finally:
                    target.unlink(missing_ok=True)
    except (BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise BadFile(str(path), f"cannot be unpacked: {error}", "unpack it and import what is in it") from error


def _is_wanted(member: ZipInfo) -> bool:
    parts = PurePosixPath(member.filename).parts
    return not member.is_dir() and bool(parts) and not any(part.startswith(_HIDDEN) for part in parts)


def _check(path: Path, members: list[ZipInfo]) -> None:
    if not members:
        raise BadFile(str(path), "has no files", "choose another archive")
    if any(member.flag_bits & 1 for member in members):
        raise BadFile(str(path), "is protected by a password", "unpack it and import what is in it")
    if len(members) > MOST_FILES or sum(member.file_size for member in members) > LARGEST:
        raise BadFile(str(path), "has too many or too large files", "unpack it and import what is in it")


def _name(member: ZipInfo) -> str:
    """A member's name; without the mark for UTF-8 it is what Chinese Windows writes."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename
