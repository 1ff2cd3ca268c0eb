"""The pages of an explanation fit together, whatever comes between them."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest

from reportdata.coverage import Observation
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.pipeline.asking import Asking
from reportdata.pipeline.explaining import Explaining
from reportdata.statistics.explained import read_explained
from tests.support.known_lake import KnownLake
from tests.support.oracle import Sent
from tests.support.services import KINDS, SERVICE

CORP, ZONE = "c1", ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 8, 12, tzinfo=ZONE)


def sent(number: int, at: datetime) -> Sent:
    return Sent(CORP, f"r{number}", f"u{number}", at)


@pytest.mark.whole
def test_both_cells_of_a_comparison_are_of_the_moment_of_the_first_page(tmp_path: Path) -> None:
    """The second is of a range that ends today; between the pages facts come, and a day ends."""
    look = Observation(CORP, "20260301", "20260310", int(NOON.timestamp() * 1000), "sent")
    with (
        closing(KnownLake(tmp_path, {CORP: ZONE})) as made,
        closing(DuckDBEngine(tmp_path / "spill")) as engine,
    ):
        made.add(NOON, [sent(1, NOON), sent(2, NOON), sent(3, NOON - timedelta(days=1))], [look])
        asking = Asking(made.lake, made.store, engine, SERVICE, KINDS)
        explaining = Explaining(asking, made, engine, SERVICE)
        ask = [("metric", "reports"), ("from", "20260307"), ("to", "20260308"), ("than", "range=2d"), ("pageSize", "1")]
        now, sets, rows = NOON + timedelta(hours=1), [], list[dict[str, Any]]()
        while ask:
            found = explaining.explain(read_explained(ask, SERVICE), CORP, now.timestamp(), with_records=True)
            sets.append(found.meta["sets"])
            rows += found.data
            now += timedelta(days=1)
            number = 3 + len(rows)
            made.add(now, [sent(number, NOON)], [])
            ask = parse_qsl((found.meta["nextPage"] or "").partition("?")[2])
    assert [list(one.items()) for one in sets] == [[("new", 0), ("gone", 0), ("both", 3)]] * 3
    assert [(row["set"], row["report"]) for row in rows] == [("both", "r1"), ("both", "r2"), ("both", "r3")]
