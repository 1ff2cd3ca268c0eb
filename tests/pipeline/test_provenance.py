"""When facts were first known, and from where: carried beside them, and of no influence on any number."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from reportdata.inbox.folder import FolderWriter
from reportdata.pipeline.working import Worker
from tests.support.folders import Folder, run
from tests.support.paths import DATA
from tests.support.services import fact, lines_of, working
from tests.support.verbs import compact_all

CORP, FIRST, THEN = "dingcorp", 1_800_000_000.0, 1_900_000_000.0
ROWS = "report_id,user_id,sent_at\n"


@pytest.fixture
def known(folder: Folder) -> Folder:
    folder.add_organisation(CORP)
    return folder


def provenance(folder: Folder) -> dict[str, tuple[float, str | None]]:
    """Report id to when it was first known, in seconds since 1970, and from where, as a merge would keep it."""
    files = [str(path) for path in folder.lake.paths("sent")]
    rows = duckdb.execute(
        "select report_id, min(epoch(known_at)), arg_min(origin, known_at) "
        f"from read_parquet({files}, hive_partitioning = false, union_by_name = true) group by 1"
    ).fetchall()
    return {report: (at, origin) for report, at, origin in rows}


def write(path: Path, *reports: str) -> Path:
    path.write_text(ROWS + "".join(f"{report},u,2026-09-21 09:00:00\n" for report in reports))
    return path


@pytest.mark.whole
def test_adding_again_changes_neither_numbers_nor_what_was_first_known(known: Folder, tmp_path: Path) -> None:
    one, two = write(tmp_path / "one.csv", "r1"), write(tmp_path / "two.csv", "r1", "r2")
    first = known.import_(one, two, corp_id=CORP, now=FIRST)
    assert provenance(known) == {"r1": (FIRST, f"{first.id}/0"), "r2": (FIRST, f"{first.id}/1")}
    before, days = provenance(known), known.days()
    again = known.import_(two, corp_id=CORP, now=THEN)
    assert (again.added, provenance(known), known.days()) == (0, before, days)
    write(one, "r3")
    last = known.import_(one, corp_id=CORP, now=THEN)
    expected = {**before, "r3": (THEN, f"{last.id}/0")}
    assert provenance(known) == expected
    days = known.days()
    assert compact_all(known) > 0
    assert (provenance(known), known.days()) == (expected, days)


def test_a_pushed_fact_that_was_imported_before_keeps_its_first_time_when_files_are_merged(
    known: Folder, tmp_path: Path
) -> None:
    done = known.import_(write(tmp_path / "one.csv", "r1"), corp_id=CORP, now=FIRST)
    at = 1_789_952_400_000_000  # 2026-09-21 09:00 in Shanghai
    facts = [fact("sent", CORP, at, "20260921", report_id=f"r{number}", user_id="u") for number in (1, 2)]
    writer = FolderWriter(known.settings.inbox, lambda: THEN)
    writer.append(lines_of(facts)).result()
    writer.close()
    with working(known) as work:
        worker = Worker(work)
        while worker.step(THEN):
            pass
    assert known.days() == {(CORP, "20260921"): (2, 1, 0)}
    compact_all(known)
    assert len(known.lake.paths("sent")) == 1
    assert provenance(known) == {"r1": (FIRST, f"{done.id}/0"), "r2": (THEN, "push")}


@pytest.mark.whole
def test_facts_of_older_releases_were_known_when_their_file_was_added(tmp_path: Path) -> None:
    shutil.copytree(DATA / "first-release", tmp_path / "old")
    (tmp_path / "old").chmod(0o700)  # as that release made it
    old = Folder(tmp_path / "old")
    old.refresh()
    days = old.days()
    added = {old.lake.info(path).added for path in old.lake.paths("sent")}
    compact_all(old)
    found = provenance(old)
    assert {origin for _, origin in found.values()} == {None}
    assert {int(at) for at, _ in found.values()} <= {int(at) for at in added}
    assert old.days() == days
    old.store.close()


def test_imports_are_noted_without_the_names_of_their_files(known: Folder, tmp_path: Path) -> None:
    write(tmp_path / "张三.csv", "r1", "r2")
    (tmp_path / "bad.csv").write_text("nothing\n")
    done = json.loads(run(known, "import", tmp_path / "张三.csv", tmp_path / "bad.csv", "--json").stdout)
    (noted,) = known.store.imports()
    assert noted.id == done["import"]
    (file,) = noted.files
    assert (file.size, file.read, file.added, file.skipped) == ((tmp_path / "张三.csv").stat().st_size, 2, 2, 0)
    assert (file.first_day, file.last_day) == ("20260921", "20260921")
    assert "张三".encode() not in known.settings.store.read_bytes()
    assert json.loads(run(known, "import", tmp_path / "bad.csv", "--json").stdout)["import"] is None
    assert len(known.store.imports()) == 1
