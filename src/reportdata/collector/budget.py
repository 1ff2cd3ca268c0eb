"""The budget of calls: a month and a second, of an organisation at a suite, shared by all its sources and by all
processes that use the ledger.

A call is booked before it is sent, durably, so that no kill makes one forgotten. What a month has when nothing is said,
and whose months they are, the suite's limits say.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from reportdata.collector.clock import Clock
from reportdata.collector.ledger import Ledger
from reportdata.collector.suite import Kind, Limits
from reportdata.days import SECOND, day_of, from_date, time_zone, to_date
from reportdata.errors import BudgetSpent

_FARTHEST = 60.0
"""Seconds that a next call may be ahead: more means that the clock was set back."""


class Month(NamedTuple):
    """A month of the budget: its calls, what was spent of them by API, and its days: the first, today, the last."""

    calls: int
    spent: Mapping[str, int]
    first_day: str
    today: str
    last_day: str
    refused: bool
    """Whether the suite has said that no call is left."""

    @property
    def left(self) -> int:
        """Calls that can still be sent."""
        return 0 if self.refused else max(0, self.calls - sum(self.spent.values()))

    @property
    def days_left(self) -> int:
        """Days until the month ends, today included."""
        return (to_date(self.last_day) - to_date(self.today)).days + 1


class Account(NamedTuple):
    """Who pays for calls: an organisation at a suite, whose title is for people."""

    suite: str
    title: str
    corp_id: str
    limits: Limits

    @classmethod
    def of(cls, kind: Kind, corp_id: str) -> Account:
        """An organisation's account at that suite."""
        return cls(kind.name, kind.title, corp_id, kind.limits)


class Budget:
    """The budget of one account."""

    def __init__(self, ledger: Ledger, account: Account, clock: Clock) -> None:
        self.account = account
        self._ledger = ledger
        self._key = account.suite, account.corp_id
        self._zone = time_zone(account.limits.time_zone)
        self._clock = clock

    def set(self, calls: int | None = None, per_second: float | None = None) -> None:
        """Change what may be spent. That the suite had said no call is left is forgotten, when calls are named."""
        with self._ledger.writing() as connection:
            connection.execute(
                "insert into budgets (suite, corp_id, calls, per_second) values (?, ?, ?, ?) on conflict do nothing",
                (*self._key, *self._usual),
            )
            if calls is not None:
                connection.execute(
                    "update budgets set calls = ?, spent_in = '' where suite = ? and corp_id = ?", (calls, *self._key)
                )
            if per_second is not None:
                connection.execute(
                    "update budgets set per_second = ? where suite = ? and corp_id = ?", (per_second, *self._key)
                )

    def month(self) -> Month:
        """The month that is running."""
        today = self._today()
        first, last = _month_of(today)
        row = self._ledger.row("select calls, spent_in from budgets where suite = ? and corp_id = ?", self._key)
        calls, spent_in = row or (self._usual[0], "")
        spent = self._ledger.rows(
            "select api, sum(count) from calls where suite = ? and corp_id = ? and day between ? and ? "
            "group by api order by api",
            (*self._key, first, last),
        )
        return Month(calls, {api: int(count) for api, count in spent if count}, first, today, last, spent_in == first)

    def book(self, api: str, *, free: bool = False) -> str:
        """Book a call, and wait until it may be sent. Returns the day that it is booked on.

        :param free: it does not count by the month.
        :raises BudgetSpent: when the month has no call left; nothing is booked then.
        """
        today = self._today()
        with self._ledger.writing() as connection:
            row = connection.execute(
                "select calls, per_second, spent_in, next_at from budgets where suite = ? and corp_id = ?", self._key
            ).fetchone()
            calls, per_second, spent_in, next_at = row or (*self._usual, "", 0.0)
            if not free:
                self._check(calls, spent_in)
                connection.execute(
                    "insert into calls values (?, ?, ?, ?, 1) on conflict do update set count = count + 1",
                    (*self._key, today, api),
                )
            now = self._clock.now()
            send_at = next_at if now < next_at < now + _FARTHEST else now
            connection.execute(
                "insert into budgets (suite, corp_id, calls, per_second, next_at) values (?, ?, ?, ?, ?) "
                "on conflict do update set next_at = excluded.next_at",
                (*self._key, calls, per_second, send_at + 1 / per_second),
            )
        if send_at > now:
            self._clock.sleep(send_at - now)
        return today

    def foresee(self, api: str, count: int) -> None:
        """Count so many calls as spent, in the copy of a ledger: none is sent."""
        self._ledger.write(
            "insert into calls values (?, ?, ?, ?, ?) on conflict do update set count = count + excluded.count",
            (*self._key, self._today(), api, count),
        )

    def give_back(self, api: str, day: str) -> None:
        """Take a booking back: the call did not reach the suite, or was refused in a way that is not counted."""
        self._ledger.write(
            "update calls set count = count - 1 where suite = ? and corp_id = ? and day = ? and api = ? and count > 0",
            (*self._key, day, api),
        )

    def refused(self) -> None:
        """The suite says that no call is left in this month: others have spent them."""
        first, _ = _month_of(self._today())
        self._ledger.write("update budgets set spent_in = ? where suite = ? and corp_id = ?", (first, *self._key))

    @property
    def _usual(self) -> tuple[int, float]:
        """Calls a month and a second when nothing was said."""
        return self.account.limits.calls, self.account.limits.per_second

    def _check(self, calls: int, spent_in: str) -> None:
        month = self.month()
        if month.left > 0:
            return
        corp_id = self.account.corp_id
        hint = f"it goes on in the next month, after {month.last_day}"
        if spent_in == month.first_day:
            raise BudgetSpent(
                f"{self.account.title} says that all calls of {corp_id} in this month are spent",
                f"{hint}; or buy more calls, and say so with `reportdata budget --corp {corp_id} --calls N`",
            )
        raise BudgetSpent(
            f"the {calls:,} calls a month of {corp_id} are spent",
            f"{hint}; or raise the budget with `reportdata budget --corp {corp_id} --calls N`",
        )

    def _today(self) -> str:
        return day_of(int(self._clock.now() * SECOND), self._zone)


def _month_of(day: str) -> tuple[str, str]:
    """The first and the last day of a day's month."""
    found = to_date(day)
    following = date(found.year + found.month // 12, found.month % 12 + 1, 1)
    return from_date(found.replace(day=1)), from_date(date.fromordinal(following.toordinal() - 1))
