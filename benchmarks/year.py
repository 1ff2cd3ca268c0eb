"""A year of an organisation of 10,000 people, with 50 others beside: 2.5 million reports and as many comments of its
own, imported and compacted as `reportdata` does it.
"""

from __future__ import annotations

import time
from pathlib import Path

import duckdb

from reportdata.cli.places import workspace
from reportdata.identity import Organisation
from reportdata.pipeline.compacting import compact
from reportdata.pipeline.importing import import_files
from reportdata.pipeline.imports import Options
from reportdata.pipeline.refreshing import refresh
from reportdata.settings import Settings

PEOPLE = 10_000
"""People of the organisation, each with 250 reports and as many comments."""
OTHERS, OF_OTHER = 50, 100
"""Other organisations, and people of each, who send and comment as much as the others."""
FIRST, DAYS = "2025-01-01", 365
CORP = f"ding{0:020}"
"""The organisation."""

# Everybody sends 250 reports in the year, moves to another department once, and one of ten is in two departments. One
# comment of a hundred is by somebody who never sends a report.
_PEOPLE = """
select
    i,
    case when i % {all} < {first} then 0 else 1 + (i % {all} - {first}) // {other} end as organisation,
    i % {all} as person,
    i // {all} as turn,
    i // {all} * ({days} - 1) // 249 as day
from range({all} * 250) as numbers(i)
"""
_TEXTS = {
    "reports": """
select
    format('ding{{:020d}}', organisation) as corp_id,
    md5(i::varchar) as report_id,
    format('user{{:06d}}', person) as user_id,
    strftime(timestamp '{first}' + to_days(day::integer) + to_seconds(i * 48271 % 86400), '%Y-%m-%d %H:%M:%S')
        as sent_at,
    case i % 5 when 4 then '周报' else '日报' end as template,
    format('事业群{{}}/第{{:03d}}部', unit % 8, unit) || case when person % 10 = 3 then ',项目组' else '' end
        as departments
from (select *, (person + (turn > person * 7919 % 250)::integer * 67) % 200 as unit from ({people}))
""",
    "comments": """
select
    format('ding{{:020d}}', organisation) as corp_id,
    md5(i::varchar) as report_id,
    case when i % 100 = 17 then format('head{{:06d}}', i * 31 % 97)
        else format('user{{:06d}}', (i * 31 + turn * 7) % of_all + first_of_all) end as user_id,
    strftime(timestamp '{first}' + to_days(day::integer) + to_seconds(i * 7919 % 86400), '%Y-%m-%d %H:%M:%S')
        as commented_at
from (
    select *, case when organisation = 0 then {people_of_first} else {of_other} end as of_all,
        case when organisation = 0 then 0 else {people_of_first} + (organisation - 1) * {of_other} end as first_of_all
    from ({people})
)
""",
    "withdrawals": """
select
    format('ding{{:020d}}', organisation) as corp_id,
    md5(i::varchar) as report_id,
    strftime(timestamp '{first}' + to_days(day::integer) + to_seconds(86399), '%Y-%m-%d %H:%M:%S') as withdrawn_at
from ({people}) where i % 251 = 7
""",
}


def make_year(folder: Path, first: str) -> None:
    """Make a data folder with the year.

    :param first: its first day.
    """
    organisations = [Organisation(f"ding{number:020}", "Asia/Shanghai") for number in range(OTHERS + 1)]
    everybody = PEOPLE + OTHERS * OF_OTHER
    people = _PEOPLE.format(all=everybody, first=PEOPLE, other=OF_OTHER, days=DAYS)
    with workspace(Settings(folder)) as work, duckdb.connect() as connection:
        work.store.add_organisations(organisations)
        files = []
        for name, text in _TEXTS.items():
            query = text.format(first=first, people=people, people_of_first=PEOPLE, of_other=OF_OTHER)
            files.append(folder / f"{name}.csv")
            connection.execute(f"copy ({query}) to '{files[-1]}' (format csv, header)")
        done = import_files(work, files, Options())
        if done.failures:
            raise done.failures[0]
        refresh(work, time.time())
        compact(work, time.time(), quiet=None)
        for file in files:
            file.unlink()
