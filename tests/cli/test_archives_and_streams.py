"""What is imported without being unpacked or saved first: archives, standard input, pipes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from reportdata.cli import cli
from tests.support.folders import Folder, run
from tests.support.waiting import SOON, until

CORP = "ding1"
REPORTS = "report_id,user_id,sent_at\nr1,u1,2024-01-05 08:00:00\nr2,u2,2024-01-05 09:00:00\n"
COMMENTS = "report_id,user_id,commented_at\nr1,u3,2024-01-05 10:00:00\n"
ALL = {(CORP, "20240105"): (2, 2, 1)}
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(16)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def archive(members: Mapping[str, bytes | str]) -> bytes:
    """An archive, whose members were written on the day after that of the records."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in members.items():
            made.writestr(zipfile.ZipInfo(name, (2024, 1, 7, 9, 0, 0)), text)
    return content.getvalue()


def left_over(folder: Folder) -> list[Path]:
    """What an import left of copies."""
    return [path for path in (folder.path / "handed").glob("**/*") if path.name != "lock"]


def test_each_member_of_an_archive_is_a_file_of_its_own(known: Folder, tmp_path: Path) -> None:
    members: dict[str, bytes | str] = {
        "导出/日志.csv": REPORTS,
        "导出/评论.csv": COMMENTS,
        "导出/图片/1.png": PICTURE,
        "__MACOSX/._x": b"x",
    }
    (tmp_path / "export.zip").write_bytes(archive(members))
    done = run(known, "import", "export.zip", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["added"] == 3
    assert known.days() == ALL
    looks = {look.kind: (look.first_day, look.last_day) for look in known.store.observations()}
    assert looks == {"sent": ("20240105", "20240105"), "commented": ("20240105", "20240105")}
    assert left_over(known) == []


def test_a_wrong_member_is_named_and_the_others_are_added(known: Folder, tmp_path: Path) -> None:
    members = {"日志.csv": REPORTS + "r3,u3,never\n", "评论.csv": COMMENTS}
    (tmp_path / "export.zip").write_bytes(archive(members))
    done = run(known, "import", "export.zip")
    assert done.exit_code == 1
    assert "export.zip/日志.csv, line 4: sent_at: 'never' is not a time" in done.output
    assert (known.lake.kinds(), known.store.coverage()) == (("commented",), [])
    done = run(known, "import", "export.zip", "--skip-bad")
    assert done.exit_code == 0, done.output
    (bad,) = [json.loads(line) for line in (tmp_path / "日志.csv.bad.jsonl").read_text("utf-8").splitlines()]
    assert (bad["file"], bad["line"]) == ("export.zip/日志.csv", 4)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (archive({"a.csv": REPORTS, "b.zip": archive({"c.csv": COMMENTS})}), "x.zip/b.zip: is an archive within an"),
        (archive({"1.png": PICTURE, "2.png": PICTURE}), "x.zip: has no tables, but 1.png, 2.png"),
        (archive({"a.csv": "name,age\nx,1\n"}), "x.zip/a.csv, line 1: kind: no column"),
        (archive({}), "x.zip: is an archive without files"),
        (archive({"a.csv": REPORTS * 99})[:-30], "x.zip: is a damaged archive"),
    ],
)
def test_an_archive_that_cannot_be_read_is_refused(known: Folder, tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    (tmp_path / "other.csv").write_text(COMMENTS)
    done = run(known, "import", "x.zip", "other.csv")
    assert done.exit_code == 1
    assert reason in done.output
    assert list(known.lake.files("commented")) == ["20240105"], "other files are added"
    assert left_over(known) == []


def test_a_member_that_is_no_table_may_be_left_out(known: Folder, tmp_path: Path) -> None:
    (tmp_path / "export.zip").write_bytes(archive({"日志.csv": REPORTS, "说明.txt": "请看说明"}))
    done = run(known, "import", "export.zip")
    assert done.exit_code == 1
    assert "export.zip/说明.txt: no heading was found" in done.output
    assert "leave it out of the archive" in done.output


def test_a_member_was_looked_at_when_it_was_surely_written(known: Folder, tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        made.writestr(zipfile.ZipInfo("a.csv", (2024, 1, 5, 12, 0, 0)), REPORTS)
    (tmp_path / "noon.zip").write_bytes(content.getvalue())
    assert run(known, "import", "noon.zip").exit_code == 0
    (look,) = known.store.observations()
    assert look.at == 1_704_405_600_000, "noon in the first zone on earth, however late the archive was copied"


@pytest.mark.parametrize("content", [REPORTS.encode(), archive({"a.csv": REPORTS}), b'{"report_id":"r9"}'])
def test_standard_input_is_read(known: Folder, content: bytes) -> None:
    done = CliRunner().invoke(cli, ["import", "-", *known.place], input=content)
    if content.startswith(b"{"):
        assert "<stdin>, line 1: kind: no column holds a time" in done.output
    else:
        assert done.exit_code == 0, done.output
        assert known.days() == {(CORP, "20240105"): (2, 2, 0)}
    assert left_over(known) == []


def test_bad_records_of_standard_input_go_to_a_file(known: Folder, tmp_path: Path) -> None:
    text = REPORTS + "r3,u3,never\n"
    assert CliRunner().invoke(cli, ["import", "-", "--skip-bad", *known.place], input=text).exit_code == 0
    assert json.loads((tmp_path / "stdin.bad.jsonl").read_text())["file"] == "<stdin>"


@pytest.mark.parametrize(
    "way",
    [
        "{} - < reports.csv",
        pytest.param("cat reports.csv | {} /dev/stdin", marks=pytest.mark.whole),
        pytest.param("{} <(cat reports.csv)", marks=pytest.mark.whole),
    ],
)
def test_pipes_are_read(known: Folder, tmp_path: Path, way: str) -> None:
    (tmp_path / "reports.csv").write_text(REPORTS)
    program = f"{sys.executable} -m reportdata import --data '{known.path}'"
    done = subprocess.run(["bash", "-c", way.format(program)], capture_output=True, text=True, timeout=SOON)
    assert done.returncode == 0, done.stderr
    assert known.days() == {(CORP, "20240105"): (2, 2, 0)}


@pytest.mark.whole
def test_copies_that_a_killed_import_left_go_with_the_next_import(known: Folder, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    command = [sys.executable, "-m", "reportdata", "import", "pipe", "--data", str(known.path)]
    with (
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running,
        (tmp_path / "pipe").open("wb", buffering=0) as pipe,
    ):
        pipe.write(REPORTS.encode())
        until(lambda: any(path.name == "pipe" for path in left_over(known)))
        running.kill()
        running.wait(SOON)
    assert left_over(known)
    (tmp_path / "comments.csv").write_text(COMMENTS)
    assert run(known, "import", "comments.csv").exit_code == 0
    assert left_over(known) == []


@pytest.mark.whole
def test_who_waits_for_a_pipe_says_so(known: Folder, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    command = [sys.executable, "-m", "reportdata", "import", "pipe", "--data", str(known.path)]
    with (
        (tmp_path / "said").open("w") as said,
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said) as running,
    ):
        until(lambda: "waiting for pipe: nothing has come yet" in (tmp_path / "said").read_text())
        (tmp_path / "pipe").write_text(REPORTS)
        assert running.wait(SOON) == 0
    assert known.days() == {(CORP, "20240105"): (2, 2, 0)}


def test_a_pipe_that_nobody_writes_to_is_given_up(
    known: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reportdata.readers.spooling.NO_WRITER", 0.2)
    os.mkfifo(tmp_path / "pipe")
    refused = run(known, "import", "pipe")
    assert refused.exit_code == 1
    assert "pipe: is a pipe, and nobody has opened it to write to it in 0.2 seconds" in refused.output
    assert left_over(known) == []


SLOW_WRITER = """
import sys, time
with open(sys.argv[1], "w") as pipe:
    time.sleep(1)
    pipe.write(sys.argv[2])
"""


@pytest.mark.whole
def test_who_has_a_pipe_open_may_take_any_time(known: Folder, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    command = [sys.executable, "-c", SLOW_WRITER, str(tmp_path / "pipe"), REPORTS]
    with subprocess.Popen(command) as writer:
        assert run(known, "import", "pipe").exit_code == 0
        assert writer.wait(SOON) == 0
    assert known.days() == {(CORP, "20240105"): (2, 2, 0)}
