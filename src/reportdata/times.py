"""Reading the time of a record: text, number or datetime to an instant (see `reportdata.days`)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from reportdata.days import END_INSTANT, FIRST_INSTANT, SECOND, instant_of

_TEXT = re.compile(
    r"""(?P<year>\d{4}) [-/.年] (?P<month>\d{1,2}) [-/.月] (?P<day>\d{1,2}) 日?
        (?: [T\s]\s* (?P<hour>\d{1,2}) [:时] (?P<minute>\d{2})
            (?: [:分] (?P<second>\d{2}) 秒? (?: [.,] (?P<fraction>\d{1,9}) )? )? 分?
        )?
        \s* (?P<offset> Z | [+-]\d{2} (?: :?\d{2} )? )?""",
    re.VERBOSE | re.ASCII | re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+", re.ASCII)


def read_instant(value: object, zone: ZoneInfo) -> int:
    """The instant that ``value`` names: ISO 8601 with or without an offset (without one it is local time in ``zone``),
    the forms that Chinese sheets use (``2026/9/21 17:05``, ``2026年9月21日 17:05``), or seconds or milliseconds since
    1970, told apart by their size. Finer than a microsecond is cut off.

    :raises ValueError: with the reason, when it is none of these or lies outside 2000 to 2099.
    """
    if isinstance(value, bool) or value is None:
        raise ValueError("is not a time")
    if isinstance(value, datetime):
        instant = instant_of(value if value.tzinfo else value.replace(tzinfo=zone))
    elif isinstance(value, int):
        instant = _since_1970(value)
    elif isinstance(value, float):
        if not value.is_integer():
            raise ValueError(f"{value!r} is not a whole number of seconds or milliseconds")
        instant = _since_1970(int(value))
    elif isinstance(value, str):
        text = value.strip()
        instant = _since_1970(int(text)) if _DIGITS.fullmatch(text) and len(text) < 20 else _of_text(text, zone)
    else:
        raise ValueError(f"is a {type(value).__name__}, not a time")
    if not FIRST_INSTANT <= instant < END_INSTANT:
        raise ValueError(f"{value!r} is outside the years 2000 to 2099")
    return instant


def _since_1970(number: int) -> int:
    """Seconds have ten digits from 2001 to 2286, milliseconds thirteen."""
    digits = len(str(abs(number)))
    if digits <= 10:
        return number * SECOND
    if digits <= 13:
        return number * 1000
    raise ValueError(f"{number} is neither seconds nor milliseconds since 1970")


def _of_text(text: str, zone: ZoneInfo) -> int:
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is not a time")
    part = found.groupdict()
    if part["hour"] is None:
        raise ValueError(f"{text!r} has no time of day")
    fraction = ((part["fraction"] or "") + "000000")[:6]
    try:
        moment = datetime(
            int(part["year"]),
            int(part["month"]),
            int(part["day"]),
            int(part["hour"]),
            int(part["minute"]),
            int(part["second"] or 0),
            int(fraction),
            tzinfo=_offset(part["offset"]) if part["offset"] else zone,
        )
        return instant_of(moment)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a time: {error}") from error


def _offset(text: str) -> timezone:
    if text in "Zz":
        return UTC
    digits = text[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours > 14 or minutes > 59:
        raise ValueError(f"no place has the offset {text}")
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(-delta if text[0] == "-" else delta)
