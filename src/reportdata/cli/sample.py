"""The sample organisation's records, as the imports that bring them: a year as organisations have it, with its flaws.

Two days were never collected, and of a third nobody looked at the comments; a team moves to another department; the
newest comments come a while after the reports. So every state and every picture has something to show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, time, timedelta
from itertools import chain
from typing import NamedTuple

from reportdata.days import MILLISECOND, from_date, moment_of, to_date
from reportdata.twin.activity import BEIJING, Activity
from reportdata.twin.habits import Habits
from reportdata.twin.organisation import ROOT, Organisation
from reportdata.twin.records import Record, Records

SEED = 1
"""The organisation and all that its people do depend on it."""
PEOPLE = 120
HABITS = Habits(reports_per_day=100)
_SHORTEST = 30
"""Days that a period must have for the days that are not known: fewer are shown whole."""
_LATE = 3
"""Days whose newest comments come after everything else."""


class Import(NamedTuple):
    """A file that is imported.

    :param first_day: the first day that it covers, None for what covers nothing.
    :param until: what happened later is not in it.
    """

    name: str
    records: Iterator[Record]
    first_day: str | None
    last_day: str | None
    until: datetime


class Sample:
    """What happened in a period, as far as it is known at a time.

    :param now: milliseconds since 1970; it is on the last day or after.
    """

    def __init__(self, first_day: str, last_day: str, now: int) -> None:
        self.organisation = Organisation(SEED, PEOPLE)
        self.first_day, self.last_day = first_day, last_day
        self._now = moment_of(now * MILLISECOND, BEIJING)
        activity = Activity(self.organisation, HABITS, SEED, first_day, last_day)
        self._records = Records(self.organisation, activity, first_day, last_day, _moving(self, self._at(0.5)))
        long = len(self) >= _SHORTEST
        self.unknown = (self._at(0.25), _after(self._at(0.25))) if long else ()
        """Days that nobody looked at."""
        self.without_comments = self._at(0.6) if long else None
        """A day whose comments nobody looked at."""

    def __len__(self) -> int:
        return (to_date(self.last_day) - to_date(self.first_day)).days + 1

    def imports(self) -> Iterator[Import]:
        """The imports, in their order."""
        yesterday = max(self.first_day, _after(self.last_day, -1))
        noon = datetime.combine(to_date(yesterday), time(12), BEIJING)
        for first, last in self._known(self.unknown):
            yield self._import("reports", first, last, self._now)
        unknown = self.unknown if self.without_comments is None else (*self.unknown, self.without_comments)
        for first, last in self._known(unknown):
            yield self._import("comments", first, min(last, yesterday), min(noon, self._now))
        yield self._import("comments", max(self.first_day, _after(self.last_day, -_LATE)), self.last_day, self._now)
        withdrawals = list(_until(self._records.withdrawals(), "withdrawn_at", self._now))
        if withdrawals:  # of few days nothing may be withdrawn
            yield Import("withdrawals", iter(withdrawals), None, None, self._now)

    def _known(self, unknown: Sequence[str]) -> Iterator[tuple[str, str]]:
        """The periods between days that are not known, which are in their order."""
        first = self.first_day
        for day in unknown:
            if first < day:
                yield first, _after(day, -1)
            first = _after(day)
        yield first, self.last_day

    def _import(self, name: str, first_day: str, last_day: str, until: datetime) -> Import:
        moment, records = (
            ("sent_at", self._records.reports()) if name == "reports" else ("commented_at", self._records.comments())
        )
        own = (
            record
            for record in _until(records, moment, until)
            if first_day <= str(record[moment])[:10].replace("-", "") <= last_day
        )
        return Import(name, own, first_day, last_day, until)

    def _at(self, share: float) -> str:
        """The Wednesday that lies so far in the period."""
        day = to_date(self.first_day) + timedelta(days=int(len(self) * share))
        return from_date(day + timedelta(days=2 - day.weekday()))


def _moving(sample: Sample, moved_on: str) -> Callable[[int, str], str]:
    """The names of departments with those above them, by id and day. A team moves to the first department."""
    organisation = sample.organisation
    above = [found for found in organisation.departments.values() if found.parent_id == ROOT]
    team = next(chain.from_iterable(reversed(organisation.children(found.dept_id)) for found in above[1:]))

    def name(dept_id: int, day: str) -> str:
        *below, top = [organisation.departments[found].name for found in organisation.path(dept_id)[:-1]]
        if dept_id == team.dept_id and day >= moved_on:
            top = above[0].name
        return "/".join([top, *reversed(below)])

    return name


def _after(day: str, days: int = 1) -> str:
    return from_date(to_date(day) + timedelta(days=days))


def _until(records: Iterator[Record], moment: str, until: datetime) -> Iterator[Record]:
    """Those of which one can know at a time: times are written alike, in Beijing's zone."""
    return (record for record in records if str(record[moment]) <= until.isoformat())
