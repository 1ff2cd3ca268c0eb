"""PostgreSQL as the store: its errors, time limits and schema, and nodes that serve from it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from importlib import metadata
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from reportdata.cli import cli
from reportdata.coverage import Observation
from reportdata.errors import StoreError
from reportdata.services import REPORTS as REPORT_DATA
from reportdata.store import DayKpis
from reportdata.store.postgres import PostgresStore, shown
from reportdata.store.postgres.inbox import PostgresWriter
from reportdata.store.sqlite import SQLiteStore
from tests.support import postgres
from tests.support.databases import DAY, filled, kill_connections, put
from tests.support.folders import Folder, run
from tests.support.paths import ROOT
from tests.support.services import fact, lines_of
from tests.support.waiting import SOON

pytestmark = pytest.mark.postgres


@pytest.fixture
def address() -> str:
    return postgres.address()


@pytest.fixture
def folder(tmp_path: Path, address: str) -> Iterator[Folder]:
    made = Folder(tmp_path / "data", address)
    yield made
    made.store.close()


def test_the_address_is_shown_without_its_password() -> None:
    assert shown("postgresql://me:secret@db.example/x?sslpassword=y") == "postgresql://db.example/x"
    with pytest.raises(StoreError) as failed:
        PostgresStore("postgresql://me:secret@127.0.0.1:1/x", 0.5)
    assert "secret" not in f"{failed.value.message} {failed.value.hint}"
    assert "127.0.0.1:1/x" in failed.value.message


def test_a_command_that_is_given_no_address_or_no_server_says_so(folder: Folder) -> None:
    for place, said in (("mysql://x", "postgresql://"), ("postgresql://127.0.0.1:1/x?connect_timeout=2", "cannot")):
        done = run(Folder(folder.path), "status", "--store", place)
        assert done.exit_code == 1
        assert said in done.output


def test_a_newer_schema_is_left_alone(address: str) -> None:
    import psycopg

    PostgresStore(address).close()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("update store_schema set version = 99")
    with pytest.raises(StoreError, match="schema 99"):
        PostgresStore(address)


def test_many_open_a_new_store_at_once(address: str) -> None:
    stores: list[PostgresStore] = []
    threads = [threading.Thread(target=lambda: stores.append(PostgresStore(address))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.organisations() for store in stores] == [[]] * 8
    for store in stores:
        store.close()


def test_a_lost_connection_comes_back_by_itself(folder: Folder) -> None:
    filled(folder)
    for _ in range(3):
        kill_connections(folder.settings.database or "")
        assert folder.store.kpis(REPORT_DATA, "c1", DAY) == dict.fromkeys(("4100", "4101", "4102"), 1)
        kill_connections(folder.settings.database or "")
        folder.token(folder.store.apps()[0])
        kill_connections(folder.settings.database or "")
        assert len(folder.store.coverage()) == 1


def test_a_call_fails_while_others_hold_what_it_needs(folder: Folder, address: str) -> None:
    import psycopg

    app, _ = filled(folder)
    with closing(PostgresStore(address, 0.3)) as store, psycopg.connect(address) as other:
        other.execute("lock table apps, tokens, kpis in access exclusive mode")
        for call in (
            lambda: store.kpis(REPORT_DATA, "c1", DAY),
            lambda: store.change_app(app.app_key, lambda found: found),
            store.apps,
        ):
            with pytest.raises(StoreError):
                call()
        other.rollback()
        assert store.kpis(REPORT_DATA, "c1", DAY)
        assert store.apps() == [app]


def test_a_month_has_a_partition_of_its_own(folder: Folder, address: str) -> None:
    import psycopg

    days = ("20240131", "20240201", "20241231", "20250101", "99991231")
    folder.store.put_days("s", dict.fromkeys(days, "f"), [DayKpis("c1", day, {"4100": 1}) for day in days], 1)
    folder.store.put_coverage("s", [Observation("c1", "20240101", "99991231")], [])
    assert [folder.store.kpis("s", "c1", day) for day in days] == [{"4100": 1}] * 5
    with psycopg.connect(address) as connection:
        found = connection.execute(
            "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid"
            " where i.inhparent = 'kpis'::regclass order by 1"
        ).fetchall()
    assert [name for (name,) in found] == [f"kpis_{month}" for month in (202401, 202402, 202412, 202501, 999912)]


def test_a_store_is_copied_there_and_back(tmp_path: Path, address: str) -> None:
    here = Folder(tmp_path / "here")
    app, _ = filled(here)
    here.store.claim_client_token(app.app_key, "t", "r", time.time())
    put(here, 2)
    done = run_plain("store", "copy", here.path, address)
    assert done.exit_code == 0, done.output
    assert "Copied and compared" in done.output
    assert run_plain("store", "copy", address, tmp_path / "back", "--json").exit_code == 0
    with closing(PostgresStore(address)) as there, closing(SQLiteStore(tmp_path / "back" / "store.db")) as back:
        for store in (there, back):
            assert store.apps() == [app]
            assert store.history(REPORT_DATA, "c1", DAY) == here.store.history(REPORT_DATA, "c1", DAY)
            assert store.coverage() == here.store.coverage()
        with here.store.tables() as one, back.tables() as other:
            for table, columns in one.columns().items():
                assert list(one.rows(table, columns)) == list(other.rows(table, columns))
    for source, target, said in ((here.path, address, "not empty"), (tmp_path / "no", address, "no store")):
        refused = run_plain("store", "copy", source, target)
        assert refused.exit_code == 1
        assert said in refused.output
    here.store.close()


def run_plain(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, arguments)])


def test_the_doctor_looks_into_it(folder: Folder) -> None:
    filled(folder)
    folder.lake.root.mkdir(parents=True)
    folder.path.chmod(0o700)
    done = run(folder, "doctor", "--json")
    checks = {check["check"]: check for check in msgspec.json.decode(done.output)["checks"]}
    assert checks["store"]["state"] == "ok", checks
    assert checks["apps"]["state"] == "ok"


def test_without_the_extra_nothing_of_it_is_installed_or_imported(tmp_path: Path) -> None:
    for requirement in metadata.requires("reportdata") or []:
        if "psycopg" in requirement:
            assert "extra ==" in requirement
    assert "psycopg" not in (ROOT / "requirements" / "run.txt").read_text()
    program = "import sys; sys.modules['psycopg'] = None; from reportdata.cli import main; main()"
    command = [sys.executable, "-c", program]

    def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *arguments], capture_output=True, text=True, cwd=tmp_path)

    added = ran("org", "add", "c1")
    assert added.returncode == 0, added.stderr
    assert ran("status").returncode == 0
    refused = ran("status", "--store", "postgresql://127.0.0.1:1/x")
    assert refused.returncode == 1
    assert "pip install 'reportdata[postgres]'" in refused.stderr


def test_a_data_folder_is_copied_backed_up_and_forgotten_with_a_database(folder: Folder, tmp_path: Path) -> None:
    source = tmp_path / "reports.csv"
    source.write_text("corp_id,report_id,user_id,sent_at\norg-1,r1,u1,2026-09-21 09:00\norg-2,r2,u2,2026-09-21 09:00\n")
    for corp_id in ("org-1", "org-2"):
        folder.add_organisation(corp_id)
    assert run(folder, "import", source).exit_code == 0
    assert folder.days() == {("org-1", DAY): (1, 1, 0), ("org-2", DAY): (1, 1, 0)}
    writer = PostgresWriter(folder.settings.database or "")
    line = lines_of([fact("sent", "org-1", 1, DAY, report_id="r3", user_id="u3")])
    writer.append(line).result(SOON)
    writer.close()
    taken = run(folder, "backup", tmp_path / "backup")
    assert taken.exit_code == 0, taken.output
    restored = Folder(tmp_path / "restored")
    restored.store.close()
    restored.settings.store.unlink()
    assert run_plain("restore", tmp_path / "backup", "--data", restored.path).exit_code == 0
    again = Folder(restored.path)
    assert again.days() == folder.days()
    assert len(list(again.settings.inbox.iterdir())) == 1
    again.store.close()
    assert run(folder, "work", "--once").exit_code == 0
    assert folder.days()["org-1", DAY] == (2, 2, 0)
    assert "stale days  0" in run(folder, "status").output
    done = run(folder, "forget", "--corp", "org-1", "--yes")
    assert done.exit_code == 0, done.output
    assert not [place for place in folder.store.mentions("org-1") if "fingerprint" not in place]  # which is a digest
    assert folder.days() == {("org-2", DAY): (1, 1, 0)}
