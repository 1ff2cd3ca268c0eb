"""h11, another implementation of HTTP/1.1, is the judge of many random connections: one request has one answer, and
whatever is read here as a request is one for it too, with the same headers and the same body.

``REPORTDATA_TESTS_REQUESTS`` says how many requests the slow test sends, ``REPORTDATA_TESTS_SEED`` where it begins.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from tests.support.effort import examples
from tests.support.http_judge import judged
from tests.support.http_requests import connection
from tests.support.kernel import Exchange, Kernel, Request, kernel

REQUESTS = int(os.environ.get("REPORTDATA_TESTS_REQUESTS", "50000"))
SEED = os.environ.get("REPORTDATA_TESTS_SEED", "1")


def normal(request: Request) -> list[tuple[bytes, bytes]]:
    """A request's headers, but for what may be said in two ways."""
    return [
        (name, value.strip(b" \t").lower() if name == b"transfer-encoding" else value.strip(b" \t"))
        for name, value in request.headers
        if name != b"upgrade"
    ]


def target(request: Request) -> bytes:
    """Path and query of what is asked for: the absolute form names the host as well."""
    return re.sub(rb"^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?]*", b"", request.target).removesuffix(b"?")


def differences(found: Exchange, right: list[Request]) -> list[str]:
    """What is wrong with what was read and answered on a connection, given what the judge reads."""
    wrong = []
    answers = found.statuses
    read = [200] * len(found.requests)
    refused = answers[len(read) :]
    if answers[: len(read)] != read[: len(answers)] or len(refused) > 1 or not set(refused) <= {400, 413, 414, 431}:
        wrong.append(f"{len(read)} requests are answered {answers}")
    if len(answers) < len(read) and not found.reset:
        wrong.append(f"{len(read)} requests have {len(answers)} answers")
    if found.marks != [request.mark for request in found.requests][: len(found.marks)]:
        wrong.append("an answer is another request's")
    for here, there in zip(found.requests, right, strict=False):
        bodies = (there.body if here.body is None else here.body, there.body)
        if (here.method, here.target, bodies[0], normal(here)) != (
            there.method,
            target(there),
            bodies[1],
            normal(there),
        ):
            wrong.append(f"{here} is {there} to the judge")
    if len(found.requests) > len(right):
        wrong.append(f"{found.requests[len(right) :]} are none to the judge")
    ended = refused or found.reset or b"connection: close" in found.received.rpartition(b"HTTP/1.1 ")[2]
    if len(found.requests) < len(right) and not ended:
        wrong.append(f"{right[len(found.requests) :]} are neither answered nor refused")
    return wrong


def judge(server: Kernel, seed: str, requests: int) -> Counter[str]:
    """Send that many requests, and count how they ended."""
    counted: Counter[str] = Counter()
    number = 0
    while counted["sent"] < requests:
        number += 1
        sent = connection(Random(f"{seed}/{number}"))
        found, right = server.exchange(*sent.parts), judged(sent.whole)
        wrong = differences(found, right)
        assert not wrong, f"connection {seed}/{number}: {sent.parts}: {wrong}"
        counted["connections"] += 1
        counted["sent"] += sent.requests
        counted["read by the judge"] += len(right)
        counted["read"] += len(found.requests)
        counted["refused"] += len(found.statuses) > len(found.requests)
        counted["reset"] += found.reset
    return counted


@pytest.fixture(scope="module")
def server() -> Iterator[Kernel]:
    with kernel() as found:
        yield found


@pytest.mark.whole
def test_random_connections_are_read_as_another_implementation_reads_them(server: Kernel) -> None:
    counted = judge(server, "20261128", examples(3_000))
    assert counted["read"] > counted["sent"] / 4  # else they say little
    assert counted["refused"] > counted["connections"] / 10


@pytest.mark.slow
def test_many_random_connections_are_read_as_another_implementation_reads_them(server: Kernel) -> None:
    counted = judge(server, SEED, REQUESTS)
    print(dict(counted))
    assert counted["sent"] >= REQUESTS
