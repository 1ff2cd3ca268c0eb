"""Random connections to nginx with the configuration that the program comes with, and through it to the server: several
clients share its connections, and each gets the answers to its own requests.

``REPORTDATA_TESTS_REQUESTS_NGINX`` says how many requests the slow test sends, ``REPORTDATA_TESTS_SEED`` where it
begins.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import NamedTuple

import pytest

from tests.support.effort import examples
from tests.support.http_requests import Sent, connection
from tests.support.kernel import DIRECT, Exchange, Headers, Keeper, Kernel, Request, kernel, running, sources
from tests.support.nginx import PATIENT, Proxy, started
from tests.support.waiting import SOON

pytestmark = pytest.mark.tool

REQUESTS = int(os.environ.get("REPORTDATA_TESTS_REQUESTS_NGINX", "4000"))
SEED = os.environ.get("REPORTDATA_TESTS_SEED", "1")
CLIENTS = 4
QUIET = 0.3
"""Seconds without an answer after which no more are waited for: nginx waits a minute for what does not come. Whatever
came by then is compared."""


class Behind(NamedTuple):
    """nginx with the kernel's server behind it, and the server alone."""

    proxy: Proxy
    keeper: Keeper
    alone: Kernel


def named(_address: str, headers: Headers) -> str:
    """The client that nginx names."""
    return next(value.decode() for name, value in headers if name == b"x-forwarded-for")


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    keeper = Keeper(named)
    with (
        started(tmp_path_factory.mktemp("nginx"), PATIENT) as proxy,
        running(keeper, port=proxy.upstream, direct={DIRECT: keeper.direct}),
        kernel() as alone,
    ):
        yield Behind(proxy, keeper, alone)


def exchange(behind: Behind, source: str, sent: Sent) -> Exchange:
    """What the server was asked through nginx, and what the client received."""
    context = ssl.create_default_context(cafile=behind.proxy.ca)
    received = b""
    with (
        socket.create_connection(("127.0.0.1", behind.proxy.port), SOON, (source, 0)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as encrypted,
    ):
        try:
            for part in sent.parts:
                encrypted.sendall(part)
            encrypted.settimeout(QUIET)
            while chunk := encrypted.recv(65_536):
                received += chunk
        except OSError:
            pass
    return Exchange(behind.keeper.requests.pop(source, []), received, reset=False)


def differences(through: Exchange, alone: Exchange) -> list[str]:
    """What is wrong with what came through nginx, given what the server reads without it."""
    wrong = []
    marks = [request.mark for request in through.requests]
    if through.marks != marks[: len(through.marks)]:
        wrong.append(f"{through.requests} are answered with others' answers")
    for here, there in zip(through.requests, alone.requests, strict=False):
        read = here.body is not None and there.body is not None  # what is answered directly is answered without looking
        if told(here) != told(there) or (read and here.body != there.body):
            wrong.append(f"{here} is {there} without nginx")
    return wrong


def told(request: Request) -> tuple[bytes, bytes]:
    """Method and target. nginx leaves out a fragment, and the absolute form's host."""
    return request.method, re.sub(rb"^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?]*", b"", request.target)


def judge(behind: Behind, seed: str, requests: int) -> Counter[str]:
    """Send that many requests by several clients at once, and count how they ended."""
    counted: Counter[str] = Counter()
    numbers, addresses, lock = iter(range(1 << 30)), sources(), threading.Lock()

    def send() -> None:
        while True:
            with lock:
                if counted["sent"] >= requests:
                    return
                number, source = next(numbers), next(addresses)
                sent = connection(Random(f"{seed}/{number}"))
                counted["sent"] += sent.requests
            through = exchange(behind, source, sent)
            with lock:
                alone = behind.alone.exchange(*sent.parts)
                wrong = differences(through, alone)
                assert not wrong, f"connection {seed}/{number}: {sent.parts}: {wrong}"
                counted["connections"] += 1
                counted["passed on"] += len(through.requests)
                counted["answered"] += len(through.marks)
                counted["refused"] += len(through.statuses) - through.statuses.count(200)

    with ThreadPoolExecutor(CLIENTS) as pool:
        for found in [pool.submit(send) for _ in range(CLIENTS)]:
            found.result()
    return counted


def test_random_connections_through_nginx_get_their_own_answers(behind: Behind) -> None:
    counted = judge(behind, "20261128", examples(400))
    assert counted["answered"] > counted["sent"] / 10


@pytest.mark.slow
def test_many_random_connections_through_nginx_get_their_own_answers(behind: Behind) -> None:
    counted = judge(behind, SEED, REQUESTS)
    print(dict(counted))
    assert counted["sent"] >= REQUESTS
