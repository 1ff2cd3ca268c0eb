"""Facts of a platform on one day: many organisations, few of them large, as Parquet files that are imported.

An organisation's size is inversely proportional to its rank, as sizes of firms are. Of a hundred facts 65 are reports,
34 comments and one a withdrawal. Nine of ten reports are their sender's only one. There are a quarter as many
organisations as facts; less than half of these have a fact on that day.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

DAY = "20260921"

_RANK = "greatest(1, floor(pow({organisations}::double, hash(i, 'organisation') / 18446744073709551616.0)))::bigint"
_WHERE = """
select i, {rank} as rank, format('ding{{:020d}}', {rank}) as corp_id, md5(i::varchar) as report_id,
       timestamptz '2026-09-21 00:00:00+08' + to_seconds((hash(i, 'second') % 86400)::bigint) as moment
from range({first}::bigint, {last}::bigint) numbers(i)
"""
# An organisation's people are nine tenths of its reports of the day, as far as chance lets them.
_USER = """format('user{{:010d}}', hash(i, '{what}') %
    greatest(1, ({facts} * 0.65 * 0.9 / (rank * ln({organisations}::double))))::ubigint)"""
_KINDS = {
    "sent": f"corp_id, report_id, {_USER.replace('{what}', 'sender')} as user_id, moment as sent_at, "
    "case i % 5 when 4 then '周报' else '日报' end as template, '研发部' as departments",
    "commented": f"corp_id, report_id, {_USER.replace('{what}', 'commenter')} as user_id, moment as commented_at",
    "withdrawn": "corp_id, report_id, moment as withdrawn_at",
}


def write_platform(folder: Path, facts: int) -> list[Path]:
    """Write so many facts, the same ones every time; returns the files, of one kind each."""
    organisations = max(10, facts // 4)
    reports, withdrawals = facts * 65 // 100, facts // 100
    spans = {"sent": (0, reports), "commented": (0, facts - reports - withdrawals), "withdrawn": (0, withdrawals)}
    paths = []
    with duckdb.connect(config={"preserve_insertion_order": "false", "temp_directory": str(folder)}) as connection:
        for kind, (first, last) in spans.items():
            rank = _RANK.format(organisations=organisations)
            source = _WHERE.format(rank=rank, first=first, last=last)
            columns = _KINDS[kind].format(facts=facts, organisations=organisations)
            paths.append(folder / f"{kind}.parquet")
            connection.execute(f"copy (select {columns} from ({source})) to '{paths[-1]}' (format parquet)")
    return paths
