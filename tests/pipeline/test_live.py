"""Pushed facts become numbers, each once, whatever is killed meanwhile."""

from __future__ import annotations

import os
import random
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from http.client import HTTPException
from pathlib import Path

import pytest

from reportdata.inbox.folder import FolderWriter
from reportdata.pipeline.working import Worker
from tests.support.effort import tried
from tests.support.folders import Folder
from tests.support.forks import Forks, forking
from tests.support.oracle import Days, Fact, days_of
from tests.support.processes import served
from tests.support.pushers import BEGIN, CLIENTS, CORPS, ZONES, Pusher, pushed_facts, served_numbers, tokens_of
from tests.support.services import fact, lines_of, working
from tests.support.waiting import until

pytestmark = pytest.mark.whole

Process = tuple[Callable[[], object], ...]
"""What kills a process of the service, and what kills the rest of it."""


def becomes(address: tuple[str, int], tokens: dict[str, str], expected: Days) -> None:
    """Wait until the numbers are as expected, and no others."""
    days = sorted({day for _, day in expected})

    def same() -> bool:
        with suppress(OSError, HTTPException):
            return served_numbers(address, tokens, days) == expected
        return False

    until(same)


@contextmanager
def forked(folder: Folder, listening: socket.socket, forks: Forks) -> Iterator[Process]:
    """A server and a worker that begin at once."""
    serve = ["serve", *folder.place, "--rate", 0, "--no-work", "--fd", listening.fileno()]
    children = [forks.start("work", *folder.place), forks.start(*serve)]

    def kill() -> None:
        forks.kill(children.pop(0))

    yield kill, kill
    while children:
        kill()


@contextmanager
def begun(folder: Folder, listening: socket.socket, _forks: Forks) -> Iterator[Process]:
    """A server with its worker, as they are begun by a user."""
    with served(folder, inherit=listening) as process:

        def kill_workers() -> None:
            for worker in process.children():
                os.kill(worker, signal.SIGKILL)

        yield kill_workers, process.running.kill


@pytest.fixture
def tokens(folder: Folder) -> dict[str, str]:
    """Two organisations in different zones, with a token for each that may read and write."""
    return tokens_of(folder)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A socket that outlives servers."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as found:
        yield found


def test_a_pushed_fact_is_a_number_at_once(folder: Folder, tokens: dict[str, str]) -> None:
    facts = pushed_facts(random.Random(1), 30)
    with served(folder) as process:
        pusher = Pusher(process.address, tokens, facts, 1)
        pusher.run()
        assert not pusher.wrong
        expected = days_of(facts, ZONES)
        becomes(process.address, tokens, expected)
        assert process.terminate() == 0
    assert "Traceback" not in (folder.path.parent / "server.log").read_text()


@pytest.mark.parametrize(
    ("running", "rounds"),
    [(forked, tried(2, 200)), pytest.param(begun, tried(12, 200), marks=pytest.mark.slow)],
    ids=["forked", "begun"],
)
def test_every_acknowledged_fact_is_counted_once_whatever_is_killed(
    folder: Folder,
    tmp_path: Path,
    tokens: dict[str, str],
    listening: socket.socket,
    running: Callable[[Folder, socket.socket, Forks], AbstractContextManager[Process]],
    rounds: int,
) -> None:
    rng = random.Random(20261122)
    address = listening.getsockname()
    pushed: list[Fact] = []
    with forking(tmp_path / "forks", [listening.fileno()]) as forks:
        for number in range(rounds):
            facts = pushed_facts(rng, CLIENTS * 6)
            pushed += facts
            pushers = [
                Pusher(address, tokens, facts[client::CLIENTS], number * CLIENTS + client) for client in range(CLIENTS)
            ]
            for pusher in pushers:
                pusher.start()
            while any(pusher.is_alive() for pusher in pushers):
                with running(folder, listening, forks) as (kill_worker, kill_rest):
                    time.sleep(rng.uniform(0.05, 0.5))
                    if rng.random() < 0.5:
                        kill_worker()
                        time.sleep(rng.uniform(0, 0.5))
                    kill_rest()
            assert not [wrong for pusher in pushers for wrong in pusher.wrong]
            with running(folder, listening, forks):
                becomes(address, tokens, days_of(pushed, ZONES))


@pytest.mark.slow
def test_several_processes_answer_and_one_that_dies_is_replaced(folder: Folder, tokens: dict[str, str]) -> None:
    facts = pushed_facts(random.Random(2), 20)
    expected = days_of(facts, ZONES)
    with served(folder, "--workers", "2") as process:
        pusher = Pusher(process.address, tokens, facts, 2)
        pusher.run()
        becomes(process.address, tokens, expected)
        before = process.children()
        assert len(before) == 3
        for number in before:
            os.kill(number, signal.SIGKILL)
        becomes(process.address, tokens, expected)
        assert process.terminate() == 0


@pytest.mark.slow
def test_a_damaged_segment_is_kept_aside_and_keeps_nothing_else_from_being_counted(
    folder: Folder, tokens: dict[str, str]
) -> None:
    facts = pushed_facts(random.Random(3), 10)
    folder.settings.inbox.mkdir()
    (folder.settings.inbox / "0.jsonl").write_bytes(b"{}\n")
    with served(folder) as process:
        pusher = Pusher(process.address, tokens, facts, 3)
        pusher.run()
        expected = days_of(facts, ZONES)
        becomes(process.address, tokens, expected)
        assert process.terminate() == 0
    assert [path.name for path in folder.settings.inbox.iterdir()] == ["0.damaged"]
    assert "0.jsonl, line 1: is no fact" in (folder.path.parent / "server.log").read_text()


def test_segments_that_nobody_took_up_for_long_are_taken_up_at_once_whatever_their_number(folder: Folder) -> None:
    folder.add_organisation(CORPS[0])
    at = int(BEGIN.timestamp() * 1_000_000)
    for number in range(40):
        writer = FolderWriter(folder.settings.inbox, time.time)  # each closes its segment
        fact_ = fact("sent", CORPS[0], at, "20260901", report_id=f"r{number}", user_id="u")
        writer.append(lines_of([fact_])).result()
        writer.close()
    with working(folder) as work:
        assert Worker(work).step(time.time())
    assert not [*folder.settings.inbox.glob("*.jsonl")]
    assert folder.days() == {(CORPS[0], "20260901"): (40, 1, 0)}
