"""Forms of times as texts: each in the usual one, so that one pattern reads all."""

from __future__ import annotations

import re
import unicodedata

from reportdata.identifiers import half_width

_BASIC = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)?(?=\D|$)", re.ASCII)
"""ISO 8601 without signs between."""
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ENGLISH = re.compile(rf"({'|'.join(_MONTHS)})[a-z]*\.? (\d{{1,2}}), ?(\d{{4}}),? ", re.ASCII | re.IGNORECASE)
"""A date as Java writes it: Jan 5, 2024."""
_MAIL = re.compile(rf"(?:[a-z]{{3}}, )?(\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d{{4}}) ", re.ASCII | re.IGNORECASE)
"""A date as mails and answers of HTTP write it: Fri, 05 Jan 2024."""
_OF_JAVASCRIPT = re.compile(
    rf"(?:[a-z]{{3}} )?({'|'.join(_MONTHS)}) (\d{{1,2}}) (?:(\d{{4}}) )?(\d{{1,2}}:\d\d:\d\d)(?: (\d{{4}}))?"
    r"(?: (?:GMT)?([+-]\d{4})(?: [(（].*[)）])?)?",
    re.ASCII | re.IGNORECASE,
)
"""A time as JavaScript and C write it: Fri Jan 05 2024 08:03:00 GMT+0800 (中国标准时间), Fri Jan 5 08:03:00 2024."""
_OF_JAVA = re.compile(
    rf"(?:[a-z]{{3}} )?(?:{'|'.join(_MONTHS)}) \d{{1,2}} [\d:]+ [a-z]{{2,5}} \d{{4}}", re.ASCII | re.IGNORECASE
)
_SHORT_MONTH = re.compile(rf"(\d{{1,2}})[- ]({'|'.join(_MONTHS)})[a-z]*[- ](\d{{4}}),? ", re.ASCII | re.IGNORECASE)
"""A date as English spreadsheets write it: 05-Jan-2024."""
_DAY_OF_DIGITS = re.compile(r"(20\d\d)(\d\d)(\d\d) (\d\d?:.*|\d{6})", re.ASCII)
_NAMED_TWICE = re.compile(r"([+-]\d{4}) [A-Z]{2,5}$", re.ASCII)
"""An offset, and the name of its zone after it, as Go writes both."""
_YEAR_OF_TWO = re.compile(r"\d\d年", re.ASCII)
_QUOTED = re.compile(r"""(?:=\s*"(.*)"|['`\u2018\u2019](.*?)['\u2019]?)""")
"""A text that is kept from being taken for a number."""
_BEIJING = re.compile(r"\s*[(（]?(?:北京|中国标准)时间[)）]?$")
_WEEKDAY = re.compile(r"\s*[(（]?(?:星期|周|礼拜)[一二三四五六日天][)）]?\s*")


def normalised(text: str) -> str:
    """The text in half-width signs, without invisible ones and quotes, with single blanks, without a day of the
    week."""
    text = half_width(text)
    text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    quoted = _QUOTED.fullmatch(text.strip())
    if quoted is not None:
        text = quoted[1] or quoted[2] or ""
    text = (
        _WEEKDAY.sub(" ", _BEIJING.sub("+08:00", " ".join(text.split())))
        .strip()
        .replace("時", "时")
        .replace("點", "点")
    )
    basic = _BASIC.match(text)
    if basic is not None:
        year, month, day, hour, minute, second = basic.groups("00")
        return f"{year}-{month}-{day}T{hour}:{minute}:{second}{text[basic.end() :]}"
    english = _ENGLISH.match(text)
    if english is not None:
        return f"{english[3]}-{_month(english[1])}-{english[2]} {text[english.end() :]}"
    mail = _MAIL.match(text)
    return text if mail is None else f"{mail[3]}-{_month(mail[2])}-{mail[1]} {text[mail.end() :]}"


def rewritten(text: str) -> str:
    """A time in one of the rarer forms in the usual one; any other text as it is."""
    english = _SHORT_MONTH.match(text)
    if english is not None:
        return f"{english[3]}-{_month(english[2])}-{english[1]} {text[english.end() :]}"
    script = _OF_JAVASCRIPT.fullmatch(text.replace("+0800+08:00", "+0800"))
    if script is not None and (year := script[3] or script[5]):
        return f"{year}-{_month(script[1])}-{script[2]} {script[4]}{script[6] or ''}"
    digits = _DAY_OF_DIGITS.fullmatch(text)
    if digits is not None:
        year, month, day, clock = digits.groups()
        return f"{year}-{month}-{day} {clock if ':' in clock else ':'.join((clock[:2], clock[2:4], clock[4:]))}"
    return _NAMED_TWICE.sub(r"\1", f"20{text}" if _YEAR_OF_TWO.match(text) else text)


def _month(name: str) -> int:
    return _MONTHS.index(name.lower()) + 1


def is_of_java(text: str) -> bool:
    """Whether a time is written as Java does, with the short name of a zone in it."""
    return _OF_JAVA.fullmatch(text) is not None
