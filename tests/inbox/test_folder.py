"""What the inbox in a folder owes besides: segments are files that grow, are finished, cut and named."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdata.errors import InboxError
from reportdata.inbox import begun_at, facts_of
from reportdata.inbox.folder import FolderInbox, FolderWriter
from tests.support.inboxes import lines, numbers, waited
from tests.support.mounts import mounted
from tests.support.services import KINDS
from tests.support.waiting import SOON


@pytest.fixture
def inbox(tmp_path: Path) -> FolderInbox:
    return FolderInbox(tmp_path / "data" / "inbox")


@pytest.fixture
def writer(inbox: FolderInbox) -> Iterator[FolderWriter]:
    with closing(FolderWriter(inbox.folder, time.time)) as made:
        yield made


def test_a_segment_counts_as_the_blocks_of_disk_it_takes_up(inbox: FolderInbox, writer: FolderWriter) -> None:
    writer.append(lines(1)).result(SOON)
    assert inbox.backlog() == 4096
    inbox.remove(waited(inbox, 1))
    assert list(inbox.folder.iterdir()) == []


def test_segments_sort_by_time_whatever_the_clock_does(inbox: FolderInbox) -> None:
    for now in (1_000_000.0, 2_000_000.0, 2_000_000.5):
        times = iter([now, now, now - 100, now + 0.25])
        with closing(FolderWriter(inbox.folder, times.__next__, largest=1)) as writer:
            for number in range(4):
                writer.append(lines(int(now) * 10 + number)).result(SOON)
    found = numbers(inbox.ready())
    assert len(found) == 12
    first, rest = found[:4], found[4:]
    assert first == [10_000_000, 10_000_001, 10_000_002, 10_000_003]
    assert sorted(rest) == [number for number in range(20_000_000, 20_000_004) for _ in range(2)]


def test_a_segments_name_tells_when_it_was_begun(tmp_path: Path) -> None:
    inbox = FolderInbox(tmp_path / "inbox")
    with closing(FolderWriter(inbox.folder, lambda: 1_800_000_000.125)) as writer:
        writer.append(lines(1)).result()
    (segment,) = inbox.ready()
    assert begun_at(segment) == 1_800_000_000_125
    assert begun_at(Path("copied by hand.jsonl")) == 0


def test_a_large_segment_is_finished_at_once(inbox: FolderInbox) -> None:
    never = SOON * 10
    with closing(FolderWriter(inbox.folder, time.time, age=never, longest=never, largest=1000)) as writer:
        for future in [writer.append(lines(number)) for number in range(100)]:
            future.result(SOON)
        assert len(waited(inbox, 1)) >= 1


def test_segments_grow_while_nobody_takes_them_up(inbox: FolderInbox) -> None:
    with closing(FolderWriter(inbox.folder, time.time, age=0.01, longest=SOON * 10)) as writer:
        writer.append(lines(0)).result(SOON)
        first = waited(inbox, 1)
        for number in range(1, 6):
            writer.append(lines(number)).result(SOON)
            time.sleep(0.02)
        assert inbox.ready() == first
        inbox.remove(first)
        assert numbers(waited(inbox, 1)) == list(range(1, 6))


def test_closing_leaves_finished_segments_alone(inbox: FolderInbox) -> None:
    with closing(FolderWriter(inbox.folder, time.time, age=SOON)) as writer:
        writer.append(lines(1)).result(SOON)
        assert {path.suffix for path in inbox.folder.iterdir()} == {".open"}
    assert {path.suffix for path in inbox.folder.iterdir()} == {".jsonl"}


HOLDING = """
import sys, time
from pathlib import Path
from reportdata.inbox.folder import FolderWriter
FolderWriter(Path(sys.argv[1]), time.time, age=1e6).append(sys.stdin.buffer.read()).result()
print("held", flush=True)
time.sleep(1e6)
"""


def test_the_segment_of_a_writer_that_lives_is_left_to_it_and_that_of_a_dead_one_finished(inbox: FolderInbox) -> None:
    command = [sys.executable, "-c", HOLDING, str(inbox.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(lines(1, 2))
        process.stdin.close()
        assert process.stdout.readline() == b"held\n"
        process.send_signal(signal.SIGSTOP)  # it holds its lock as long as it lives
        assert inbox.ready() == []
        process.kill()
    assert numbers(inbox.ready()) == [1, 2]
    assert {path.suffix for path in inbox.folder.iterdir()} == {".jsonl"}


@given(st.integers(0, 3), st.binary(max_size=300) | st.integers(1, 150).map(lambda size: lines(7)[:size]))
def test_what_a_dead_writer_left_is_cut_after_its_last_whole_fact(count: int, tail: bytes) -> None:
    with TemporaryDirectory() as place:
        path = Path(place) / "0001-x.open"
        path.write_bytes(lines(*range(count)) + tail)
        (ready,) = FolderInbox(Path(place)).ready() or (None,)
        found = numbers([ready]) if ready else []
        assert found == [*range(count), 7] if tail == lines(7) else found == [*range(count)]
        assert not path.exists()


def test_what_a_power_failure_left_in_part_costs_nothing_that_was_whole_before(inbox: FolderInbox) -> None:
    inbox.folder.mkdir(parents=True)
    unsynced = lines(*range(4, 200))
    hole = bytes(len(unsynced) // 2) + unsynced[len(unsynced) // 2 :]  # its end was written, its start was not
    (inbox.folder / "0001-x.open").write_bytes(lines(1, 2, 3) + hole)
    ((_, backed_up),) = inbox.contents()
    (ready,) = inbox.ready()
    assert ready.read_bytes() == backed_up
    assert [path.name for path in inbox.folder.iterdir()] == ["0001-x.jsonl"]
    found = numbers([ready])
    assert found[:3] == [1, 2, 3]
    assert found[3:] == [*range(found[3], 200)]
    assert inbox.ready() == [ready]


def test_a_damaged_segment_is_refused_by_name_and_line(inbox: FolderInbox) -> None:
    inbox.folder.mkdir(parents=True)
    path = inbox.folder / "0001-x.jsonl"
    path.write_bytes(lines(1) + b"\xff\n" + lines(2))
    with pytest.raises(InboxError, match=r"0001-x\.jsonl, line 2"):
        list(facts_of(path, KINDS))
    with pytest.raises(InboxError, match="cannot be read"):
        list(facts_of(inbox.folder / "gone.jsonl", KINDS))


def test_an_inbox_that_cannot_be_written_works_again_when_it_can(inbox: FolderInbox, writer: FolderWriter) -> None:
    inbox.folder.parent.mkdir()
    inbox.folder.write_text("in the way")
    for _ in range(2):
        with pytest.raises(InboxError, match="cannot be written"):
            writer.append(lines(1)).result(SOON)
    with pytest.raises(InboxError, match="cannot be read"):
        inbox.ready()
    inbox.folder.unlink()
    writer.append(lines(2)).result(SOON)
    assert numbers(waited(inbox, 1)) == [2]


def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=256k") as disk:
        inbox = FolderInbox(disk / "inbox")
        done: list[int] = []
        failed: list[str] = []
        with closing(FolderWriter(inbox.folder, time.time)) as writer:
            for number in range(40):
                try:
                    writer.append(lines(*[number] * 100)).result(SOON)
                    done.append(number)
                except InboxError as error:
                    failed.append(error.message)
            assert done
            assert failed
            assert all("No space left" in message for message in failed)
            # What is smaller may still fit: nothing of what failed lies before it.
            paths = inbox.ready()
            assert set(numbers(paths)) <= set(done)
            taken = numbers(paths)
            inbox.remove(paths)
            writer.append(lines(99)).result(SOON)
        taken += numbers(inbox.ready())
    assert sorted(taken) == sorted([*(number for number in done for _ in range(100)), 99])


def test_a_file_where_the_folder_should_be_is_an_error_by_name(inbox: FolderInbox) -> None:
    inbox.folder.parent.mkdir(parents=True)
    inbox.folder.write_text("in the way")
    for ask in (inbox.backlog, inbox.ready, lambda: list(inbox.contents()), lambda: inbox.holds(bool)):
        with pytest.raises(InboxError, match="inbox cannot be read: Not a directory"):
            ask()
