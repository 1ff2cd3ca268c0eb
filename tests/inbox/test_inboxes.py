"""What every inbox owes, against each implementation."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from reportdata.errors import InboxError
from reportdata.inbox import Inbox, Writer, facts_of
from reportdata.inbox.checksums import is_checksum
from tests.support.inboxes import INBOXES, Place, lines, numbers, waited
from tests.support.paths import ROOT
from tests.support.services import KINDS
from tests.support.waiting import SOON


@pytest.fixture(params=INBOXES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place.new(request.param, tmp_path)


@pytest.fixture
def inbox(place: Place) -> Iterator[Inbox]:
    with closing(place.inbox()) as made:
        yield made


@pytest.fixture
def writer(place: Place) -> Iterator[Writer]:
    with closing(place.writer()) as made:
        yield made


def test_what_is_acknowledged_is_taken_up_once(place: Place, inbox: Inbox, writer: Writer) -> None:
    assert (list(inbox.ready()), inbox.backlog(), inbox.holds(lambda _: True)) == ([], 0, False)
    assert inbox.free() > 0
    for number in range(3):
        before = time.time()
        writer.append(lines(number, number + 10)).result(SOON)
        assert inbox.backlog() > 0
        paths = waited(inbox, 1)
        assert numbers(paths) == [number, number + 10]
        assert before - 1 <= int(paths[0].name.partition("-")[0], 16) / 1e6 <= time.time() + 1
        with closing(place.inbox()) as other:
            assert numbers(other.ready()) == [number, number + 10]
        inbox.remove(paths)
        inbox.remove(paths)
        assert (list(inbox.ready()), inbox.backlog()) == ([], 0)
        assert not any(path.exists() for path in paths)


def test_closing_finishes_what_is_queued_and_takes_no_more(inbox: Inbox, writer: Writer) -> None:
    futures = [writer.append(lines(number)) for number in range(50)]
    writer.close()
    assert all(future.done() for future in futures)
    assert numbers(inbox.ready()) == list(range(50))
    with pytest.raises(InboxError, match="is closed"):
        writer.append(lines(1))


def test_what_comes_at_once_shares_few_commits(inbox: Inbox, writer: Writer) -> None:
    for future in [writer.append(lines(number)) for number in range(1000)]:
        future.result(SOON)
    assert 0 < writer.commits < 100
    writer.close()
    assert numbers(inbox.ready()) == list(range(1000))


def test_who_gave_up_keeps_nobody_waiting(inbox: Inbox, writer: Writer) -> None:
    futures: list[Future[None]] = [writer.append(lines(number)) for number in range(200)]
    given_up = [future for future in futures[::2] if future.cancel()]
    for future in futures:
        if not future.cancelled():
            future.result(SOON)
    writer.close()
    assert len(numbers(inbox.ready())) == 200 - len(given_up)


def test_nothing_is_lost_between_a_writer_and_one_who_looks_all_the_time(place: Place, inbox: Inbox) -> None:
    found: list[int] = []
    ending = threading.Event()

    def take() -> None:
        while not ending.is_set() or inbox.ready():
            paths = inbox.ready()
            found.extend(numbers(paths))
            inbox.remove(paths)

    with ThreadPoolExecutor(3) as threads:
        taking = threads.submit(take)
        writers = [place.writer() for _ in range(2)]
        pushing = [
            threads.submit(lambda w, first: [w.append(lines(n)).result(SOON) for n in range(first, first + 200)], w, at)
            for w, at in zip(writers, (0, 1000), strict=True)
        ]
        try:
            for done in pushing:
                done.result()
        finally:
            for writer in writers:
                writer.close()
            ending.set()
        taking.result()
    assert sorted(found) == [*range(200), *range(1000, 1200)]


def test_lines_of_some_are_dropped(inbox: Inbox, writer: Writer) -> None:
    writer.append(lines(1, 2, 3)).result(SOON)
    waited(inbox, 1)
    writer.append(lines(2)).result(SOON)
    writer.close()

    def second(line: bytes) -> bool:
        return b'"r2"' in line

    assert inbox.holds(second)
    assert (inbox.drop(second), inbox.drop(second), inbox.holds(second)) == (2, 0, False)
    assert [number for _, content in inbox.contents() for number in content.split(b"\n") if b"r2" in number] == []
    left = [line for _, content in inbox.contents() for line in content.splitlines() if not is_checksum(line)]
    assert len(left) == 2


def test_a_damaged_segment_is_kept_and_passed_over(place: Place, inbox: Inbox, writer: Writer) -> None:
    writer.append(b"no fact\n").result(SOON)
    writer.close()
    (path,) = waited(inbox, 1)
    # A folder has a checksum in the first line.
    with pytest.raises(InboxError, match=r"line [12]: is no fact"):
        list(facts_of(path, KINDS))
    assert inbox.set_aside(path)
    with closing(place.writer()) as another:
        another.append(lines(4)).result(SOON)
    assert numbers(inbox.ready()) == [4]


# Prints each number when it is acknowledged.
WRITING = """
import sys
from pathlib import Path
from tests.support.inboxes import Place, lines
writer = Place(Path(sys.argv[1]), sys.argv[2]).writer()
for number in range(1_000_000):
    writer.append(lines(number)).result()
    print(number, flush=True)
"""


@pytest.mark.whole
def test_a_writer_that_dies_leaves_all_that_it_acknowledged(place: Place, inbox: Inbox) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WRITING, str(place.folder), place.address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        while int(process.stdout.readline()) < 100:
            pass
        process.kill()
        acknowledged = [*range(101), *map(int, process.stdout.read().split())]
    found = numbers(inbox.ready())
    assert acknowledged == found[: len(acknowledged)]
    assert len(found) <= len(acknowledged) + 1


@pytest.mark.postgres
def test_what_a_dead_worker_had_fetched_from_a_database_goes(tmp_path: Path) -> None:
    place = Place.new("postgres", tmp_path)
    left = place.folder / "fetched-dead"
    left.mkdir(parents=True)
    (left / "x.jsonl").write_text("x")
    with closing(place.inbox()) as inbox, closing(place.writer()) as writer:
        writer.append(lines(1)).result(SOON)
        assert len(inbox.ready()) == 1
        assert not left.exists()
    assert list(place.folder.iterdir()) == []
