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
_NONE = re.compile(
    r"(?:共\s*)?0+(?:\.0*)?\s*(?:条|人|个|次|comments?|replies)?(?:评论|回复|点评)?|false|no(?: comments?| replies)?|否"
    r"|(?:暂?无|没有|未)(?:评论|回复|点评)?",
    re.ASCII | re.IGNORECASE,
)
"""Texts that say that there are none, beside those that say nothing."""
_NUMBER = re.compile(r"\d{1,15}(?:\.\d*)?", re.ASCII)
_TOTAL = re.compile(r"(?:total|count|num|sum)[a-z]*|[a-z]*(?:total|count)", re.ASCII)
"""Names, in small letters without signs, of how many there are."""
_GOES_ON = re.compile(r"has_?(?:more|next)[a-z_]*", re.ASCII | re.IGNORECASE)
_OF_PAGES = re.compile(
    r"success|ok|(?:err|ret|return|result|status)?_?(?:code|msg|message)|status|version|info|hint|page"
    r"|page_?(?:no|num|number|index|size|count)|current(?:_?page)?|total_?pages?|pages|limit|size|per_?page|offset"
    r"|(?:next_?)?cursor|(?:request|trace|log)_?id|type|kind|object|__typename",
    re.ASCII | re.IGNORECASE,
)
"""Names of what an answer says of itself and of its pages, which is nothing of how many there are."""


def unpacked(value: object) -> object:
    """What a text of JSON holds, also within another one; anything else as it is."""
    while isinstance(value, str) and _JSON.match(value):
        try:
            value = _decoded(value)
        except ValueError:
            break
    return value


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


def object_of(value: object) -> dict[str, object] | None:
    """The object that stands alone, which may be written as text: one that is not around a list with something in it;
    None for anything else. It may be a fact, or say how many there are."""
    if isinstance(value, str):
        with suppress(ValueError):
            if _JSON.match(value):
                return object_of(_decoded(value))
        return None
    alone = isinstance(value, dict) and not any(inner for inner in value.values() if isinstance(inner, list))
    return value if isinstance(value, dict) and alone else None


def says_of_none(value: object) -> bool:
    """Whether a member says that there are no facts, or says nothing: it is empty, 0, false, or an object of such
    values around an empty list. A text and a number above 0 say that there are some."""
    if isinstance(value, str):
        with suppress(ValueError):
            if _JSON.match(value):
                return says_of_none(_decoded(value))
        return is_nothing(value) or _NONE.fullmatch(value.strip()) is not None
    if isinstance(value, dict):
        if not any(isinstance(inner, list) for inner in value.values()):
            return all(map(says_of_none, value.values()))
        told = (inner for name, inner in value.items() if not (_OF_PAGES.fullmatch(name) and _is_plain(inner)))
        return all(map(says_of_none, told))
    if isinstance(value, list):
        return all(map(says_of_none, value))
    return is_nothing(value) or (isinstance(value, int | float | Decimal) and value == 0)


def says_of_more(value: object, listed: int) -> bool:
    """Whether an object around a list, which may be written as text, says that there are more than it lists: by a
    number, or since a page follows."""
    if isinstance(value, str):
        with suppress(ValueError):
            if _JSON.match(value):
                return says_of_more(_decoded(value), listed)
        return False
    if not isinstance(value, dict):
        return False
    for name, inner in value.items():
        if isinstance(inner, dict):
            if says_of_more(inner, listed):
                return True
        elif _GOES_ON.fullmatch(name):
            if inner is True or str(inner).strip().lower() in ("true", "1"):
                return True
        elif _TOTAL.fullmatch(name.replace("_", "").lower()) and not _OF_PAGES.fullmatch(name):
            number = _number_of(inner)
            if number is not None and number > listed:
                return True
    return False


def _is_plain(value: object) -> bool:
    return isinstance(value, str | bool | int | float | Decimal)


def says_at_most(value: object, listed: int) -> bool:
    """Whether what a member says of facts is no number above so many."""
    number = _number_of(value)
    return number is None or number <= listed


def _number_of(value: object) -> float | None:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value)
    return float(value) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None


def _decoded(text: str) -> object:
    """What a text of JSON holds.

    :raises ValueError: when it is none, or too deep.
    """
    try:
        return decode(_MARK.sub("", text, count=1).replace("\n", " "))  # within a line it has no lines of its own
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
