"""A damaged file of the lake, and whoever asks first: the damage is noted and said once, the answer has an error of its
own that names the days, other days are answered, and after a repair all are. On every lake, over HTTP and by
commands."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest

from reportdata.services import REPORTS
from reportdata.store import Damage, Official
from tests.support import periods
from tests.support.asked import RECORDS
from tests.support.browsing import Answered, Browser, add_link
from tests.support.calling import Call
from tests.support.damaging import Files, FolderFiles, Objects
from tests.support.folders import Folder, run
from tests.support.periods import DEPARTMENTS_PATH, PATHS, Organisation
from tests.support.serving import Serving, serving
from tests.support.storage import client

DAY, OTHER_WEEK = "20250110", "from=20250113&to=20250119"
WEEK = "from=20250106&to=20250112"
DAMAGES: dict[str, Callable[[bytes], bytes | None]] = {
    "flip": lambda content: content[: len(content) // 2] + bytes([content[len(content) // 2] ^ 1]) + _rest(content),
    "cut": lambda content: content[: len(content) // 2],
    "delete": lambda _: None,
}
OVERVIEW = "/v1/services/overview"
"""Whoever may see all departments has it from the store."""
QUESTIONS = (
    f"/v1/statistics?{WEEK}&by=week",
    f"/v1/statistics?{WEEK}&by=day,department&format=csv",
    f"/v1/statistics?{WEEK}&by=user&metrics=reports",
    f"/v1/statistics?{WEEK}&by=day&asOf={{now}}",
    f"/v1/statistics?{WEEK}&by=template&format=xlsx",
    f"/v1/statistics?{WEEK}&by=weekday&format=parquet",
    f"/v1/statistics?{WEEK}&by=week&department={quote('研发部')}&children=true",
    f"/v1/statistics/explain?metric=reports&{WEEK}",
    f"/v1/statistics/explain?metric=senders&day={DAY}&than=day%3D20250109",
    OVERVIEW,
)


def _rest(content: bytes) -> bytes:
    return content[len(content) // 2 + 1 :]


class Damageable(NamedTuple):
    """An organisation that is served, the files of its lake, and the one that is damaged, by its name."""

    folder: Folder
    served: Serving
    files: Files
    name: str
    people: Browser
    some: Browser
    token: str

    @property
    def file(self) -> str:
        """What the lake calls the file."""
        return f"{self.folder.lake.address}/{self.name}"

    def ask(self, question: str) -> Answered:
        """The answer to a question, which was computed for it: nothing is kept of those before."""
        self.folder.store.put_damage([Damage(REPORTS, "20000101", "file")], ())
        self.folder.store.put_damage((), [Damage(REPORTS, "20000101", "file")])
        people = self.some if question.startswith(OVERVIEW) else self.people
        return people.get(question.format(now=quote(datetime.now(UTC).isoformat())))

    @contextmanager
    def damaged(self, kind: str) -> Iterator[None]:
        """The file is damaged until the block ends, and then it is repaired."""
        content = self.files.read(self.name)
        worse = DAMAGES[kind](content)
        shutil.rmtree(self.folder.lake.root / "copies", ignore_errors=True)
        if worse is None:
            self.files.delete(self.name)
        else:
            self.files.write(self.name, worse)
        yield
        self.files.write(self.name, content)
        assert run(self.folder, "repair").exit_code == 0
        assert self.folder.store.damage() == []

    def noted(self) -> dict[str, set[str]]:
        """The damage that is noted: days by files."""
        found: dict[str, set[str]] = {}
        for one in self.folder.store.damage():
            found.setdefault(one.file, set()).update([one.stat_day] if one.stat_day else [])
        return found


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.s3)])
def lake(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Damageable]:
    """An organisation whose lake is in a folder, or in object storage."""
    at: str | None = None
    if request.param == "s3":
        at = request.getfixturevalue("storage")
        monkeypatch.setenv("REPORTDATA_LAKE", at)
    folder = Folder(tmp_path / "data", lake_at=at)
    Organisation().imported(folder, tmp_path / "files")
    files: Files = FolderFiles(folder.lake.root)
    if at is not None:
        files = Objects(client(request.getfixturevalue("storage_server")), at)
    (path,) = folder.lake.files("sent")[DAY]
    app, _ = folder.add_app(periods.CORP, scopes=(*periods.SCOPES, RECORDS))
    with serving(folder, answering=1, lake_at=at) as served:
        people, some = Browser(served.address), Browser(served.address)
        for browser, departments in ((people, ()), (some, ("研发部",))):
            _, secret = add_link(folder, periods.CORP, scopes=(RECORDS,), departments=departments)
            assert browser.sign_in(link=secret).status == 200
        yield Damageable(folder, served, files, folder.lake.key(path), people, some, folder.token(app))
    folder.store.close()


@pytest.mark.whole
@pytest.mark.parametrize("kind", DAMAGES)
def test_the_first_question_that_meets_damage_says_so(
    lake: Damageable, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    right = {question: lake.ask(question) for question in QUESTIONS}
    assert {answer.status for answer in right.values()} == {200}
    capfd.readouterr()
    for question in QUESTIONS:
        with lake.damaged(kind):
            for _ in range(2):
                answer = lake.ask(question)
                assert (answer.status, answer.json["code"]) == (500, "DataDamaged"), (question, answer.body)
                assert "2025-01-10" in answer.json["message"]
                assert str(lake.folder.path) not in answer.json["message"]
                assert lake.noted() == {lake.file: {DAY}}
            assert lake.ask(f"/v1/statistics?{OTHER_WEEK}&by=week").status == 200
            said = capfd.readouterr().err
            assert "Traceback" not in said
            assert [line for line in said.splitlines() if "systemError" in line] == []
            assert len([line for line in said.splitlines() if f"{lake.file} is gone, or is not" in line]) == 1, said
        assert _data(lake.ask(question)) == _data(right[question]), question


def _data(answer: Answered) -> object:
    """What is answered, but for when; files of sheets have times within."""
    if answer.headers["content-type"].startswith("application/json"):
        return answer.json["data"]
    return answer.body if answer.headers["content-type"].startswith("text/csv") else answer.status


@pytest.mark.whole
@pytest.mark.parametrize("kind", DAMAGES)
def test_what_the_store_knows_is_answered_and_told_apart(lake: Damageable, kind: str) -> None:
    week = Call(lake.served.address, lake.token, DAY, path=PATHS["WEEK"])
    by_department = week._replace(
        path=DEPARTMENTS_PATH.format(DAY), stat_date=None, more_query="nextToken=0&maxResults=9"
    )
    days = f"/v1/statistics?{WEEK}&by=day&metrics=reports"
    explained = f"/v1/statistics/explain?metric=reports&day={DAY}"
    before = lake.ask(days).json["data"]
    with lake.damaged(kind):
        answer = lake.ask(explained)
        assert (answer.status, answer.json["data"], answer.json["meta"]["value"]) == (200, [], before[4]["reports"])
        assert answer.json["meta"]["emptyReason"] == "the records are in files that are gone or damaged"
        assert lake.noted() == {lake.file: {DAY}}
    for call, rows in ((week, "dataList"), (by_department, "data")):
        lake.ask(days)  # else the numbers of before are remembered
        with lake.damaged(kind):
            for _ in range(2):
                found = call.answer()
                assert json.loads(found.body)[rows] == []
                assert found.headers["x-reportdata-state"] == "damaged"
                assert lake.noted() == {lake.file: {DAY}}
            after = lake.ask(days).json["data"]
            assert [row["reports"] for row in after] == [row["reports"] for row in before]
            assert [row["state"] for row in after] == ["final"] * 4 + ["damaged"] + ["final"] * 2
    assert [row["state"] for row in lake.ask(days).json["data"]] == ["final"] * 7


COMMANDS: tuple[tuple[str, ...], ...] = (
    ("query", "20250106", "--to", "20250112", "--by", "week"),
    ("query", "20250106", "--to", "20250112", "--by", "department", "--format", "csv"),
    ("explain", "reports", "20250106", "--to", "20250112"),
    ("import", "--dry-run", "{file}"),
    ("import", "{file}"),
    ("reconcile",),
    ("backup", "{file}.backup"),
)


@pytest.mark.whole
@pytest.mark.parametrize("kind", DAMAGES)
def test_commands_that_meet_damage_note_it(lake: Damageable, kind: str, tmp_path: Path) -> None:
    file = tmp_path / "more.csv"
    file.write_text("report_id,user_id,sent_at\nmore,u1,2025-01-10 10:00:00\n")
    figures = Official(periods.CORP, DAY, {"4100": 1, "4101": 1, "4102": 1}, 1)
    lake.folder.store.put_official(REPORTS, [figures])
    for command in COMMANDS:
        with lake.damaged(kind):
            done = run(lake.folder, *(word.format(file=file) for word in command))
            assert done.exit_code == 1, (command, done.output)
            assert isinstance(done.exception, SystemExit)
            assert lake.name in "".join(done.output.split()), (command, done.output)
            assert "reportdata repair" in " ".join(done.output.split())
            assert lake.noted() == {lake.file: {DAY}}, command


def test_questions_of_now_need_no_file_of_what_was_observed(lake: Damageable) -> None:
    question, pinned = QUESTIONS[0], QUESTIONS[3]
    right = {one: lake.ask(one).json["data"] for one in (question, pinned)}
    (path,) = lake.folder.lake.observations()
    coverage = lake._replace(name=lake.folder.lake.key(path))
    with serving(lake.folder, answering=1, lake_at=lake.folder.settings.lake_at) as another:  # it has read nothing yet
        people = Browser(another.address)
        people.cookie = lake.people.cookie
        coverage = coverage._replace(people=people)
        with coverage.damaged("cut"):
            assert coverage.ask(question).json["data"] == right[question]
            refused = coverage.ask(pinned)
            assert (refused.status, refused.json["code"]) == (500, "DataDamaged")
            assert "of all days" in refused.json["message"]
            assert coverage.noted() == {coverage.file: set()}
        assert coverage.ask(pinned).json["data"] == right[pinned]
