"""Pushed facts become numbers, each once, whatever is killed meanwhile."""

from __future__ import annotations

import os
import random
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.support.folders import Folder
from tests.support.oracle import Days, Fact, days_of
from tests.support.processes import served
from tests.support.pushers import CLIENTS, ZONES, Pusher, _facts, _numbers, tokens_of

ROUNDS = 200 if os.environ.get("REPORTDATA_TESTS_FULL") else 12


def _becomes(address: tuple[str, int], tokens: dict[str, str], expected: Days, seconds: float = 30) -> Days:
    """The numbers when they are as expected, or as they are in the end."""
    days = sorted({day for _, day in expected})
    end = time.monotonic() + seconds
    while True:
        with suppress(OSError):
            found = _numbers(address, tokens, days)
            if found == expected or time.monotonic() > end:
                return found
        time.sleep(0.05)


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
    facts = _facts(random.Random(1), 30)
    with served(folder) as process:
        pusher = Pusher(process.address, tokens, facts, 1)
        pusher.run()
        assert not pusher.wrong
        expected = days_of(facts, ZONES)
        assert _becomes(process.address, tokens, expected) == expected
        assert process.terminate() == 0
    assert "Traceback" not in (folder.path.parent / "server.log").read_text()


def test_every_acknowledged_fact_is_counted_once_whatever_is_killed(
    folder: Folder, tokens: dict[str, str], listening: socket.socket
) -> None:
    rng = random.Random(20261122)
    address = listening.getsockname()
    pushed: list[Fact] = []
    for number in range(ROUNDS):
        facts = _facts(rng, CLIENTS * 6)
        pushed += facts
        pushers = [
            Pusher(address, tokens, facts[client::CLIENTS], number * CLIENTS + client) for client in range(CLIENTS)
        ]
        for pusher in pushers:
            pusher.start()
        while any(pusher.is_alive() for pusher in pushers):
            with served(folder, inherit=listening) as process:
                time.sleep(rng.uniform(0.05, 1.5))
                if rng.random() < 0.5:
                    for worker in process.children():
                        os.kill(worker, signal.SIGKILL)
                    time.sleep(rng.uniform(0, 0.5))
                process.running.send_signal(signal.SIGKILL)
        assert not [wrong for pusher in pushers for wrong in pusher.wrong]
        with served(folder, inherit=listening):
            expected = days_of(pushed, ZONES)
            assert _becomes(address, tokens, expected) == expected, f"round {number}"


def test_several_processes_answer_and_one_that_dies_is_replaced(folder: Folder, tokens: dict[str, str]) -> None:
    facts = _facts(random.Random(2), 20)
    expected = days_of(facts, ZONES)
    with served(folder, "--workers", "2") as process:
        pusher = Pusher(process.address, tokens, facts, 2)
        pusher.run()
        assert _becomes(process.address, tokens, expected) == expected
        before = process.children()
        assert len(before) == 3
        for number in before:
            os.kill(number, signal.SIGKILL)
        assert _becomes(process.address, tokens, expected) == expected
        assert process.terminate() == 0


def test_a_damaged_segment_is_kept_aside_and_keeps_nothing_else_from_being_counted(
    folder: Folder, tokens: dict[str, str]
) -> None:
    facts = _facts(random.Random(3), 10)
    folder.settings.inbox.mkdir()
    (folder.settings.inbox / "0.jsonl").write_bytes(b"{}\n")
    with served(folder) as process:
        pusher = Pusher(process.address, tokens, facts, 3)
        pusher.run()
        expected = days_of(facts, ZONES)
        assert _becomes(process.address, tokens, expected) == expected
        assert process.terminate() == 0
    assert [path.name for path in folder.settings.inbox.iterdir()] == ["0.damaged"]
    assert "0.jsonl, line 1: is no fact" in (folder.path.parent / "server.log").read_text()
