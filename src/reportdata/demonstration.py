"""A believable organisation, made up day by day: people, departments, templates, weekends, comments that come late.

Nothing is random twice: a day's facts depend on the organisation's id and the day alone, so making a longer period
makes the same facts for the days they share.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from reportdata.days import DEFAULT_TIME_ZONE, days_between, to_date

CORP_ID = "dingdemo00000000001"
PEOPLE = 120
_DEPARTMENTS = ("研发部", "销售一部", "销售二部", "市场部", "财务", "人力资源", "客户成功", "法务")
_LATE_COMMENTS = 0.35
"""The share of comments that come after the day of their report."""

Record = dict[str, object]


def reports(first_day: str, last_day: str) -> Iterator[Record]:
    """The reports that are sent from the first to the last day."""
    for day in days_between(first_day, last_day):
        yield from _reports_of(day)


def comments(first_day: str, last_day: str) -> Iterator[Record]:
    """The comments that are made from the first to the last day, on reports of these days."""
    end = _at(last_day, 24 * 3600)
    for day in days_between(first_day, last_day):
        for report in _reports_of(day):
            for comment in _comments_on(report):
                if datetime.fromisoformat(str(comment["commented_at"])) < end:
                    yield comment


def _reports_of(day: str) -> Iterator[Record]:
    numbers = random.Random(f"{CORP_ID} {day}")  # noqa: S311 - made-up data
    weekend = to_date(day).weekday() >= 5
    for person in range(PEOPLE):
        diligence = random.Random(f"{CORP_ID} {person}").uniform(0.7, 0.99)  # noqa: S311
        if numbers.random() > (0.04 if weekend else diligence):
            continue
        templates = ["日报"]
        if to_date(day).weekday() == 4 and numbers.random() < 0.5:
            templates.append("周报")
        for template in templates:
            second = int(min(max(numbers.gauss(18.2, 1.5), 8.0), 23.99) * 3600) + numbers.randrange(60)
            yield {
                "corp_id": CORP_ID,
                "report_id": f"{numbers.getrandbits(128):032x}",
                "user_id": f"demo{person:03}",
                "sent_at": _at(day, min(second, 86_399)).isoformat(),
                "template": template,
                "departments": [_DEPARTMENTS[person % len(_DEPARTMENTS)]],
            }


def _comments_on(report: Record) -> Iterator[Record]:
    numbers = random.Random(f"{CORP_ID} {report['report_id']}")  # noqa: S311
    for _ in range(numbers.choices((0, 1, 2, 3), (55, 30, 10, 5))[0]):
        hours = numbers.expovariate(1 / 40) if numbers.random() < _LATE_COMMENTS else numbers.uniform(0.02, 3)
        yield {
            "corp_id": CORP_ID,
            "report_id": report["report_id"],
            "user_id": f"demo{numbers.randrange(0, PEOPLE, 6):03}",
            "commented_at": (
                datetime.fromisoformat(str(report["sent_at"])) + timedelta(seconds=int(hours * 3600))
            ).isoformat(),
        }


def _at(day: str, second: int) -> datetime:
    midnight = datetime.combine(to_date(day), time(), ZoneInfo(DEFAULT_TIME_ZONE))
    return midnight + timedelta(seconds=second)
