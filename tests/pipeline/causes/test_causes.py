"""What changed a number: imports, pushes, collections, withdrawals, and people who are forgotten."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import reportdata.services
from reportdata.cli import cli
from reportdata.pipeline.compacting import merge_day
from tests.support import postgres
from tests.support.changes import CORP, OTHER, changes_in, explained, sent, told
from tests.support.folders import Folder, run
from tests.support.oracle import Commented, Withdrawn
from tests.support.services import KINDS, SERVICE, working
from tests.support.taking_back import (
    FIRST,
    LAST,
    START,
    ZONES,
    Bring,
    Import,
    Tidy,
    Undo,
    play,
)
from tests.support.verbs import compact_all

SERVICE_FOLDER = Path(reportdata.services.__file__).parent / "reports"


@pytest.mark.whole
def test_an_import_with_its_file_a_push_a_collection_and_withdrawals(folder: Folder, played: Any) -> None:
    done = played(
        Import([[sent(1), sent(1, OTHER)], [sent(2)]]),
        Bring([sent(3)], pushed=True),
        Bring([sent(4)], pushed=False),
        Bring([Withdrawn(CORP, "r1", START)], pushed=True),
        Import([[Withdrawn(CORP, "r2", START)]]),
        Import([[sent(5), sent(6, OTHER)]]),
        Import([[sent(5)]]),  # that was known
    )
    one, two, three = (done.ids[number] for number in (0, 4, 5))
    assert told(folder.store) == [
        (None, 2, f"import {one} file 1, import {one} file 2"),
        (2, 3, "push"),
        (3, 4, "collection"),
        (4, 3, "withdrawal by push"),
        (3, 2, f"withdrawal by import {two} file 1"),
        (2, 3, f"import {three} file 1"),
    ]
    assert told(folder.store, corp_id=OTHER) == [(None, 1, f"import {one} file 1"), (1, 2, f"import {three} file 1")]


@pytest.mark.whole
def test_an_import_that_is_taken_back(folder: Folder, played: Any) -> None:
    done = played(
        Import([[sent(1), sent(2)]]),
        Import([[sent(2), sent(3)]]),
        Bring([Withdrawn(CORP, "r1", START)], pushed=True),
        Import([[Withdrawn(CORP, "r3", START)]]),
        Undo(2),
        Undo(1),
        Undo(0),
    )
    first, second, third = (done.ids[number] for number in (0, 1, 3))
    assert told(folder.store)[4:] == [
        (1, 2, f"unimport {third}"),
        (2, 1, f"unimport {second}"),
        (1, None, f"unimport {first}"),
    ]
    assert folder.store.story(SERVICE.id, CORP, FIRST, LAST).known[-1].cause == f"unimport {first}"


@pytest.mark.whole
def test_compaction_and_refreshes_change_nothing(folder: Folder, played: Any, tmp_path: Path) -> None:
    done = played(Import([[sent(1)], [sent(2)]]), Bring([sent(3)], pushed=True), Tidy("all"), Tidy("refresh"))
    before = changes_in(folder.store)
    assert told(folder.store)[-1] == (2, 3, "push")
    # A merge whose note got lost lets the day be computed anew, with a push that came meanwhile.
    with working(folder) as work:
        assert merge_day(work, KINDS["sent"], f"{START:%Y%m%d}", folder.lake.paths("sent"), same=False)
    folder.refresh()
    assert changes_in(folder.store) == before
    play(folder, [Bring([sent(4)], pushed=True)], tmp_path / "more")
    compact_all(folder)
    with working(folder) as work:
        merge_day(work, KINDS["sent"], f"{START:%Y%m%d}", folder.lake.paths("sent"), same=False)
    play(folder, [Bring([sent(5)], pushed=False)], tmp_path / "again")
    assert [causes for _, _, causes in told(folder.store)[2:]] == ["push", "collection"]
    assert done.ids


def test_a_person_who_is_forgotten(folder: Folder, played: Any) -> None:
    played(Import([[sent(1), sent(2), sent(2, OTHER)]]))
    before = told(folder.store, corp_id=OTHER)
    assert run(folder, "forget", "--corp", CORP, "--user", "user-2", "--yes").exit_code == 0
    assert told(folder.store)[-1] == (2, 1, "forgetting")
    assert told(folder.store, corp_id=OTHER) == before
    assert folder.store.mentions("user-2") == {}


@pytest.fixture
def redefined(tmp_path: Path) -> Path:
    """The service of reports, in which comments on one's own reports do not count."""
    place = tmp_path / "services" / "reports"
    shutil.copytree(SERVICE_FOLDER, place)
    text = (place / "service.toml").read_text("utf-8")
    kpi = text.index('relation = "commented"\ndistinct = "user_id"\ncalibre')
    text = text[:kpi] + text[kpi:].replace('relation = "commented"', 'relation = "commented_by_others"', 1)
    text = text.replace('calibre = "comment-day,distinct,with-own"', 'calibre = "comment-day,distinct,without-own"')
    (place / "service.toml").write_text(text, "utf-8")
    return place


def test_a_number_that_is_defined_otherwise(folder: Folder, played: Any, tmp_path: Path, redefined: Path) -> None:
    own, others = (Commented(CORP, "r1", user, START) for user in ("user-1", "u2"))
    played(Bring([sent(1), own, others], pushed=True))
    assert told(folder.store, "4102") == [(None, 2, "push")]
    assert run(folder, "refresh", "--services", redefined).exit_code == 0
    assert told(folder.store, "4102") == [(None, 2, "push"), (2, 1, "definition")]
    assert told(folder.store) == [(None, 1, "push")], "that of the others stays"
    found = explained(folder, "commenters", "--services", redefined)
    assert [version["cause"] for version in found["history"]] == ["push", "definition"]
    assert (found["value"], found["counted"], [row["user"] for row in found["rows"]]) == (1, 1, ["u2"])
    assert found["definition"]["calibre"] == "comment-day,distinct,without-own"
    # Facts come, and before they are counted the old definition is there again: both change the number.
    facts = tmp_path / "more.jsonl"
    comment = {"corp_id": CORP, "report_id": "r1", "user_id": "u3", "commented_at": START.isoformat()}
    facts.write_text(json.dumps(comment) + "\n", "utf-8")
    done = folder.import_(facts, refresh=False)
    assert not done.failures
    folder.refresh()
    assert told(folder.store, "4102")[2:] == [(1, 3, f"import {done.id} file 1, definition")]
    assert told(folder.store) == [(None, 1, "push")]


def test_numbers_from_before_causes_were_kept_say_so(folder: Folder, played: Any) -> None:
    played(Import([[sent(1)]]))
    with closing(sqlite3.connect(folder.settings.store)) as store, store:
        store.execute("update kpis set causes = null")
        store.execute("update coverage_history set changed_at = 0, change = 0")
        store.execute("update computations set change = 0")
    played(Bring([sent(2)], pushed=True))
    assert [causes for _, _, causes in told(folder.store)] == ["unknown", "push"]


def test_a_store_that_is_made_anew_from_the_lake_knows_them_again(folder: Folder, played: Any, tmp_path: Path) -> None:
    done = played(Import([[sent(1)], [sent(1, OTHER)]]), Bring([sent(2)], pushed=True), Tidy("all"))
    folder.store.close()
    folder.settings.store.unlink()
    with closing(Folder(folder.path).store) as store:
        for corp_id in ZONES:
            Folder(folder.path).add_organisation(corp_id)
        Folder(folder.path).refresh()
        assert told(store) == [(None, 2, f"import {done.ids[0]} file 1, push")]
        assert told(store, corp_id=OTHER) == [(None, 1, f"import {done.ids[0]} file 2")]


def test_a_backup_keeps_them(folder: Folder, played: Any, tmp_path: Path) -> None:
    played(Import([[sent(1)]]), Bring([sent(2)], pushed=True))
    assert run(folder, "backup", tmp_path / "backup").exit_code == 0
    restored = CliRunner().invoke(cli, ["restore", str(tmp_path / "backup"), "--data", str(tmp_path / "restored")])
    assert restored.exit_code == 0, restored.output
    with closing(Folder(tmp_path / "restored").store) as store:
        assert changes_in(store) == changes_in(folder.store)


@pytest.mark.postgres
def test_a_copy_in_postgresql_tells_the_same(folder: Folder, played: Any) -> None:
    played(Import([[sent(1)]]), Bring([sent(2)], pushed=True), Undo(0))
    address = postgres.address()
    copied = CliRunner().invoke(cli, ["store", "copy", str(folder.path), address])
    assert copied.exit_code == 0, copied.output
    shared = Folder(folder.path, address)
    with closing(shared.store):
        assert changes_in(shared.store) == changes_in(folder.store)
        play(shared, [Bring([sent(3)], pushed=False)], folder.path.parent / "more")
        assert told(shared.store)[-1][2] == "collection"
        assert told(shared.store)[:-1] == told(folder.store)
