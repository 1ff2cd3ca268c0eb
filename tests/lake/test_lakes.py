"""The lake: files come in whole and durable, and what a dead import left goes away."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from reportdata.days import Coverage
from reportdata.errors import LakeError
from reportdata.lake import DayFiles, Lake
from reportdata.lake.local import LocalLake
from reportdata.lake.s3 import DAY, S3Lake
from tests.support.folders import Folder
from tests.support.lakes import add, child, contents, later, line_of, put, read, replace


def test_a_lake_that_is_not_there_is_empty(lake: Lake) -> None:
    assert (lake.days(), lake.files("sent"), lake.withdrawals(), lake.coverage(), lake.size()) == ({}, {}, (), set(), 0)
    assert not lake.root.exists()


def test_files_are_there_once_they_are_added_and_not_before(lake: Lake) -> None:
    with lake.incoming() as incoming:
        put(incoming, "sent", "20240102", b"two")
        put(incoming, "sent", "20240101", b"one")
        put(incoming, "commented", "20240101", b"comment")
        put(incoming, "withdrawn", "20230101", b"gone")
        assert (lake.days(), lake.size()) == ({}, 0)
        lake.add(incoming)
        assert contents(lake, lake.files("sent")) == {"20240101": [b"one"], "20240102": [b"two"]}
    assert list(lake.days()) == ["20240101", "20240102"]
    assert lake.days()["20240102"].commented == ()
    assert read(lake, lake.withdrawals()) == [b"gone"]
    assert lake.size() == len(b"twoonecommentgone")
    assert [path.name for path in (lake.root / "incoming").iterdir()] == ["lock"]


def test_what_an_import_writes_is_gone_when_it_fails(lake: Lake) -> None:
    def fail() -> None:
        with lake.incoming() as incoming:
            put(incoming, "sent", "20240102", b"two")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert lake.days() == {}
    assert [path.name for path in (lake.root / "incoming").iterdir()] == ["lock"]


def test_files_of_one_day_never_replace_each_other(lake: Lake) -> None:
    for number in range(5):
        add(lake, ("sent", "20240101", b"%d" % number), ("sent", "20240101", b"x%d" % number))
    assert len(contents(lake, lake.files("sent"))["20240101"]) == 10


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


def test_a_fingerprint_names_the_files_and_the_definition_in_any_order() -> None:
    one, two, three = (Path(f"{number}.parquet") for number in range(3))
    fingerprint = DayFiles((one, two), (three,)).fingerprint("d")
    assert DayFiles((two, one), (three,)).fingerprint("d") == fingerprint
    others = [DayFiles((one,), (three,)), DayFiles((one, two), ()), DayFiles((one,), (two, three))]
    assert (
        len({fingerprint, DayFiles((one, two), (three,)).fingerprint("e"), *(o.fingerprint("d") for o in others)}) == 5
    )


def test_what_a_dead_import_left_is_removed_and_what_a_living_one_writes_is_not(lake: Lake) -> None:
    hold = "with lake.incoming() as incoming: (incoming.folder / 'half').touch(); print(incoming.folder, flush=True); "
    with child(hold + "time.sleep(60)", lake) as dead, child(hold + "time.sleep(60)", lake) as living:
        left, held = Path(line_of(dead)), Path(line_of(living))
        with lake.incoming():
            assert (left / "half").exists()
        dead.kill()
        dead.wait()
        with lake.incoming() as own:
            assert {path.name for path in (lake.root / "incoming").iterdir()} == {"lock", held.name, own.folder.name}
            assert (held / "half").exists()


def test_what_was_left_before_its_lock_was_made_is_removed(lake: Lake) -> None:
    left = lake.root / "incoming" / "left"
    (left / "sent" / "stat_day=2024-01-01").mkdir(parents=True)
    with lake.incoming():
        assert not left.exists()


def test_processes_may_add_at_once(lake: Lake) -> None:
    code = """
folder, print_ = sys.argv[1], print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[2])):
    with lake.incoming() as incoming:
        place = incoming.folder / "sent" / f"stat_day=2024-01-0{number % 3 + 1}"
        place.mkdir(parents=True)
        (place / "facts.parquet").write_text(f"{folder}-{number}")
        lake.add(incoming)
    lake.observe([Coverage(folder, "20240101", f"202401{10 + number}")])
print("done", flush=True)
"""
    times = 10 if isinstance(lake, S3Lake) else 40
    with child(code, lake, "a", times) as one, child(code, lake, "b", times) as two:
        assert (line_of(one), line_of(two)) == ("ready", "ready")
        for process in (one, two):
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        assert (line_of(one), line_of(two)) == ("done", "done")
    found = [content.decode() for day in contents(lake, lake.files("sent")).values() for content in day]
    assert sorted(found) == sorted(f"{folder}-{number}" for folder in "ab" for number in range(times))
    assert {piece.last_day for piece in lake.coverage() if piece.corp_id == "b"} == {
        f"202401{10 + n}" for n in range(times)
    }


def test_observing_what_is_known_adds_nothing(lake: Lake) -> None:
    wide, other = Coverage("c1", "20240101", "20240131"), Coverage("c2", "20240101", "20240101")
    lake.observe([wide, other, wide])
    files = lake.observations()
    lake.observe([wide, other, Coverage("c1", "20240102", "20240130")])
    lake.observe([])
    assert lake.observations() == files
    assert len(files) == 1
    assert lake.coverage() == {wide, other}
    lake.observe([Coverage("c1", "20240131", "20240201"), wide])
    assert lake.coverage() == {wide, other, Coverage("c1", "20240131", "20240201")}


def test_days_are_refreshed_by_one_process_at_a_time(lake: Lake) -> None:
    code = "lock = lake.refreshing(); lock.__enter__(); print('held', flush=True); time.sleep(60)"
    got = threading.Event()

    def refresh() -> None:
        with lake.refreshing():
            got.set()

    with child(code, lake) as holder:
        assert line_of(holder) == "held"
        waiting = threading.Thread(target=refresh)
        waiting.start()
        assert not got.wait(0.3)
        holder.kill()
        assert got.wait(5)
        waiting.join()


ADDING = """
print("ready", flush=True)
for number in range(int(sys.argv[1])):
    with lake.incoming() as incoming:
        for of in range(int(sys.argv[2])):
            place = incoming.folder / ("sent", "commented", "withdrawn")[of % 3] / f"stat_day=2024-01-{of % 28 + 1:02}"
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{of}.parquet").write_text(str(number))
        incoming.coverage.write_text('["c1","20240101","20240131"]\\n')
        lake.add(incoming)
    """


def test_a_snapshot_holds_each_addition_wholly_or_not_at_all(lake: Lake) -> None:
    times, files = (12, 6) if isinstance(lake, S3Lake) else (40, 30)
    sizes = set()
    with child(ADDING, lake, times, files) as adding:
        assert line_of(adding) == "ready"
        while adding.poll() is None:
            with lake.snapshot() as places:
                additions = Counter(Path(name).stem.split("-")[0] for name in places)
            assert set(additions.values()) <= {files + 1}
            sizes.add(len(additions))
            time.sleep(0.02)  # locks are not given in turn
    assert len(sizes) > 3
    with lake.snapshot() as places:
        assert len(places) == times * (files + 1)


def test_a_snapshot_can_be_read_until_it_ends_whatever_is_removed(local: Lake) -> None:
    add(local, ("sent", "20240101", b"one"), ("withdrawn", "20240102", b"two"))
    local.observe([Coverage("c1", "20240101", "20240102")])
    whole = {
        str(path.relative_to(local.root)): path.read_bytes() for path in local.root.rglob("*[tl]") if path.is_file()
    }
    with local.snapshot() as places:
        add(local, ("sent", "20240101", b"later"))
        for path in [*local.files("sent")["20240101"], *local.withdrawals(), *(local.root / "coverage").iterdir()]:
            path.unlink()
        assert {name: place.read_bytes() for name, place in places.items()} == whole
        assert len(whole) == 3
    assert [path.name for path in (local.root / "incoming").iterdir()] == ["lock"]
    assert local.days() == {"20240101": DayFiles((), ())}


def test_where_files_have_but_one_name_a_snapshot_names_them(local: Lake) -> None:
    add(local, ("sent", "20240101", b"one"))
    with TemporaryDirectory(dir="/dev/shm") as elsewhere:
        incoming = local.root / "incoming"
        if Path(elsewhere).stat().st_dev == local.root.stat().st_dev:
            pytest.skip("there is no other file system")
        shutil.rmtree(incoming)
        incoming.symlink_to(elsewhere)
        with local.snapshot() as places:
            (path,) = local.files("sent")["20240101"]
            assert places == {str(path.relative_to(local.root)): path}
        assert path.read_bytes() == b"one"


def sweep(lake: Lake) -> int | None:
    later.ahead += 2 * DAY  # when nobody on another machine can be reading any more
    with lake.refreshing():
        return lake.sweep()


def test_named_days_are_listed_alone(lake: Lake) -> None:
    days = ["20240101", "20240102", "20240103"]
    add(lake, *(("sent", day, day.encode()) for day in days), ("commented", days[1], b"comment"))
    assert list(lake.days([])) == list(lake.days(["20250101"])) == []
    assert list(lake.days([days[1], "20250101", days[0]])) == days[:2]
    assert lake.days([days[1]])[days[1]] == lake.days()[days[1]]
    assert lake.files("sent", [days[2]]) == {days[2]: lake.files("sent")[days[2]]}
    assert contents(lake, {"": lake.paths("sent")}) == {"": [day.encode() for day in days]}


def test_a_file_stands_in_for_others_at_once_and_they_go_when_nobody_reads(lake: Lake) -> None:
    add(lake, ("sent", "20240101", b"one"), ("sent", "20240101", b"two"), ("sent", "20240102", b"other"))
    old = lake.files("sent")["20240101"]
    with lake.reading():
        place = replace(lake, old, b"both")
        assert place is not None
        assert contents(lake, lake.files("sent")) == {"20240101": [b"both"], "20240102": [b"other"]}
        assert lake.files("sent", ["20240101"]) == {"20240101": (place,)}
        assert lake.size() == len(b"bothother")
        assert set(lake.replaced()) == set(old)
        assert sweep(lake) is None
        assert sorted(read(lake, old)) == [b"one", b"two"]
        with lake.snapshot() as kept:
            assert place.name in [Path(name).name for name in kept]
            assert len(kept) == 2
        assert replace(lake, [place], b"all") is not None
    assert sweep(lake) == 3
    assert sweep(lake) == 0
    assert lake.replaced() == []
    assert contents(lake, lake.files("sent")) == {"20240101": [b"all"], "20240102": [b"other"]}
    assert sorted(path.name for path in lake.root.rglob("*.*") if path.suffix in (".json", ".unfinished")) == []


def test_a_note_whose_file_never_came_counts_for_nothing(local: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    add(local, ("sent", "20240101", b"one"), ("sent", "20240101", b"two"))
    before = local.days()
    with monkeypatch.context() as broken:
        broken.setattr(LocalLake, "_move", lambda *_: (_ for _ in ()).throw(OSError("the power is lost")))
        with pytest.raises(LakeError, match="the power is lost"):
            replace(local, local.paths("sent"), b"both")
    assert list((local.root / "replaced").iterdir())
    assert (local.days(), local.replaced()) == (before, [])
    assert sweep(local) == 0
    assert local.days() == before
    assert list((local.root / "replaced").iterdir()) == []


def test_files_may_be_replaced_by_none(lake: Lake) -> None:
    add(lake, ("sent", "20240101", b"one"), ("withdrawn", "20240102", b"gone"))
    lake.observe([Coverage("c1", "20240101", "20240101")])
    for files in (lake.paths("sent"), lake.withdrawals(), lake.observations()):
        with lake.reading():
            assert replace(lake, files, None) is None
            assert lake.replaced() == list(files)
        assert sweep(lake) == 1
    assert not any(files.names() for files in lake.days().values())
    assert (lake.withdrawals(), lake.coverage(), lake.size()) == ((), set(), 0)
    assert isinstance(lake, S3Lake) or list((lake.root / "withdrawn").iterdir()) == []
    add(lake, ("withdrawn", "20240102", b"gone"))
    assert len(lake.withdrawals()) == 1


def test_withdrawals_of_several_days_stand_at_each_of_them(lake: Lake) -> None:
    for day in ("20240102", "20240105", "20240109"):
        add(lake, ("withdrawn", day, day.encode()))
    first, second, third = lake.withdrawals()
    merged = replace(lake, [first, second], b"merged")
    sweep(lake)
    assert merged is not None
    files = lake.files("withdrawn")
    assert sorted(day for day, paths in files.items() if paths == (merged,)) == [f"2024010{n}" for n in range(2, 6)]
    assert files["20240109"] == (third,)
    assert lake.files("withdrawn", ["20240101", "20240103"]) == {"20240103": (merged,)}
    assert set(lake.withdrawals()) == {merged, third}
    both = replace(lake, [merged, third], b"all")
    sweep(lake)
    assert lake.files("withdrawn", ["20240109", "20240102"]) == {"20240102": (both,), "20240109": (both,)}


def test_readers_of_other_processes_are_waited_for(lake: Lake) -> None:
    add(lake, ("sent", "20240101", b"one"), ("sent", "20240101", b"two"))
    swept = threading.Event()

    def wait() -> None:
        with lake.refreshing():
            assert lake.sweep(wait=True) == 2
        swept.set()

    with child("lease = lake.reading(); lease.__enter__(); print('held', flush=True); time.sleep(60)", lake) as one:
        assert line_of(one) == "held"
        replace(lake, lake.paths("sent"), b"both")
        assert sweep(lake) is None
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not swept.wait(0.3)
        one.kill()
        assert swept.wait(5)
        waiting.join()
    assert contents(lake, lake.files("sent")) == {"20240101": [b"both"]}


def test_there_is_one_worker(lake: Lake) -> None:
    hold = "lock = lake.working(lambda: False); lock.__enter__(); print('held', flush=True); time.sleep(60)"
    got = threading.Event()

    def work() -> None:
        with lake.working(lambda: False) as alone:
            assert alone
            got.set()

    with child(hold, lake) as holder:
        assert line_of(holder) == "held"
        with lake.working(lambda: True) as alone:
            assert not alone
        waiting = threading.Thread(target=work)
        waiting.start()
        assert not got.wait(0.3)
        holder.kill()
        assert got.wait(5)
        waiting.join()


def test_what_is_abandoned_is_told_and_the_next_import_removes_it(local: Lake) -> None:
    assert local.abandoned() == []
    assert not local.root.exists()
    add(local, ("sent", "20240101", b"one"))
    hold = "with lake.snapshot(): print('held', flush=True); time.sleep(60)"
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
    for name in ("change.lock", "incoming/lock"):
        (local.root / name).unlink(missing_ok=True)
        (local.root / name).mkdir(parents=True)
        with pytest.raises(LakeError, match=f"{local.root} cannot be (locked|written)"), local.snapshot():
            pass
    with pytest.raises(LakeError, match="cannot be locked"):
        local.abandoned()


def test_a_lake_that_cannot_be_read_or_locked_is_a_lake_error(local: Lake) -> None:
    local.root.parent.mkdir()
    local.root.touch()
    for call in (local.days, local.withdrawals, local.coverage, local.size):
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
