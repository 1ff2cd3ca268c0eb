"""Large pushes are read by a process beside the server, which is there when it is needed and ends with it."""

from __future__ import annotations

import gzip
import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.calling import CORP, add_sample
from tests.support.folders import Folder
from tests.support.processes import Process, served
from tests.support.pushing import TOKEN, WRITE, Answer, fact, facts_in, post, sent
from tests.support.waiting import until

pytestmark = pytest.mark.whole

WORST = b'{\n"a":[' + b",".join([b"[]"] * 80_000) + b"]}"


class Pushed(NamedTuple):
    """A server that nobody works beside, and a token that may push."""

    folder: Folder
    process: Process
    token: str

    def push(self, body: bytes, *, packed: bool = False) -> Answer:
        headers = {TOKEN: self.token} | ({"content-encoding": "gzip"} if packed else {})
        return post(self.process.address, gzip.compress(body) if packed else body, headers)

    def readers(self) -> list[int]:
        """The processes that read pushes."""
        return [child for child in self.process.children() if b"push_process" in command_of(child)]


def command_of(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.fixture
def pushed(folder: Folder) -> Iterator[Pushed]:
    add_sample(folder)
    token = folder.token(folder.add_app(CORP, scopes=WRITE)[0])
    with served(folder, "--no-work") as process:
        yield Pushed(folder, process, token)


def records(number: int) -> bytes:
    return json.dumps([sent(one) for one in range(number)]).encode()


def test_it_is_started_for_the_first_large_push(pushed: Pushed) -> None:
    assert pushed.push(records(50)).body["added"] == 50
    assert pushed.readers() == []
    assert pushed.push(records(1_000)).body["added"] == 1_000
    (reader,) = pushed.readers()
    assert pushed.push(records(10), packed=True).body["added"] == 10
    (refused,) = pushed.push(WORST, packed=True).body["records"]
    assert refused["record"] == 0
    assert pushed.readers() == [reader]
    assert set(facts_in(pushed.folder)) == {fact(one) for one in range(1_000)}
    assert pushed.process.terminate() == 0
    assert b"push_process" not in command_of(reader)


def test_one_that_was_killed_is_started_again_and_the_push_is_read(pushed: Pushed) -> None:
    for turn in range(3):
        body = json.dumps([sent(10_000 * turn + one) for one in range(500)]).encode()
        assert pushed.push(body).body["added"] == 500
        (reader,) = pushed.readers()
        os.kill(reader, signal.SIGKILL)
    assert len(facts_in(pushed.folder)) == 1_500


def test_it_ends_with_a_server_that_is_killed(pushed: Pushed) -> None:
    assert pushed.push(records(500)).status == 200
    (reader,) = pushed.readers()
    pushed.process.running.kill()
    pushed.process.running.wait()
    try:
        until(lambda: b"push_process" not in command_of(reader))
    finally:
        with suppress(ProcessLookupError):
            os.kill(reader, signal.SIGKILL)


def test_what_tells_the_server_to_end_does_not_end_it(pushed: Pushed) -> None:
    """A service manager tells all processes at once, and the server still answers what has come."""
    assert pushed.push(records(500)).status == 200
    (reader,) = pushed.readers()
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(reader, number)
    assert pushed.push(records(600)).body["added"] == 600
    assert pushed.readers() == [reader]
