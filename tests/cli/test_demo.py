"""The demonstration's numbers are what its made-up people did."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from reportdata.cli.demo import _written
from reportdata.cli.sample import HABITS, SEED, Sample
from reportdata.days import MILLISECOND, days_between, end_of, from_date, to_date
from reportdata.twin import DEFAULT_CALIBRE
from reportdata.twin.activity import BEIJING, Activity
from reportdata.twin.truth import true_kpis
from tests.support.folders import Folder, run

FIRST, LAST = "20250918", "20251012"
"""With China's national holidays, 1 to 8 October 2025, and days off that are worked in their place."""
NIGHT = end_of(LAST, BEIJING) // MILLISECOND - 1


@pytest.mark.whole
def test_its_numbers_are_the_twins_truth(folder: Folder, tmp_path: Path) -> None:
    sample = Sample(FIRST, LAST, NIGHT)
    folder.add_organisation(sample.organisation.corp_id)
    for number, found in enumerate(sample.imports()):
        file = _written(tmp_path / f"{number}.jsonl", found.records)
        assert file.stat().st_size
        covered = ("--from", found.first_day, "--to", found.last_day) if found.first_day and found.last_day else ()
        done = run(folder, "import", file, *covered, "--exported-at", found.until.isoformat())
        assert done.exit_code == 0, done.output
    rows = json.loads(run(folder, "query", FIRST, "--to", LAST, "--format", "json").output)
    activity = Activity(sample.organisation, HABITS, SEED, FIRST, LAST)
    truth = true_kpis(activity, FIRST, LAST, DEFAULT_CALIBRE, NIGHT)
    found_ = {row["stat_date"]: {kpi: row[f"{kpi}_DAY"] for kpi in ("4100", "4101", "4102")} for row in rows}
    assert found_ == truth
    holidays = list(days_between("20251001", "20251008"))
    assert max(found_[day]["4100"] for day in holidays) < min(found_[day]["4100"] for day in ("20250928", "20251009"))


def test_it_makes_the_same_up_again() -> None:
    once, twice = ([list(found.records) for found in Sample(FIRST, LAST, NIGHT).imports()] for _ in range(2))
    assert once == twice


def test_a_longer_period_has_days_that_are_not_known_and_a_team_that_moves() -> None:
    last = from_date(to_date(FIRST) + timedelta(days=39))
    sample = Sample(FIRST, last, end_of(last, BEIJING) // MILLISECOND - 1)
    days: dict[str, set[str]] = {"reports": set(), "comments": set()}
    homes: dict[bool, set[str]] = {True: set(), False: set()}
    for found in sample.imports():
        for record in found.records if found.first_day else ():
            day = str(record.get("sent_at", record.get("commented_at")))[:10]
            days[found.name].add(day)
            if found.name == "reports":
                departments = record["departments"]
                assert isinstance(departments, list)
                homes[day >= "2025-10-08"].update(departments)
        assert found.first_day is None or found.last_day is not None

    def worked(*found: str) -> set[str]:
        return {str(date.fromisoformat(day)) for day in found}

    assert sample.without_comments is not None
    assert len(sample.unknown) == 2
    assert not days["reports"] & worked(*sample.unknown)
    assert not days["comments"] & worked(*sample.unknown, sample.without_comments)
    assert str(date.fromisoformat(sample.without_comments)) in days["reports"]
    assert homes[True] - homes[False] == {"研发部/平台组"}
    assert homes[False] - homes[True] == {"销售一部/平台组"}
