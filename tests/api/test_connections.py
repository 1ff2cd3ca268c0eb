"""Clients that take their time, or too many connections, hold nothing up."""

from __future__ import annotations

import re
import socket
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from urllib.request import urlopen

import pytest

from reportdata.api.protocol import Phase
from tests.support.calling import CORP, OK, SAMPLE, Call, add_sample
from tests.support.folders import Folder
from tests.support.processes import Load
from tests.support.serving import Serving, exchange, serving


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


def _drip(address: tuple[str, int], start: bytes, drop: bytes) -> tuple[bytes, float]:
    """What a client gets that sends a little every half second, and after how many seconds it is closed."""
    began = time.monotonic()
    received = b""
    with socket.create_connection(address, 60) as connection:
        connection.sendall(start)
        connection.settimeout(0.5)
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
    return received, time.monotonic() - began


def test_a_client_that_drips_is_told_so_and_closed(call: Call) -> None:
    head = b"POST /v1.0/oauth2/accessToken HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n"
    get = call.request.replace(b"\r\n\r\n", b"\r\nContent-Length: 9000\r\n\r\n")
    scenes = {
        "head": (Phase.HEAD, b"GET /v1.0/datacenter/reportData HTTP/1.1\r\nx-a: ", b"a"),
        "second head": (Phase.HEAD, call.request + b"GET ", b"/"),
        "body": (Phase.BODY, head, b" "),
        "body that nobody reads": (Phase.BODY, get, b" "),
    }
    with ThreadPoolExecutor(len(scenes)) as threads:
        found = {name: threads.submit(_drip, call.address, start, drop) for name, (_, start, drop) in scenes.items()}
        for name, (phase, _, _) in scenes.items():
            received, seconds = found[name].result()
            assert phase.value - 1 < seconds < phase.value + 6, name
            assert b"408 Request Timeout" in received, name
            assert b"InvalidRequest.TooSlow" in received, name
    assert call.answer().body == SAMPLE


def test_five_hundred_slow_connections_hold_nobody_up(call: Call) -> None:
    with ExitStack() as opened:
        slow = [opened.enter_context(socket.create_connection(call.address, 10)) for _ in range(500)]
        with Load(call.address, call.request, 4) as load:
            for byte in b"GET /v":
                for connection in slow:
                    connection.sendall(bytes([byte]))
                time.sleep(0.2)
        assert not load.failures
        assert not load.wrong
        assert load.answers > 500


def test_a_client_that_does_not_read_is_cut_off(folder: Folder, good: Call) -> None:
    with serving(folder, operations_port=0) as found, socket.create_connection(found.address, 10) as connection:
        connection.settimeout(1)
        with suppress(TimeoutError):  # the server reads no more than it can answer
            for _ in range(10_000):
                connection.sendall(good.request * 5)
                time.sleep(0.005)
        assert good._replace(address=found.address).answer().body == SAMPLE
        assert _open_connections(found) == 2
        end = time.monotonic() + Phase.READING.value + 10
        while _open_connections(found) > 1:
            assert time.monotonic() < end
            time.sleep(1)


def _open_connections(found: Serving) -> int:
    """How many there are, that of this question included."""
    with urlopen(f"{found.server.listeners[1].url}/metrics") as answer:
        (count,) = re.findall(r"^reportdata_connections (\d+)", answer.read().decode(), re.MULTILINE)
        return int(count)


def test_more_requests_than_are_answered_are_not_kept_in_memory(call: Call) -> None:
    received = exchange(call.address, b"GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n" * 1_000)
    assert b"HTTP/1.1 404 " in received
    assert received.count(b"HTTP/1.1 503 Service Unavailable") == 1
    assert received.count(b"HTTP/1.1 ") < 1_000
    assert call.answer().body == SAMPLE


def test_connections_that_wait_give_way_when_there_are_too_many(folder: Folder, good: Call) -> None:
    with serving(folder, connections=20) as found, ExitStack() as opened:
        idle = [opened.enter_context(socket.create_connection(found.address, 10)) for _ in range(60)]
        call = good._replace(address=found.address)
        for _ in range(5):
            assert call.answer().status == OK
        still_open = 0
        for connection in idle:
            connection.settimeout(0.02)
            with suppress(ConnectionResetError):
                try:
                    connection.recv(1)
                except TimeoutError:
                    still_open += 1
        assert still_open <= 20


def test_requests_are_answered_only_while_there_is_room(folder: Folder, good: Call) -> None:
    """A store that another process has locked keeps calls with client tokens waiting: none of them gives way."""
    waiting = good._replace(headers={"x-client-token": "a"})
    with (
        serving(folder, connections=3) as found,
        closing(sqlite3.connect(folder.settings.store, isolation_level=None)) as other,
        ExitStack() as opened,
    ):
        other.execute("begin immediate")
        for _ in range(3):
            connection = opened.enter_context(socket.create_connection(found.address, 10))
            connection.sendall(waiting.request)
        time.sleep(0.3)
        answer = good._replace(address=found.address).answer()
        assert answer.status == "HTTP/1.1 503 Service Unavailable"
        assert b'"code":"ServiceUnavailable"' in answer.body
        assert answer.headers["connection"] == "close"
