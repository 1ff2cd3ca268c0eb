"""Working days in China: weekends, public holidays, and the weekend days that are worked in their place (调休)."""

from __future__ import annotations

from functools import lru_cache

import chinese_calendar

from reportdata.days import to_date


@lru_cache(maxsize=8192)
def is_working_day(day: str) -> bool:
    """Whether people work on a stat day. Years for which no holidays are published have only weekends."""
    date = to_date(day)
    try:
        return bool(chinese_calendar.is_workday(date))
    except NotImplementedError:
        return date.weekday() < 5
