"""People are told times as clocks show them where the organisations are; programs get an offset."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

from reportdata.audit import Audit, Read
from reportdata.cli.local_times import local_text, noted_text, shared_zone
from reportdata.identity import Organisation
from tests.support.folders import Folder, run

SHEET = "report_id,user_id,sent_at\nr1,u1,2026-01-05 10:00\n"


def test_the_zone_is_that_of_all_organisations_or_utc() -> None:
    berlin, katmandu = Organisation("a", "Europe/Berlin"), Organisation("b", "Asia/Kathmandu")
    assert shared_zone([berlin]) == "Europe/Berlin"
    assert shared_zone([berlin, katmandu]) == "UTC"
    assert shared_zone([]) == "Asia/Shanghai"
    assert local_text(1_790_000_000, "Asia/Kathmandu") == "2026-09-21 19:58:20"


def test_a_time_that_damage_made_none_is_told_as_it_stands() -> None:
    assert local_text(1e20, "UTC") == "100000000000000000000"
    assert noted_text("2026-11-29T11:32:11+00:00", "Asia/Shanghai") == "2026-11-29 19:32:11"
    assert noted_text("2026-11-29T11:32:11+00;00", "Asia/Shanghai") == "2026-11-29T11:32:11+00;00"


def test_imports_are_told_in_the_zone_of_the_organisation(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation("ding1", "Asia/Kathmandu")
    path = tmp_path / "a.csv"
    path.write_text(SHEET)
    assert run(folder, "import", path).exit_code == 0
    (told,) = json.loads(run(folder, "imports", "--json").stdout)
    at = local_text(told["at"] / 1000, "Asia/Kathmandu")
    listed = run(folder, "imports").stdout
    assert "when (Asia/Kathmandu)" in listed
    assert at in listed
    assert run(folder, "unimport", told["import"], "--yes").exit_code == 0
    again = run(folder, "unimport", told["import"], "--yes").stdout
    assert re.search(r"was taken back on \d{4}-\d\d-\d\d \d\d:\d\d:\d\d: nothing is left to do", again)
    assert "taken back 20" in run(folder, "imports").stdout


def test_a_link_ends_with_the_day_that_was_named(folder: Folder) -> None:
    folder.add_organisation("ding1", "Asia/Kathmandu")
    assert run(folder, "link", "add", "--name", "hr", "--until", "20991231").exit_code == 0
    assert "  2099-12-31  " in run(folder, "link", "list").stdout
    (told,) = json.loads(run(folder, "link", "list", "--json").stdout)
    assert datetime.fromisoformat(told["until"]) == datetime.fromisoformat("2100-01-01T00:00:00+05:45")


def test_an_app_is_shown_in_words_and_known_by_its_name(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation("ding1")
    output = tmp_path / "app.json"
    assert run(folder, "app", "add", "--corp", "ding1", "--name", "bi", "--output", output).exit_code == 0
    key = json.loads(output.read_text())["appKey"]
    shown = run(folder, "app", "show", "bi").stdout
    assert re.search(r"^app key +" + key, shown, re.MULTILINE)
    assert "None" not in shown
    assert "False" not in shown
    assert re.search(r"^calls a second +as the server has it$", shown, re.MULTILINE)
    assert run(folder, "app", "grant", "bi", "Statistics.Report.Read").exit_code == 0
    assert run(folder, "app", "set", "bi", "--rate", "0").exit_code == 0
    assert run(folder, "app", "disable", "bi").exit_code == 0
    again = tmp_path / "new.json"
    assert run(folder, "app", "rotate", "bi", "--output", again).exit_code == 0
    assert json.loads(again.read_text())["appKey"] == key
    (told,) = json.loads(run(folder, "app", "list", "--json").stdout)
    assert (told["rate"], told["disabled"]) == (0, True)
    assert "Statistics.Report.Read" in told["scopes"]
    assert re.search(r"^calls a second +no limit$", run(folder, "app", "show", "bi").stdout, re.MULTILINE)
    assert run(folder, "app", "add", "--corp", "ding1", "--name", "bi").exit_code == 0
    unclear = run(folder, "app", "enable", "bi")
    assert "2 apps have the name 'bi'" in unclear.output
    assert key in unclear.output


def test_reads_are_told_and_chosen_by_local_days(folder: Folder) -> None:
    folder.add_organisation("ding1", "Asia/Kathmandu")
    at = int(datetime.fromisoformat("2026-09-21T23:30:00+00:00").timestamp() * 1000)
    Audit(folder.path / "audit").write([Read(at, "dingkey", "ding1", "20260920", "192.0.2.1", "r1")])
    told = run(folder, "audit").stdout
    assert "time (Asia/Kathmandu)" in told
    assert "2026-09-22 05:15:00" in told
    assert "192.0.2.1" in run(folder, "audit", "--from", "20260922", "--to", "20260922").stdout
    for days in (("--to", "20260921"), ("--from", "20260923")):
        assert run(folder, "audit", "--json", *days).stdout == ""
