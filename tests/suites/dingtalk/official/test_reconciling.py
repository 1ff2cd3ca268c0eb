"""By which calibre DingTalk counts: found out from its own figures."""

from __future__ import annotations

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from reportdata.days import days_between
from reportdata.services import REPORTS as REPORT_DATA
from reportdata.store import Official
from reportdata.twin import BEIJING, CALIBRES, DEFAULT_CALIBRE
from tests.support.folders import Folder, run
from tests.support.official import DAYS, Imported, fetch


@pytest.mark.whole
@pytest.mark.parametrize("calibre", CALIBRES, ids=str)
def test_reconcile_finds_the_calibre_by_which_the_twin_counts(imported: Imported, calibre: Any) -> None:
    folder, server = imported
    server.twin.calibre = calibre
    fetch(folder, server, again=True)
    found = json.loads(run(folder, "reconcile", "--to", "20260930", "--json").output)
    assert (found["verdict"], found["fitting"]) == ("one", [str(calibre)])
    assert [day["statDate"] for day in found["days"]] == DAYS
    assert all(day["judged"] for day in found["days"])
    assert all(set(day["differences"]) <= {"4102"} for day in found["days"])
    assert found["unofficial"] == list(days_between("20260911", "20260930"))
    against = {trial["calibre"]: trial["against"] for trial in found["calibres"]}
    assert against[str(calibre)] == []
    assert all(trial for name, trial in against.items() if name != str(calibre))
    said = run(folder, "reconcile")
    assert said.exit_code == 0
    assert f"counts by {calibre}" in said.output
    assert ("is served" in said.output) == (calibre == DEFAULT_CALIBRE)
    assert "against" in said.output


def simple(folder: Folder, tmp_path: Path, *official: int, at: float | None = None) -> Any:
    """An organisation with a comment on each of some days, and official figures of 4102."""
    folder.add_organisation("c1")
    path = tmp_path / "facts.jsonl"
    lines = []
    for number, _ in enumerate(official, 1):
        lines.append({"report_id": f"r{number}", "user_id": "a", "sent_at": f"2026-09-0{number} 09:00:00"})
        lines.append({"report_id": f"r{number}", "user_id": "b", "commented_at": f"2026-09-0{number} 10:00:00"})
    path.write_text("\n".join(map(json.dumps, lines)))
    folder.import_(path, corp_id="c1", exported_at=int((time.time() if at is None else at) * 1000))
    figures = [
        Official("c1", f"2026090{n}", {"4100": 1, "4101": 1, "4102": value}, 1) for n, value in enumerate(official, 1)
    ]
    folder.store.put_official(REPORT_DATA, figures)


def test_several_calibres_may_fit(folder: Folder, tmp_path: Path) -> None:
    simple(folder, tmp_path, 1, 1)
    found = json.loads(run(folder, "reconcile", "--json").output)
    assert (found["verdict"], found["fitting"]) == ("several", list(map(str, CALIBRES)))
    said = run(folder, "reconcile").output
    assert "cannot be told apart" in said
    assert "2 days (20260901, 20260902) compared; 0 differ." in said


def test_none_may_fit_and_the_days_against_each_are_named(folder: Folder, tmp_path: Path) -> None:
    simple(folder, tmp_path, 1, 7)
    found = json.loads(run(folder, "reconcile", "--json").output)
    assert (found["verdict"], found["fitting"]) == ("none", [])
    against = [{"statDate": "20260902", "official": 7, "counted": 1}]
    assert found["calibres"] == [{"calibre": str(calibre), "against": against} for calibre in CALIBRES]
    said = run(folder, "reconcile").output
    assert "no calibre agrees on all 2 final days" in said
    assert "against report-day,summed,without-own: 20260902 (7, counted 1)" in said
    assert json.loads(run(folder, "reconcile", "--to", "20260901", "--json").output)["verdict"] == "several"


def test_days_that_are_not_final_are_not_judged_by(folder: Folder, tmp_path: Path) -> None:
    simple(folder, tmp_path, 7, at=datetime(2026, 9, 1, 12, tzinfo=BEIJING).timestamp())
    found = json.loads(run(folder, "reconcile", "--json").output)
    assert (found["verdict"], found["fitting"]) == ("nothing", [])
    assert not found["days"][0]["judged"]
    assert "--provisional" in run(folder, "reconcile").output
    assert json.loads(run(folder, "reconcile", "--provisional", "--json").output)["verdict"] == "none"


def test_without_figures_reconcile_says_where_they_come_from(folder: Folder) -> None:
    folder.add_organisation("c1")
    folder.store.put_official(REPORT_DATA, [Official("c1", "20260901", {"4100": 1, "4101": 1, "4102": 1}, 1)])
    said = run(folder, "reconcile")
    assert "nothing was imported for them: 1 day (20260901)" in said.output
    assert "reportdata mirror" in said.output
