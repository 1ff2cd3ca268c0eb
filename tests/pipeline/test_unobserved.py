"""Of no day that nobody observed is a number told: by the contract, `query`, imports, pushes."""

from __future__ import annotations

import itertools
import json
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportdata.days import from_date
from tests.support.calling import Call
from tests.support.examples import tried_with
from tests.support.folders import Folder, run
from tests.support.serving import serving

FIRST = date(2026, 9, 1)
DAYS = [from_date(FIRST + timedelta(days=number)) for number in range(12)]
ZONE = ZoneInfo("Asia/Shanghai")
COLUMNS = {"sent": "report_id,user_id,sent_at", "commented": "report_id,user_id,commented_at"}
KPIS = {"4100": "sent", "4101": "sent", "4102": "commented"}

files = st.tuples(
    st.sampled_from(sorted(COLUMNS)),
    st.sets(st.integers(1, 9), max_size=4),
    st.sampled_from([None, (0, 11), (2, 5), (7, 7)]),
)
"""A file: its kind of facts, the days of its records, and the period that is stated of it."""


def _observed(imported: list[tuple[str, set[int], tuple[int, int] | None]]) -> dict[str, set[str]]:
    """The days that were observed, by kind."""
    observed: dict[str, set[str]] = {kind: set() for kind in COLUMNS}
    for kind, days, period in imported:
        if period is not None:
            observed[kind] |= set(DAYS[period[0] : period[1] + 1])
        elif days:
            observed[kind] |= set(DAYS[min(days) : max(days) + 1])
    return observed


@pytest.mark.whole
@tried_with(6, 150)
def test_no_number_is_told_that_was_not_observed(examples: int, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    numbers = itertools.count()
    with serving(folder) as served:

        @settings(max_examples=examples, deadline=None)
        @given(st.lists(files, max_size=5))
        def check(imported: list[tuple[str, set[int], tuple[int, int] | None]]) -> None:
            corp_id = f"ding{next(numbers)}"
            folder.add_organisation(corp_id)
            app, _ = folder.add_app(corp_id)
            with tempfile.TemporaryDirectory() as temporary:
                for number, (kind, days, period) in enumerate(imported):
                    path = Path(temporary) / f"{number}.csv"
                    rows = [f"r{day},u{day},{FIRST + timedelta(days=day)} 09:00\n" for day in sorted(days)]
                    path.write_text(f"{COLUMNS[kind]}\n{''.join(rows)}")
                    first, last = (DAYS[end] for end in period) if period is not None else (None, None)
                    exported = datetime(2026, 10, 1, tzinfo=ZONE).timestamp() * 1000
                    done = folder.import_(
                        path, corp_id=corp_id, first_day=first, last_day=last, exported_at=int(exported), refresh=False
                    )
                    assert not done.failures
            folder.refresh()
            observed = _observed(imported)
            asked = run(folder, "query", DAYS[0], "--to", DAYS[-1], "--corp", corp_id, "--format", "json")
            told = {row["stat_date"]: row for row in json.loads(asked.stdout)}
            token = folder.token(app)
            for day in DAYS:
                known = {f"{kpi}_DAY" for kpi, kind in KPIS.items() if day in observed[kind]}
                assert {name for name in told.get(day, {}) if name.endswith("_DAY")} == known
                answer = Call(served.address, token, day).answer()
                rows = json.loads(answer.body)["dataList"]
                assert [{name for name in row if name.endswith("_DAY")} for row in rows] == ([known] if known else [])
                state = answer.headers["x-reportdata-state"]
                assert (state == "final") == (len(known) == len(KPIS)), "all that is told is final, or said not to be"

        check()
    folder.store.close()
