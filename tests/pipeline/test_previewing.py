"""What a dry run says is what the import then does."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from reportdata.pipeline.importing import import_files
from reportdata.pipeline.imports import Options
from reportdata.pipeline.previewing import preview
from tests.support.examples import tried_with
from tests.support.folders import Folder, run
from tests.support.lakes import all_paths
from tests.support.services import working
from tests.support.taking_back import NOW, Import, Step, files_of, imports, play, seen, steps
from tests.support.verbs import refresh_days

REPORTS = "发送人,提交时间,report_id\n张三,2026-09-21 09:00:00,r1\n李四,2026-09-22 09:00:00,r2\n"


@pytest.mark.whole
@tried_with(4, 150)
def test_a_dry_run_says_what_the_import_does_and_adds_nothing(examples: int) -> None:
    @settings(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
    )
    @given(steps, imports)
    def check(sequence: list[Step], step: Import) -> None:
        with tempfile.TemporaryDirectory() as temporary:
            folder, now = Folder(Path(temporary) / "data"), NOW + 1_000_000
            play(folder, sequence, Path(temporary) / "files")
            first, last = step.period
            options = Options(first_day=first, last_day=last, now=now)
            files = files_of(step, Path(temporary) / "new", now)
            before, paths, notes = seen(folder, {}), all_paths(folder.lake), folder.store.imports()
            with working(folder) as work:
                found = preview(work, files, options)
                assert seen(folder, {}) == before
                assert (all_paths(folder.lake), folder.store.imports()) == (paths, notes)
                done = import_files(work, files, options)
            refresh_days(folder)
            after = seen(folder, {})
            assert [(one.read, one.added, one.known, one.days) for one in (found.done, done)] == [
                (done.read, done.added, done.known, done.days)
            ] * 2
            was = {(day.corp_id, day.stat_day): day for day in before.days}
            will = {(day.corp_id, day.stat_day): day for day in after.days}
            changes = {(change.corp_id, change.stat_day): change for change in found.changes}
            for key, change in changes.items():
                assert (change.before, change.after) == (was[key].values, will[key].values)
                assert change.before != change.after
            for key, day in will.items():
                if key not in changes:  # it may be known by now that there was nothing
                    assert {kpi: number for kpi, number in day.values.items() if number} == {
                        kpi: number for kpi, number in was[key].values.items() if number
                    }
            covered = {(piece.corp_id, piece.kind) for piece in found.observed}
            assert covered >= {
                (look.corp_id, look.kind) for look in {*after.store} - {*before.store} if not before.store
            }
            folder.store.close()

    check()


@pytest.fixture
def known(folder: Folder) -> Folder:
    """A data folder with one organisation."""
    folder.add_organisation("ding1")
    return folder


def test_it_names_columns_with_their_reasons_and_what_is_not_known(known: Folder, tmp_path: Path) -> None:
    path = tmp_path / "reports.csv"
    path.write_text(REPORTS, "gb18030")
    result = run(known, "import", path, "--dry-run", "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    (file,) = said["files"]
    assert (file["format"], file["encoding"], file["read"], file["new"]) == ("csv", "gb18030", 2, 2)
    assert file["days"] == ["20260921", "20260922"]
    (table,) = file["tables"]
    assert {(column["field"], column["column"], column["why"]) for column in table["columns"]} == {
        ("report_id", "report_id", "name"),
        ("sent_at", "提交时间", "own"),
        ("user_name", "发送人", "own"),
    }
    assert [(one["kpiId"], one["days"], one["notObserved"]) for one in said["unknown"]] == [("4102", 2, ["commented"])]
    assert said["changes"][0]["before"] == {}
    assert said["changes"][0]["after"] == {"4100": 1, "4101": 1}
    text = run(known, "import", path, "--dry-run").stdout
    assert "4102 of ding1 stays unknown on 2 of these days" in text
    assert "Nothing was added" in text
    assert known.lake.kinds() == ()
    assert known.store.imports() == []


def test_it_refuses_what_the_import_refuses(known: Folder, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(REPORTS)
    bad.write_text(REPORTS.replace("2026-09-22 09:00:00", "tomorrow"))
    dry, wet = (run(known, "import", good, bad, *flags) for flags in (["--dry-run"], []))
    assert (dry.exit_code, wet.exit_code) == (1, 1)
    assert dry.stderr == wet.stderr
    assert "bad.csv, line 3: sent_at" in dry.stderr
    dry = run(known, "import", bad, "--dry-run", "--skip-bad", "--json")
    assert dry.exit_code == 0
    assert json.loads(dry.stdout)["skipped"] == 1
    assert not list(Path().glob("*.bad.jsonl"))


def test_organisations_are_not_added_by_it(known: Folder, tmp_path: Path) -> None:
    path = tmp_path / "reports.csv"
    path.write_text("corp_id,report_id,user_id,sent_at\nding9,r1,u1,2026-09-21T23:00:00+08:00\n")
    said = json.loads(run(known, "import", path, "--dry-run", "--add-orgs", "--json").stdout)
    assert said["organisationsToAdd"] == ["ding9"]
    assert said["changes"][0]["after"] == {"4100": 1, "4101": 1}
    assert [organisation.corp_id for organisation in known.store.organisations()] == ["ding1"]
