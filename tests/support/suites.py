"""The suites that the conformance suite is run for: DingTalk on the twin, and one that is made up."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Protocol

from reportdata.collector.budget import Account, Budget
from reportdata.collector.calls import BookedCalls
from reportdata.collector.ledger import Ledger
from reportdata.collector.sources import Source, SourceNotes, put_source
from reportdata.collector.suite import Access, Kind, Suite, Trouble
from reportdata.days import days_between
from reportdata.suites import SUITES
from reportdata.twin import BEIJING, Habits, Server, Twin, running
from tests.support.madeup_suite import SECRET, Memo, Office

FIRST, LAST = "20260907", "20260913"
Numbers = dict[str, dict[str, int]]


class Clock(Protocol):
    """What tells the time and lets it pass."""

    now: Callable[[], float]
    sleep: Callable[[float], None]


class Subject:
    """A suite with an organisation at it, of which the truth is known."""

    kind: Kind
    corp_id: str
    clock: Clock
    access: Access
    provokes: dict[Trouble, Callable[[], None]]
    """What makes each trouble happen, from now on and with each call."""

    def source(self, ledger: Ledger, name: str = "") -> Source:
        """The source of its organisation, added."""
        able = self.kind.capabilities.comments
        key, endpoints = self.access.app_key, dict(self.access.endpoints)
        return put_source(
            ledger, Source(name or self.corp_id, self.corp_id, self.kind.name, key, "", FIRST, endpoints, able)
        )

    def budget(self, ledger: Ledger) -> Budget:
        """The budget of its organisation."""
        return Budget(ledger, Account.of(self.kind, self.corp_id), self.clock)

    def open(self, ledger: Ledger, source: Source, secret: str | None = None) -> Suite:
        """A connection."""
        access = self.access if secret is None else self.access._replace(secret=secret)
        calls = BookedCalls(self.budget(ledger), self.clock, random.Random(1))
        return self.kind.open(access, calls, SourceNotes(ledger, source.id))

    def reports(self, first_at: int, last_at: int) -> dict[str, tuple[str, int]]:
        """The true reports of a time that are there now, both ends included: who sent each, and when."""
        raise NotImplementedError

    def comments(self, report_id: str) -> list[tuple[str, int]]:
        """The true comments on a report, in seconds."""
        raise NotImplementedError

    def numbers(self) -> Numbers:
        """The true numbers of the days, as far as the suite tells them."""
        raise NotImplementedError

    def charged(self) -> int:
        """The calls that it has counted."""
        raise NotImplementedError

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        raise NotImplementedError


class AtTwin(Subject):
    """DingTalk, on the twin."""

    def __init__(self, server: Server) -> None:
        self.twin = twin = server.twin
        self.kind = SUITES["dingtalk"]
        self.corp_id = twin.corp_id
        self.clock = _TwinClock(twin)
        self.access = Access(twin.app_key, twin.app_secret, {"api": server.url, "oapi": server.url})
        self.provokes = {
            Trouble.FAULT: lambda: twin.trouble("busy"),
            Trouble.BUSY: lambda: twin.trouble("qps"),
            Trouble.BANNED: lambda: twin.trouble("ban-json"),
            Trouble.SPENT: lambda: twin.trouble("quota"),
            Trouble.PERMISSION: lambda: twin.trouble("permission"),
            Trouble.ADDRESS: lambda: twin.trouble("address"),
        }

    def reports(self, first_at: int, last_at: int) -> dict[str, tuple[str, int]]:
        people, now = self.twin.organisation.people, int(self.clock.now() * 1000)
        return {
            report.report_id: (people[report.person].user_id, report.at)
            for day in days_between(FIRST, LAST)
            for report in self.twin.activity.of_day(day)
            if report.seen_at(now) and first_at <= report.at <= last_at
        }

    def comments(self, report_id: str) -> list[tuple[str, int]]:
        report = self.twin.activity.find(report_id)
        assert report is not None
        people, now = self.twin.organisation.people, self.clock.now() * 1000
        return [(people[made.person].user_id, made.at // 1000) for made in report.comments if made.at <= now]

    def numbers(self) -> Numbers:
        return self.twin.truth(FIRST, LAST)

    def charged(self) -> int:
        return self.twin.calls.charged

    def calm(self) -> None:
        self.twin.trouble()


class MadeUp(Subject):
    """The suite that is made up."""

    def __init__(self, corp_id: str = "madeupcorp", clock: Clock | None = None) -> None:
        self.corp_id = corp_id
        self.clock = clock or _OwnClock(_at(FIRST))
        self.office = Office(_memos(random.Random(1)))
        self.kind = self.office.kind()
        self.access = Access("key", SECRET, {"office": "https://office.example"})
        troubles = (Trouble.FAULT, Trouble.BUSY, Trouble.CROWDED, Trouble.BANNED, Trouble.SPENT, Trouble.PERMISSION)
        self.provokes = {trouble: self._provoking(trouble) for trouble in (*troubles, Trouble.REJECTED)}

    def _provoking(self, trouble: Trouble) -> Callable[[], None]:
        return lambda: setattr(self.office, "trouble", trouble)

    def reports(self, first_at: int, last_at: int) -> dict[str, tuple[str, int]]:
        now = int(self.clock.now() * 1000)
        return {
            memo.report_id: (memo.user_id, memo.sent_at)
            for memo in self.office.memos
            if memo.seen_at(now) and first_at <= memo.sent_at <= last_at
        }

    def numbers(self) -> Numbers:
        found: Numbers = {}
        for day in days_between(FIRST, LAST):
            begin = int(_at(day) * 1000)
            users = [user for user, _ in self.reports(begin, begin + 86_399_999).values()]
            found[day] = {"4100": len(users), "4101": len(set(users)), "4102": 0}
        return found

    def charged(self) -> int:
        return sum(name not in ("BUSY", "CROWDED", "SPENT") for name in self.office.calls)

    def calm(self) -> None:
        self.office.trouble = Trouble.NONE


class _TwinClock:
    def __init__(self, twin: Twin) -> None:
        self.now: Callable[[], float] = twin.clock
        self.sleep: Callable[[float], None] = twin.clock.sleep


class _OwnClock:
    """A clock that goes on only by waiting."""

    def __init__(self, now: float) -> None:
        self._time = now
        self.now: Callable[[], float] = lambda: self._time
        self.sleep: Callable[[float], None] = self._sleep

    def _sleep(self, seconds: float) -> None:
        self._time += max(0.0, seconds)


@contextmanager
def at_twin(seed: int = 4) -> Iterator[AtTwin]:
    """DingTalk on a twin whose people send reports for a week."""
    habits = Habits(reports_per_day=9, comments_per_report=0.8, withdrawn=0.08, popular=0.06)
    with running(
        Twin(seed=seed, people=8, habits=habits, first_day=FIRST, last_day=LAST, now=_at(FIRST), rate=20)
    ) as server:
        yield AtTwin(server)


@contextmanager
def made_up() -> Iterator[MadeUp]:
    """The suite that is made up."""
    yield MadeUp()


SUBJECTS: dict[str, Callable[[], AbstractContextManager[Subject]]] = {"dingtalk": at_twin, "made up": made_up}


def _at(day: str) -> float:
    return datetime.strptime(day, "%Y%m%d").replace(tzinfo=BEIJING).timestamp()


def _memos(rng: random.Random) -> list[Memo]:
    """A week of reports, of which some are withdrawn; several are sent at the same moment."""
    found = []
    for day in days_between(FIRST, LAST):
        begin = int(_at(day) * 1000)
        for number in range(rng.randrange(0, 12)):
            at = begin + rng.randrange(0, 24) * 3_600_000
            days = timedelta(days=rng.randrange(1, 20)) // timedelta(milliseconds=1)
            withdrawn = at + days if rng.random() < 0.1 else 0
            found.append(Memo(f"memo-{day}-{number:02}", f"人{rng.randrange(5)}", at, withdrawn))
    return found
