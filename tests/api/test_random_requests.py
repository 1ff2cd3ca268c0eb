"""Many random requests at once to the server as a process of its own: all that is answered is known, and nothing stays
behind."""

from __future__ import annotations

import asyncio
import json
import os
import re
import struct
import time
from collections import Counter
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET
from typing import NamedTuple

import pytest

from tests.support.calling import CORP, SAMPLE, Answer, Call, add_sample, connected, read_head
from tests.support.folders import Folder
from tests.support.processes import Process, served
from tests.support.serving import serving
from tests.support.traffic import End, Requests, Visit
from tests.support.waiting import SOON, until

FULL = os.environ.get("REPORTDATA_TESTS_FULL") == "1"  # read before tests clear the environment
REQUESTS, WARM_UP = (100_000, 20_000) if FULL else (5_000, 2_000)
CONNECTIONS = 16
SEED = 20231122
SILENCE = 0.03
"""Seconds after which nothing more is expected for a request that may have no answer."""
MOST_GROWTH = 2 * 1024
"""KiB that the process may grow after the warm-up."""

Said = tuple[int, str]
"""Status and code; a good answer has none."""


class Held(NamedTuple):
    """What a process holds."""

    memory: int
    """Resident, in KiB."""
    files: int
    """Open files and connections."""


def held(process: Process) -> Held:
    """What the system says of a process."""
    found = Path(f"/proc/{process.running.pid}")
    memory = re.findall(r"VmRSS:\s+(\d+)", (found / "status").read_text())
    return Held(int(memory[0]), len(list((found / "fd").iterdir())))


class Received:
    """What comes on a connection, as answers."""

    def __init__(self, heads: tuple[bool, ...]) -> None:
        self.answers: list[Answer] = []
        self.rest = b""
        self._heads = heads

    def add(self, data: bytes) -> None:
        """Read all whole answers."""
        self.rest += data
        while b"\r\n\r\n" in self.rest:
            head, after = self.rest.split(b"\r\n\r\n", 1)
            if head == b"HTTP/1.1 100 Continue":
                self.rest = after
                continue
            answer = read_head(iter(head.decode("latin-1").split("\r\n")))
            length = 0 if self._is_head(after) else int(answer.headers["content-length"])
            if len(after) < length:
                return
            self.answers.append(answer._replace(body=after[:length]))
            self.rest = after[length:]

    def _is_head(self, after: bytes) -> bool:
        """Whether there is no body: where the request does not tell, the next answer does."""
        if len(self.answers) < len(self._heads):
            return self._heads[len(self.answers)]
        return after.startswith(b"HTTP/")


class Seen:
    """All that was answered."""

    def __init__(self) -> None:
        self.requests = 0
        self.said: Counter[Said] = Counter()

    def note(self, visit: Visit, received: Received, *, cut: bool) -> None:
        """A visit has ended; ``cut`` when the rest of what was answered may be lost."""
        self.requests += visit.requests
        if not cut:
            assert len(received.answers) >= len(visit.heads)
            assert visit.odd or len(received.answers) == len(visit.heads)
        for answer in received.answers:
            if not answer.body or answer.headers["content-type"].startswith(
                "text/html"
            ):  # of a HEAD; the page for people
                continue
            status = int(answer.status.split()[1])
            body = json.loads(answer.body)
            assert body.get("requestid", answer.request_id) == answer.request_id
            self.said[status, body.get("code", "")] += 1


async def pay(address: tuple[str, int], visit: Visit, seen: Seen) -> None:
    """Send all of a visit and read what is answered."""
    reader, writer = await asyncio.open_connection(*address)
    received = Received(tuple(visit.heads))
    cut = visit.end not in (End.READ, End.HALF)
    try:
        for part in visit.parts:
            if not writer.is_closing():
                writer.write(part)
            await asyncio.sleep(0)
        if visit.end is End.RESET:
            writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        elif visit.end is End.HALF:
            writer.write_eof()
        if visit.end in (End.READ, End.HALF):
            cut |= await _read(reader, visit, received)
    except OSError:  # the server closed first
        cut = True
    finally:
        writer.close()
    seen.note(visit, received, cut=cut)


async def _read(reader: asyncio.StreamReader, visit: Visit, received: Received) -> bool:
    """Read until all is answered or the server closes; whether an answer was not waited for to its end."""
    while visit.odd or len(received.answers) < len(visit.heads):
        missing = len(received.answers) < len(visit.heads)
        try:
            async with asyncio.timeout(SOON if missing and not visit.odd else SILENCE):
                data = await reader.read(65_536)
        except TimeoutError:
            assert visit.odd
            return True
        if not data:
            break
        received.add(data)
    return False


async def send(address: tuple[str, int], source: Requests, seen: Seen, requests: int) -> None:
    """Send that many requests, through several connections at once."""

    async def keep_sending() -> None:
        while seen.requests < requests:
            await pay(address, source.visit(), seen)

    async with asyncio.TaskGroup() as visitors:
        for _ in range(CONNECTIONS):
            visitors.create_task(keep_sending())


def described(address: tuple[str, int]) -> set[Said]:
    """All errors that the server's description has."""
    with connected(address) as ask:
        document = json.loads(ask(b"GET /openapi.json HTTP/1.1\r\nHost: h\r\n\r\n").body)
    found = set()
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                said = response.get("content", {}).get("application/json", {})  # some have no body
                for example in said.get("examples", {}).values():
                    found.add((int(status), example["value"].get("code", "")))
    return found


def settled(process: Process, files: int) -> Held:
    """What a process holds when it has no more files open than that."""
    until(lambda: held(process).files <= files)
    return held(process)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory and files are read from /proc")
def test_random_requests_leave_nothing_behind(folder: Folder) -> None:
    add_sample(folder)
    app, secret = folder.add_app(CORP)
    seen, source = Seen(), Requests(SEED, token := folder.token(app), (app.app_key, secret))
    with served(folder, "--no-work") as process:
        call = Call(process.address, token)
        assert call._replace(headers={"x-client-token": "1"}).answer().body == SAMPLE
        idle = held(process)
        start = time.monotonic()
        asyncio.run(send(process.address, source, seen, WARM_UP))
        warm = settled(process, idle.files)
        asyncio.run(send(process.address, source, seen, REQUESTS))
        seconds = time.monotonic() - start
        end = settled(process, idle.files)
        print(f"{seen.requests} requests, {seconds:.1f} s; {idle}, {warm}, {end}", *seen.said.items(), sep="\n")
        known = described(process.address) | {(200, "")}
        assert call.answer().body == SAMPLE
        assert process.terminate() == 0
    log = (folder.path.parent / "server.log").read_text()
    assert set(seen.said) <= known
    assert not {"systemError", "unknownError"} & {code for _, code in seen.said}
    assert "Traceback" not in log
    assert end.memory - warm.memory < MOST_GROWTH
    assert end.files <= idle.files


@pytest.mark.whole
def test_random_requests_leave_no_request_in_the_server(folder: Folder) -> None:
    add_sample(folder)
    app, secret = folder.add_app(CORP)
    source = Requests(SEED, folder.token(app), (app.app_key, secret))
    with serving(folder) as found:
        asyncio.run(send(found.address, source, Seen(), 500))
        state = found.server._uvicorn.server_state
        until(lambda: not state.tasks and not state.connections)
