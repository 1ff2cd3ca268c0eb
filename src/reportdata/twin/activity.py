"""What the people of a made-up organisation do: reports, comments and withdrawals, day by day.

A day's reports, with all that ever happens to them, depend on the seed, the organisation and the day alone, and are
made when they are first asked for. Times are milliseconds since 1970 and whole seconds, as DingTalk's are.
"""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from operator import attrgetter

import msgspec

from reportdata.days import SECOND, day_of, days_between, from_date, instant_of, time_zone, to_date
from reportdata.twin.calendar import is_working_day
from reportdata.twin.habits import ATTENTION, Habits, delay, scaled_eagerness
from reportdata.twin.organisation import Organisation, Person

BEIJING = time_zone("Asia/Shanghai")
_DAY = 86_400
_ORDERS = 8
"""Windows whose order without meaning is remembered."""
_BEIJING_OFFSET = 8 * 3600
_ORDINAL_OF_1970 = 719_163
_REST = 0.04
"""What is sent on a day off, compared with a working day."""


class Comment(msgspec.Struct, frozen=True):
    """A comment: when, and whose (a place in `Organisation.people`)."""

    at: int
    person: int


class Report(msgspec.Struct, frozen=True):
    """A report and all that ever happens to it."""

    report_id: str
    at: int
    person: int
    template: str
    withdrawn_at: int | None
    comments: tuple[Comment, ...]
    """The earliest first."""

    def seen_at(self, now: int) -> bool:
        """Whether it is there at a time."""
        return self.at <= now and not self.withdrawn_by(now)

    def withdrawn_by(self, now: int) -> bool:
        """Whether it has been withdrawn by a time."""
        return self.withdrawn_at is not None and self.withdrawn_at <= now


_AT = attrgetter("at")


class Activity:
    """The reports of an organisation from ``first_day`` to ``last_day`` (None: without an end)."""

    def __init__(
        self, organisation: Organisation, habits: Habits, seed: int, first_day: str, last_day: str | None
    ) -> None:
        self.first_day = first_day
        self.last_day = last_day or "20991231"
        self._organisation = organisation
        self._habits = habits
        self._seed = f"{seed} {organisation.corp_id} {len(organisation.people)}"
        weights = sum(person.weight for person in organisation.people)
        self._rates = [habits.reports_per_day * person.weight / weights for person in organisation.people]
        self._eagerness = scaled_eagerness(organisation, habits)
        self._days: dict[str, list[Report]] = {}
        self._shuffled: dict[tuple[int, int], list[tuple[int, Report]]] = {}
        self._comments_of: dict[int, list[tuple[Report, Comment]]] = {}

    def of_day(self, day: str) -> list[Report]:
        """The reports that are sent on a stat day, the earliest first."""
        if not self.first_day <= day <= self.last_day:
            return []
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = sorted(self._made(day), key=attrgetter("at", "report_id"))
            for report in found:
                for comment in report.comments:
                    self._comments_of.setdefault(_day_number(comment.at), []).append((report, comment))
        return found

    def comments_of_day(self, day: str) -> list[tuple[Report, Comment]]:
        """The comments that are made on a stat day, whenever their reports were sent."""
        earliest = from_date(to_date(day) - timedelta(days=self._habits.longest_delay))
        for before in days_between(max(earliest, self.first_day), min(day, self.last_day)):
            self.of_day(before)
        return self._comments_of.get(to_date(day).toordinal(), [])

    def between(self, start: int, end: int) -> Iterator[Report]:
        """The reports that are sent from one time to another, both included, the earliest first."""
        for day in self.days(start, end):
            yield from self._within(day, start, end)

    def backwards(self, start: int, end: int) -> Iterator[Report]:
        """The same, the latest first."""
        for day in reversed(list(self.days(start, end))):
            yield from reversed(self._within(day, start, end))

    def _within(self, day: str, start: int, end: int) -> list[Report]:
        """The reports of a day from one time to another."""
        reports = self.of_day(day)
        return reports[bisect_left(reports, start, key=_AT) : bisect_right(reports, end, key=_AT)]

    def shuffled(self, start: int, end: int) -> list[tuple[int, Report]]:
        """All of them in an order without meaning, which never changes; each with its place in it."""
        found = self._shuffled.get((start, end))
        if found is None:
            keyed = [(int(report.report_id[-8:], 16), report.report_id, report) for report in self.between(start, end)]
            found = [(place, report) for place, _, report in sorted(keyed)]
            if len(self._shuffled) >= _ORDERS:
                self._shuffled.clear()
            self._shuffled[start, end] = found
        return found

    def days(self, start: int, end: int) -> Iterator[str]:
        """The stat days with reports from one time to another."""
        first = max(day_of(start * 1000, BEIJING), self.first_day)
        last = min(day_of(end * 1000, BEIJING), self.last_day)
        return days_between(first, last)

    def find(self, report_id: str) -> Report | None:
        """The report of that id, whose first eleven digits tell when it was sent."""
        try:
            at = int(report_id[:11], 16) // 1000 * 1000
            reports = list(self.between(at, at))
        except (ValueError, OverflowError):
            return None
        for report in reports:
            if report.report_id == report_id:
                return report
        return None

    def _made(self, day: str) -> Iterator[Report]:
        numbers = random.Random(f"{self._seed} {day}")  # noqa: S311 - made-up data
        midnight = _midnight(day)
        morning = _midnight(_next_working_day(day)) + 8 * 3600 + 1800
        works = is_working_day(day)
        tomorrow = from_date(to_date(day) + timedelta(days=1))
        week_ends = works and not is_working_day(tomorrow)
        month_ends = works and int(day[6:]) >= 25 and week_ends
        for at, person in enumerate(self._organisation.people):
            count = int(self._rates[at] * (1.0 if works else _REST) + numbers.random())
            for number in range(count):
                template = "日报"
                if number == 0 and month_ends and at % 4 == 0:
                    template = "月报"
                elif number == 0 and week_ends and at % 2 == 0:
                    template = "周报"
                elif at % 7 == 3 and numbers.random() < 0.3:
                    template = "拜访记录"
                yield self._report(numbers, midnight, morning, at, person, template)

    def _report(
        self, numbers: random.Random, midnight: int, morning: int, at: int, person: Person, template: str
    ) -> Report:
        second = int(numbers.gauss(person.hour, 1.3) * 3600)
        if numbers.random() < 0.004:  # the edges of a day
            second = numbers.choice((0, 1, _DAY - 1))
        sent = (midnight + min(max(second, 0), _DAY - 1)) * 1000
        report_id = f"{sent:011x}{numbers.getrandbits(84):021x}"
        withdrawn = None
        if numbers.random() < self._habits.withdrawn:
            after = numbers.uniform(60, 3600) if numbers.random() < 0.5 else numbers.uniform(3600, 3 * _DAY)
            withdrawn = sent + int(after) * 1000
        report = Report(report_id, sent, at, template, withdrawn, ())
        if withdrawn is None or self._habits.withdrawn_commented:
            comments = self._comments(numbers, report, morning * 1000 - sent)
            return Report(report_id, sent, at, template, withdrawn, comments) if comments else report
        return report

    def _comments(self, numbers: random.Random, report: Report, morning: int) -> tuple[Comment, ...]:
        """The comments on a report that is sent so many milliseconds before the next morning of work."""
        sent, attention, longest = report.at, ATTENTION[report.template], self._habits.longest_delay
        people = self._organisation.people
        found = [
            Comment(sent + delay(numbers, morning, people[reader].patience, longest), reader)
            for reader in people[report.person].readers
            if numbers.random() < self._eagerness[reader] * attention
        ]
        if numbers.random() < self._habits.popular:
            for _ in range(numbers.randrange(15, 60)):
                found.append(Comment(sent + delay(numbers, morning, 0.5, longest), numbers.randrange(len(people))))
        if not found:
            return ()
        if numbers.random() < self._habits.replies:
            found.append(Comment(found[-1].at + int(numbers.expovariate(1 / 3600) + 1) * 1000, report.person))
        end = sent + longest * _DAY * 1000
        end = end if report.withdrawn_at is None else min(end, report.withdrawn_at)
        return tuple(sorted((comment for comment in found if comment.at < end), key=_AT))


def _midnight(day: str) -> int:
    """When a stat day begins, in seconds since 1970."""
    return instant_of(datetime.combine(to_date(day), time(), BEIJING)) // SECOND


def _next_working_day(day: str) -> str:
    following = from_date(to_date(day) + timedelta(days=1))
    return following if is_working_day(following) else _next_working_day(following)


def _day_number(at: int) -> int:
    """The ordinal of the stat day in Beijing, which has had one offset since 1992."""
    return (at // 1000 + _BEIJING_OFFSET) // _DAY + _ORDINAL_OF_1970
