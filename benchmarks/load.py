"""A closed-loop HTTP load generator: a connection has one request in flight, and sends the next when it is answered.

It speaks raw sockets and does nothing for an answer but count its bytes and look at its status: all answers must be of
one length, which a first and whole exchange of every request finds out. So it costs a fraction of what any server does.
"""

from __future__ import annotations

import gc
import select
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import NamedTuple

Address = tuple[str, int]
_OK = b"HTTP/1.1 200 "
_BUFFER = 65_536
_PATIENCE = 10
"""Seconds to wait for any answer."""


class Answer(NamedTuple):
    """A whole answer: the bytes of its head and its body, its status and its headers."""

    size: int
    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Load(NamedTuple):
    """What one run measured: answers a second, the latency in seconds that half and 99 of 100 answers stay within, the
    share of its core that the generator itself was busy (1.0 means that it, not the server, was the limit), and how
    many answers came in all, those of the warm-up included."""

    rate: float
    median: float
    p99: float
    busy: float
    answers: int


def request_bytes(path: str, headers: Sequence[tuple[str, str]]) -> bytes:
    """A ``GET`` as it goes over the wire."""
    lines = [f"GET {path} HTTP/1.1", "host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode()


def exchange(connection: socket.socket, request: bytes) -> Answer:
    """One request and its whole answer, parsed."""
    connection.sendall(request)
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    head, body = received.split(b"\r\n\r\n", 1)
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = [(name.lower(), value.strip()) for name, value in (line.split(":", 1) for line in lines)]
    length = int(dict(headers)["content-length"])
    while len(body) < length:
        body += _more(connection)
    if len(body) > length:
        raise RuntimeError("an answer is longer than its content-length")
    return Answer(len(head) + 4 + length, int(first.split(" ")[1]), headers, body)


def check(address: Address, requests: Sequence[bytes], right: Callable[[int, Answer], bool]) -> int:
    """Send every request once; returns the bytes that each answer has.

    :param right: given a request's place and its answer, says whether it is right.
    :raises RuntimeError: when an answer is not, or the answers differ in length.
    """
    sizes = set()
    with socket.create_connection(address, timeout=10) as connection:
        for place, request in enumerate(requests):
            answer = exchange(connection, request)
            if answer.status != 200 or not right(place, answer):
                raise RuntimeError(f"a wrong answer: {answer}")
            sizes.add(answer.size)
    if len(sizes) != 1:
        raise RuntimeError(f"answers of different lengths: {sorted(sizes)}")
    return sizes.pop()


def run(addresses: Sequence[Address], requests: Sequence[bytes], size: int, connections: int, seconds: float) -> Load:
    """Keep the connections busy for that many seconds.

    :param addresses: of servers, to which the connections go in turn.
    :param requests: each connection goes through them in turn, from a place of its own.
    :param size: the bytes of every answer.
    """
    gc.disable()
    with ExitStack() as stack:
        poller = stack.enter_context(select.epoll())
        opened: dict[int, _Connection] = {}
        for number in range(connections):
            link = stack.enter_context(socket.create_connection(addresses[number % len(addresses)]))
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link.setblocking(False)
            poller.register(link, select.EPOLLIN)
            opened[link.fileno()] = _Connection(link, number * len(requests) // connections, size)
        warm = len(_turn(poller, opened, requests, size, seconds / 4))
        began, used = time.perf_counter(), time.process_time()
        latencies = _turn(poller, opened, requests, size, seconds)
        took, used = time.perf_counter() - began, time.process_time() - used
    latencies.sort()
    count = len(latencies)
    return Load(count / took, latencies[count // 2], latencies[count * 99 // 100], used / took, warm + count)


class _Connection:
    """One connection: the place of its next request, when its last one was sent, the bytes still to come."""

    __slots__ = ("missing", "place", "read", "send", "sent")

    def __init__(self, link: socket.socket, place: int, size: int) -> None:
        self.read, self.send = link.recv_into, link.send
        self.place, self.sent, self.missing = place, 0.0, size


def _turn(
    poller: select.epoll, opened: dict[int, _Connection], requests: Sequence[bytes], size: int, seconds: float
) -> list[float]:
    """One stretch of load, until every request in flight is answered; returns the latencies, in seconds."""
    clock, count = time.perf_counter, len(requests)
    buffer = bytearray(_BUFFER)
    latencies: list[float] = []
    end = clock() + seconds
    for connection in opened.values():
        connection.sent = clock()
        connection.send(requests[connection.place])
    flying = len(opened)
    while flying:
        ready = poller.poll(_PATIENCE)
        if not ready:
            raise RuntimeError(f"no answer within {_PATIENCE} s")
        for descriptor, _ in ready:
            connection = opened[descriptor]
            got = connection.read(buffer)
            if connection.missing == size and not buffer.startswith(_OK):
                raise RuntimeError(f"a wrong answer: {bytes(buffer[:got])!r}")
            connection.missing -= got
            if connection.missing > 0 and got:
                continue
            if connection.missing:
                raise RuntimeError(f"an answer that is not {size} bytes long")
            now = clock()
            latencies.append(now - connection.sent)
            connection.missing = size
            place = connection.place = (connection.place + 1) % count
            if now >= end:
                flying -= 1
                continue
            connection.sent = now
            connection.send(requests[place])
    return latencies


def _more(connection: socket.socket) -> bytes:
    got = connection.recv(_BUFFER)
    if not got:
        raise RuntimeError("the server closed the connection")
    return got
