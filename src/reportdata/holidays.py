"""China's public holidays, and the weekend days that are worked in their place (调休)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from reportdata.days import from_date, to_date


class SpecialDay(NamedTuple):
    """A stat day that is no ordinary one of its week: whether people work on it all the same, and the holiday that it
    belongs to, in Chinese and English."""

    stat_day: str
    is_worked: bool
    name: str
    name_en: str


def published_years() -> tuple[int, int]:
    """The first and the last year whose holidays are known. Of others, nothing is."""
    import chinese_calendar.constants as published  # takes 10 ms, which most commands need not spend

    years = {day.year for day in (*published.holidays, *published.workdays)}
    return min(years), max(years)


def special_days(first_day: str, last_day: str) -> Iterator[SpecialDay]:
    """The holidays and the moved working days of a period, by day."""
    since, until = published_years()
    first, last = max(to_date(first_day), to_date(f"{since}0101")), min(to_date(last_day), to_date(f"{until}1231"))
    for offset in range((last - first).days + 1):
        found = _special(from_date(first + timedelta(days=offset)))
        if found is not None:
            yield found


@lru_cache(maxsize=8192)
def _special(day: str) -> SpecialDay | None:
    import chinese_calendar

    is_holiday, name = chinese_calendar.get_holiday_detail(to_date(day))
    if name is None:
        return None
    return SpecialDay(day, not is_holiday, chinese_calendar.Holiday(name).chinese, name)
