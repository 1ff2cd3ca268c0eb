"""The true KPIs of a made-up organisation, by any calibre, counted in plain Python from what really happened."""

from __future__ import annotations

from reportdata.days import days_between
from reportdata.twin.activity import Activity
from reportdata.twin.calibres import Calibre

Kpis = dict[str, int]
"""KPI ids (``4100``, ``4101``, ``4102``) to numbers."""
END_OF_TIME = 4_102_444_800_000
"""2100: all that ever happens has happened."""


def true_kpis(activity: Activity, first_day: str, last_day: str, calibre: Calibre, now: int) -> dict[str, Kpis]:
    """The KPIs of each stat day, by what has happened until ``now`` (milliseconds since 1970).

    4100 counts the reports of the day that are not withdrawn, 4101 those who sent them; 4102 counts commenters by the
    calibre, on reports that were withdrawn later too.
    """
    return {
        day: _senders(activity, day, now) | {"4102": _commenters(activity, day, calibre, now)}
        for day in days_between(first_day, last_day)
    }


def _senders(activity: Activity, day: str, now: int) -> Kpis:
    there = [report for report in activity.of_day(day) if report.seen_at(now)]
    return {"4100": len(there), "4101": len({report.person for report in there})}


def _commenters(activity: Activity, day: str, calibre: Calibre, now: int) -> int:
    if calibre.day == "comment-day":
        comments = activity.comments_of_day(day)
    else:
        comments = [(report, comment) for report in activity.of_day(day) for comment in report.comments]
    counted = (
        (comment.person, report.report_id if calibre.commenters == "summed" else "")
        for report, comment in comments
        if comment.at <= now and (calibre.own == "with-own" or comment.person != report.person)
    )
    return len(set(counted))
