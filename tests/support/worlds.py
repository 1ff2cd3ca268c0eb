"""Facts and looks around the turns of years, clocks and months, as Hypothesis draws them, in the order in which they
became known."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from reportdata.coverage import Observation
from reportdata.days import from_date
from tests.support.oracle import Commented, Fact, Sent, Withdrawn
from tests.support.question_oracle import Known

ZONES = {
    "shanghai": ZoneInfo("Asia/Shanghai"),
    "new-york": ZoneInfo("America/New_York"),
    "lord-howe": ZoneInfo("Australia/Lord_Howe"),  # its clocks change by half an hour
    "apia": ZoneInfo("Pacific/Apia"),  # it left out 2011-12-30
}
AROUND = [
    datetime(2026, 1, 1),
    datetime(2026, 3, 8),
    datetime(2024, 2, 29),
    datetime(2011, 12, 31),
    datetime(2026, 4, 5),
]
"""Turns of the year, of the clocks, and of a leap month."""
BEGIN = datetime(2026, 5, 1, tzinfo=UTC)
DEPARTMENTS = ("研发部", "研发部/平台", "市场'部", "")
TEMPLATES = ("日报", "周报", "")
USERS = ("u1", "u2", "U2")


@st.composite
def worlds(draw: st.DrawFn) -> tuple[datetime, list[Known]]:
    """Facts and looks around a date, in the order in which they became known."""
    around = draw(st.sampled_from(AROUND))
    batches = []
    for number in range(draw(st.integers(1, 4))):
        facts = draw(st.lists(_facts(around), max_size=10))
        looks = draw(st.lists(_looks(around), max_size=4))
        at = BEGIN + timedelta(hours=number)
        batches.append(Known(at, tuple(facts), tuple(looks)))
    return around, batches


def of_its_own(batches: Iterable[Known], again: bool) -> list[Known]:
    """The same, of reports that have each but one fact or, with ``again``, now and then some more, and comments on
    these."""
    numbers, last = itertools.count(), dict[str, str]()
    return [Known(one.at, tuple(_of_its_own(one.facts, numbers, again, last)), one.looks) for one in batches]


def _of_its_own(facts: Iterable[Fact], numbers: Iterator[int], again: bool, last: dict[str, str]) -> Iterator[Fact]:
    for fact in facts:
        number = next(numbers)
        if isinstance(fact, Sent) and not (again and number % 7 == 0):
            last[fact.report_id] = f"{fact.report_id}-{number}"
            yield fact._replace(report_id=last[fact.report_id])
        elif isinstance(fact, Withdrawn):
            yield fact._replace(report_id=f"{fact.report_id}-{number % 5}")
        else:
            yield fact._replace(report_id=last.get(fact.report_id, fact.report_id))


@st.composite
def _facts(draw: st.DrawFn, around: datetime) -> Fact:
    corp_id = draw(st.sampled_from(sorted(ZONES)))
    hours = draw(st.integers(-24 * 5, 24 * 5))
    at = (around + timedelta(hours=hours)).replace(tzinfo=UTC)
    report, user = f"r{draw(st.integers(0, 4))}", draw(st.sampled_from(USERS))
    kind = draw(st.integers(0, 6))
    if kind < 3:
        departments = draw(st.lists(st.sampled_from(DEPARTMENTS[:3]), max_size=2, unique=True))
        return Sent(corp_id, report, user, at, draw(st.sampled_from(TEMPLATES)), tuple(departments))
    return Withdrawn(corp_id, report, at) if kind == 6 else Commented(corp_id, report, user, at)


@st.composite
def _looks(draw: st.DrawFn, around: datetime) -> Observation:
    first = around + timedelta(days=draw(st.integers(-6, 5)))
    last = first + timedelta(days=draw(st.integers(0, 12)))
    at = last + timedelta(hours=draw(st.integers(-30, 60)))
    corp_id, kind = draw(st.sampled_from(sorted(ZONES))), draw(st.sampled_from(("sent", "commented")))
    return Observation(corp_id, from_date(first), from_date(last), int(at.replace(tzinfo=UTC).timestamp() * 1000), kind)
