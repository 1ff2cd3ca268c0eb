"""Text for terminals and pipes of whatever encoding: what it lacks is shown by other signs, and nothing steers it."""

from __future__ import annotations

import codecs
import io
import os
import re
import sys
from pathlib import Path

ERRORS = "reportdata.shown"
"""How what an encoding lacks is encoded."""
_LIKE = {
    "…": "...", "–": "-", "—": "-", "·": "*", "→": "->", "←": "<-", "×": "x", "≥": ">=", "≤": "<=", "“": '"', "”": '"',
    "‘": "'", "’": "'", "•": "*", "─": "-", "│": "|", "，": ",", "。": ".", "：": ":", "（": "(", "）": ")",
    "\u00a0": " ",
}  # fmt: skip
_BEYOND = re.compile(r"[^\x00-\x7f]")
_STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters but for line ends, and changes of direction."""


def _shown(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacked = error.object[error.start : error.end]
    return "".join(_LIKE.get(sign) or _escaped(sign) for sign in lacked), error.end


codecs.register_error(ERRORS, _shown)


def _escaped(sign: str) -> str:
    """A sign as JSON escapes it."""
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def prepare_streams() -> None:
    """Let no character end the program that standard output or error cannot show. ASCII, which a machine without a
    locale names, is taken for UTF-8, as its terminals nearly always show it."""
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()  # who starts it may have closed one
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = codecs.lookup(stream.encoding).name
            if encoding == "ascii":
                stream.reconfigure(encoding="utf-8", errors=ERRORS)
            elif stream.errors != "surrogateescape":
                stream.reconfigure(errors=ERRORS)


def _nowhere() -> io.TextIOWrapper:
    return Path(os.devnull).open("w", encoding="utf-8")


def shown(text: str) -> str:
    """A text as standard output will show it, so that its width is known; the same, coloured one where it can."""
    encoding = sys.stdout.encoding or "utf-8"
    found = text.encode(encoding, ERRORS).decode(encoding)
    return text if found == text else found


def showable(text: str, other: str) -> str:
    """A text if standard output can show all of it, and otherwise another one."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return other
    return text


def as_json(text: str) -> str:
    """JSON whose characters all encodings have, where standard output is not in Unicode."""
    encoding = codecs.lookup(sys.stdout.encoding or "utf-8").name
    return text if encoding.startswith("utf") else _BEYOND.sub(lambda found: _escaped(found[0]), text)


def visible(text: str) -> str:
    """A text with its control characters as Python writes them: a carriage return at its end is seen."""
    return _STEERING.sub(lambda found: repr(found[0])[1:-1], text)
