"""Clients that take their time, or too many connections, hold nothing up."""

from __future__ import annotations

import re
import select
import socket
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from typing import Any
from urllib.request import urlopen

import pytest

from reportdata.http.connections import Connections
from reportdata.http.limits import Phase
from reportdata.http.protocol import ServerProtocol
from tests.support.calling import CORP, OK, SAMPLE, Call, add_sample
from tests.support.folders import Folder
from tests.support.processes import Load
from tests.support.serving import Serving, exchange, serving
from tests.support.waiting import SOON, until


@pytest.fixture
def good(folder: Folder) -> Call:
    """A good call to nowhere yet."""
    add_sample(folder)
    return Call(("", 0), folder.token(folder.add_app(CORP)[0]))


@pytest.fixture
def call(folder: Folder, good: Call) -> Iterator[Call]:
    """A good call to a server of the sample organisation."""
    with serving(folder) as found:
        yield good._replace(address=found.address)


def _open(address: tuple[str, int]) -> socket.socket:
    return socket.create_connection(address, SOON)


def _drip(address: tuple[str, int], start: bytes, drop: bytes) -> bytes:
    """What a client gets that sends a little again and again until it is closed."""
    received = b""
    with _open(address) as connection:
        connection.sendall(start)
        connection.settimeout(0.05)
        while True:
            try:
                chunk = connection.recv(65_536)
            except TimeoutError:
                try:
                    connection.sendall(drop)
                except OSError:
                    break
            except ConnectionResetError:
                break
            else:
                if not chunk:
                    break
                received += chunk
    return received


@pytest.fixture
def seconds(fast_ticks: None, monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Grows by one in each second that a server counts."""
    found: list[None] = []
    really = Connections.tick

    def tick(self: Connections) -> None:
        found.append(None)
        really(self)

    monkeypatch.setattr(Connections, "tick", tick)
    return found


@pytest.mark.whole
def test_a_client_that_drips_is_told_so_and_closed(seconds: list[None], call: Call) -> None:
    head = b"POST /v1.0/oauth2/accessToken HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n"
    get = call.request.replace(b"\r\n\r\n", b"\r\nContent-Length: 9000\r\n\r\n")
    scenes = {
        "head": (Phase.HEAD, b"GET /v1.0/datacenter/reportData HTTP/1.1\r\nx-a: ", b"a"),
        "second head": (Phase.HEAD, call.request + b"GET ", b"/"),
        "body": (Phase.BODY, head, b" "),
        "body that nobody reads": (Phase.BODY, get, b" "),
    }

    def drip(start: bytes, drop: bytes) -> tuple[bytes, int]:
        began = len(seconds)
        return _drip(call.address, start, drop), len(seconds) - began

    with ThreadPoolExecutor(len(scenes)) as threads:
        found = {name: threads.submit(drip, start, drop) for name, (_, start, drop) in scenes.items()}
        for name, (phase, _, _) in scenes.items():
            received, took = found[name].result()
            assert took >= phase.value, name
            assert b"408 Request Timeout" in received, name
            assert b"InvalidRequest.TooSlow" in received, name
    assert call.answer().body == SAMPLE


@pytest.mark.whole
def test_five_hundred_slow_connections_hold_nobody_up(call: Call) -> None:
    with ExitStack() as opened:
        slow = [opened.enter_context(_open(call.address)) for _ in range(500)]
        with Load(call.address, call.request, 4) as load:
            for number, byte in enumerate(b"GET /v", 1):
                for connection in slow:
                    connection.sendall(bytes([byte]))
                until(lambda: load.answers > 80 * number)  # noqa: B023
        assert not load.failures
        assert not load.wrong


@pytest.mark.whole
def test_a_client_that_does_not_read_is_cut_off(seconds: list[None], folder: Folder, good: Call) -> None:
    with serving(folder, operations_port=0) as found, socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(1)
        connection.connect(found.address)
        with suppress(OSError):  # the server reads no more than it can answer, or has cut it off
            while True:
                connection.sendall(good.request * 5)
        assert good._replace(address=found.address).answer().body == SAMPLE
        until(lambda: _open_connections(found) == 1)
        assert len(seconds) >= Phase.READING.value


def _open_connections(found: Serving) -> int:
    """How many there are, that of this question included."""
    with urlopen(f"{found.server.listeners[1].url}/metrics") as answer:
        (count,) = re.findall(r"^reportdata_connections (\d+)", answer.read().decode(), re.MULTILINE)
        return int(count)


def test_more_requests_than_are_answered_are_not_kept_in_memory(call: Call) -> None:
    received = exchange(call.address, b"GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n" * 1_000, half_close=False)
    assert b"HTTP/1.1 404 " in received
    assert received.count(b"HTTP/1.1 503 Service Unavailable") == 1
    assert received.count(b"HTTP/1.1 ") < 1_000
    assert call.answer().body == SAMPLE


def test_connections_that_wait_give_way_when_there_are_too_many(folder: Folder, good: Call) -> None:
    with serving(folder, connections=20) as found, ExitStack() as opened:
        idle = [opened.enter_context(_open(found.address)) for _ in range(60)]
        call = good._replace(address=found.address)
        for _ in range(5):
            assert call.answer().status == OK
        until(lambda: len(select.select(idle, [], [], 0)[0]) >= 40)  # they are closed
        assert call.answer().status == OK


def test_requests_are_answered_only_while_there_is_room(
    folder: Folder, good: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that another process has locked keeps calls with client tokens waiting: none of them gives way."""
    monkeypatch.setattr("reportdata.cli.places.SERVING_TIMEOUT", SOON)
    begun: list[None] = []
    really = ServerProtocol._start_asgi_task

    def start(*arguments: Any) -> None:
        begun.append(None)
        really(*arguments)

    monkeypatch.setattr(ServerProtocol, "_start_asgi_task", start)
    waiting = good._replace(headers={"x-client-token": "a"})
    with (
        serving(folder, connections=3) as found,
        closing(sqlite3.connect(folder.settings.store, isolation_level=None)) as other,
        ExitStack() as opened,
    ):
        other.execute("begin immediate")
        for _ in range(3):
            opened.enter_context(_open(found.address)).sendall(waiting.request)
        until(lambda: len(begun) == 3)
        answer = good._replace(address=found.address).answer()
        assert answer.status == "HTTP/1.1 503 Service Unavailable"
        assert b'"code":"ServiceUnavailable"' in answer.body
        assert answer.headers["connection"] == "close"
        other.execute("rollback")
