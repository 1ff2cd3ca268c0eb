"""The budget of calls is one for all processes, durable before a call, and by Beijing's months."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from reportdata.collector.budget import Account, Budget
from reportdata.collector.ledger import Ledger
from reportdata.collector.listings import Listings
from reportdata.collector.planning import Pages, Piece, holes, joined, past_window, plan, present_window, review_due
from reportdata.days import days_between, time_zone
from reportdata.errors import BudgetSpent
from reportdata.suites.dingtalk import KIND
from reportdata.twin import BEIJING

CORP, API = Account.of(KIND, "dingbudget"), "topapi/report/simplelist"


class Clock:
    """A clock that stands still until it is waited for."""

    def __init__(self, now: float) -> None:
        self.time = now
        self.slept = 0.0

    def now(self) -> float:
        """The time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let it pass."""
        self.time += seconds
        self.slept += seconds


def _at(*when: int) -> float:
    return datetime(*when, tzinfo=BEIJING).timestamp()  # type: ignore[arg-type, misc]


def test_many_at_once_book_exactly_what_there_is(tmp_path: Path) -> None:
    with closing(Ledger(tmp_path / "collector.db")) as ledger:
        Budget(ledger, CORP, Clock(0)).set(50, 1000)
    booked: list[int] = []

    def book() -> None:
        with closing(Ledger(tmp_path / "collector.db")) as own:
            budget, count = Budget(own, CORP, Clock(_at(2026, 9, 5))), 0
            try:
                while True:
                    budget.book(API)
                    count += 1
            except BudgetSpent:
                booked.append(count)

    threads = [threading.Thread(target=book) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(booked) == 50
    with closing(Ledger(tmp_path / "collector.db")) as ledger:
        assert Budget(ledger, CORP, Clock(_at(2026, 9, 30))).month().spent == {API: 50}


def test_months_are_those_of_beijing_and_free_calls_are_not_counted(tmp_path: Path) -> None:
    clock = Clock(_at(2026, 9, 30, 23, 59))
    with closing(Ledger(tmp_path / "collector.db")) as ledger:
        budget = Budget(ledger, CORP, clock)
        budget.set(1, 10)
        budget.book("v1.0/oauth2/accessToken", free=True)
        day = budget.book(API)
        with pytest.raises(BudgetSpent, match="the 1 calls a month of dingbudget are spent"):
            budget.book(API)
        budget.give_back(API, day)
        budget.book(API)
        clock.time = _at(2026, 10, 1)
        assert (budget.month().left, budget.month().days_left) == (1, 31)
        budget.book(API)
        budget.refused()
        budget.set(5)
        assert budget.month().left == 4


def test_calls_keep_their_distance_across_processes(tmp_path: Path) -> None:
    clock = Clock(_at(2026, 9, 5))
    with closing(Ledger(tmp_path / "collector.db")) as one, closing(Ledger(tmp_path / "collector.db")) as other:
        Budget(one, CORP, clock).set(100, 4)
        for ledger in (one, other) * 4:
            Budget(ledger, CORP, clock).book(API)
    assert clock.slept == pytest.approx(7 / 4)


def test_pieces_and_holes() -> None:
    pieces = [Piece(5, 7), Piece(0, 3), Piece(3, 4), Piece(6, 9)]
    assert joined(pieces) == [Piece(0, 4), Piece(5, 9)]
    assert holes(pieces, Piece(-2, 12)) == [Piece(9, 12), Piece(4, 5), Piece(-2, 0)]
    assert holes([], Piece(0, 1)) == [Piece(0, 1)]
    assert holes([Piece(0, 1)], Piece(0, 1)) == []


def test_windows_list_the_last_day_first_and_then_go_back_to_the_first(tmp_path: Path) -> None:
    with closing(Ledger(tmp_path / "collector.db")) as ledger:
        listings = Listings(ledger, 1, BEIJING)
        listed = listings.listed()
        days: list[str] = []
        first = present_window(listed, "20260930", BEIJING)
        assert first is not None
        listed = [first]
        assert present_window(listed, "20260930", BEIJING) is None
        assert present_window(listed, "20261001", BEIJING) == Piece(first.last_at, first.last_at + 86_400_000)
        pages = Pages(dict.fromkeys(days_between("20260901", "20260928"), 100))
        while (window := past_window(listed, "20260701", "20260930", pages, BEIJING)) is not None:
            assert window.last_at - window.first_at <= 8 * 86_400_000, "about forty pages"
            assert not days or window.last_at == min(piece.first_at for piece in listed), "the newest first"
            listed = joined([*listed, window])
            days.append("")
        assert len(listed) == 1


def test_days_are_their_zones(tmp_path: Path) -> None:
    zone = time_zone("America/New_York")
    window = present_window([], "20261101", zone)  # the clocks are set back on that day
    assert window is not None
    assert window.last_at - window.first_at == 25 * 3_600_000


def test_listing_is_kept_back_first_and_comments_get_the_rest() -> None:
    weeks = list(days_between("20260903", "20260930"))
    small, large = Pages(dict.fromkeys(weeks, 100)), Pages(dict.fromkeys(weeks, 3_000))
    found = plan(5_000, "20261001", "20261031", small, last_readings=2_200)
    assert found.listing == 31 * 5
    assert found.ages == (4, 12, 30)
    assert found.whole
    assert found.listing + found.reviews + found.running + found.last + found.early * 31 <= 5_000
    found = plan(5_000, "20261001", "20261031", large, last_readings=66_000)
    assert found.listing == 31 * 150
    assert (found.ages, found.looks, found.whole) == ((), 0, False)
    assert found.early == 350 // 31
    found = plan(1_000, "20261001", "20261031", large, last_readings=66_000)
    assert (found.for_past, found.early) == (-3_650, 0)


def test_a_day_is_reviewed_at_each_age_once() -> None:
    day = 86_400_000
    assert not review_due(1, 0, 3 * day, (4, 30))
    assert review_due(1, 0, 4 * day, (4, 30))
    assert not review_due(4 * day, 0, 29 * day, (4, 30))
    assert review_due(4 * day, 0, 30 * day, (4, 30))
    assert not review_due(4 * day, 0, 33 * day, (4, 30))
    assert not review_due(1, 0, 10 * day, ())
