"""What every lake owes of processes that share it: they add at once, take turns, and what a dead one left goes."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

import pytest

from reportdata.lake import Lake
from reportdata.lake.s3 import S3Lake
from tests.support.lakes import add, child, contents, line_of, replace, sweep_later
from tests.support.waiting import SOON, until


def test_what_a_dead_import_left_is_removed_and_what_a_living_one_writes_is_not(lake: Lake) -> None:
    hold = "with lake.incoming() as incoming: (incoming.folder / 'half').touch(); print(incoming.folder, flush=True); "
    with child(hold + "time.sleep(1e6)", lake) as dead, child(hold + "time.sleep(1e6)", lake) as living:
        left, held = Path(line_of(dead)), Path(line_of(living))
        with lake.incoming():
            assert (left / "half").exists()
        dead.kill()
        dead.wait()
        with lake.incoming() as own:
            assert {path.name for path in (lake.root / "incoming").iterdir()} == {"lock", held.name, own.folder.name}
            assert (held / "half").exists()


@pytest.mark.whole
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
    times = 10 if isinstance(lake, S3Lake) else 20
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


def test_days_are_refreshed_by_one_process_at_a_time(lake: Lake) -> None:
    code = "lock = lake.refreshing(); lock.__enter__(); print('held', flush=True); time.sleep(1e6)"
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
        assert got.wait(SOON)
        waiting.join()


# Adds until it is told to stop, and says how often it did.
ADDING = """
stop, files, times = Path(sys.argv[1]), int(sys.argv[2]), 0
while not stop.exists():
    with lake.incoming() as incoming:
        for of in range(files):
            place = incoming.folder / ("sent", "commented", "withdrawn")[of % 3] / f"stat_day=2024-01-{of % 28 + 1:02}"
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{of}.parquet").write_text(str(times))
        incoming.coverage.write_text('["c1","20240101","20240131"]\\n')
        lake.add(incoming)
    times += 1
print(times, flush=True)
"""


def test_a_snapshot_holds_each_addition_wholly_or_not_at_all(lake: Lake, tmp_path: Path) -> None:
    files = 6 if isinstance(lake, S3Lake) else 30
    sizes: set[int] = set()
    with child(ADDING, lake, tmp_path / "stop", files) as adding:

        def snapshot() -> int:
            """How many different snapshots there were."""
            with lake.snapshot() as places:
                additions = Counter(Path(name).stem.split("-")[0] for name in places)
            assert set(additions.values()) <= {files + 1}
            sizes.add(len(additions))
            return len(sizes)

        until(lambda: snapshot() > 5)
        (tmp_path / "stop").touch()
        times = int(line_of(adding))
    with lake.snapshot() as places:
        assert len(places) == times * (files + 1)


def test_readers_of_other_processes_are_waited_for(lake: Lake) -> None:
    add(lake, ("sent", "20240101", b"one"), ("sent", "20240101", b"two"))
    swept = threading.Event()

    def wait() -> None:
        with lake.refreshing():
            assert lake.sweep(wait=True) == 2
        swept.set()

    with child("lease = lake.reading(); lease.__enter__(); print('held', flush=True); time.sleep(1e6)", lake) as one:
        assert line_of(one) == "held"
        replace(lake, lake.paths("sent"), b"both")
        assert sweep_later(lake) is None
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not swept.wait(0.3)
        one.kill()
        assert swept.wait(SOON)
        waiting.join()
    assert contents(lake, lake.files("sent")) == {"20240101": [b"both"]}


def test_there_is_one_worker(lake: Lake) -> None:
    hold = "lock = lake.working(lambda: False); lock.__enter__(); print('held', flush=True); time.sleep(1e6)"
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
        assert got.wait(SOON)
        waiting.join()
