"""Who was forgotten does not come back: by no file, no push and no restore, until they are remembered by name."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from reportdata.cli import cli
from reportdata.digests import of_person
from reportdata.pipeline.working import Worker
from tests.support.calling import NOW
from tests.support.examples import tried_with
from tests.support.folders import Folder, run
from tests.support.services import fact, lines_of, working
from tests.support.serving import serving

CORP, GONE = "ding1", "forgotten-person"


@pytest.fixture
def known(folder: Folder) -> Folder:
    folder.add_organisation(CORP)
    return folder


def csv(path: Path, *people: str, kind: str = "sent") -> Path:
    """A file that is read as whole columns."""
    rows = "".join(f"r{n},{who},2026-09-21 09:00:00\n" for n, who in enumerate(people))
    path.write_text(f"report_id,user_id,{kind}_at\n{rows}")
    return path


def by_rows(path: Path, *people: str) -> Path:
    """A file whose times are of a form that is read record by record."""
    rows = "".join(f"r{n},{who},2026年9月21日 9时0分\n" for n, who in enumerate(people))
    path.write_text(f"report_id,user_id,sent_at\n{rows}")
    return path


def said(folder: Folder, *arguments: object) -> dict[str, Any]:
    result = run(folder, *arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def forget(folder: Folder, user_id: str = GONE) -> None:
    assert said(folder, "forget", "--corp", CORP, "--user", user_id, "--yes")["found"] == []


def in_files(folder: Folder, text: str) -> list[Path]:
    files = (path for path in folder.path.rglob("*") if path.is_file() and path.suffix != ".parquet")
    return [path for path in files if text.encode() in path.read_bytes()]


@pytest.mark.whole
@pytest.mark.parametrize("write", [csv, by_rows])
def test_the_same_file_does_not_bring_them_back(known: Folder, tmp_path: Path, write: Any) -> None:
    path = write(tmp_path / "a.csv", GONE, "u1", GONE, "u2")
    known.import_(path, corp_id=CORP)
    forget(known)
    assert known.days()[CORP, "20260921"] == (2, 2, 0)
    again = said(known, "import", path)
    assert (again["read"], again["added"], again["alreadyKnown"], again["leftOut"]) == (2, 0, 2, 2)
    assert any(note.startswith(f"{path}: 2 records of forgotten people were left out") for note in again["notes"])
    assert said(known, "import", "--dry-run", path)["files"][0]["leftOut"] == 2
    assert known.days()[CORP, "20260921"] == (2, 2, 0)
    assert in_files(known, GONE) == []


def test_a_file_of_nobody_else_adds_and_covers_nothing(known: Folder, tmp_path: Path) -> None:
    forget(known)
    done = known.import_(csv(tmp_path / "a.csv", GONE), csv(tmp_path / "b.csv", GONE, kind="commented"), corp_id=CORP)
    assert (done.read, done.added, done.left_out, done.failures) == (0, 0, 2, [])
    assert known.store.coverage() == []


def test_they_come_in_again_when_they_are_remembered(known: Folder, tmp_path: Path) -> None:
    path = csv(tmp_path / "a.csv", GONE, "u1")
    known.import_(path, corp_id=CORP)
    forget(known)
    refused = run(known, "remember", "--corp", CORP, "--user", "somebody")
    assert (refused.exit_code, "was not forgotten" in refused.output) == (1, True)
    assert "are taken in again" in run(known, "remember", "--corp", CORP, "--user", GONE).output
    assert known.days()[CORP, "20260921"] == (1, 1, 0), "not by itself"
    assert said(known, "import", path)["added"] == 1
    assert known.days()[CORP, "20260921"] == (2, 2, 0)


def test_a_person_of_another_organisation_with_the_same_id_is_another(known: Folder, tmp_path: Path) -> None:
    known.add_organisation("ding2")
    forget(known)
    path = tmp_path / "a.csv"
    path.write_text(
        "corp_id,report_id,user_id,sent_at\n"
        + "".join(f"{corp},r,{GONE},2026-09-21 09:00:00\n" for corp in (CORP, "ding2"))
    )
    assert known.import_(path).left_out == 1
    assert known.days() == {("ding2", "20260921"): (1, 1, 0)}


def test_a_push_is_refused_record_by_record(known: Folder) -> None:
    app, _ = known.add_app(CORP, scopes=("DataCenter.Report.Write",))
    forget(known)
    pushed = [{"report_id": f"r{n}", "user_id": who, "sent_at": 1_790_000_000} for n, who in enumerate((GONE, "u1"))]
    with serving(known, clock=lambda: NOW) as server:
        token = known.token(app, NOW)

        def push() -> dict[str, Any]:
            headers = {"x-acs-dingtalk-access-token": token}
            answer = httpx.post(f"{server.url}/v1/facts", json=pushed, headers=headers, timeout=60)
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            return found

        refused = {"record": 0, "field": "user_id", "reason": "is of a person who was forgotten"}
        assert push() == {"added": 1, "refused": 1, "records": [refused]}
        assert in_files(known, GONE) == []
        known.store.remember(of_person(CORP, GONE))
        assert push() == {"added": 2, "refused": 0, "records": []}


def test_what_was_pushed_before_is_left_out_by_the_worker(known: Folder) -> None:
    known.settings.inbox.mkdir(parents=True)
    sent = [fact("sent", CORP, int((NOW - 3600) * 1e6), "20261122", report_id=who, user_id=who) for who in (GONE, "u1")]
    known.store.put_forgotten(of_person(CORP, GONE))
    (known.settings.inbox / f"{int(NOW * 1e6):016x}-abc.jsonl").write_bytes(lines_of(sent))
    with working(known) as work:
        worker = Worker(work)
        while worker.step(NOW + 1):
            pass
    assert known.days()[CORP, "20261122"] == (1, 1, 0)


def test_a_restored_backup_knows_them(known: Folder, tmp_path: Path) -> None:
    path = csv(tmp_path / "a.csv", GONE, "u1")
    known.import_(path, corp_id=CORP)
    forget(known)
    assert run(known, "backup", tmp_path / "backup").exit_code == 0
    arguments = ["restore", str(tmp_path / "backup"), "--data", str(tmp_path / "other")]
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    other = Folder(tmp_path / "other")
    assert said(other, "import", path)["leftOut"] == 1
    other.store.close()


_PEOPLE = st.lists(st.sampled_from(["u1", "u2", "u3", "a'b"]), max_size=8)


@pytest.mark.whole
@tried_with(4, 40)
def test_what_is_left_is_what_others_did(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(_PEOPLE, _PEOPLE, st.sets(st.sampled_from(["u1", "u2", "a'b"])))
    def check(first: Iterable[str], second: Iterable[str], gone: set[str]) -> None:
        first, second = list(first), list(second)
        with tempfile.TemporaryDirectory() as temporary:
            folder = Folder(Path(temporary) / "data")
            folder.add_organisation(CORP)
            for who in gone:
                folder.store.put_forgotten(of_person(CORP, who))
            files = [
                write(Path(temporary) / f"{n}.csv", *people)
                for n, (write, people) in enumerate(((csv, first), (by_rows, second)))
                if people
            ]
            done = folder.import_(*files, corp_id=CORP)
            records = [(n, who) for people in (first, second) for n, who in enumerate(people)]
            left = {(f"r{n}", who) for n, who in records if who not in gone}
            assert not done.failures
            assert done.left_out == sum(who in gone for _, who in records)
            assert (done.read, done.added) == (len(records) - done.left_out, len(left))
            expected = (len({report for report, _ in left}), len({who for _, who in left}), 0)
            assert folder.days() == ({(CORP, "20260921"): expected} if left else {})
            folder.store.close()

    check()
