"""The doctor finds each trouble that is really there, says what to do about it, and changes nothing."""

from __future__ import annotations

import json
import os
import pty
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest

from reportdata.certificates import development_certificates
from reportdata.cli.doctor import examine
from reportdata.cli.doctor.findings import Examined, Finding, State
from reportdata.days import Coverage, day_of, time_zone
from reportdata.identity import Organisation
from reportdata.settings import Settings
from reportdata.store.sqlite import SQLiteStore
from tests.support.folders import Folder, run
from tests.support.lakes import child, line_of
from tests.support.mounts import mounted

DAY = 86_400


def look(folder: Folder | Path, *, after: float = 0, certificate: Path | None = None) -> dict[str, list[Finding]]:
    """What is found some seconds from now, by check."""
    path = folder if isinstance(folder, Path) else folder.path
    found: dict[str, list[Finding]] = {}
    for name, finding in examine(Examined(Settings(path), time.time() + after, certificate)):
        found.setdefault(name, []).append(finding)
    return found


def one(found: dict[str, list[Finding]], name: str, state: State) -> Finding:
    """The only finding of a check, which is in that state and says what to do unless it is well."""
    (finding,) = found[name]
    assert finding.state is state, finding
    assert bool(finding.advice) == (state is not State.OK)
    return finding


@contextmanager
def somebody_else() -> Iterator[None]:
    """As a user to whom rights matter: tests may run as root."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of which each test gets a copy."""
    place = tmp_path_factory.mktemp("model")
    made = Folder(place / "data")
    made.add_organisation("c1")
    today = datetime.now(time_zone("Asia/Shanghai"))
    path = place / "reports.csv"
    path.write_text(f"report_id,user_id,sent_at\nr1,u1,{today - timedelta(days=1):%Y-%m-%d} 09:00:00\n")
    made.import_(path, corp_id="c1")
    made.add_app("c1")
    made.store.close()
    return made.path


@pytest.fixture
def healthy(model: Path, tmp_path: Path) -> Iterator[Folder]:
    """A data folder in which all is well."""
    made = Folder(shutil.copytree(model, tmp_path / "data"))
    yield made
    made.store.close()


def test_all_is_well_and_nothing_is_changed(healthy: Folder) -> None:
    def state() -> dict[Path, bytes | None]:
        paths = [path for path in healthy.path.rglob("*") if not path.name.endswith("-shm")]
        return {path: path.read_bytes() if path.is_file() else None for path in paths}

    before = state()
    result = run(healthy, "doctor", "--json")
    found = json.loads(result.stdout)
    assert state() == before
    names = "data folder, rights, owner, disk, inodes, lake, leftovers, backups, store, time zones, organisations"
    names += ", stale days, corrections, identities, collecting, apps"
    assert [check["check"] for check in found["checks"]] == [*names.split(", "), "clock", "open files"]
    of_machine = {"disk", "inodes", "open files"}
    assert {check["state"] for check in found["checks"] if check["check"] not in of_machine} == {"ok"}, found
    assert found["ok"] == (result.exit_code == 0)


def test_only_what_does_not_work_makes_it_exit_with_1(healthy: Folder) -> None:
    failing = any(finding.state is State.FAIL for own in look(healthy).values() for finding in own)
    assert run(healthy, "doctor").exit_code == int(failing)
    healthy.path.chmod(0o755)
    warned = run(healthy, "doctor")
    assert warned.exit_code == int(failing)
    assert "chmod 700" in " ".join(warned.output.split())
    healthy.store.close()
    healthy.settings.store.unlink()
    assert run(healthy, "doctor").exit_code == 1
    assert json.loads(run(healthy, "doctor", "--json").stdout)["ok"] is False


@pytest.mark.whole
def test_states_are_coloured_on_a_terminal_only(healthy: Folder) -> None:
    plain = run(healthy, "doctor").output
    assert "\x1b" not in plain
    assert " ok " in plain
    command = [sys.executable, "-m", "reportdata", "doctor", "--data", str(healthy.path)]
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    environment = {name: value for name, value in environment.items() if name not in ("NO_COLOR", "CI")}
    with subprocess.Popen(command, stdout=theirs, env=environment):
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # the other end is closed
            while part := os.read(ours, 65_536):
                shown += part
    os.close(ours)
    assert re.search(rb"\x1b\[32mok *\x1b\[0m", shown)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path, said in ((tmp_path / "nowhere", "there is no folder"), (tmp_path / "file", "is a file")):
        found = look(path)
        assert said in one(found, "data folder", State.FAIL).found
        assert set(found) == {"data folder", "clock", "open files"}


def test_rights(healthy: Folder) -> None:
    one(look(healthy), "rights", State.OK)
    healthy.path.chmod(0o750)
    assert one(look(healthy), "rights", State.WARN).advice == f"chmod 700 {healthy.path}"
    healthy.path.chmod(0o555)
    with TemporaryDirectory() as place:  # where others may go, too
        data = Path(place) / "data"
        shutil.copytree(healthy.path, data)
        Path(place).chmod(0o755)
        with somebody_else():
            found = look(data)
        assert "Permission denied" in one(found, "rights", State.FAIL).found
        data.chmod(0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_owner(healthy: Folder) -> None:
    one(look(healthy), "owner", State.OK)
    os.chown(healthy.settings.store, 65534, -1)
    warning = one(look(healthy), "owner", State.WARN)
    assert "store.db belongs to" in warning.found
    assert warning.advice == f"chown -R root {healthy.path}"
    os.chown(healthy.settings.store, 0, -1)
    os.chown(healthy.path, 54321, -1)
    assert "belongs to root, the data folder to 54321" in one(look(healthy), "owner", State.WARN).found
    for path in (healthy.path, *healthy.path.rglob("*")):
        os.chown(path, 54321, -1)
    assert one(look(healthy), "owner", State.WARN).advice == "run commands as 54321"


@pytest.mark.parametrize(
    ("options", "name", "state"),
    [
        ("size=4g", "disk", State.OK),
        ("size=500m", "disk", State.WARN),
        ("size=50m", "disk", State.FAIL),
        ("size=50m,nr_inodes=200000", "inodes", State.OK),
        ("size=50m,nr_inodes=0", "inodes", State.OK),
        ("size=50m,nr_inodes=5000", "inodes", State.WARN),
        ("size=50m,nr_inodes=90", "inodes", State.FAIL),
    ],
)
def test_room_on_the_disk(tmp_path: Path, options: str, name: str, state: State) -> None:
    with mounted(tmp_path / "disk", options) as disk:
        one(look(disk), name, state)


def test_the_limit_of_open_files(healthy: Folder) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        for soft, state in ((1024, State.WARN), (4096, State.OK)):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, before[1]))
            found = one(look(healthy), "open files", state)
            assert f"{soft:,}" in found.found
            assert ("ulimit -n" in found.advice) == (state is State.WARN)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_clock_that_is_wrong(healthy: Folder) -> None:
    one(look(healthy), "clock", State.OK)
    one(look(healthy, after=-50), "clock", State.OK)
    assert "is from" in one(look(healthy, after=-DAY), "clock", State.FAIL).found
    for years in (-30, 100):
        assert "the year is" in one(look(healthy, after=years * 365 * DAY), "clock", State.FAIL).found
    ahead = time.time() + DAY
    (path,) = next(iter(healthy.lake.files("sent").values()))
    os.utime(path, (ahead, ahead))
    assert path.name in one(look(healthy), "clock", State.FAIL).found
    os.utime(path, (1, 1))
    healthy.store.put_days("s", {"20240101": "f"}, [], ahead)
    assert "a day's computation" in one(look(healthy), "clock", State.FAIL).found


def test_certificates(healthy: Folder, tmp_path: Path) -> None:
    assert "certificate" not in look(healthy)
    made = development_certificates(tmp_path / "tls", ["reports.example.com", "10.0.0.1"], time.time())
    path = made.certificate
    assert "for 10.0.0.1, reports.example.com" in one(look(healthy, certificate=path), "certificate", State.OK).found
    for days, state, said in (
        (794, State.OK, "until"),
        (796, State.WARN, "it ends on"),
        (824, State.WARN, "it ends on"),
        (826, State.FAIL, "it ended on"),
        (-1, State.FAIL, "it begins on"),
    ):
        assert said in one(look(healthy, after=days * DAY, certificate=path), "certificate", state).found
    path.write_bytes(nameless())
    assert "names no host" in one(look(healthy, certificate=path), "certificate", State.WARN).found
    path.write_text("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")
    (finding,) = look(healthy, certificate=path)["certificate"]
    assert finding.state is State.FAIL
    (finding,) = look(healthy, certificate=tmp_path / "none.pem")["certificate"]
    assert "No such file" in finding.found


def nameless() -> bytes:
    from cryptography import x509  # takes long; most processes of the tests do not need it
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "reports.example.com")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=90))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


def test_the_certificate_is_an_option_and_a_setting(
    healthy: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / "none.pem"
    for arguments in (["--tls-cert", missing], []):
        result = run(healthy, "doctor", "--json", *arguments)
        assert json.loads(result.stdout)["checks"][-1]["check"] == "certificate"
        assert result.exit_code == 1
        monkeypatch.setenv("REPORTDATA_TLS_CERT", str(missing))


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
        assert "1 of 1 files" in finding.found
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
        assert "1 killed imports or backups left 5 B" in one(look(healthy), "leftovers", State.WARN).found
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
