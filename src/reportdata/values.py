"""Values of a fact's columns, from what a record has for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from zoneinfo import ZoneInfo

from reportdata.errors import BadField
from reportdata.identifiers import half_width, is_nothing, read_id, read_text
from reportdata.kinds import DIGITS, PLACES, Column
from reportdata.times import BadTime, read_instant

_INTEGER = re.compile(r"([+-]?\d{1,19})(?:\.0+)?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+", re.ASCII)
_DURATION = re.compile(
    r"\d+:\d\d(:\d\d)?|.*\d\s*(?:小时|时|分钟?|秒|h|m|s|hours?|min(?:ute)?s?|seconds?)\b.*", re.IGNORECASE
)
_EXACT = 1 << 53
"""From here on a float stands for several whole numbers."""
_DECIMAL = re.compile(rf"[+-]?\d{{1,{DIGITS - PLACES}}}(\.\d{{1,{PLACES}}})?", re.ASCII)

Value = str | int | Decimal | None


def instant_of(name: str, value: object, zone: ZoneInfo) -> int:
    """An instant, in microseconds since 1970.

    :raises BadField: when it cannot be used.
    """
    try:
        return read_instant(value, zone)
    except ValueError as error:
        raise BadField(name, str(error), error.hint if isinstance(error, BadTime) else "") from None


def read_value(column: Column, value: object, zone: ZoneInfo) -> Value:
    """What a column of a fact holds.

    :raises BadField: when it cannot be used.
    """
    if not column.required and is_nothing(value):
        return None
    if not column.required and column.type in ("text", "names"):  # no number of a day depends on it
        try:
            return read_text(column.name, value) if column.type == "text" else read_names(column.name, value)
        except BadField:
            return None
    match column.type:
        case "id":
            return read_id(column.name, value)
        case "text" if column.words:
            return _word(column, value)
        case "text":
            return _there(column, read_text(column.name, value))
        case "names":
            return _there(column, read_names(column.name, value))
        case "integer":
            return _integer(column.name, value)
        case "count":
            return _count(column.name, value)
        case "decimal":
            return _decimal(column.name, value)
        case _:
            return instant_of(column.name, value, zone)


def _word(column: Column, value: object) -> str | None:
    """The one of the column's words that is meant."""
    found = _there(column, read_text(column.name, str(value) if isinstance(value, int) else value))
    text = half_width(str(found)).strip().lower().removesuffix(".0")
    for word, others in column.words.items():
        if text == word or text in others:
            return word
    known = ", ".join(column.words)
    raise BadField(column.name, f"{str(value)[:40]!r} is none of its words", f"write one of {known}")


def _there(column: Column, value: str | None) -> str | None:
    if value is None and column.required:
        raise BadField(column.name, "is missing")
    return value


def _integer(field: str, value: object) -> int:
    if value is None or value == "":
        raise BadField(field, "is missing")
    if isinstance(value, str):
        value = _whole(value)
    elif isinstance(value, float | Decimal) and -_EXACT < value < _EXACT and value == int(value):
        value = int(value)  # spreadsheets have no other numbers
    if isinstance(value, bool) or not isinstance(value, int) or not -(1 << 63) <= value < 1 << 63:
        hint = f"write {field} as a whole number, without a sign of its unit"
        if _DURATION.fullmatch(str(value).strip()):
            hint = "write it as a whole number of minutes, like 80 for 1:20:00"
        raise BadField(field, f"{str(value)[:40]!r} is not a whole number of 64 bits", hint)
    return value


def _whole(text: str) -> int | str:
    """The whole number that a text is; the text when it is none."""
    found = half_width(text).strip()
    if _THOUSANDS.fullmatch(found):
        found = found.replace(",", "")
    whole = _INTEGER.fullmatch(found)
    return int(whole[1]) if whole is not None else text


def _count(field: str, value: object) -> int:
    found = _integer(field, value)
    if found < 0:
        raise BadField(field, f"{found} is less than 0", "leave the record out, or mend it")
    return found


def _decimal(field: str, value: object) -> Decimal:
    if value is None or value == "":
        raise BadField(field, "is missing")
    text = str(value).strip()
    exact = isinstance(value, int | float | str | Decimal) and not isinstance(value, bool)
    if not exact or not _DECIMAL.fullmatch(text):
        reason = (
            f"{text[:40]!r} is not a number with at most {DIGITS - PLACES} digits before the point, {PLACES} after it"
        )
        raise BadField(field, reason)
    return Decimal(text)


def read_names(field: str, value: object) -> str | None:
    """Names with commas between them, from such a text, a list, or objects with names. A comma inside a listed name
    becomes a full-width one, so that the names can be told apart again."""
    if isinstance(value, str):
        for sign in "，;；、\n":
            value = value.replace(sign, ",")
        value = value.split(",")
    elif not isinstance(value, list | tuple):
        value = [value]
    names = (_name_of(field, item) for item in value)
    return ",".join(name.replace(",", "，") for name in names if name) or None


def _name_of(field: str, value: object) -> str | None:
    if isinstance(value, Mapping):
        value = next((value[key] for key in _NAMED_BY if not is_nothing(value.get(key))), None)
    return read_text(field, value)


_NAMED_BY = ("name", "dept_name", "deptName", "dept_id", "deptId", "id")
"""Which member of an object names it."""
