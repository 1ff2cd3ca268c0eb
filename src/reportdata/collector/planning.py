"""What is worth a call, and when: pure functions of what is known. Times are milliseconds since 1970.

The order: yesterday is listed as soon as it is over; then what is missing further back, the newest first. What the rest
of the month needs for listing is kept back first, and then what the last reading of comments needs, where it can be
paid for whole. A quarter of the rest is for listing days again, so that withdrawn reports are noticed, half of it when
that is needed for doing it once; an eighth for the running day; and comments are read early with what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from math import ceil
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdata.days import day_of, days_between, end_of, from_date, to_date

MINUTE = 60_000
DAY = 86_400_000
COMMENT_DAYS = 30
"""Days after which a report's comments are read for the last time."""
OVERLAP = 15 * MINUTE
"""A window begins so much earlier than what is missing: a report may be in the list later than it was made."""
SETTLE = 20 * MINUTE
"""How long after its end a day is listed: not on a full hour, when everybody asks."""
SECOND_LOOK = 10 * MINUTE
"""A report that a look missed is looked for by itself after this."""
LATER_LOOKS = 60 * MINUTE
"""And so long after that, twice as long, and so on, while the suite still knows its id."""
MISSED_FOR_GOOD = 4
"""So often a report is looked for by itself whose id is known, before it counts as withdrawn."""
REVIEWS: tuple[tuple[int, ...], ...] = ((), (4,), (4, 30), (4, 12, 30))
"""Days after which a day is listed again, by how many reviews can be paid for."""
REVIEWED_FOR = 33
"""A day that ended so many days ago is not listed again."""
LATE = 4
"""Days for which a last reading of comments may be late, before its report is left as it is."""
_SLOTS = ("23:40", "18:10", "12:10", "21:10", "09:40", "15:10", "22:10", "17:10", "19:40", "10:40", "13:40", "16:10")
"""When the running day is listed, the most useful times first."""
_PAGES_AT_ONCE = 40
"""About how many pages a window of past days has."""
_LONGEST_SPAN = 30
"""Days in such a window."""
_WEEKS = 4


class Piece(NamedTuple):
    """The time from ``first_at`` to before ``last_at``."""

    first_at: int
    last_at: int

    def includes(self, other: Piece) -> bool:
        """Whether all of the other lies in it."""
        return self.first_at <= other.first_at and other.last_at <= self.last_at

    def touches(self, other: Piece) -> bool:
        """Whether some of the other lies in it."""
        return self.first_at < other.last_at and other.first_at < self.last_at


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """The same times, in as few pieces as possible, the earliest first."""
    found: list[Piece] = []
    for piece in sorted(pieces):
        if found and piece.first_at <= found[-1].last_at:
            found[-1] = Piece(found[-1].first_at, max(found[-1].last_at, piece.last_at))
        else:
            found.append(piece)
    return found


def holes(pieces: Iterable[Piece], whole: Piece) -> list[Piece]:
    """What the pieces leave out of ``whole``, the latest first."""
    found: list[Piece] = []
    at = whole.first_at
    for piece in joined(pieces):
        if piece.first_at > at and piece.first_at < whole.last_at:
            found.append(Piece(at, piece.first_at))
        at = max(at, piece.last_at)
    if at < whole.last_at:
        found.append(Piece(at, whole.last_at))
    return found[::-1]


def start_of(day: str, zone: ZoneInfo) -> int:
    """When a stat day begins."""
    return end_of(before(day, 1), zone) // 1000


def day_at(at: int, zone: ZoneInfo) -> str:
    """The stat day of a time."""
    return day_of(at * 1000, zone)


@lru_cache(maxsize=65_536)
def before(day: str, days: int) -> str:
    """The stat day so many days before."""
    return from_date(to_date(day) - timedelta(days=days))


def settled_day(now: int, zone: ZoneInfo) -> str:
    """The last day that is over, and long enough for its list to be asked for."""
    return before(day_at(now - SETTLE, zone), 1)


def present_window(listed: Sequence[Piece], last_day: str, zone: ZoneInfo) -> Piece | None:
    """The days up to ``last_day`` that were not listed yet, when they are the very last; None when there are none.
    After a longer pause only the last of them: what is before it comes as the past does, the newest first."""
    end = end_of(last_day, zone) // 1000
    newest = max((piece.last_at for piece in listed), default=0)
    if newest >= end:
        return None
    yesterday = start_of(last_day, zone)
    return Piece(newest if before(last_day, 1) == day_at(newest, zone) else yesterday, end)


def past_window(listed: Sequence[Piece], first_day: str, last_day: str, pages: Pages, zone: ZoneInfo) -> Piece | None:
    """The newest days from ``first_day`` to ``last_day`` that were not listed, as many as make some pages."""
    whole = Piece(start_of(first_day, zone), end_of(last_day, zone) // 1000)
    missing = holes(listed, whole)
    if not missing:
        return None
    hole = missing[0]
    day = last = day_at(hole.last_at - 1, zone)
    expected = pages.of(day)
    for _ in range(_LONGEST_SPAN - 1):
        earlier = before(day, 1)
        expected += pages.of(earlier)
        if expected > _PAGES_AT_ONCE or start_of(earlier, zone) < hole.first_at:
            break
        day = earlier
    return Piece(max(hole.first_at, start_of(day, zone)), min(hole.last_at, end_of(last, zone) // 1000))


class Pages:
    """How many pages days probably have, by the weekday, from the reports of the last weeks.

    :param counts: reports of listed days.
    :param page: reports that a page holds.
    """

    def __init__(self, counts: Mapping[str, int], page: int = 20) -> None:
        self._page = page
        recent = sorted(counts)[-7 * _WEEKS :]
        self._weekdays: dict[int, list[int]] = {}
        for day in recent:
            self._weekdays.setdefault(to_date(day).weekday(), []).append(counts[day])
        self._mean = sum(counts[day] for day in recent) / len(recent) if recent else 0.0

    def reports_of(self, day: str) -> float:
        """Reports of a day, probably."""
        found = self._weekdays.get(to_date(day).weekday())
        return sum(found) / len(found) if found else self._mean

    def of(self, day: str) -> int:
        """Pages of a day, probably."""
        return max(1, ceil(self.reports_of(day) / self._page))

    def between(self, first_day: str, last_day: str) -> int:
        """Pages of the days from the one to the other, probably, each listed by itself."""
        return sum(map(self.of, days_between(first_day, last_day)))


class Plan(NamedTuple):
    """How the calls that a month has left are used.

    ``listing`` lists each day once until the month ends, ``reviews`` of the ages that are named pays for listing them
    again, ``running`` for looks at the running day, of which there are ``looks`` each day; ``last`` for the last
    reading of the comments of each report whose time comes in this month, when ``whole``. ``early`` is what one night
    may spend on reading comments early.
    """

    left: int
    listing: int
    ages: tuple[int, ...]
    reviews: int
    looks: int
    running: int
    whole: bool
    last: int
    early: int

    @property
    def for_past(self) -> int:
        """Calls that listing past days may use."""
        return self.left - self.listing


def plan(left: int, today: str, last_day: str, pages: Pages, *, last_readings: int) -> Plan:
    """Share out what is left of a month's calls.

    :param today: the running day of the organisation; ``last_day`` the month's last.
    :param last_readings: reports whose comments have to be read a last time before the month ends.
    """
    days = len(list(days_between(today, last_day))) or 1
    listing = pages.between(before(today, 1), before(last_day, 1))
    free = max(0, left - listing)
    whole = free >= last_readings
    last = last_readings if whole else 0
    free -= last
    month = pages.between(before(today, 30), before(today, 1)) * days // 30 + 1  # one listing of each day, once more
    ages = REVIEWS[min(len(REVIEWS) - 1, max(free // 4 // month, int(free // 2 >= month)))]
    reviews = len(ages) * month
    looks = max(0, min(len(_SLOTS), free // (8 * days) - month // days))
    running = looks * days + month if looks else 0
    early = max(0, free - reviews - running) // days
    return Plan(left, listing, ages, reviews, looks, running, whole, last, early)


def slots(day: str, looks: int, zone: ZoneInfo) -> list[int]:
    """When the running day is listed, in milliseconds since 1970."""
    begin = start_of(day, zone)
    minutes = sorted(int(slot[:2]) * 60 + int(slot[3:]) for slot in _SLOTS[:looks])
    return [begin + at * MINUTE for at in minutes]


def review_due(looked_at: int, ended_at: int, now: int, ages: Sequence[int]) -> bool:
    """Whether a day that ended then and was last listed then has to be listed again."""
    if now >= ended_at + REVIEWED_FOR * DAY:
        return False
    return any(looked_at < ended_at + age * DAY <= now for age in ages)
