"""Pushed facts become numbers, each once, whatever is killed meanwhile."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from zoneinfo import ZoneInfo

import pytest

from calling import Call
from conftest import Folder
from oracle import Commented, Days, Fact, Sent, Withdrawn, days_of
from processes import served
from reportdata.identity import REPORT_READ, REPORT_WRITE
from writing import records

CORPS = ("dinglive1", "dinglive2")
ZONES = {CORPS[0]: ZoneInfo("Asia/Shanghai"), CORPS[1]: ZoneInfo("America/New_York")}
BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
CLIENTS = 8
ROUNDS = 200 if os.environ.get("REPORTDATA_TESTS_FULL") else 12


@pytest.fixture
def tokens(folder: Folder) -> dict[str, str]:
    """Two organisations in different zones, with a token for each that may read and write."""
    return tokens_of(folder)


def tokens_of(folder: Folder) -> dict[str, str]:
    """Tokens of two organisations, which are added."""
    found = {}
    for corp_id, zone in ZONES.items():
        folder.add_organisation(corp_id, str(zone))
        found[corp_id] = folder.token(folder.add_app(corp_id, scopes=(REPORT_READ, REPORT_WRITE))[0])
    return found


def _facts(rng: random.Random, count: int) -> list[Fact]:
    """Few reports and users, so that many facts are about the same."""
    found: list[Fact] = []
    for _ in range(count):
        corp_id, report, user = rng.choice(CORPS), f"r{rng.randrange(400)}", f"u{rng.randrange(20)}"
        at = BEGIN + timedelta(seconds=rng.randrange(5 * 86_400))
        kind = rng.randrange(10)
        if kind < 6:
            found.append(Sent(corp_id, report, user, BEGIN + timedelta(minutes=13 * int(report[1:])), "日报"))
        elif kind < 9:
            found.append(Commented(corp_id, report, user, at))
        else:
            found.append(Withdrawn(corp_id, report, at))
    return found


class Pusher(threading.Thread):
    """Pushes facts, and pushes them again with the same key until they are acknowledged."""

    def __init__(self, address: tuple[str, int], tokens: dict[str, str], facts: Sequence[Fact], seed: int) -> None:
        super().__init__()
        self._address = address
        self._tokens = tokens
        self._facts = facts
        self._rng = random.Random(seed)
        self._seed = seed
        self.wrong: list[bytes] = []

    def run(self) -> None:
        for number, fact in enumerate(self._facts):
            content = [record for group in records([fact], "iso", ZONES).values() for record in group]
            for _ in range(self._rng.choice([1, 1, 2])):  # sometimes it repeats what was acknowledged
                self._push(fact.corp_id, json.dumps(content).encode(), f"{self._seed}-{number}")

    def _push(self, corp_id: str, body: bytes, key: str) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with suppress(OSError, HTTPException), closing(HTTPConnection(*self._address, timeout=10)) as connection:
                headers = {"x-acs-dingtalk-access-token": self._tokens[corp_id], "idempotency-key": key}
                connection.request("POST", "/v1/facts", body, headers)
                answer = connection.getresponse()
                content = answer.read()
                if answer.status == 200:
                    if json.loads(content)["refused"]:
                        self.wrong.append(content)
                    return
                if answer.status not in (500, 503):
                    self.wrong.append(content)
                    return
            time.sleep(0.02)
        self.wrong.append(b"not acknowledged in time")


def _numbers(address: tuple[str, int], tokens: dict[str, str], days: Sequence[str]) -> Days:
    """What the contract answers, of every day with a number."""
    found: Days = {}
    for corp_id, token in tokens.items():
        for day in days:
            rows = json.loads(Call(address, token, day).answer().body)["dataList"]
            for row in rows:
                values = (row["4100_DAY"], row["4101_DAY"], row["4102_DAY"])
                if any(values):
                    found[corp_id, day] = values
    return found


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
