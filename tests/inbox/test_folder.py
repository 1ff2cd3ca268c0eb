"""The inbox: what is acknowledged is in it, whole, whoever dies when; and a segment is taken up once it is finished."""

from __future__ import annotations

import os
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
from tests.support.inboxes import SOON, lines, numbers, waited
from tests.support.mounts import mounted
from tests.support.paths import ROOT


@pytest.fixture
def inbox(tmp_path: Path) -> FolderInbox:
    return FolderInbox(tmp_path / "data" / "inbox")


@pytest.fixture
def writer(inbox: FolderInbox) -> Iterator[FolderWriter]:
    with closing(FolderWriter(inbox.folder, time.time)) as made:
        yield made


def test_what_is_acknowledged_is_taken_up_soon_and_once(inbox: FolderInbox, writer: FolderWriter) -> None:
    assert (inbox.ready(), inbox.backlog()) == ([], 0)
    assert inbox.free() > 0
    for number in range(3):
        writer.append(lines(number, number + 10)).result(SOON)
        assert inbox.backlog() == 4096
        paths = waited(inbox, 1)
        assert numbers(inbox, paths) == [number, number + 10]
        inbox.remove(paths)
        inbox.remove(paths)
        assert (list(inbox.folder.iterdir()), inbox.backlog()) == ([], 0)


def test_segments_sort_by_time_whatever_the_clock_does(inbox: FolderInbox) -> None:
    for now in (1_000_000.0, 2_000_000.0, 2_000_000.5):
        times = iter([now, now, now - 100, now + 0.25])
        with closing(FolderWriter(inbox.folder, lambda times=times: next(times), largest=1)) as writer:  # type: ignore[misc]
            for number in range(4):
                writer.append(lines(int(now) * 10 + number)).result(SOON)
    found = numbers(inbox, inbox.ready())
    assert len(found) == 12
    first, rest = found[:4], found[4:]
    assert first == [10_000_000, 10_000_001, 10_000_002, 10_000_003]
    assert sorted(rest) == [number for number in range(20_000_000, 20_000_004) for _ in range(2)]


def test_a_segments_name_tells_when_it_was_begun(tmp_path: Path) -> None:
    with closing(FolderWriter(tmp_path, lambda: 1_800_000_000.125)) as writer:
        writer.append(lines(1)).result()
    (segment,) = FolderInbox(tmp_path).ready()
    assert begun_at(segment) == 1_800_000_000_125
    assert begun_at(Path("copied by hand.jsonl")) == 0


def test_a_large_segment_is_finished_at_once(inbox: FolderInbox) -> None:
    with closing(FolderWriter(inbox.folder, time.time, age=SOON * 10, longest=SOON * 10, largest=1000)) as writer:
        futures = [writer.append(lines(number)) for number in range(100)]
        for future in futures:
            future.result(SOON)
        assert len(waited(inbox, 1)) >= 1


def test_segments_grow_while_nobody_takes_them_up(inbox: FolderInbox) -> None:
    with closing(FolderWriter(inbox.folder, time.time, age=0.01, longest=SOON * 10)) as writer:
        writer.append(lines(0)).result(SOON)
        first = waited(inbox, 1)
        for number in range(1, 20):
            writer.append(lines(number)).result(SOON)
            time.sleep(0.02)
        assert inbox.ready() == first
        inbox.remove(first)
        assert numbers(inbox, waited(inbox, 1)) == list(range(1, 20))


def test_closing_finishes_what_is_queued_and_takes_no_more(inbox: FolderInbox) -> None:
    writer = FolderWriter(inbox.folder, time.time, age=SOON)
    futures = [writer.append(lines(number)) for number in range(50)]
    writer.close()
    assert all(future.done() for future in futures)
    assert numbers(inbox, inbox.ready()) == list(range(50))
    assert {path.suffix for path in inbox.folder.iterdir()} == {".jsonl"}
    with pytest.raises(InboxError, match="is closed"):
        writer.append(lines(1))


# Prints each number when it is acknowledged.
WRITING = """
import sys, time
from pathlib import Path
from reportdata.inbox import Inbox, facts_of
from reportdata.inbox.folder import FolderWriter
from tests.support.inboxes import lines
writer = FolderWriter(Path(sys.argv[1]), time.time)
for number in range(1_000_000):
    writer.append(lines(number)).result()
    print(number, flush=True)
"""


def test_a_writer_that_dies_leaves_all_that_it_acknowledged(inbox: FolderInbox) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WRITING, str(inbox.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        while int(process.stdout.readline()) < 100:
            pass
        process.send_signal(signal.SIGSTOP)  # it holds its lock as long as it lives
        before = inbox.ready()
        assert not any(path.suffix == ".open" for path in before)
        process.kill()
        acknowledged = [*range(101), *map(int, process.stdout.read().split())]
    found = numbers(inbox, inbox.ready())
    assert acknowledged == found[: len(acknowledged)]
    assert len(found) <= len(acknowledged) + 1
    assert {path.suffix for path in inbox.folder.iterdir()} == {".jsonl"}


@given(st.integers(0, 3), st.binary(max_size=300) | st.integers(1, 150).map(lambda size: lines(7)[:size]))
def test_what_a_dead_writer_left_is_cut_after_its_last_whole_fact(count: int, tail: bytes) -> None:
    with TemporaryDirectory() as place:
        path = Path(place) / "0001-x.open"
        path.write_bytes(lines(*range(count)) + tail)
        (ready,) = FolderInbox(Path(place)).ready() or (None,)
        found = numbers(FolderInbox(Path(place)), [ready]) if ready else []
        assert found == [*range(count), 7] if tail == lines(7) else found == [*range(count)]
        assert not path.exists()


def test_a_damaged_segment_is_refused_by_name_and_line(inbox: FolderInbox) -> None:
    inbox.folder.mkdir(parents=True)
    path = inbox.folder / "0001-x.jsonl"
    path.write_bytes(lines(1) + b"\xff\n" + lines(2))
    with pytest.raises(InboxError, match=r"0001-x\.jsonl, line 2"):
        list(facts_of(path))
    with pytest.raises(InboxError, match="cannot be read"):
        list(facts_of(inbox.folder / "gone.jsonl"))


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
    assert numbers(inbox, waited(inbox, 1)) == [2]


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
            assert set(numbers(inbox, paths)) <= set(done)
            taken = numbers(inbox, paths)
            inbox.remove(paths)
            writer.append(lines(99)).result(SOON)
        taken += numbers(inbox, inbox.ready())
    assert sorted(taken) == sorted([*(number for number in done for _ in range(100)), 99])
