"""Reading the time of a record: text, number or datetime to an instant (see `reportdata.days`).

A text is normalised first (full-width signs, white space of every kind, days of the week), then read by one pattern.
Nothing is guessed: a form that could be two times is refused, and the refusal says how to write it.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from math import isfinite
from zoneinfo import ZoneInfo

from reportdata.days import END_INSTANT, FIRST_INSTANT, MILLISECOND, SECOND, instant_of
from reportdata.identifiers import is_nothing
from reportdata.time_forms import is_of_java, normalised, rewritten

END_OF_SECONDS = 2_019_686_400
"""Ten digits from here on are refused: as seconds since 1970 they lie in 2034 or later, and numbers like 2401050803 and
2034010508 are dates that somebody wrote without signs between."""

_AM, _PM = ("上午", "凌晨", "早上", "清晨", "早晨", "am", "a.m."), ("下午", "晚上", "夜间", "傍晚", "pm", "p.m.")
_EVENING = ("晚上", "夜间", "傍晚")
_NOON = "中午"
_HALF = "|".join(re.escape(word) for word in (*_AM, *_PM, _NOON))
_TEXT = re.compile(
    rf"""(?P<year>\d{{4}}) \s?[-/.年]\s? (?P<month>\d{{1,2}}) \s?[-/.月]\s? (?P<day>\d{{1,2}}) \s?日?
        (?: (?: T | \s* ) (?P<before>{_HALF})? \s* (?P<hour>(?<!\d)\d{{1,2}})
            (?: \s?[:时点]\s? (?P<minute>\d{{1,2}})
                (?: \s?[:分]\s? (?P<second>\d{{1,2}}) (?: [.,] (?P<fraction>\d+) )? \s?秒? )? \s?分?
              | \s?[时点] )
            \s* (?P<after>{_HALF})?
        )?
        \s* (?P<offset> Z | UTC | GMT | (?:UTC|GMT)?[+-]\d{{1,2}} (?: :?\d{{2}} )? )?
        (?: (?<=[\dZ]) \[[A-Za-z_]+(?:/[A-Za-z_]+)*\] )?""",
    re.VERBOSE | re.ASCII | re.IGNORECASE,
)
_COMPACT = re.compile(r"(20\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:(\d\d)(\d{3})?)?", re.ASCII)
_CLOCK = re.compile(r"\d{1,2}[:时点]\d{1,2}(?:[:分]\d{1,2}秒?|分)?", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
_NUMBER = re.compile(r"\d+\.\d*", re.ASCII)
_SHORTENED = re.compile(r"\d(\.\d+)?E\+?\d+", re.ASCII | re.IGNORECASE)
_RELATIVE = re.compile(
    r"(?:今天|今日|昨天|昨日|前天|前日|刚刚|刚才|today|yesterday|just now|上?(?:周|星期|礼拜)[一二三四五六日天]).*"
    r"|.*(?:\d+|几)\s*(?:秒钟?|分钟?|小时|天|周|个?月)前|.*\bago",
    re.IGNORECASE,
)
_SHORT_YEAR = re.compile(r"\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}(?!\d)\s?日?[\sT].*", re.ASCII)
_YEAR_LAST = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}\b.*", re.ASCII)
_NO_YEAR = re.compile(r"\d{1,2}\s?[-/.月]\s?\d{1,2}\s?日?[\sT].*", re.ASCII)
_AS_FORMAT = "format the column as yyyy-mm-dd hh:mm in a spreadsheet program and save it again, or export it as XLSX"
_EXTENDED = frozenset(("$date", "$numberLong"))
"""How MongoDB writes a time in JSON."""
_ZONE_NAME = re.compile(r"\s[A-Za-z]{2,5}$", re.ASCII)
_FIRST_SERIAL = datetime(1899, 12, 30)  # noqa: DTZ001 (a spreadsheet's day 0 is local time)
_SERIALS = 36_526, 73_051
"""A spreadsheet's numbers of the days from 2000-01-01 on and before 2100-01-01."""
_FORMS = "write 2024-01-05 08:03, 2024/1/5 下午 5:40, 2024年1月5日 8时3分, or 2024-01-05T08:03:00+08:00"


class BadTime(ValueError):
    """What is no time, or may be two; ``hint`` says how to write it."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.hint = hint


def read_instant(value: object, zone: ZoneInfo) -> int:
    """The instant that ``value`` names.

    Understood are ISO 8601 with or without an offset (without one it is local time in ``zone``), the forms of Excel and
    WPS (``2026/9/21 17:05``, ``2026年9月21日 下午 5:05``, ``5:05 PM``, 时分秒, full-width digits), ``yyyyMMddHHmm`` and
    ``yyyyMMddHHmmss``, a spreadsheet's number of a day with a fraction, and seconds, milliseconds, microseconds or
    nanoseconds since 1970, told apart by their size. Finer than a microsecond is cut off.

    :raises BadTime: when it is none of these, is ambiguous, or lies outside 2000 to 2099.
    """
    if isinstance(value, bool) or value is None:
        raise BadTime("is missing" if value is None else "is not a time", _FORMS)
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, Decimal):
        value = int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        instant = instant_of(value if value.tzinfo else value.replace(tzinfo=zone))
    elif isinstance(value, date):
        raise BadTime(f"{value.isoformat()!r} has no time of day", _FORMS)
    elif isinstance(value, int):
        instant = _of_number(value)
    elif isinstance(value, float):
        instant = _of_float(value, zone)
    elif isinstance(value, str):
        instant = _of_text(value, zone)
    elif isinstance(value, time | timedelta):
        raise BadTime(f"{str(value)!r} has no date", f"put date and time into one column: {_FORMS}")
    elif isinstance(value, dict) and len(value) == 1 and value.keys() & _EXTENDED:
        return read_instant(next(iter(value.values())), zone)
    else:
        raise BadTime(
            f"is a {'JSON object' if isinstance(value, dict) else type(value).__name__}, not a time",
            "write an object for each record, with one time in it",
        )
    if not FIRST_INSTANT <= instant < END_INSTANT:
        raise BadTime(f"{value!r} is outside the years 2000 to 2099", _FORMS)
    return instant


def _of_number(number: int) -> int:
    """Seconds have ten digits from 2001 to 2286, milliseconds thirteen, microseconds sixteen, nanoseconds nineteen."""
    digits = len(str(abs(number)))
    if digits <= 10:
        if number >= END_OF_SECONDS:
            raise BadTime(f"{number} may be a date written without signs, or seconds since 1970", _FORMS)
        return number * SECOND
    if digits <= 13:
        return number * MILLISECOND
    if digits <= 16 and number < END_OF_SECONDS * SECOND:
        return number
    if digits == 19 and number < END_OF_SECONDS * SECOND * 1000:
        return number // 1000
    raise BadTime(f"{number} is no number of seconds, milliseconds, microseconds or nanoseconds since 1970", _FORMS)


def _of_float(value: float, zone: ZoneInfo) -> int:
    if _SERIALS[0] <= value < _SERIALS[1]:
        return _of_serial(value, zone)
    if not isfinite(value):
        raise BadTime(f"{value!r} is not a time", _FORMS)
    if not value.is_integer() and FIRST_INSTANT <= value * SECOND < END_OF_SECONDS * SECOND:
        return int(value * SECOND)  # as programs write seconds, to the microsecond
    return _of_number(int(value))


def _of_serial(days: float, zone: ZoneInfo) -> int:
    """A spreadsheet keeps a time as a fraction of a day, exact to less than a millisecond."""
    if days.is_integer():
        raise BadTime(f"{days:.0f} is a spreadsheet's number of a day, without a time of day", _FORMS)
    moment = _FIRST_SERIAL + timedelta(milliseconds=round(days * 86_400_000))
    return instant_of(moment.replace(tzinfo=zone))


def _of_text(value: str, zone: ZoneInfo) -> int:
    text = normalised(value)
    if _DIGITS.fullmatch(text):
        return _of_digits(text, zone)
    if _NUMBER.fullmatch(text):
        return _of_float(float(text), zone)
    if _SHORTENED.fullmatch(text):
        raise BadTime(f"{text!r} was shortened by a spreadsheet program", "export the column as text")
    found = _TEXT.fullmatch(text) or _TEXT.fullmatch(rewritten(text))
    if found is None:
        if is_nothing(text):
            raise BadTime("is missing", "fill it in, or leave such records out with --skip-bad")
        _refuse_half_told(text, value.strip()[:40])
        if is_of_java(text) or (_ZONE_NAME.search(text) and _TEXT.fullmatch(_ZONE_NAME.sub("", text))):
            raise BadTime(f"{value.strip()[:40]!r} names a zone that means several", "write an offset, like +08:00")
        if _CLOCK.fullmatch(text):
            raise BadTime(f"{value.strip()[:40]!r} has no date", f"put date and time into one column: {_FORMS}")
        raise BadTime(f"{value.strip()[:40]!r} is not a time", _FORMS)
    part = found.groupdict()
    if part["hour"] is None:
        raise BadTime(f"{value.strip()[:40]!r} has no time of day", _FORMS)
    fraction = ((part["fraction"] or "") + "000000")[:6]
    try:
        moment = datetime(
            int(part["year"]),
            int(part["month"]),
            int(part["day"]),
            _hour(int(part["hour"]), part["before"], part["after"]),
            int(part["minute"] or 0),
            int(part["second"] or 0),
            int(fraction),
            tzinfo=_offset(part["offset"].upper()) if part["offset"] else zone,
        )
        return instant_of(moment)
    except (ValueError, OverflowError) as error:
        raise BadTime(f"{value.strip()[:40]!r} is not a time: {error}", _FORMS) from error


def _refuse_half_told(text: str, shown: str) -> None:
    """
    :raises BadTime: when a text names a time, but says too little to tell which.
    """
    if _RELATIVE.fullmatch(text):
        raise BadTime(
            f"{shown!r} depends on when it was written, which is not known",
            "export the sheet in place of copying what is shown, or write whole times",
        )
    if _YEAR_LAST.fullmatch(text):
        raise BadTime(f"{shown!r} may have the month or the day first", _AS_FORMAT)
    if _SHORT_YEAR.fullmatch(text):
        raise BadTime(f"{shown!r} may have the year or the day first", _AS_FORMAT)
    if _NO_YEAR.fullmatch(text):
        raise BadTime(f"{shown!r} has no year", _FORMS)


def _of_digits(text: str, zone: ZoneInfo) -> int:
    compact = _COMPACT.fullmatch(text)
    if compact is not None:
        year, month, day, hour, minute, second, thousandth = (int(part or 0) for part in compact.groups())
        try:
            moment = datetime.combine(date(year, month, day), time(hour, minute, second, thousandth * 1000), zone)
        except ValueError as error:
            raise BadTime(f"{text!r} is not a time: {error}", _FORMS) from error
        return instant_of(moment)
    if (len(text) == 8 and text.startswith("20")) or (len(text) == 5 and _SERIALS[0] <= int(text) < _SERIALS[1]):
        raise BadTime(f"{text!r} has no time of day", _FORMS)
    if len(text) >= 20:
        raise BadTime(f"{text[:40]!r} is not a time", _FORMS)
    return _of_number(int(text))


def _hour(hour: int, before: str | None, after: str | None) -> int:
    """The hour of 24, of one of 12 with the half of the day before or after it."""
    if before and after:
        raise ValueError("has the half of the day twice")
    half = (before or after or "").lower()
    if not half:
        return hour
    if half == _NOON:
        if not 10 <= hour <= 14 and not 1 <= hour <= 2:
            raise ValueError(f"{hour} o'clock is not at noon")
        return hour + 12 if hour <= 2 else hour
    if hour > 12:
        if half in _PM and hour < 24:
            return hour  # 下午 15:30
        raise ValueError(f"{hour} o'clock is not in the morning")
    if half in _AM:
        return hour % 12
    if half in _EVENING and (hour == 12 or hour < 4):
        raise ValueError(f"{hour} o'clock at night may be the day before or after midnight")
    return hour % 12 + 12


def _offset(text: str) -> timezone:
    text = text.removeprefix("UTC").removeprefix("GMT")
    if text in ("Z", ""):
        return UTC
    digits = text[1:].replace(":", "")
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
    if hours > 14 or minutes > 59:
        raise ValueError(f"no place has the offset {text}")
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(-delta if text[0] == "-" else delta)
