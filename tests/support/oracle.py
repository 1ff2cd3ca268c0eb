"""The judge: what the KPIs of a set of facts are, in plain Python."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo


class Sent(NamedTuple):
    """A report was sent at an aware time."""

    corp_id: str
    report_id: str
    user_id: str
    at: datetime
    template: str = ""
    departments: tuple[str, ...] = ()


class Commented(NamedTuple):
    """A comment was made at an aware time."""

    corp_id: str
    report_id: str
    user_id: str
    at: datetime


class Withdrawn(NamedTuple):
    """A report was withdrawn at an aware time."""

    corp_id: str
    report_id: str
    at: datetime


Fact = Sent | Commented | Withdrawn
Days = dict[tuple[str, str], tuple[int, int, int]]


def days_of(facts: Iterable[Fact], zones: dict[str, ZoneInfo]) -> Days:
    """(organisation, day) to (4100, 4101, 4102), of every day with a number."""
    facts = set(facts)
    gone = {(f.corp_id, f.report_id) for f in facts if isinstance(f, Withdrawn)}
    sets: dict[tuple[str, str], tuple[set[str], set[str], set[str]]] = {}
    for fact in facts:
        day = sets.setdefault(
            (fact.corp_id, f"{fact.at.astimezone(zones[fact.corp_id]):%Y%m%d}"), (set(), set(), set())
        )
        if isinstance(fact, Sent) and (fact.corp_id, fact.report_id) not in gone:
            day[0].add(fact.report_id)
            day[1].add(fact.user_id)
        elif isinstance(fact, Commented):
            day[2].add(fact.user_id)
    return {key: (len(a), len(b), len(c)) for key, (a, b, c) in sets.items() if a or b or c}


def commenters_of(
    facts: Iterable[Fact], zones: dict[str, ZoneInfo], day: str, commenters: str, own: str
) -> dict[tuple[str, str], int]:
    """(organisation, day) to 4102 by a calibre, of every day where it is not zero."""
    facts = set(facts)
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for comment in (f for f in facts if isinstance(f, Commented)):
        reports = [f for f in facts if isinstance(f, Sent) and f[:2] == comment[:2]]
        if own == "without-own" and comment.user_id in {report.user_id for report in reports}:
            continue
        for at in [report.at for report in reports] if day == "report-day" else [comment.at]:
            key = (comment.corp_id, f"{at.astimezone(zones[comment.corp_id]):%Y%m%d}")
            report_id = comment.report_id if commenters == "summed" else ""
            found.setdefault(key, set()).add((report_id, comment.user_id))
    return {key: len(counted) for key, counted in found.items()}
