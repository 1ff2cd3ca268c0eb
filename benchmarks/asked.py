"""The questions that `benchmarks.statistics` asks, and each of them as one query."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple


class Asked(NamedTuple):
    """A question: days, whether by week and by department, and whether for commenters, too."""

    first: str
    last: str
    week: bool
    department: bool
    reports: bool
    commenters: bool

    def parameters(self) -> list[tuple[str, str]]:
        """It as the parameters of ours."""
        by = ["week"] * self.week + ["department"] * self.department
        metrics = ["reports"] * self.reports + ["senders"] + ["commenters"] * self.commenters
        pairs = [("from", self.first), ("to", self.last), ("by", ",".join(by)), ("metrics", ",".join(metrics))]
        return [*pairs, ("format", "csv")]  # which has all rows, and is not written here

    def moved(self, number: int) -> Asked:
        """It for other days, another range for each of some thousands of numbers: no answer that was kept fits."""
        first, last = date.fromisoformat(self.first), date.fromisoformat(self.last)
        later, earlier = timedelta(number % 60), timedelta(number // 60 % 60)
        if (last - first).days < 60:
            return self._replace(first=str(first + later - earlier), last=str(last + later))
        return self._replace(first=str(first + later), last=str(last - earlier))


MONTH, YEAR = ("2025-06-01", "2025-06-30"), ("2025-01-01", "2025-12-31")
QUESTIONS = {
    "a month by department": Asked(*MONTH, False, True, True, False),
    "a month by department, with commenters": Asked(*MONTH, False, True, True, True),
    "the year's senders": Asked(*YEAR, False, False, False, False),
    "the year by week and department": Asked(*YEAR, True, True, True, False),
    "the year by week and department, with commenters": Asked(*YEAR, True, True, True, True),
}


class Dialect(NamedTuple):
    """What differs from SQL to SQL: the Monday of a day, a row for each department, a count of the different, the
    reports that were not withdrawn, and the departments of commenters, by day."""

    week: str
    each: str
    distinct: str
    kept: str
    whose: str


_LATEST = """
    select user_id, stat_day, {latest} as departments from sent where stat_day <= '{{last}}' group by user_id, stat_day
"""
DUCKDB = Dialect(
    "cast(date_trunc('week', stat_day) as date)",
    "select *, unnest(string_split(coalesce(departments, ''), ',')) as department from {rows}",
    "count(distinct {column})",
    "select sent.* from sent anti join withdrawn on withdrawn.report_id = sent.report_id",
    "select c.user_id, c.stat_day, l.departments from commented c asof left join ("
    + _LATEST.format(latest="arg_max(departments, sent_at)")
    + ") l on c.user_id = l.user_id and c.stat_day >= l.stat_day",
)
CLICKHOUSE = Dialect(
    "toMonday(stat_day)",
    "select *, arrayJoin(splitByChar(',', ifNull(departments, ''))) as department from {rows}",
    "uniqExact({column})",
    "select * from sent where report_id not in (select report_id from withdrawn)",
    "select c.user_id as user_id, c.stat_day as stat_day, l.departments as departments from commented c "
    "asof left join (" + _LATEST.format(latest="argMax(departments, sent_at)") + ") l "
    "on c.user_id = l.user_id and c.stat_day >= l.stat_day",
)
POSTGRESQL = Dialect(
    "cast(date_trunc('week', stat_day) as date)",
    "select rows_.*, department from {rows} rows_, "
    "unnest(case when coalesce(departments, '') = '' then array[''] else string_to_array(departments, ',') end) "
    "as named(department)",
    "count(distinct {column})",
    "select * from sent where not exists (select 1 from withdrawn where withdrawn.report_id = sent.report_id)",
    # A person's comments of a day have the same departments: each is looked for once.
    "select c.user_id, c.stat_day, l.departments from ("
    "select distinct user_id, stat_day from commented where stat_day between '{first}' and '{last}'"
    ") c left join lateral (select departments from sent "
    "where sent.user_id = c.user_id and sent.stat_day <= c.stat_day "
    "order by stat_day desc, sent_at desc limit 1) l on true",
)


def sql_of(asked: Asked, dialect: Dialect) -> str:
    """A question as one query."""
    days = {"first": asked.first, "last": asked.last}
    keys = ["week"] * asked.week + ["department"] * asked.department
    named = [f"{dialect.week} as week"] * asked.week + ["department"] * asked.department
    each = dialect.each if asked.department else "select * from {rows}"
    between = "stat_day between '{first}' and '{last}'".format(**days)
    group = f"group by {', '.join(keys)}" if keys else ""
    sender = dialect.distinct.format(column="user_id")
    report = dialect.distinct.format(column="report_id") if asked.reports else "0"
    taken = "".join(f"{key}, " for key in named)
    counted = (
        f"select {taken}{report} as reports, {sender} as senders, 0 as commenters from ({{}}) r where {between} {group}"
    )
    commented = (
        f"select {taken}0 as reports, 0 as senders, {sender} as commenters from ({{}}) c where {between} {group}"
    )
    ctes = [f"kept as ({dialect.kept})"]
    arms = [counted.format(each.format(rows="kept"))]
    if asked.commenters:
        ctes.append(f"whose as ({dialect.whose.format(**days)})")
        arms.append(commented.format(each.format(rows="whose")))
    shown = ["week" if asked.week else "'' as week", "department" if asked.department else "'' as department"]
    sums = "sum(reports), sum(senders), sum(commenters)"
    return f"with {', '.join(ctes)} select {', '.join(shown)}, {sums} from ({' union all '.join(arms)}) counted {group}"
