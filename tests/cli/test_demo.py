"""The demonstration's numbers are what its made-up people did."""

from __future__ import annotations

import json
from pathlib import Path

from reportdata.cli.demo import HABITS, PEOPLE, SEED, _written, made_up
from reportdata.days import MILLISECOND, days_between, end_of
from reportdata.twin import DEFAULT_CALIBRE
from reportdata.twin.activity import BEIJING, Activity
from reportdata.twin.organisation import Organisation
from reportdata.twin.truth import true_kpis
from tests.support.folders import Folder, run

FIRST, LAST = "20250918", "20251012"
"""With China's national holidays, 1 to 8 October 2025, and days off that are worked in their place."""


def test_its_numbers_are_the_twins_truth(folder: Folder, tmp_path: Path) -> None:
    organisation = Organisation(SEED, PEOPLE)
    folder.add_organisation(organisation.corp_id)
    records = made_up(organisation, FIRST, LAST)
    files = [
        _written(tmp_path / f"{name}.jsonl", found)
        for name, found in (
            ("reports", records.reports()),
            ("comments", records.comments()),
            ("withdrawals", records.withdrawals()),
        )
    ]
    assert all(path.stat().st_size for path in files)
    assert run(folder, "import", *files, "--from", FIRST, "--to", LAST).exit_code == 0
    rows = json.loads(run(folder, "query", FIRST, "--to", LAST, "--format", "json").output)
    activity = Activity(organisation, HABITS, SEED, FIRST, LAST)
    truth = true_kpis(activity, FIRST, LAST, DEFAULT_CALIBRE, end_of(LAST, BEIJING) // MILLISECOND - 1)
    found = {row["stat_date"]: {kpi: row[f"{kpi}_DAY"] for kpi in ("4100", "4101", "4102")} for row in rows}
    assert found == truth
    holidays = list(days_between("20251001", "20251008"))
    assert max(found[day]["4100"] for day in holidays) < min(found[day]["4100"] for day in ("20250928", "20251009"))


def test_it_makes_the_same_up_again() -> None:
    organisation = Organisation(SEED, PEOPLE)
    once, twice = (list(made_up(organisation, FIRST, LAST).comments()) for _ in range(2))
    assert once == twice
