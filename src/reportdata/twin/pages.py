"""Pages of reports: ``topapi/report/list`` and ``topapi/report/simplelist``.

What DingTalk does not document is as strict here as it could be: too large sizes and too long windows are refused.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import date
from itertools import islice
from operator import itemgetter

from reportdata.days import from_date, to_date
from reportdata.twin.activity import Report
from reportdata.twin.answers import BAD_PARAMETER, Failed, number_of, text_of
from reportdata.twin.troubles import chance
from reportdata.twin.world import Parameters, Result, World

TEXT_MARK = "孪生日志内容"
"""In the text of every report."""
LARGEST_PAGE = 20
LONGEST_WINDOW = 180 * 86_400_000
"""Milliseconds."""
LATEST = 4_102_444_800_000
"""2100, in milliseconds."""
_OF_A_DAY = 1 << 20
"""Above all numbers of reports of a day, so that day and place in the day make one number."""
_LEAST = 1 << 32
"""No cursor but the first, 0, is smaller, as at DingTalk."""
_BIG = 1 << 55


def report_list(world: World, parameters: Parameters) -> Result:
    """``topapi/report/list``: reports with their texts."""
    return _page(world, parameters, full=True)


def simple_list(world: World, parameters: Parameters) -> Result:
    """``topapi/report/simplelist``: reports without their texts."""
    return _page(world, parameters, full=False)


def _page(world: World, parameters: Parameters, *, full: bool) -> Result:
    start, end = number_of(parameters, "start_time"), number_of(parameters, "end_time")
    cursor, size = number_of(parameters, "cursor"), number_of(parameters, "size")
    if not 1 <= size <= LARGEST_PAGE or not start <= end <= start + LONGEST_WINDOW or end > LATEST:
        raise Failed(*BAD_PARAMETER)
    if cursor >= 1 << 63:
        raise Failed(*BAD_PARAMETER)
    wanted = _Wanted(world, parameters)
    cursor -= _BIG if cursor >= _BIG else 0
    order = _positions if "shift" in world.trouble else _shuffled if "shuffle" in world.trouble else _as_sent
    found = list(islice(order(world, start, end, cursor, wanted), size + 1))
    shown = [report for _, report in found[:size]]
    if "vanish" in world.trouble:
        shown = [report for report in shown if chance(world.number, report.report_id) > 0.25]
    following = found[size][0] if len(found) > size else found[-1][0] + 1 if found else max(cursor, _LEAST)
    if "big-cursors" in world.trouble:
        following += _BIG
    return {
        "data_list": [_described(world, report, full=full) for report in shown],
        "has_more": len(found) > size,
        "next_cursor": following,
        "size": size,
    }


class _Wanted:
    """Which reports a list holds."""

    def __init__(self, world: World, parameters: Parameters) -> None:
        self._now = world.now
        self._template = text_of(parameters, "template_name", "")
        user_id = text_of(parameters, "userid", "")
        self._person = world.organisation.by_id.get(user_id, -1) if user_id else None
        self._modified = (
            number_of(parameters, "modified_start_time", 0),
            number_of(parameters, "modified_end_time", 1 << 60),
        )

    def __call__(self, report: Report) -> bool:
        return (
            report.seen_at(self._now)
            and (not self._template or report.template == self._template)
            and (self._person is None or report.person == self._person)
            and self._modified[0] <= report.at <= self._modified[1]
        )


Found = Iterator[tuple[int, Report]]
"""Reports, each with the cursor that continues with it."""


def _as_sent(world: World, start: int, end: int, cursor: int, wanted: _Wanted) -> Found:
    """The earliest first; a cursor is a day and a place in it, which stay the same whatever comes and goes."""
    ordinal = cursor // _OF_A_DAY
    if ordinal > date.max.toordinal():
        raise Failed(*BAD_PARAMETER)
    first_day = from_date(date.fromordinal(ordinal)) if ordinal else ""
    for day in world.activity.days(start, end):
        if day < first_day:
            continue
        base = to_date(day).toordinal() * _OF_A_DAY
        reports = world.activity.of_day(day)
        for at in range(max(cursor - base, 0), len(reports)):
            report = reports[at]
            if report.at > end:
                return
            if report.at >= start and wanted(report):
                yield base + at, report


def _shuffled(world: World, start: int, end: int, cursor: int, wanted: _Wanted) -> Found:
    """In an order without meaning, which stays the same while reports come and go."""
    kept = world.activity.shuffled(start, end)
    for at in range(bisect_left(kept, cursor - _LEAST, key=itemgetter(0)), len(kept)):
        place, report = kept[at]
        if wanted(report):
            yield place + _LEAST, report


def _positions(world: World, start: int, end: int, cursor: int, wanted: _Wanted) -> Found:
    """The newest first; a cursor is a place in what is there now."""
    there = (report for report in world.activity.backwards(start, end) if wanted(report))
    yield from islice(enumerate(there, _LEAST), max(cursor - _LEAST, 0), None)


def _described(world: World, report: Report, *, full: bool) -> Result:
    person = world.organisation.people[report.person]
    changed = "change" in world.trouble
    found: Result = {}
    if full:
        texts = (f"{TEXT_MARK} {report.report_id[-8:]}", f"{TEXT_MARK} {'改' if changed else '无'}")
        keys = ("今日完成工作", "未完成工作")
        found["contents"] = [
            {"key": key, "sort": str(sort), "type": "1", "value": text}
            for sort, (key, text) in enumerate(zip(keys, texts, strict=True))
        ]
    found |= {
        "create_time": report.at,
        "creator_id": person.user_id,
        "creator_name": person.name,
        "dept_name": world.organisation.department_names(person),
    }
    if full:
        found["modified_time"] = min(report.at + 60_000, world.now) if changed else report.at
    else:
        found["remark"] = f"{TEXT_MARK} {world.number}" if changed else ""
    return found | {"report_id": report.report_id, "template_name": report.template}
