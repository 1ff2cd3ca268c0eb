"""``--require``: the exit code tells whether numbers are so certain."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

from reportdata.cli.exits import MEANINGS, Exit, exit_of
from reportdata.coverage import Observation
from reportdata.days import DEFAULT_TIME_ZONE, MILLISECOND, end_of, time_zone
from reportdata.errors import BadValue, BudgetSpent, Unavailable
from reportdata.states import State
from tests.support.folders import Folder, run

FINAL, PROVISIONAL, MISSING = "20260105", "20260106", "20260107"
ZONE = time_zone(DEFAULT_TIME_ZONE)
ORDER = [state.value for state in State]


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """One day that was looked at after its end, one before its end, and nothing of the next."""
    folder = Folder(tmp_path_factory.mktemp("require") / "data")
    folder.add_organisation("ding1")
    ended = end_of(PROVISIONAL, ZONE) // MILLISECOND - 1000
    folder.lake.observe(
        [Observation("ding1", FINAL, PROVISIONAL, ended, kind) for kind in ("sent", "commented", "withdrawn")]
    )
    folder.refresh()
    return folder


PERIODS = [(FINAL, FINAL), (PROVISIONAL, PROVISIONAL), (FINAL, PROVISIONAL), (FINAL, MISSING), (MISSING, MISSING)]


@pytest.mark.whole
@pytest.mark.parametrize(("period", "required"), list(product(PERIODS, ORDER[:3])))
def test_the_least_certain_day_decides(looked: Folder, period: tuple[str, str], required: str) -> None:
    first, last = period
    states = {FINAL: "final", PROVISIONAL: "provisional", MISSING: "missing"}
    least = max(ORDER.index(states[day]) for day in states if first <= day <= last)
    expected = 0 if least <= ORDER.index(required) else 3
    for question in ((), ("--by", "day"), ("--by", "week,department")):
        printed = run(looked, "query", first, "--to", last, *question, "--format", "jsonl")
        asked = run(looked, "query", first, "--to", last, *question, "--format", "jsonl", "--require", required)
        assert (asked.exit_code, bool(asked.stderr)) == (expected, bool(expected)), asked.output
        assert asked.stdout == printed.stdout, "what there is is printed all the same"


def test_what_is_required_of_nothing_is_not_there(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    asked = run(folder, "query", FINAL, "--require", "partial")
    assert (asked.exit_code, "there is no organisation" in asked.stderr) == (3, True)


def test_many_days_are_counted_and_not_listed(looked: Folder) -> None:
    asked = run(looked, "query", "20260201", "--to", "20260228", "--require", "final")
    assert asked.exit_code == 3
    assert "20260205 ding1 missing, and 23 days more are not final" in asked.stderr


def test_certainty_is_that_of_now(looked: Folder) -> None:
    moment = (datetime.fromtimestamp(time.time(), UTC) - timedelta(days=1)).isoformat(timespec="seconds")
    refused = run(looked, "query", FINAL, "--as-of", moment, "--require", "final")
    assert (refused.exit_code, "leave out --as-of" in refused.stderr) == (1, True)


def test_rows_come_a_line_each(looked: Folder, tmp_path: Path) -> None:
    whole = json.loads(run(looked, "query", FINAL, "--to", PROVISIONAL, "--json").stdout)
    lines = run(looked, "query", FINAL, "--to", PROVISIONAL, "--format", "jsonl").stdout.splitlines()
    assert list(map(json.loads, lines)) == whole
    question = ("query", FINAL, "--to", PROVISIONAL, "--by", "day")
    rows = json.loads(run(looked, *question, "--json").stdout)["data"]
    assert list(map(json.loads, run(looked, *question, "--format", "jsonl").stdout.splitlines())) == rows
    assert run(looked, *question, "--format", "jsonl", "--output", tmp_path / "rows.jsonl").exit_code == 0
    assert list(map(json.loads, (tmp_path / "rows.jsonl").read_text().splitlines())) == rows
    both = run(looked, *question, "--format", "csv", "--json")
    assert (both.exit_code, "give one of them" in both.stderr) == (2, True)


def test_every_code_has_a_meaning_and_errors_their_code() -> None:
    assert set(MEANINGS) == set(Exit)
    assert [exit_of(error) for error in (Unavailable("a"), BudgetSpent("a"), BadValue("a"))] == [4, 4, 1]
