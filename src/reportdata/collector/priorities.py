"""Which comments to read next: those of the reports from which most is expected to be learned.

KPI 4102 counts people who commented on a day, so a comment tells something new only when nobody knew yet that its
author commented that day. What a reading is worth is the number of such pairs of person and day that it will probably
show, summed over the days of a report's age that were not seen yet::

    worth = factor(author, template) * sum(rate(age) * share of the day that has passed * P(commenter is unknown))

``rate`` is comments by day of age, ``factor`` how much more or less this author and template get, and P what remains of
the author's usual commenters; all are learned from what was read, each beginning with a prior.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from reportdata.collector.planning import DAY, before, day_at, start_of
from reportdata.collector.readings import Open, Readings
from reportdata.days import to_date

WORTH = 0.03
"""New pairs of person and day that a reading must promise."""
WORTH_AT_LAST = 0.005
"""The pairs that it must promise in the last turn of a day, when the rest would be left over."""
_LEARNED_DAYS = 45
"""Days that habits are learned from."""
_OLD_WEIGHT = 0.3
"""What a pair of a day long past is worth beside one of a young report."""
_PRIOR_REPORTS = 30.0
"""Reports that must have been read until what they showed counts as much as what is assumed."""
_PRIOR_COMMENTS = 3.0
"""Comments on an author's reports until their commenters count as much as those who comment most everywhere."""
_PRIOR_OF_TEMPLATE, _PRIOR_OF_AUTHOR = 5.0, 1.0
"""Expected comments until the factor of a template or an author counts as much as 1."""
_FREQUENT = 20
"""How many of those who comment most are expected to comment on anybody's reports."""
_FREQUENT_SHARE = 0.7
"""The share of comments by unknown readers that is expected to be theirs."""
_PRIOR_RATES = (0.30, 0.18, 0.05, 0.03, 0.02, 0.01, 0.01)
"""Comments on a report that are assumed by the day of its age, before anything is known, and later ones: hardly any."""
_PRIOR_RATE_LATER = 0.001
_LONGEST_AGE = 60
"""Days of a report's age after which nothing more is expected of it."""


class Habits:
    """How much is commented, on which day of a report's age, and by whom."""

    def __init__(self, readings: Readings, now: int, zone: ZoneInfo) -> None:
        since = now - _LEARNED_DAYS * DAY
        local = Calendar(zone)
        reach: list[tuple[str, str, int]] = []  # of reports that were read: author, template, whole days seen
        seen = [0] * (readings.days + 1)  # reports of which at least so many whole days were seen
        for author, template, sent_at, read_at in readings.read(since):
            whole = max(0, min(readings.days, (read_at - local.start(local.day(sent_at))) // DAY))
            reach.append((author, template, whole))
            seen[whole] += 1
        for age in range(readings.days - 1, -1, -1):
            seen[age] += seen[age + 1]
        made = [0] * readings.days
        self._readers: dict[str, Counter[str]] = defaultdict(Counter)
        everybody: Counter[str] = Counter()
        by_template: Counter[str] = Counter()
        for habit in readings.habits(since):
            age = ages(local.day(habit.sent_at), habit.stat_day)
            if 0 <= age < readings.days and habit.read_at >= local.start(habit.stat_day) + DAY:
                made[age] += 1
            self._readers[habit.author][habit.user_id] += 1
            everybody[habit.user_id] += 1
            by_template[habit.template] += 1
        self._rates = [
            (made[age] + _PRIOR_REPORTS * assumed(age)) / (seen[age + 1] + _PRIOR_REPORTS)
            for age in range(readings.days)
        ]
        upto = list(accumulate(self._rates, initial=0.0))
        expected_of: dict[str, float] = defaultdict(float)  # comments, by author and by template
        expected_by: dict[str, float] = defaultdict(float)
        for author, template, whole in reach:
            expected_of[author] += upto[whole]
            expected_by[template] += upto[whole]
        self._by_template = {
            name: (by_template[name] + _PRIOR_OF_TEMPLATE) / (count + _PRIOR_OF_TEMPLATE)
            for name, count in expected_by.items()
        }
        self._of_author = {
            name: (self._readers[name].total() + _PRIOR_OF_AUTHOR) / (count + _PRIOR_OF_AUTHOR)
            for name, count in expected_of.items()
        }
        total = everybody.total()
        self._everybody = [(user, count / total) for user, count in everybody.most_common(_FREQUENT)] if total else []

    def rate(self, age: int) -> float:
        """Comments on a report on that day of its age, on average."""
        return self._rates[age] if 0 <= age < len(self._rates) else _PRIOR_RATE_LATER

    def factor(self, author: str, template: str) -> float:
        """How much more or less is commented on what this author sends with this template."""
        return self._of_author.get(author, self._by_template.get(template, 1.0))

    def readers(self, author: str) -> dict[str, float]:
        """Who comments on this author's reports, each with a share of the comments; the rest may be anybody."""
        known = self._readers.get(author, Counter())
        total = known.total() + _PRIOR_COMMENTS
        shares = {user: count / total for user, count in known.items()}
        for user, share in self._everybody:
            shares[user] = shares.get(user, 0.0) + _PRIOR_COMMENTS / total * share * _FREQUENT_SHARE
        return shares


class Session:
    """Readings, the one first that promises most; what they show makes others promise less.

    :param counted_from: the first day whose KPIs matter.
    :param fresh: how many of the newest reports are considered.
    :param missed: how many old ones that were never read.
    :param worth: what a reading must promise.
    """

    def __init__(
        self, readings: Readings, now: int, zone: ZoneInfo, counted_from: str, *, fresh: int, missed: int, worth: float
    ) -> None:
        self._worth = worth
        self._habits = Habits(readings, now, zone)
        self._local = Calendar(zone)
        self._now = now
        self._today = self._local.day(now)
        self._counted_from = counted_from
        first = before(self._today, readings.days + 60)
        self._known: dict[str, set[str]] = defaultdict(set)  # people by the day they commented on
        self.learn(readings.known(max(first, counted_from)))
        self._readers: dict[str, dict[str, float]] = {}
        self._unknown: dict[tuple[str, str], tuple[int, float]] = {}
        self._left: list[tuple[float, int, Open, float]] = []
        for weight, reports in (
            (1.0, readings.fresh(now, before(counted_from, readings.days), fresh)),
            (_OLD_WEIGHT, readings.missed(now, missed)),
        ):
            for report in reports:
                value = weight * self._value(report)
                if value >= self._worth:
                    self._left.append((-value, len(self._left), report, weight))
        heapq.heapify(self._left)

    def next(self) -> Open | None:
        """The report whose comments are to be read next; None when none is worth it."""
        while self._left:
            _, number, report, weight = heapq.heappop(self._left)
            value = weight * self._value(report)
            if value < self._worth:
                continue
            if self._left and -value > self._left[0][0]:
                heapq.heappush(self._left, (-value, number, report, weight))
                continue
            return report
        return None

    def learn(self, pairs: Iterable[tuple[str, str]]) -> None:
        """These people are now known to have commented on these days."""
        for user_id, day in pairs:
            self._known[day].add(user_id)

    def _value(self, report: Open) -> float:
        """How many unknown pairs of person and day a reading will probably show."""
        sent = self._local.day(report.sent_at)
        first = self._local.day(report.read_at) if report.read_at else sent
        found = 0.0
        day, age = max(sent, first), max(0, ages(sent, first))
        while day <= self._today and age < _LONGEST_AGE:
            rate = self._habits.rate(age) * self._share(day, max(report.read_at, report.sent_at))
            if rate > 0 and day >= self._counted_from:
                found += rate * self._share_unknown(report.user_id, day)
            day, age = before(day, -1), age + 1
        return found * self._habits.factor(report.user_id, report.template)

    def _share_unknown(self, author: str, day: str) -> float:
        """The share of an author's comments on a day that is expected of people who are not known to have commented."""
        known = self._known.get(day)
        if not known:
            return 1.0
        count, share = self._unknown.get((author, day), (-1, 0.0))
        if count != len(known):
            readers = self._readers.get(author)
            if readers is None:
                readers = self._readers[author] = self._habits.readers(author)
            few, many = sorted((known, readers), key=len)
            share = 1.0 - sum(readers[user] for user in few if user in many)
            self._unknown[author, day] = len(known), share
        return share

    def _share(self, day: str, since: int) -> float:
        """The part of a day that lies between a time and now."""
        begin = self._local.start(day)
        return max(0, min(begin + DAY, self._now) - max(begin, since)) / DAY


class Calendar:
    """The stat days of many times; times of one quarter of an hour share theirs."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._days: dict[int, str] = {}
        self._starts: dict[str, int] = {}

    def day(self, at: int) -> str:
        """The stat day of a time."""
        quarter = at // 900_000
        found = self._days.get(quarter)
        if found is None:
            found = self._days[quarter] = day_at(at, self._zone)
        return found

    def start(self, day: str) -> int:
        """When a stat day begins."""
        found = self._starts.get(day)
        if found is None:
            found = self._starts[day] = start_of(day, self._zone)
        return found


def assumed(age: int) -> float:
    """Comments on a report on that day of its age, before anything is known."""
    return _PRIOR_RATES[age] if age < len(_PRIOR_RATES) else _PRIOR_RATE_LATER


@lru_cache(maxsize=65_536)
def ages(sent: str, day: str) -> int:
    """Days from the one to the other."""
    return (to_date(day) - to_date(sent)).days
