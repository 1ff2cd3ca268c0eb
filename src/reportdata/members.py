"""What stands in a member of a record that may be a list of facts: its items, nothing, or something else.

Lists may be written as text, as they are in the cells of tables, and in an object around them, as APIs answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal

import msgspec

from reportdata.errors import BadField
from reportdata.identifiers import is_nothing
from reportdata.json_texts import decode

_BLANKS = "[\\s\ufeff\u200b]*"
_JSON = re.compile(rf"{_BLANKS}[\[{{\"]")
_OF_OBJECTS = re.compile(rf"{_BLANKS}(?:\[\s*)?\{{\s*[\"']")
"""How the text of an object begins, or of a list of them."""
_MARK = re.compile(_BLANKS)
"""What programs write before a text: blanks, and the mark of an encoding."""
_NO_JSON = BadField("list", "is no JSON, or is cut off")
_SEVERAL = BadField("list", "is an object with several lists of objects")
_NONE = re.compile(r"0+(?:\.0*)?|false|no|否|没有", re.ASCII | re.IGNORECASE)
"""Texts that say that there are none, beside those that say nothing."""


def items_of(value: object) -> Sequence[object]:
    """What stands in a list, which may be written as text, or in an object around it, in which it is the only list or
    the only one of objects; an error in place of what cannot be read, and nothing where there is no list. A text and a
    number are no lists."""
    if isinstance(value, str):
        if not _JSON.match(value):
            return []
        try:
            found = _decoded(value)
        except ValueError:
            return [_NO_JSON] if _OF_OBJECTS.match(value) else []
        if isinstance(found, str):
            return items_of(found)
        value = found
    if isinstance(value, dict):
        lists = [inner for inner in value.values() if isinstance(inner, list)]
        if not lists:
            return [value] if any(isinstance(inner, str) for inner in value.values()) else []
        if len(lists) > 1:
            lists = [inner for inner in lists if any(isinstance(one, dict) for one in inner)]
        if len(lists) > 1:
            return [_SEVERAL]
        value = lists[0] if lists else []
    if not isinstance(value, list):
        return []
    return [one["node"] if isinstance(one, dict) and isinstance(one.get("node"), dict) else one for one in value]


def says_of_none(value: object) -> bool:
    """Whether a member says that there are no facts, or says nothing: it is empty, 0, false, or an object of such
    values around an empty list. A text and a number above 0 say that there are some."""
    if isinstance(value, str):
        with suppress(ValueError):
            if _JSON.match(value):
                return says_of_none(_decoded(value))
        return is_nothing(value) or _NONE.fullmatch(value.strip()) is not None
    if isinstance(value, dict):
        around = any(isinstance(inner, list) for inner in value.values())
        return all(says_of_none(inner) for inner in value.values() if not (around and isinstance(inner, str)))
    if isinstance(value, list):
        return all(map(says_of_none, value))
    return is_nothing(value) or (isinstance(value, int | float | Decimal) and value == 0)


def _decoded(text: str) -> object:
    """What a text of JSON holds.

    :raises ValueError: when it is none, or too deep.
    """
    try:
        return decode(_MARK.sub("", text, count=1).replace("\n", " "))  # within a line it has no lines of its own
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
