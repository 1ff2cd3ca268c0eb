"""What the lake in a folder owes besides: durability, names, and errors of files and folders."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from reportdata.coverage import Coverage
from reportdata.engines.duckdb.connection import Database
from reportdata.engines.duckdb.staging import Staging
from reportdata.errors import LakeError, ReportDataError
from reportdata.facts import Provenance
from reportdata.lake import Lake
from tests.support.folders import Folder
from tests.support.lakes import add, child, contents, line_of, put, read, replace
from tests.support.services import KINDS


def test_only_parquet_files_in_folders_of_days_are_facts(local: Lake) -> None:
    add(local, ("sent", "20240101", b"one"))
    (local.root / "sent" / "stat_day=2024-01-01" / "notes.txt").write_text("not a fact")
    (local.root / "sent" / "other").mkdir()
    (local.root / "sent" / "other" / "a.parquet").write_bytes(b"no day")
    assert contents(local, local.files("sent")) == {"20240101": [b"one"]}


def test_all_that_is_new_is_made_durable_up_to_the_data_folder(local: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: set[int] = set()
    really = os.fsync

    def noting(descriptor: int) -> None:
        synced.add(os.fstat(descriptor).st_ino)
        really(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    with local.incoming() as incoming:
        put(incoming, "sent", "20240101", b"one")
        put(incoming, "commented", "20240102", b"two")
        incoming.coverage.write_text('["c1","20240101","20240102"]\n')
        local.add(incoming)
        added = [*local.files("sent")["20240101"], *local.files("commented")["20240102"]]
        added += (local.root / "coverage").iterdir()
        for path in added:
            for place in (path, *path.parents[: path.parents.index(local.root.parent) + 1]):
                assert place.stat().st_ino in synced, place


def test_a_snapshot_can_be_read_until_it_ends_whatever_is_removed(local: Lake) -> None:
    add(local, ("sent", "20240101", b"one"), ("withdrawn", "20240102", b"two"))
    local.observe([Coverage("c1", "20240101", "20240102")])
    whole = {
        str(path.relative_to(local.root)): path.read_bytes() for path in local.root.rglob("*[tl]") if path.is_file()
    }
    with local.snapshot() as places:
        add(local, ("sent", "20240101", b"later"))
        for path in [*local.files("sent")["20240101"], *local.paths("withdrawn"), *(local.root / "coverage").iterdir()]:
            path.unlink()
        assert {name: place.read_bytes() for name, place in places.items()} == whole
        assert len(whole) == 3
    assert [path.name for path in (local.root / "incoming").iterdir()] == ["lock"]
    assert [day for day, files in local.files("sent").items() if files] == ["20240101"]
    with pytest.raises(LakeError, match="is gone"):  # a file that counts is missed, not left out
        read(local, local.paths("withdrawn"))


def test_where_files_have_but_one_name_a_snapshot_names_them(local: Lake) -> None:
    add(local, ("sent", "20240101", b"one"))
    here = local.root.stat().st_dev
    other = next((place for place in map(Path, ("/dev/shm", "/tmp")) if place.stat().st_dev != here), None)
    if other is None:
        pytest.skip("there is no other file system")
    with TemporaryDirectory(dir=other) as elsewhere:
        incoming = local.root / "incoming"
        shutil.rmtree(incoming)
        incoming.symlink_to(elsewhere)
        with local.snapshot() as places:
            (path,) = local.files("sent")["20240101"]
            assert places == {str(path.relative_to(local.root)): path}
        assert path.read_bytes() == b"one"


def test_a_file_whose_entry_never_came_counts_for_nothing(local: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    add(local, ("sent", "20240101", b"one"), ("sent", "20240101", b"two"))
    before = local.files("sent")

    def fail(*_: object) -> None:
        raise OSError("the power is lost")

    with monkeypatch.context() as broken:
        broken.setattr("reportdata.lake.local.write", fail)
        with pytest.raises(LakeError, match="the power is lost"):
            replace(local, local.paths("sent"), b"both")
    assert len(list(local.root.rglob("*.parquet"))) == 3
    assert (local.files("sent"), local.replaced()) == (before, [])
    with local.refreshing():
        assert local.sweep(wait=True) == 0
    assert local.files("sent") == before
    assert len(list(local.root.rglob("*.parquet"))) == 2


def test_what_is_abandoned_is_told_and_the_next_import_removes_it(local: Lake) -> None:
    assert local.abandoned() == []
    assert not local.root.exists()
    add(local, ("sent", "20240101", b"one"))
    hold = "with lake.snapshot(): print('held', flush=True); time.sleep(1e6)"
    with child(hold, local) as dead, child(hold, local) as living:
        assert (line_of(dead), line_of(living)) == ("held", "held")
        assert local.abandoned() == []
        dead.kill()
        dead.wait()
        (left,) = local.abandoned()
        assert [path.read_bytes() for path in left.glob("[0-9]")] == [b"one"]
        with local.incoming():
            assert local.abandoned() == []
        assert not left.exists()
        assert len([path for path in (local.root / "incoming").iterdir() if path.is_dir()]) == 1
    assert local.size() == 3


@pytest.mark.parametrize(
    "blocked", ["", "incoming", "incoming/lock/lock", "sent", "sent/stat_day=2024-01-01", "coverage"]
)
def test_a_lake_that_cannot_be_written_is_a_lake_error(local: Lake, blocked: str) -> None:
    # A file where a folder should be keeps root out too.
    place = local.root / blocked
    place.parent.mkdir(parents=True)
    place.touch()

    def write() -> None:
        add(local, ("sent", "20240101", b"one"))
        local.observe([Coverage("c1", "20240101", "20240101")])

    with pytest.raises(LakeError, match=f"the lake.*{local.root}.* cannot be (written|read)"):
        write()


def test_a_snapshot_that_cannot_be_locked_is_a_lake_error(local: Lake) -> None:
    for name in ("reading.lock", "incoming/lock"):
        (local.root / name).unlink(missing_ok=True)
        (local.root / name).mkdir(parents=True)
        with pytest.raises(LakeError, match=f"{local.root} cannot be (locked|written)"), local.snapshot():
            pass
    with pytest.raises(LakeError, match="cannot be locked"):
        local.abandoned()


def test_a_lake_that_cannot_be_read_or_locked_is_a_lake_error(local: Lake) -> None:
    local.root.parent.mkdir()
    local.root.touch()
    for call in (lambda: local.files("sent"), lambda: local.paths("withdrawn"), local.coverage, local.size):
        with pytest.raises(LakeError, match="cannot be read"):
            call()
    with pytest.raises(LakeError, match="cannot be locked"), local.refreshing():
        pass


def test_a_damaged_file_of_coverage_is_a_lake_error(local: Lake) -> None:
    local.observe([Coverage("c1", "20240101", "20240101")])
    (path,) = (local.root / "coverage").iterdir()
    for damage in (b'["c1","2024', b"[1,2,3]\n", b"\xff\xfe", b'["c\xff","20240101","20240101"]\n'):
        path.write_bytes(damage)
        with pytest.raises(LakeError, match=path.name):
            local.coverage()


def test_the_data_folder_and_the_files_may_lie_anywhere(tmp_path: Path) -> None:
    place = tmp_path / "it's [1]* {a,b}?" / "stat_day=5" / "user_id=u9" / "组织"
    place.mkdir(parents=True)
    table, lines = place / "sent[1].csv", place / "comments 'new'.jsonl"
    table.write_text("corp_id,report_id,user_id,sent_at\nc1,r1,u1,2024-01-01 10:00:00\nc1,r2,u2,2024-01-01 10:00:00\n")
    lines.write_text('{"corp_id":"c1","report_id":"r1","user_id":"u1","commented_at":"2024-01-01T10:00:00+08:00"}\n')
    folder = Folder(place / "data")
    folder.add_organisation("c1")
    assert not folder.import_(table, lines).failures
    assert folder.days() == {("c1", "20240101"): (2, 2, 1)}
    folder.store.close()


def test_nothing_is_made_where_the_data_folder_is_moved_while_facts_are_added(local: Lake, tmp_path: Path) -> None:
    add(local, ("sent", "20240101", b"one"))
    place = local.root.parent
    with local.incoming() as incoming:
        put(incoming, "sent", "20240102", b"two")
        place.rename(tmp_path / "away")
        with pytest.raises(LakeError):
            local.add(incoming)
        assert not place.exists()
    (tmp_path / "away").rename(place)
    with local.incoming() as incoming:
        place.rename(tmp_path / "away")
        with closing(Staging(incoming.folder, KINDS, Provenance(0, "x"), Database(tmp_path / "spill"))) as staging:
            with pytest.raises(OSError, match="No such file"):
                staging.add_facts([])
            with pytest.raises(ReportDataError):
                staging.add_lines([b"{}\n"])
        assert not place.exists()
    (tmp_path / "away").rename(place)
    local.observe([Coverage("c1", "20240101", "20240101")])
    place.rename(tmp_path / "away")
    with pytest.raises(LakeError):
        local.observe([Coverage("c1", "20240102", "20240102")])
    assert not place.exists()
    (tmp_path / "away").rename(place)
    assert contents(local, local.files("sent")) == {"20240101": [b"one"]}


def test_nothing_is_made_where_another_folder_took_the_place_of_what_the_lake_lies_in(
    local: Lake, tmp_path: Path
) -> None:
    add(local, ("sent", "20240101", b"one"))
    place = local.root.parent
    place.rename(tmp_path / "away")
    place.mkdir()
    for use in (local.importing, local.incoming, local.refreshing, local.taking_back, lambda: local.working(bool)):
        with pytest.raises(LakeError, match="another folder is at"), use():
            pass
    assert list(place.iterdir()) == []
    place.rmdir()
    (tmp_path / "away").rename(place)
    add(local, ("sent", "20240102", b"two"))
    assert contents(local, local.files("sent")) == {"20240101": [b"one"], "20240102": [b"two"]}
