"""What ``doctor`` finds of data: the store, the lake, coverage, apps, backups."""

from __future__ import annotations

import shutil
import sqlite3
import time
from pathlib import Path

import msgspec

from reportdata.cli.doctor import examine
from reportdata.cli.doctor.findings import Examined, Finding, State
from reportdata.coverage import Coverage
from reportdata.days import day_of, time_zone
from reportdata.identity import Organisation
from reportdata.store.sqlite import SQLiteStore
from tests.support.examining import DAY, look, one
from tests.support.folders import Folder, run
from tests.support.lakes import child, line_of


def test_a_store_that_is_missing_or_damaged(healthy: Folder) -> None:
    path = healthy.settings.store
    healthy.store.close()
    content = path.read_bytes()
    size = len(content)

    damages = [b"no database " * 1000, content[:4096] + b"\xff" * (size - 4096), content[: size // 2]]
    for damage in damages:
        path.write_bytes(damage)
        found = look(healthy)
        (finding,) = found["store"]
        assert finding.state is State.FAIL
        assert "apps" not in found
    path.unlink()
    assert "reportdata restore" in one(look(healthy), "store", State.FAIL).advice
    assert not path.exists()


def test_a_store_of_another_schema_is_left_as_it_is(healthy: Folder) -> None:
    with sqlite3.connect(healthy.settings.store) as connection:
        (known,) = connection.execute("pragma user_version").fetchone()
        for schema, state, said in (
            (99, State.FAIL, "use the newer version"),
            (known - 1, State.WARN, "take a backup"),
        ):
            connection.execute(f"pragma user_version = {schema}")
            assert said in one(look(healthy), "store", state).advice
            assert connection.execute("pragma user_version").fetchone() == (schema,)
            assert "apps" not in look(healthy)
    connection.close()


def test_a_lake_that_is_damaged(healthy: Folder) -> None:
    (path,) = next(iter(healthy.lake.files("sent").values()))
    content = path.read_bytes()
    for damage in (content[:-1], content[1:], b"PAR", b""):
        path.write_bytes(damage)
        finding = one(look(healthy), "lake", State.FAIL)
        assert "1 of 1 file gone" in finding.found
        assert str(path) in finding.found
    path.write_bytes(content)
    one(look(healthy), "lake", State.OK)
    (observed,) = (healthy.lake.root / "coverage").iterdir()
    observed.write_bytes(b"[")
    (finding,) = look(healthy)["lake"]
    assert (finding.state, str(observed) in finding.found) == (State.FAIL, True)


def test_a_lake_that_is_not_there_yet(folder: Folder) -> None:
    assert "nothing was imported yet" in one(look(folder), "lake", State.OK).found
    assert not folder.lake.root.exists()


def test_what_a_killed_import_left(healthy: Folder) -> None:
    hold = "with lake.incoming() as i: (i.folder / 'x').write_text('12345'); print(1, flush=True); time.sleep(60)"
    with child(hold, healthy.lake) as process:
        line_of(process)
        one(look(healthy), "leftovers", State.OK)
        process.kill()
        process.wait()
        assert "1 killed import or backup left 5 B" in one(look(healthy), "leftovers", State.WARN).found
    with healthy.lake.incoming():
        one(look(healthy), "leftovers", State.OK)


def test_a_time_zone_that_this_machine_does_not_know(healthy: Folder) -> None:
    healthy.store.add_organisations([Organisation("c2", "Mars/Olympus")])
    finding = one(look(healthy), "time zones", State.FAIL)
    assert "c2 has the time zone Mars/Olympus" in finding.found
    assert "tzdata" in finding.advice


def test_organisations_without_recent_days(healthy: Folder) -> None:
    healthy.add_organisation("c2")
    assert "c2: nothing was imported" in one(look(healthy), "organisations", State.WARN).found
    today = int(time.time()) * 1_000_000
    days = [day_of(today - ago * DAY * 1_000_000, time_zone("Asia/Shanghai")) for ago in range(5)]
    healthy.cover("c2", "20240101", days[3])
    finding = one(look(healthy), "organisations", State.WARN)
    assert f"c2: the newest day is {days[3]}, 3 days ago" in finding.found
    assert finding.advice == f"reportdata import FILE... --corp c2, from {days[2]} on"
    healthy.cover("c2", days[2], days[2])
    assert f"2, all with days until {days[2]} or later" in one(look(healthy), "organisations", State.OK).found


def test_no_organisations_and_no_apps(folder: Folder) -> None:
    found = look(folder)
    assert one(found, "organisations", State.WARN).advice == "reportdata org add CORP_ID"
    assert "reportdata app add" in one(found, "apps", State.WARN).advice
    one(found, "time zones", State.OK)


def test_view_links_let_people_see_without_any_app(folder: Folder) -> None:
    folder.add_organisation("c1")
    assert run(folder, "link", "add", "--name", "hr").exit_code == 0
    assert one(look(folder), "apps", State.OK).found == "there are none; 1 view link may be opened"
    assert run(folder, "link", "revoke", "hr").exit_code == 0
    assert "nobody can ask" in one(look(folder), "apps", State.WARN).found


def test_stale_days(healthy: Folder, tmp_path: Path) -> None:
    path = tmp_path / "more.csv"
    path.write_text("report_id,user_id,sent_at\nr2,u1,2024-01-02 09:00:00\nr3,u1,2024-01-05 09:00:00\n")
    healthy.import_(path, corp_id="c1", refresh=False)
    finding = one(look(healthy), "stale days", State.WARN)
    assert (finding.found, finding.advice) == ("2, from 20240102 to 20240105", "reportdata refresh")
    healthy.refresh()
    one(look(healthy), "stale days", State.OK)
    healthy.lake.observe([Coverage("c1", "20230101", "20230101")])
    assert "not shown yet" in one(look(healthy), "stale days", State.WARN).found
    healthy.refresh()
    one(look(healthy), "stale days", State.OK)


def test_apps_that_are_all_disabled(healthy: Folder) -> None:
    (app,) = healthy.store.apps()
    healthy.store.change_app(app.app_key, lambda found: msgspec.structs.replace(found, disabled=True))
    finding = one(look(healthy), "apps", State.WARN)
    assert finding.advice == f"reportdata app enable {app.app_key}"
    healthy.add_app("c1")
    assert one(look(healthy), "apps", State.OK).found == "1 of 2 are enabled"


def test_a_backup_is_as_healthy_as_what_it_was_taken_of(healthy: Folder, tmp_path: Path) -> None:
    assert run(healthy, "backup", tmp_path / "backup").exit_code == 0
    shutil.rmtree(healthy.path)
    found = look(tmp_path / "backup")
    assert {name for name, own in found.items() if own[0].state is not State.OK} <= {"disk", "inodes", "open files"}
    store = SQLiteStore(tmp_path / "backup" / "store.db")
    assert len(store.apps()) == 1
    store.close()


def test_an_old_backup_is_told(healthy: Folder, tmp_path: Path) -> None:
    assert run(healthy, "backup", str(tmp_path / "copy")).exit_code == 0
    now = time.time()
    assert found_at(healthy, now, "backups").state is State.OK
    old = found_at(healthy, now + 3 * 86400, "backups")
    assert (old.state, "reportdata backup" in old.advice) == (State.WARN, True)
    with (healthy.path / "backups.jsonl").open("a") as file:
        file.write('{"path":"' + str(tmp_path / "copy2") + '","takenAt":"2026-99","organisations":[]}\nno line\n')
        file.write('{"path":"a\\u0000b","takenAt":"2026-11-28T00:00:00+00:00","organisations":[]}\n')
    (tmp_path / "copy2").mkdir()
    (tmp_path / "copy2" / "backup.json").touch()
    assert found_at(healthy, now, "backups").state is State.OK, "lines that were damaged name no backup"
    (tmp_path / "copy2" / "backup.json").unlink()
    (tmp_path / "copy" / "backup.json").unlink()
    assert "none" in found_at(healthy, now + 3 * 86400, "backups").found, "what is not whole is no backup"


def found_at(folder: Folder, now: float, check: str) -> Finding:
    """What a check finds at a time."""
    return dict(examine(Examined(folder.settings, now)))[check]
