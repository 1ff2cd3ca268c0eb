"""Days are counted without comparing facts where the import saw that no two of them share a key, and nowhere else."""

from __future__ import annotations

import tempfile
import time
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportdata.pipeline.compacting import compact
from reportdata.pipeline.day_files import files_of_days
from reportdata.pipeline.importing import import_files
from reportdata.pipeline.imports import Options
from reportdata.pipeline.refreshing import refresh
from reportdata.pipeline.single_facts import MOST, SingleFacts
from reportdata.pipeline.workspace import Workspace
from tests.support.examples import tried_with
from tests.support.folders import Folder
from tests.support.oracle import Fact, Sent, Withdrawn, days_of
from tests.support.random_facts import ZONES, facts
from tests.support.services import working
from tests.support.verbs import AT, A
from tests.support.writing import write

DAY, NEXT = f"{AT:%Y%m%d}", f"{AT + timedelta(days=1):%Y%m%d}"


def sent(report: str, user: str, days: int = 0) -> Sent:
    return Sent(A, report, user, AT + timedelta(days=days), "日报", ())


def bring(work: Workspace, place: Path, *found: Fact) -> None:
    """Import facts, a file for each kind and organisation."""
    for path, corp_id in write(place, list(found), "jsonl", "iso", ZONES):
        assert not import_files(work, [path], Options(corp_id=corp_id)).failures


def single(work: Workspace, *days: str) -> frozenset[str]:
    """The kinds whose facts of these days are compared with none."""
    return work.single.of(files.kinds for files in files_of_days(work.lake, ["sent", "commented"], days).values())


def opened(path: Path) -> Folder:
    folder = Folder(path)
    for corp_id, zone in ZONES.items():
        folder.add_organisation(corp_id, str(zone))
    return folder


def test_what_one_import_brought_is_counted(tmp_path: Path) -> None:
    folder = opened(tmp_path / "data")
    with working(folder) as work:
        bring(work, tmp_path / "1", sent("r1", "u1"), sent("r2", "u1"), sent("r1", "u2", 1))
        assert single(work, DAY) == single(work, DAY, NEXT) == {"sent"}  # an id on two days counts on each
        bring(work, tmp_path / "2", Withdrawn(A, "r2", AT + timedelta(days=3)))
        assert single(work, DAY, NEXT) == {"sent"}
        refresh(work, time.time())
    assert folder.days() == {(A, DAY): (1, 1, 0), (A, NEXT): (1, 1, 0)}
    with working(folder) as later:  # another process has seen nothing
        assert single(later, DAY, NEXT) == frozenset()


def test_what_shares_a_key_is_compared(tmp_path: Path) -> None:
    folder = opened(tmp_path / "data")
    with working(folder) as work:
        bring(work, tmp_path / "1", sent("r1", "u1"), sent("r1", "u2"), sent("r3", "u2", 1))
        assert single(work, NEXT) == {"sent"}
        assert single(work, DAY) == single(work, DAY, NEXT) == frozenset()
        refresh(work, time.time())
        assert folder.days() == {(A, DAY): (1, 2, 0), (A, NEXT): (1, 1, 0)}
        bring(work, tmp_path / "2", sent("r3", "u3", 1))  # of a second file nobody knows whether its ids are others
        assert single(work, NEXT) == frozenset()
        refresh(work, time.time())
        assert folder.days() == {(A, DAY): (1, 2, 0), (A, NEXT): (1, 2, 0)}


def test_a_merged_file_is_compared(tmp_path: Path) -> None:
    folder = opened(tmp_path / "data")
    with working(folder) as work:
        for number in range(3):
            bring(work, tmp_path / str(number), sent(f"r{number}", "u1"), sent("r9", f"u{number}", 1))
        compact(work, time.time(), quiet=None)
        assert single(work, DAY, NEXT) == frozenset()
        refresh(work, time.time())
    assert folder.days() == {(A, DAY): (3, 1, 0), (A, NEXT): (1, 3, 0)}


def test_the_last_imports_are_remembered() -> None:
    found = SingleFacts()
    for number in range(MOST + 1):
        found.note("sent", f"i{number}", {DAY})
    folder = Path(f"sent/stat_day={AT:%Y-%m-%d}")
    assert found.of([{"sent": [folder / "i0-0.parquet"]}]) == frozenset()
    assert found.of([{"sent": [folder / "i1-0.parquet", folder / "i1-1.parquet"]}]) == {"sent"}
    assert found.of([{"sent": [folder / "i1-0.parquet", folder / "i2-1.parquet"]}]) == frozenset()
    assert found.of([{"sent": [folder / "i1-0.parquet"]}, {"sent": [folder / "x-0.parquet"]}]) == frozenset()


@pytest.mark.whole
@tried_with(3, 40)
def test_any_imports_and_refreshes_of_one_process_give_the_oracles_days(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(st.lists(st.lists(facts(), max_size=12), min_size=1, max_size=4))
    def check(imports: list[list[Fact]]) -> None:
        with tempfile.TemporaryDirectory() as temporary:
            folder = opened(Path(temporary) / "data")
            with working(folder) as work:
                for number, batch in enumerate(imports):
                    bring(work, Path(temporary) / str(number), *batch)
                    refresh(work, time.time())
                    everything = [fact for earlier in imports[: number + 1] for fact in earlier]
                    assert folder.days() == days_of(everything, ZONES)
            folder.store.close()

    check()
