"""Terminals of any encoding, folders that cannot be written, links to nowhere, a full disk: messages, no crashes."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import pytest

from reportdata.cli.terminals import visible
from tests.support.folders import Folder, run
from tests.support.mounts import mounted, read_only
from tests.support.processes import served
from tests.support.waiting import SOON

CORP = "ding1"
REPORTS = "report_id,user_id,sent_at\nr1,u1,2024-01-05 08:00:00\nr2,,2024-01-05 09:00:00\n"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def known(known: Folder, tmp_path: Path) -> Folder:
    """A data folder with one organisation, and a file of reports of which one is bad."""
    (tmp_path / "in.csv").write_text(REPORTS)
    return known


def command(*arguments: object, **environment: str) -> tuple[int, bytes, bytes]:
    """Run a command as a process; its exit code, and what it prints and says."""
    done = subprocess.run(
        [sys.executable, "-m", "reportdata", *map(str, arguments)],
        capture_output=True,
        timeout=SOON,
        env={**os.environ, **environment},
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.whole
@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "gb2312", "utf-8", "latin-1", "big5"])
def test_every_encoding_shows_what_it_can(known: Folder, encoding: str) -> None:
    assert run(known, "import", "in.csv", "--skip-bad").exit_code == 0
    read_as = "utf-8" if encoding == "ascii" else encoding
    for arguments in (["query", "20240105"], ["status"], ["org", "list"], ["query", "20240105", "--format", "csv"]):
        code, printed, said = command(*arguments, *known.place, PYTHONIOENCODING=encoding)
        assert (code, said.decode(read_as)) == (0, "")
        assert "20240105" in printed.decode(read_as) or arguments[0] == "org"
        assert "\\u" not in printed.decode(read_as), "headings that cannot be shown are keys"
    _, printed, _ = command("query", "20240105", *known.place, PYTHONIOENCODING=encoding)
    assert ("发送日志数" if encoding in ("ascii", "gb2312", "utf-8") else "4100_DAY") in printed.decode(read_as)
    code, printed, _ = command("import", "--help", PYTHONIOENCODING=encoding)
    assert code == 0
    assert b"--times-in" in printed


@pytest.mark.whole
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "gb2312", "big5"])
def test_json_stays_json_in_every_encoding(known: Folder, tmp_path: Path, encoding: str) -> None:
    name = "日报 🎉….csv"
    (tmp_path / name).write_text("a,b\n1,2\n")
    code, printed, said = command("import", name, "--json", *known.place, PYTHONIOENCODING=encoding)
    assert code == 1
    (failure,) = json.loads(printed)["failures"]
    assert failure.startswith(f"{name}: no heading was found")
    assert b"Traceback" not in said


def test_bad_records_that_cannot_be_written_are_told_before_anything_is_added(known: Folder, tmp_path: Path) -> None:
    done = run(known, "import", "in.csv", "--skip-bad", "--bad-file", "nowhere/bad.jsonl")
    assert done.exit_code == 1
    assert f"nowhere/bad.jsonl: cannot be written: there is no folder {tmp_path}/nowhere" in done.output
    (tmp_path / "closed").mkdir()
    with read_only(tmp_path / "closed"):
        done = run(known, "import", "in.csv", "--skip-bad", "--bad-file", "closed/bad.jsonl")
        assert (done.exit_code, "bad records cannot be written there" in done.output) == (1, True)
        os.chdir("closed")
        done = run(known, "import", tmp_path / "in.csv", "--skip-bad")
        assert (done.exit_code, "name a file elsewhere with --bad-file" in done.output) == (1, True)
        assert known.lake.kinds() == ()
        assert run(known, "import", tmp_path / "in.csv", "--skip-bad", "--bad-file", tmp_path / "bad").exit_code == 0
        os.chdir(tmp_path)
    assert known.lake.kinds() == ("sent",)


@pytest.mark.whole
def test_a_data_folder_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to("nowhere")
    for arguments in (["org", "add", "ding1"], ["query", "20240105"], ["doctor"]):
        code, _, said = command(*arguments, "--data", "data")
        assert code == 1
        assert b"the data folder data is a link to nowhere, which is not there" in said
        assert b"make that folder or mount its disk, or remove the link" in said


@pytest.mark.whole
def test_signs_that_are_not_seen_are_shown(tmp_path: Path) -> None:
    code, _, said = command("query", "20240105", REPORTDATA_DATA="data\r")
    assert code == 1
    assert b"there is no data folder data\\r\n" in said
    _, _, said = command("import", "file\r", "--data", "data")
    assert b"'file\\r' does not exist" in said
    assert visible("a\r\nb\x1b[0m\u202e日") == "a\\r\nb\\x1b[0m\\u202e日"


@pytest.mark.slow
@pytest.mark.whole
def test_output_that_cannot_be_written_is_told_in_a_line_or_by_the_exit_code(known: Folder) -> None:
    program = [sys.executable, "-m", "reportdata", "status", "--data", str(known.path)]
    if Path("/dev/full").exists():
        for words in (program, [*program[:3], "--help"]):
            with Path("/dev/full").open("w") as full:
                done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, env=os.environ)
            assert (done.returncode, done.stderr.count("\n")) == (1, 1)
            assert "standard output cannot be written: No space left on device" in done.stderr
    for closed in (">&-", "2>&-", ">&- 2>&-"):
        assert subprocess.run(["sh", "-c", f"exec {shlex.join(program)} {closed}"], capture_output=True).returncode == 0


def test_names_steer_no_terminal(folder: Folder) -> None:
    folder.add_organisation("c")
    name = "a\x1b[31m{x}%s[bold]\u202eb\nForged: 1"
    assert run(folder, "app", "add", "--corp", "c", "--name", name).exit_code == 0
    shown = run(folder, "app", "list").output
    assert "a\\x1b[31m{x}%s[bold]\\u202eb\\nForged: 1" in shown
    added = run(folder, "link", "add", "--corp", "c", "--name", name)
    listed = run(folder, "link", "list").output
    assert not {"\x1b", "\u202e"} & {*added.output, *shown, *listed}


def test_no_table_is_printed_where_there_is_nothing_in_it(folder: Folder) -> None:
    folder.add_organisation("c")
    explained = run(folder, "explain", "reports", "20210101").output
    assert explained.splitlines()[0].startswith("The number of reports on 2021-01-01 is not known")
    for command in (("query", "20210101", "--by", "week"), ("changes", "--since", "20210101")):
        assert "─" not in run(folder, *command).output
    assert "─" not in explained


@pytest.mark.whole
def test_a_server_on_an_address_in_brackets_answers(known: Folder) -> None:
    with served(known, "--host", "[::1]", "--no-work") as server:
        connection = HTTPConnection(*server.address, timeout=SOON)
        connection.request("OPTIONS", "/v1/facts", headers={"access-control-request-headers": "idempotency-key"})
        answer = connection.getresponse()
        assert "idempotency-key" in answer.headers["access-control-allow-headers"].lower()
        connection.close()


@pytest.mark.slow
@pytest.mark.tool  # it mounts a disk
def test_a_full_disk_is_named_and_numbers_can_be_read(tmp_path: Path) -> None:
    rows = (f"{'r' * 60}{at:06},u{at % 97},2024-{at % 12 + 1:02}-{at % 28 + 1:02} 09:00:00" for at in range(120_000))
    (tmp_path / "large.csv").write_text("\n".join(["report_id,user_id,sent_at", *rows]) + "\n")
    (tmp_path / "small.csv").write_text("report_id,user_id,sent_at\nr1,u1,2024-01-05 08:00:00\n")
    with mounted(tmp_path / "disk", "size=1m") as disk:
        data = ["--data", str(disk / "data")]
        assert command("org", "add", CORP, *data)[0] == 0
        code, _, said = command("import", "large.csv", *data)
        assert code == 1
        assert b"No space left on device\n  make room on that disk, and do the same again" in said
        assert b"exception_type" not in said
        assert command("import", "small.csv", *data)[0] == 0
        with (disk / "ballast").open("wb", buffering=0) as file:
            try:
                while file.write(bytes(1024)):
                    pass
            except OSError:
                pass
        for arguments in (["query", "20240105"], ["status"]):
            code, printed, said = command(*arguments, *data)
            assert code == 0, said
            assert b"20240105" in printed
