"""Time zones that headings, columns and texts above a table name. Times without one are Beijing's."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reportdata.headings import BRACKETS, normal, plain

_ZONES = re.compile(
    r"utc|gmt|时区|世界时|格林|协调|^z$|[+-]\s?\d{1,2}(?::?\d{2})?$|^[a-z]+/[a-z_/]+$"
    r"|^(?:[ecmp][sd]t|[jki]st|bst|ces?t|eet|msk|aes?t)$"
    r"|(?:美|美国|英国|欧洲|德国|日本|韩国|印度|澳洲|纽约|伦敦|柏林|东京|首尔|悉尼|太平洋|东部|西部)时间"
)
_BEIJING = re.compile(
    r"北京|中国|上海|东八|\+\s?0?8(?::?00)?$|asia/(?:shanghai|chongqing|urumqi|hong_kong|taipei)|^cst$"
)
_ZONE_AT_END = re.compile(r"(?:\b|_|(?<=[^\x00-\x7f]))(?:utc|gmt)(?:\s?[+-]\s?\d{1,2}(?::?\d{2})?)?$")
"""A zone behind a heading of times that has it in no brackets."""
_OF_ZONES = frozenset(
    (
        "时区",
        "所在时区",
        "时区名称",
        "时区偏移",
        "timezone",
        "timezoneid",
        "timezonename",
        "tz",
        "tzname",
        "tzoffset",
        "timezoneoffset",
        "utcoffset",
        "gmtoffset",
    )
)
"""Headings, in normal form, of columns that say of which zone the times of a record are."""
_SAYS_ZONE = re.compile(
    r"(?:时区|time\s?zones?|times?\s(?:(?:are|is|shown|given|written)\s)*in|时间\s?(?:均|都|皆|全部)?(?:为|是|采用|使用|按))\W*(.{1,40})"
)
"""A text above a heading that says of which zone all times are."""


def other_zone(heading: str) -> str | None:
    """What a heading of times has in brackets, or at its end, that names a time zone other than Beijing's; None when it
    has none."""
    said = plain(heading)
    texts = [str(found)[1:-1].strip() for found in BRACKETS.findall(said)]
    at_end = _ZONE_AT_END.search(BRACKETS.sub("", said).strip())
    return next((text for text in [*texts, *([at_end[0].strip("_ ")] if at_end else [])] if _is_other_zone(text)), None)


def other_zone_above(titles: Iterable[str]) -> str | None:
    """What texts above a heading name as the time zone of all times, other than Beijing's; None when they name none."""
    said = _SAYS_ZONE.search(plain(" ".join(titles)))
    return said[1].strip() if said is not None and _is_other_zone(said[1]) else None


def column_of_zones(columns: Iterable[str]) -> str | None:
    """The column that says of which time zone the times of a record are; None where there is none."""
    return next((column for column in columns if normal(column) in _OF_ZONES), None)


def is_beijing(zone: str) -> bool:
    """Whether a text names Beijing's time zone, by whatever name."""
    return _BEIJING.search(plain(zone).strip()) is not None


def _is_other_zone(text: str) -> bool:
    return _ZONES.search(text) is not None and _BEIJING.search(text) is None
