"""Copies of XLSX workbooks, of which calamine reads each sheet once.

It goes through a sheet twice: for its cells, and then for the list of merged cells at its end, which takes a third of
the time. So it is given a copy of the workbook in which each sheet begins with an empty list of them, where the second
reading ends at once. No sheet is packed anew for that, since deflated blocks may follow one that is not deflated, and
its checksum stays the same.

Only the second reading came to the end of a sheet, where its checksum is compared. Here, that is done meanwhile, and
the list is looked at: where cells are merged over several rows, the workbook is read as it is.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook, SheetMetadata

_NO_MERGED_CELLS = b'<mergeCells id="oue4qt0"/>'
"""An empty list of merged cells; by its id, its CRC-32 is 0: that of what follows it stays as it is."""
_BLOCK = struct.pack("<BHH", 0, len(_NO_MERGED_CELLS), len(_NO_MERGED_CELLS) ^ 0xFFFF) + _NO_MERGED_CELLS
"""The same as a block that is not deflated."""
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_UTF_8 = re.compile(
    rb"(\xef\xbb\xbf)?(<\?xml(\s+(version|encoding=.utf-8|standalone)[^?>\s]*)*\s*\?>\s*)?<\w", re.IGNORECASE
)
"""How a sheet in UTF-8 begins."""
_END_OF_ROWS = re.compile(rb"</(?P<prefix>\w+:)?sheetData\s*>|<(?P<empty>\w+:)?sheetData\b[^<>]*/>")
_RANGE = re.compile(r"[A-Z]{1,3}([1-9]\d{0,6})(?::[A-Z]{1,3}(?:\1))?")
"""Cells of one row that are merged, or one."""
_LOCAL, _CENTRAL = 30, 46
"""Bytes before the name in the headers of a member, where it lies and in the list of all."""
_LARGEST = 0xFFFF_FFFF - len(_BLOCK)
_READ, _UNPACKED, _LAST = 1 << 16, 1 << 18, 8
"""Bytes that are read at once and unpacked at once, and how many of the last of these are searched for the end of the
rows."""


class Damaged(Exception):
    """A sheet is not what its checksum says."""


class _Packed(NamedTuple):
    """Where a sheet's deflated bytes begin in the workbook, how many they are, and the size and CRC-32 of the sheet."""

    start: int
    packed: int
    size: int
    checksum: int


def worksheets(book: CalamineWorkbook) -> Iterator[tuple[SheetMetadata, CalamineSheet]]:
    """The sheets of a workbook that have cells, with what it says of them."""
    import python_calamine as calamine

    for found in book.sheets_metadata:
        if found.typ is calamine.SheetTypeEnum.WorkSheet:
            yield found, book.get_sheet_by_name(found.name)


def sheets_read_once(path: Path, folder: Path) -> list[tuple[SheetMetadata, CalamineSheet]] | None:
    """The sheets of an XLSX workbook, as `worksheets` gives them; None when it is something else, or has something for
    which it has to be read as it is. They say nothing of merged cells, which are of one row each.

    :param folder: takes the copy meanwhile.
    :raises Damaged: when calamine would not notice that a sheet is damaged.
    """
    import python_calamine as calamine

    copy = folder / "workbook.xlsx"
    with suppress(OSError, BadZipFile, struct.error, calamine.CalamineError), _removed(copy), path.open("rb") as file:
        packed = _copy(file, copy)
        if packed is None:
            return None
        with calamine.load_workbook(str(copy)) as book, ThreadPoolExecutor(1, "checksums") as checker:
            sound = checker.submit(_all_sound, file, packed)
            sheets = list(worksheets(book))
            return sheets if sound.result() else None
    return None


@contextmanager
def _removed(copy: Path) -> Iterator[None]:
    try:
        yield
    finally:
        copy.unlink(missing_ok=True)


def _copy(file: BinaryIO, target: Path) -> list[_Packed] | None:
    """Write the copy of a workbook; returns where its sheets are in the workbook. None when it is not of the common
    form."""
    with ZipFile(file) as book:
        members, listed = book.infolist(), book.start_dir
    file.seek(listed)
    end = bytearray(file.read())
    sheets: dict[int, _Packed] = {}
    reached = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        start = _start(file, member)
        if member.header_offset < reached or start + member.compress_size > listed:
            return None
        reached = start + member.compress_size
        if _SHEET.fullmatch(member.filename):
            sheet = _Packed(start, member.compress_size, member.file_size, member.CRC)
            if not _is_common(file, member, sheet):
                return None
            sheets[member.header_offset] = sheet
    if not sheets or not _shift(end, members, sheets, listed):
        return None
    _write(file, target, [sheet.start for sheet in sheets.values()], listed, end)
    return list(sheets.values())


def _start(file: BinaryIO, member: ZipInfo) -> int:
    """Where a member's bytes begin."""
    file.seek(member.header_offset + _LOCAL - 4)
    of_name, of_extra = struct.unpack("<HH", file.read(4))
    return member.header_offset + _LOCAL + int(of_name) + int(of_extra)


def _is_common(file: BinaryIO, member: ZipInfo, sheet: _Packed) -> bool:
    """Whether a sheet is deflated, and nothing but UTF-8."""
    if member.compress_type != ZIP_DEFLATED or member.flag_bits & 1:
        return False
    file.seek(sheet.start)
    try:
        return _UTF_8.match(zlib.decompressobj(-15).decompress(file.read(min(sheet.packed, 4096)), 1024)) is not None
    except zlib.error:
        return False


def _shift(end: bytearray, members: list[ZipInfo], sheets: dict[int, _Packed], listed: int) -> bool:
    """Tell the list of members of the larger sheets, and where all of them begin now; False when it says something
    that it has no room for."""
    at = moved = 0
    starts = sorted(sheets)
    for member in members:
        sign, packed, size, name, extra, comment = struct.unpack_from("<I16xIIHHH", end, at)
        (offset,) = struct.unpack_from("<I", end, at + 42)
        if sign != 0x02014B50 or (packed, size, offset) != (
            member.compress_size,
            member.file_size,
            member.header_offset,
        ):
            return False
        if offset in sheets:
            packed, size = packed + len(_BLOCK), size + len(_NO_MERGED_CELLS)
        moved = len(_BLOCK) * sum(start < offset for start in starts)
        if max(packed, size, offset + moved) > _LARGEST:
            return False
        struct.pack_into("<II", end, at + 20, packed, size)
        struct.pack_into("<I", end, at + 42, offset + moved)
        at += _CENTRAL + name + extra + comment
    begins, offset = struct.unpack_from("<I12xI", end, at)
    moved = len(_BLOCK) * len(starts)
    if begins != 0x06054B50 or offset != listed or listed + moved > _LARGEST:
        return False
    struct.pack_into("<I", end, at + 16, listed + moved)
    return True


def _write(file: BinaryIO, target: Path, starts: list[int], listed: int, end: bytearray) -> None:
    """Write a workbook with the block at the start of each sheet, and another list of members."""
    file.seek(0)
    with target.open("wb") as copy:
        for upto in [*starts, listed]:
            while chunk := file.read(min(1 << 20, upto - file.tell())):
                copy.write(chunk)
            copy.write(_BLOCK if upto != listed else end)


def _all_sound(file: BinaryIO, sheets: list[_Packed]) -> bool:
    return all(_is_sound(file, sheet) for sheet in sheets)


def _is_sound(file: BinaryIO, sheet: _Packed) -> bool:
    """Whether what follows a sheet's rows is sound.

    :raises Damaged: when the sheet is not what its checksum says.
    """
    unpacker, checksum, size = zlib.decompressobj(-15), 0, 0
    last: deque[bytes] = deque(maxlen=_LAST)
    file.seek(sheet.start)
    left = sheet.packed
    try:
        while left and (packed := file.read(min(_READ, left))):
            left -= len(packed)
            while (chunk := unpacker.decompress(packed, _UNPACKED)) or unpacker.unconsumed_tail:
                packed = unpacker.unconsumed_tail
                checksum, size = zlib.crc32(chunk, checksum), size + len(chunk)
                last.append(chunk)
    except zlib.error as error:
        raise Damaged("I/O error: corrupt deflate stream") from error
    if (checksum, size) != (sheet.checksum, sheet.size):
        raise Damaged("I/O error: Invalid checksum")
    return _ends_well(b"".join(last))


def _ends_well(text: bytes) -> bool:
    """Whether what follows the rows is XML, and its merged cells, if there are some, are of one row each."""
    end = _END_OF_ROWS.match(text, text.rfind(b"<", 0, max(0, text.rfind(b"sheetData"))))
    if end is None:
        return False
    ranges: list[str] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "mergeCell" and "ref" in attributes:
            ranges.append(attributes["ref"])

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = begin
    root = (end["prefix"] or end["empty"] or b"") + b"worksheet"
    try:
        parser.Parse(b"<" + root + b">" + text[end.end() :], True)
    except expat.ExpatError:
        return False
    return all(_RANGE.fullmatch(each) for each in ranges)
