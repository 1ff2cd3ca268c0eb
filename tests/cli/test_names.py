"""Names of people on the command line: turned on and off, imported, fetched, forgotten, and in no backup unasked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from reportdata.cli.places import names_of
from reportdata.collector.ledger import Ledger
from reportdata.collector.sources import Source, put_source
from reportdata.twin import Server, Twin, running
from tests.support.folders import Folder, run
from tests.support.odd_twin import OddTwin

CORP = "ding1"
NAMES = {"u1": "张三", "u2": "欧阳娜娜", "u3": "Zoë Müller"}


@pytest.fixture
def known(folder: Folder, tmp_path: Path) -> Folder:
    folder.add_organisation(CORP)
    rows = "".join(f"r{number},{who},2026-09-21 09:00:00\n" for number, who in enumerate(NAMES))
    (tmp_path / "a.csv").write_text(f"report_id,user_id,sent_at\n{rows}")
    folder.import_(tmp_path / "a.csv", corp_id=CORP)
    return folder


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "book.csv"
    path.write_text("userid,name\n" + "".join(f"{who},{name}\n" for who, name in NAMES.items()), "utf-8")
    return path


def said(folder: Folder, *arguments: object) -> dict[str, Any]:
    result = run(folder, *arguments, *([] if "json" in arguments else ["--json"]))
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def kept(folder: Folder) -> dict[str, str]:
    with closing(names_of(folder.settings)) as names:
        return names.names(CORP, [*NAMES, "u4"])


def files_with(place: Path, name: str) -> set[str]:
    found = set()
    for path in (path for path in place.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if any(name.encode(form) in content for form in ("utf-8", "utf-16-le", "gb18030")) or (
            json.dumps(name)[1:-1].encode() in content
        ):
            found.add(path.name.partition("-")[0])
    return found


@pytest.mark.whole
def test_names_are_off_until_they_are_turned_on(known: Folder, book: Path) -> None:
    refused = run(known, "org", "names", "import", book)
    assert (refused.exit_code, "org names on" in refused.output) == (1, True)
    assert said(known, "org", "names", "show") == {"corpId": CORP, "names": "off", "people": 0}
    assert not known.settings.names.exists()
    rows = said(known, "query", "20260921", "--by", "user", "--names", "--format", "json")
    assert {row["userName"] for row in rows["data"]} == {None}
    assert "The organisation has names of people turned off." in rows["meta"]["notes"]
    assert run(known, "org", "names", "on").exit_code == 0
    assert said(known, "org", "names", "import", book) == {"corpId": CORP, "kept": 3, "leftOut": 0}
    assert said(known, "org", "names", "show") == {"corpId": CORP, "names": "on", "people": 3}
    rows = said(known, "query", "20260921", "--by", "user", "--names", "--format", "json")
    assert {row["user"]: row["userName"] for row in rows["data"]} == NAMES
    explained = said(known, "explain", "reports", "20260921", "--names", "--format", "json")
    assert {row["user"]: row["userName"] for row in explained["data"]} == NAMES
    assert run(known, "query", "20260921", "--by", "day", "--names").exit_code == 1, "there are no people"
    removed = run(known, "org", "names", "off", "--yes")
    assert "Removed 3 names" in removed.output
    assert all(files_with(known.path, name) == set() for name in NAMES.values())


def test_a_file_that_is_refused_adds_nothing(known: Folder, book: Path, tmp_path: Path) -> None:
    run(known, "org", "names", "on")
    other = tmp_path / "other.csv"
    other.write_text("userid,name\nu1,李四\n", "utf-8")
    refused = run(known, "org", "names", "import", book, other)
    assert (refused.exit_code, "u1 has another name" in refused.output) == (1, True)
    assert kept(known) == {}
    assert said(known, "org", "names", "import", book)["kept"] == 3
    assert said(known, "org", "names", "import", other)["kept"] == 1
    assert kept(known)["u1"] == "李四"
    assert files_with(known.path, "张三") == set(), "what was replaced is gone"


def test_names_lie_in_one_place(known: Folder, book: Path) -> None:
    run(known, "org", "names", "on")
    run(known, "org", "names", "import", book)
    run(known, "explain", "reports", "20260921", "--names", "--format", "json")
    for name in NAMES.values():
        assert files_with(known.path, name) == {"names.db"}


def test_a_forgotten_persons_name_is_nowhere(known: Folder, book: Path) -> None:
    run(known, "org", "names", "on")
    run(known, "org", "names", "import", book)
    assert said(known, "forget", "--corp", CORP, "--user", "u2", "--yes")["found"] == []
    assert files_with(known.path, NAMES["u2"]) == set()
    assert said(known, "org", "names", "import", book) == {"corpId": CORP, "kept": 2, "leftOut": 1}
    assert files_with(known.path, NAMES["u2"]) == set()
    assert kept(known) == {"u1": "张三", "u3": "Zoë Müller"}
    assert run(known, "remember", "--corp", CORP, "--user", "u2").exit_code == 0
    assert said(known, "org", "names", "import", book)["kept"] == 3
    assert said(known, "forget", "--corp", CORP, "--yes")["found"] == []
    assert all(files_with(known.path, name) == set() for name in NAMES.values())
    known.add_organisation(CORP)
    assert said(known, "org", "names", "show")["names"] == "off"


def test_a_backup_has_names_when_it_is_asked_to(known: Folder, book: Path, tmp_path: Path) -> None:
    run(known, "org", "names", "on")
    run(known, "org", "names", "import", book)
    for options, places in (((), set()), (("--with-names",), {"names.db"})):
        shutil.rmtree(tmp_path / "restored", ignore_errors=True)
        backup = tmp_path / f"backup{len(options)}"
        assert run(known, "backup", backup, *options).exit_code == 0
        assert all(files_with(backup, name) == places for name in NAMES.values())
        restored = Folder(tmp_path / "whatever")
        restored.store.close()
        shutil.rmtree(tmp_path / "whatever")
        done = run(restored, "restore", backup)
        assert done.exit_code == 0, done.output
        assert kept(restored) == (NAMES if options else {})
        shutil.rmtree(tmp_path / "whatever")


@pytest.fixture
def directory() -> Iterator[Server]:
    with running(Twin(people=30)) as server:
        yield server


@pytest.mark.whole
@pytest.mark.parametrize("step", [0, 100])
def test_a_directory_without_an_end_gives_no_names(folder: Folder, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    twin = OddTwin(people=30)
    asked: list[int] = []

    def change(body: Any, parameters: Any) -> None:
        asked.append(parameters["cursor"])
        body["result"] |= {"has_more": True, "next_cursor": parameters["cursor"] + step}

    twin.changes["topapi/user/listsimple"] = change
    folder.add_organisation(twin.corp_id)
    run(folder, "org", "names", "on")
    monkeypatch.setenv("REPORTDATA_DINGTALK_APP_SECRET", twin.app_secret)
    with running(twin) as server, closing(Ledger(folder.settings.ledger)) as ledger:
        endpoints = {"api": server.url, "oapi": server.url}
        put_source(ledger, Source("s", twin.corp_id, "dingtalk", twin.app_key, "", "20260901", endpoints, True))
        refused = run(folder, "org", "names", "fetch")
    assert (refused.exit_code, "there is more, and not where" in refused.output) == (1, True), refused.output
    assert len(asked) < 10


@pytest.mark.whole
def test_names_are_fetched_from_the_directory(
    folder: Folder, directory: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = directory.twin
    folder.add_organisation(twin.corp_id)
    run(folder, "org", "names", "on")
    monkeypatch.setenv("REPORTDATA_DINGTALK_APP_SECRET", twin.app_secret)
    refused = run(folder, "org", "names", "fetch")
    assert (refused.exit_code, "reportdata source add" in refused.output) == (1, True)
    endpoints = {"api": directory.url, "oapi": directory.url}
    with closing(Ledger(folder.settings.ledger)) as ledger:
        put_source(ledger, Source("s", twin.corp_id, "dingtalk", twin.app_key, "", "20260901", endpoints, True))
    people = {person.user_id: person.name for person in twin.organisation.people}
    assert said(folder, "org", "names", "fetch")["kept"] == len(people)
    with closing(names_of(folder.settings)) as names:
        assert names.names(twin.corp_id, list(people)) == people
    assert not any(files_with(folder.path, name) - {"names.db"} for name in people.values())
    run(folder, "org", "names", "off", "--yes")
    refused = run(folder, "org", "names", "fetch")
    assert (refused.exit_code, "org names on" in refused.output) == (1, True)
