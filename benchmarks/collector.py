"""``python -m benchmarks.collector``: months of collecting from the offline DingTalk, beside a plain poller.

What is counted does not depend on the machine: calls, and how far each KPI is from the truth of the moment.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing
from datetime import datetime
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.table import Table

from reportdata.collector.budget import Account, Budget
from reportdata.collector.calls import BookedCalls
from reportdata.collector.collector import Collector
from reportdata.collector.ledger import Ledger
from reportdata.collector.planning import before, start_of
from reportdata.collector.sources import Source, SourceNotes, put_source
from reportdata.collector.suite import Access
from reportdata.days import day_of, days_between, end_of, to_date
from reportdata.suites.dingtalk.suite import KIND, DingTalk
from reportdata.suites.dingtalk.transport import NoAnswer, Reply
from reportdata.twin import BEIJING, Habits, Request, Twin

FIRST = "20260901"
MEASURED = ("20261001", "20261031")
"""The days that are measured, after a month in which habits were learned."""
END = "20261201"
AGES = {"midnight": 0, "8 hours": 8, "a day": 24, "a week": 168, "a month": 720}
"""Hours after a day's end at which its numbers are compared with the truth of that moment."""
_MORNING = 8 * 3600
LATE = 45
"""Days that comments come for."""
BUDGETS = (5_000, 50_000)
CASES = (
    (20, LATE, BUDGETS),
    (100, 30, BUDGETS),
    (100, LATE, (5_000, 12_800, 50_000)),
    (150, LATE, BUDGETS),
    (1_000, LATE, BUDGETS),
    (3_000, LATE, BUDGETS[:1]),
    (5_000, LATE, BUDGETS),
)
"""Reports of a working day, days that comments come for, and calls a month."""
TABLE = Path(__file__).with_name("collector.md")
BEGIN, END_MARK = "<!-- measured: begin -->", "<!-- measured: end -->"
_DAY = 86_400_000
_POLLED = 7
"""Days for which the plain poller reads a report's comments."""
_KPIS = ("4100", "4101", "4102")

Errors = dict[tuple[str, str], tuple[float, float]]
"""By KPI and age: the mean error as a share of the truth, and the share of days without any."""


class Outcome(NamedTuple):
    """What one way of collecting came to: calls in the measured month, and its errors."""

    who: str
    size: int
    late: int
    budget: int
    calls: int
    errors: Errors


class _InProcess:
    """Takes requests to the twin without a socket."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        parts = urlsplit(url)
        answer = self._twin.answer(Request(method, parts.path, parts.query, headers, body or b""))
        if answer.reset:
            raise NoAnswer("reset")
        return Reply(answer.status, answer.body)

    def close(self) -> None:
        pass


class _Clock:
    def __init__(self, twin: Twin) -> None:
        self.now: Callable[[], float] = twin.clock
        self.sleep: Callable[[float], None] = twin.clock.sleep


def _twin(size: int, late: int, budget: int) -> Twin:
    now = datetime(2026, 9, 1, tzinfo=BEIJING)
    return Twin(
        seed=1,
        reports_per_day=size,
        habits=Habits(reports_per_day=size, longest_delay=late),
        first_day=FIRST,
        now=now,
        budget=budget,
        rate=0,
    )


def collected(size: int, late: int, budget: int, folder: Path) -> Outcome:
    """The collector, with that budget a month."""
    twin = _twin(size, late, budget)
    clock = _Clock(twin)
    compared = _Compared(twin)
    with closing(Ledger(folder / "collector.db")) as ledger:
        known = Source(twin.corp_id, twin.corp_id, KIND.name, twin.app_key, "", FIRST)
        source = put_source(ledger, known)
        own = Budget(ledger, Account.of(KIND, twin.corp_id), clock)
        own.set(budget, 20)
        access = Access(twin.app_key, twin.app_secret, {})
        calls = BookedCalls(own, clock, random.Random(1))
        suite = DingTalk(access, calls, SourceNotes(ledger, source.id), _InProcess(twin))
        collector = Collector(source, suite, ledger, own, clock, BEIJING)
        last = start_of(END, BEIJING) / 1000
        while clock.now() < last:
            stop = _next_stop(clock.now())
            while clock.now() < stop:
                wait = collector.step()
                if wait:
                    clock.sleep(min(wait, stop - clock.now()))
            compared.at(stop, lambda day: _of_ledger(ledger, day))
    if twin.calls.over_budget:
        raise click.ClickException(f"{twin.calls.over_budget} calls were over the budget")
    return Outcome("reportdata", size, late, budget, twin.calls.by_month[MEASURED[0][:6]], compared.errors())


def _next_stop(now: float) -> float:
    """The next midnight or eight o'clock in Beijing."""
    begin = start_of(day_of(int(now) * 1_000_000, BEIJING), BEIJING) / 1000
    return next(stop for stop in (begin + _MORNING, begin + 86_400, begin + 2 * 86_400) if stop > now)


def _of_ledger(ledger: Ledger, day: str) -> dict[str, int]:
    row = ledger.row(
        "select count(*), count(distinct user_id) from reports where stat_day = ? and withdrawn = 0", (day,)
    )
    commenters = ledger.number("select count(distinct user_id) from commented where stat_day = ?", (day,))
    return {"4100": row[0] if row else 0, "4101": row[1] if row else 0, "4102": commenters}


def polled(size: int, late: int) -> Outcome:
    """The plain poller: half an hour after midnight it lists the day before, and reads the comments of each report of
    the last 7 days. What it sees follows from the twin's activity, without asking: it would take too long."""
    twin = _twin(size, late, 0)
    compared = _Compared(twin)
    calls = 0
    sent: dict[str, tuple[int, int]] = {}
    commenters: dict[str, set[int]] = defaultdict(set)

    def numbers(of: str) -> dict[str, int]:
        reports, people = sent.get(of, (0, 0))
        return {"4100": reports, "4101": people, "4102": len(commenters[of])}

    for day in days_between(before(FIRST, -1), END):
        midnight = start_of(day, BEIJING)
        compared.at(midnight / 1000, numbers)
        now, spent = midnight + 1_800_000, 0
        for age in range(1, _POLLED + 1):
            of = before(day, age)
            reports = [report for report in twin.activity.of_day(of) if report.seen_at(now)]
            if age == 1:
                sent[of] = len(reports), len({report.person for report in reports})
                spent += max(1, ceil(len(reports) / 20))
            for report in reports:
                seen = [comment for comment in report.comments if comment.at <= now]
                spent += max(1, ceil(len(seen) / 20))
                for comment in seen:
                    commenters[day_of(comment.at * 1000, BEIJING)].add(comment.person)
        compared.at(midnight / 1000 + _MORNING, numbers)
        if day[:6] == MEASURED[0][:6]:
            calls += spent
    return Outcome("plain poller", size, late, 0, calls, compared.errors())


class _Compared:
    """Numbers beside the truth of the moment, on the working days that are measured."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._sums: Counter[tuple[str, str, str]] = Counter()

    def at(self, now: float, numbers: Callable[[str], dict[str, int]]) -> None:
        """Compare the days that ended as long ago as is measured."""
        for name, hours in AGES.items():
            day = day_of(int(now - hours * 3600 - 1) * 1_000_000, BEIJING)
            if end_of(day, BEIJING) // 1_000_000 != int(now) - hours * 3600:
                continue
            if not MEASURED[0] <= day <= MEASURED[1] or to_date(day).weekday() > 4:
                continue
            truth, found = self._twin.truth(day, day, at=now)[day], numbers(day)
            for kpi in _KPIS:
                self._sums[kpi, name, "off"] += abs(found[kpi] - truth[kpi])
                self._sums[kpi, name, "truth"] += truth[kpi]
                self._sums[kpi, name, "exact"] += found[kpi] == truth[kpi]
                self._sums[kpi, name, "days"] += 1

    def errors(self) -> Errors:
        """The errors by KPI and age."""
        sums = self._sums
        return {
            (kpi, age): (
                sums[kpi, age, "off"] / max(1, sums[kpi, age, "truth"]),
                sums[kpi, age, "exact"] / max(1, sums[kpi, age, "days"]),
            )
            for kpi in _KPIS
            for age in AGES
        }


def _outcome(size: int, late: int, budget: int) -> Outcome:
    """The collector's with that budget, or the plain poller's for none."""
    if not budget:
        return polled(size, late)
    memory = Path("/dev/shm")
    with TemporaryDirectory(prefix="benchmark-", dir=memory if memory.is_dir() else None) as folder:
        return collected(size, late, budget, Path(folder))


def _rows(outcomes: list[Outcome]) -> Iterator[list[str]]:
    for one in outcomes:
        for kpi in _KPIS:
            yield [
                f"{one.size:,}",
                f"{one.late}",
                f"{one.budget:,}" if one.budget else "none",
                one.who,
                f"{one.calls:,}",
                kpi,
                *(f"{one.errors[kpi, age][0]:.2%} ({one.errors[kpi, age][1]:.0%})" for age in AGES),
            ]


_HEADINGS = (
    "reports a day",
    "comments for days",
    "budget",
    "who",
    "calls",
    "KPI",
    *(f"after {age}" if age != "midnight" else age for age in AGES),
)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--size", "sizes", type=int, multiple=True, help="Reports a working day.  [default: those of the table]")
@click.option("--late", default=LATE, show_default=True, help="With --size: the days that comments come for.")
@click.option("--budget", "budgets", type=int, multiple=True, help=f"Calls a month.  [default: {BUDGETS}]")
@click.option("--write", is_flag=True, help="Also put the table into benchmarks/collector.md (an hour).")
def main(sizes: tuple[int, ...], late: int, budgets: tuple[int, ...], write: bool) -> None:
    """Collect from made-up organisations, on all cores, and print calls and errors."""
    cases = [(size, late, BUDGETS) for size in sizes] or CASES
    ways = [(size, late, budget) for size, late, own in cases for budget in (0, *(budgets or own))]
    with ProcessPoolExecutor() as processes:
        longest_first = sorted(ways, key=lambda way: way[0] * way[2], reverse=True)
        outcome_of = {way: processes.submit(_outcome, *way) for way in longest_first}
        for done in as_completed(outcome_of.values()):
            one = done.result()
            click.echo(f"{one.who}: {one.size:,} reports a day, {one.calls:,} calls", err=True)
    outcomes = [outcome_of[way].result() for way in ways]
    rows = list(_rows(outcomes))
    table = Table(*_HEADINGS)
    for row in rows:
        table.add_row(*row)
    Console(width=150).print(table)
    if write:
        _write(rows)


def _write(rows: list[list[str]]) -> None:
    text = TABLE.read_text("utf-8")
    start, end = text.index(BEGIN) + len(BEGIN), text.index(END_MARK)
    lines = [
        "",
        "| " + " | ".join(_HEADINGS) + " |",
        "|--:|--:|--:|---|--:|---|" + "--:|" * len(AGES),
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
    ]
    TABLE.write_text(text[:start] + "\n".join(lines) + text[end:], "utf-8")


if __name__ == "__main__":
    main()
