"""In which encoding a text is written: UTF-8, UTF-16 with or without a mark, or GB18030 (GBK, GB2312).

Chinese spreadsheet programs write GB18030, which takes nearly any bytes, so that it is believed only where the bytes
look like Chinese. An odd byte in a text refuses nothing: it becomes U+FFFD, and a cell that is used is refused if it
has one. A text that mixes encodings is refused.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from typing import BinaryIO, NamedTuple

from reportdata.errors import BadFile

REPLACED = "\ufffd"
"""What stands for bytes that are no text."""
ERRORS = "reportdata.odd-bytes"
"""How decoders handle odd bytes."""
_CHUNK = 1 << 20
_MULTI = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
"""A character of UTF-8 beyond ASCII."""
_HANZI = re.compile(rb"[\xb0-\xf7][\xa1-\xfe]|[\xa1-\xa9][\xa1-\xfe]")
"""A character of GB2312, which nearly all Chinese text is made of."""
_RARE = re.compile(rb"(?:[\x81-\xfe][0-9]){2}")
"""A character of GB18030's four bytes, of which two are beyond ASCII."""
_USUAL = r"[\t\n\r -~\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
"""What Chinese tables are made of; compiled when it is needed, since a set of so many signs takes a while."""
_HIGH = re.compile(rb"[\x80-\xff]")


class Encoding(NamedTuple):
    """The name of an encoding, as Python's decoders know it, and whether odd bytes are in the text."""

    name: str
    odd: bool = False


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    euro = error.encoding.lower().startswith("gb") and error.object[error.start : error.start + 1] == b"\x80"
    return ("€" if euro else REPLACED), error.start + 1 if euro else error.end


codecs.register_error(ERRORS, _replace)


def encoding_of(path: str, file: BinaryIO) -> Encoding:
    """The encoding of a file's text.

    :raises BadFile: when it mixes encodings, or is no text.
    """
    start = file.read(4096)
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return Encoding("utf-32")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding("utf-16")
    if len(start) >= 8 and start.count(0) * 2 > len(start) + 8:
        return Encoding("utf-32-le" if start[0] else "utf-32-be")
    if (unmarked := unmarked_utf_16(start)) is not None:
        return Encoding(unmarked)
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        file.seek(0)
        return _of_lines(path, file)
    return Encoding("utf-8-sig")


def unmarked_utf_16(start: bytes) -> str | None:
    """Which UTF-16 a text without a mark begins in; None when it does in none. Other encodings have no zero bytes, but
    a file may be padded with them: where these are few, nearly all of it has to be the signs of a Chinese table."""
    zeros = start.count(0)
    if len(start) < 8 or not zeros:
        return None
    if zeros * 4 > len(start):
        return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
    for name in ("utf-16-le", "utf-16-be"):
        text = start[: len(start) // 2 * 2].decode(name, "replace")
        if ("\n" in text or "\r" in text) and 20 * len(re.findall(_USUAL, text)) >= 19 * len(text):
            return name
    return None


def _of_lines(path: str, lines: Iterable[bytes]) -> Encoding:
    """The encoding of a text with odd bytes for UTF-8: that in which more of it is characters.

    A line is certainly in one encoding when all of it is characters of that one, and not of the other.
    """
    certain: dict[str, int] = {}
    votes = {"utf-8-sig": 0, "gb18030": 0}
    binary = 0
    for number, line in enumerate(lines, 1):
        count = len(_HIGH.findall(line))
        if not count:
            continue
        binary += line.count(0)
        in_utf_8 = sum(len(sign) for sign in _MULTI.findall(line))
        in_gb18030 = 2 * len(_HANZI.findall(line)) + 2 * len(_RARE.findall(line))
        if in_utf_8 == count != in_gb18030:
            certain.setdefault("UTF-8", number)
        elif in_gb18030 == count and 2 * in_utf_8 <= count:
            certain.setdefault("GB18030", number)
        votes["utf-8-sig"] += in_utf_8 if in_utf_8 * 2 > count else 0
        votes["gb18030"] += in_gb18030 if in_gb18030 * 2 > count else 0
    if len(certain) > 1:
        told = ", ".join(f"line {number} is in {name}" for name, number in certain.items())
        raise BadFile(path, f"mixes encodings: {told}", "save all of it in one encoding, best UTF-8")
    if binary and not any(votes.values()):
        raise BadFile(path, "is no text, and in no format that is known", "save it as XLSX, or as CSV in UTF-8")
    if certain:
        return Encoding("gb18030" if "GB18030" in certain else "utf-8-sig", odd=True)
    return Encoding("gb18030" if votes["gb18030"] > votes["utf-8-sig"] else "utf-8-sig", odd=True)
