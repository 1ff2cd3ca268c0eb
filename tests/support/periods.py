"""An organisation whose days are covered from one year to the next, and what its weeks, months and departments are, in
plain Python."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from tests.support.folders import Folder

CORP = "dingperiods"
FIRST, LAST = date(2024, 12, 9), date(2025, 1, 31)
"""The days that are covered: a Monday, and the last of a month."""
PATHS = {
    "DAY": "/v1.0/datacenter/yydLogDayDatas",
    "WEEK": "/v1.0/datacenter/yydLogWeekDatas",
    "MONTH": "/v1.0/datacenter/yydLogMonthDatas",
}
DEPARTMENTS_PATH = "/v1.0/exclusive/data/report/dept/{}"
ORGANISATION_PATH = "/v1.0/exclusive/datas/{}/reports/organizations"
SCOPES = ("DataCenter.Report.Read", "Statistics.Report.Read")
_HEADINGS = {
    "reports": ("report_id", "user_id", "sent_at", "template", "departments"),
    "comments": ("report_id", "user_id", "commented_at"),
    "withdrawals": ("report_id", "withdrawn_at"),
}


class Told(NamedTuple):
    """A row of ``dataList``, or none; the period; and over how many of its days it is counted."""

    rows: list[dict[str, str | int]]
    first: date
    last: date
    covered: int


class Organisation:
    """Its records: rows of files."""

    def __init__(self) -> None:
        draw = random.Random(17)
        users = [f"u{number}" for number in range(9)]
        self.rows: dict[str, list[tuple[str, ...]]] = {name: [] for name in _HEADINGS}
        for number in range(260):
            at = datetime(2024, 12, 9) + timedelta(minutes=draw.randrange(54 * 24 * 60))
            departments = draw.choice(("研发部", "研发部/平台", "研发部,市场部", "市场部", ""))
            self.rows["reports"].append((f"r{number}", draw.choice(users), _text(at), "日报", departments))
            if draw.random() < 0.1:
                self.rows["withdrawals"].append((f"r{number}", _text(at + timedelta(days=3))))
            for _ in range(draw.randrange(3)):
                later = min(at + timedelta(minutes=draw.randrange(5000)), datetime(2025, 1, 31, 23, 59))
                self.rows["comments"].append((f"r{number}", draw.choice(users), _text(later)))

    def imported(self, folder: Folder, place: Path) -> None:
        """Import it."""
        place.mkdir(parents=True, exist_ok=True)
        folder.add_organisation(CORP)
        for name, rows in self.rows.items():
            with (place / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([_HEADINGS[name], *rows])
        first, last = (f"{day:%Y%m%d}" for day in (FIRST, LAST))
        files = (place / f"{name}.csv" for name in _HEADINGS)
        assert not folder.import_(*files, corp_id=CORP, first_day=first, last_day=last).failures

    def told(self, day: date, period: str, *, partial: bool = False) -> Told:
        """What is answered for the period that holds a day."""
        first, last = _bounds(day, period)
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        covered = [own for own in days if FIRST <= own <= LAST]
        if not covered or (len(covered) < len(days) and not partial):
            return Told([], first, last, len(covered))
        sent, commented = self._of(covered)
        numbers = (len({r[0] for r in sent}), len({r[1] for r in sent}), len({c[1] for c in commented}))
        row: dict[str, str | int] = {"stat_date": f"{day:%Y%m%d}", "corp_id": CORP}
        row |= {f"{kpi}_{period}": n for kpi, n in zip(("4100", "4101", "4102"), numbers, strict=True)}
        return Told([row], first, last, len(covered))

    def departments(self, day: date) -> list[dict[str, str]]:
        """What the closed call has for a day by department."""
        found: dict[str, list[Sequence[str]]] = {}
        for row in self._of([day])[0] if FIRST <= day <= LAST else ():
            for department in row[4].split(","):
                found.setdefault(department, []).append(row)
        return [
            {
                "deptName": name,
                "dingReportSendUsrCnt": str(len({row[1] for row in rows})),
                "dingReportSendCnt": str(len(rows)),
            }
            for name, rows in sorted(found.items())
        ]

    def commenters(self, day: date) -> dict[str, str]:
        """What the closed call has for a day of the organisation."""
        if not FIRST <= day <= LAST:
            return {}
        return {"reportCommentUserCnt1d": str(len({row[1] for row in self._of([day])[1]}))}

    def _of(self, days: Sequence[date]) -> tuple[list[Sequence[str]], list[Sequence[str]]]:
        named = {f"{day:%Y-%m-%d}" for day in days}
        gone = {row[0] for row in self.rows["withdrawals"]}
        sent = [row for row in self.rows["reports"] if row[2][:10] in named and row[0] not in gone]
        return list(sent), [row for row in self.rows["comments"] if row[2][:10] in named]


def _bounds(day: date, period: str) -> tuple[date, date]:
    if period == "WEEK":
        year, week, _ = day.isocalendar()
        return date.fromisocalendar(year, week, 1), date.fromisocalendar(year, week, 7)
    if period == "MONTH":
        after = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        return day.replace(day=1), after - timedelta(days=1)
    return day, day


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
