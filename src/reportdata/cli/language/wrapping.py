"""Lines of a text with Chinese signs, which take two columns each and may end a line anywhere."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

_TOKEN = re.compile(r"\s+|[^\s\u2e80-\u9fff\uff00-\uffef\u3000-\u303f]+|.", re.DOTALL)
_NOT_FIRST = "，。；：、！？）」』》】”’…])"
"""Signs that begin no line."""
_NOT_LAST = "（「『《【“‘[("
"""Signs that end none."""


def width(text: str) -> int:
    """Columns of a terminal."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def padded(text: str, columns: int) -> str:
    """A text with spaces behind it, up to so many columns."""
    return text + " " * (columns - width(text))


def wrapped(text: str, columns: int) -> list[str]:
    """A paragraph in lines of at most so many columns, where that can be."""
    lines = [""]
    for unit in _units(text):
        if lines[-1] and width(lines[-1] + unit.rstrip()) > columns:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        lines[-1] += unit if lines[-1] else unit.lstrip()
    lines[-1] = lines[-1].rstrip()
    return lines


def _units(text: str) -> list[str]:
    """What no line may be broken within."""
    units: list[str] = []
    for token in _TOKEN.findall(" ".join(text.split())):
        joins = units and (token.isspace() or token[0] in _NOT_FIRST or units[-1][-1] in _NOT_LAST)
        if joins:
            units[-1] += token
        else:
            units.append(token)
    return units
