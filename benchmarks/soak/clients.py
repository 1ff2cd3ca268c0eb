"""The clients of a soak: they push, read the contract, and ask for statistics, and judge every answer."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from typing import Any

from benchmarks.soak.truth import KPIS, ZONES, Bounds, Truth, days, places
from tests.support.oracle import Fact
from tests.support.writing import records

PATIENCE = 60.0
"""Seconds that a client waits for an answer."""
PUSHED = 5
"""Facts in a push."""
_METRICS = ("reports", "senders", "commenters")


class Gate:
    """Lets clients through, but while it is closed: then all of them have finished what they did."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._closed = False
        self._inside = 0

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Be inside."""
        with self._condition:
            self._condition.wait_for(lambda: not self._closed)
            self._inside += 1
        try:
            yield
        finally:
            with self._condition:
                self._inside -= 1
                self._condition.notify_all()

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Keep everybody out, once nobody is inside any more."""
        with self._condition:
            self._closed = True
            self._condition.wait_for(lambda: not self._inside)
        try:
            yield
        finally:
            with self._condition:
                self._closed = False
                self._condition.notify_all()


class Book:
    """What happened: how often what was done, and everything that must not be."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.failed: list[str] = []
        self.fault = ""
        """The fault that the disk has now, during which a request may be refused."""
        self._lock = threading.Lock()

    def count(self, what: str, times: int = 1) -> None:
        """Count what was done."""
        with self._lock:
            self.counts[what] += times

    def refused(self, what: str, status: int, said: object) -> None:
        """Something was refused: while the disk has a fault, or because the server says that it cannot do it now, which
        a machine that has much else to do may come to. Anything else has failed."""
        if self.fault:
            self.count(f"{what}, refused: {self.fault}")
        elif status >= 500:
            self.count(f"{what}, refused without a fault")
        else:
            self.failed.append(f"{what}: {status} {said}")


class Client(threading.Thread):
    """Does the same again and again, until it is stopped.

    :param pause: seconds between two times.
    """

    def __init__(self, gate: Gate, book: Book, pause: float) -> None:
        super().__init__(daemon=True)
        self._gate = gate
        self._pause = pause
        self._ending = threading.Event()
        self.book = book

    def run(self) -> None:
        while not self._ending.wait(self._pause):
            with self._gate.passed():
                try:
                    self.once()
                except Exception as error:  # the soak is to end and tell it
                    self.book.failed.append(f"{type(self).__name__}: {error!r}")

    def once(self) -> None:
        """Do it once."""
        raise NotImplementedError

    def stop(self) -> None:
        """Do it no more."""
        self._ending.set()
        self.join()


class Server:
    """How to ask the server.

    :param tokens: by organisation.
    """

    def __init__(self, address: tuple[str, int], tokens: dict[str, str]) -> None:
        self._address = address
        self.tokens = tokens

    def ask(self, path: str, token: str, body: bytes | None = None, key: str = "") -> tuple[int, Any]:
        """The status and the answer of a request; 0 when none came."""
        headers = {"x-acs-dingtalk-access-token": token} | ({"idempotency-key": key} if key else {})
        try:
            with closing(HTTPConnection(*self._address, timeout=PATIENCE)) as connection:
                connection.request("GET" if body is None else "POST", path, body, headers)
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read())
        except (OSError, HTTPException, ValueError) as error:
            return 0, repr(error)

    def numbers(self, token: str, day: str) -> tuple[int, Any]:
        """The status, and the numbers of a day by KPI with the organisation whose they are."""
        status, said = self.ask(f"/v1.0/datacenter/reportData?statDate={day}", token)
        if status != 200:
            return status, said
        rows = said["dataList"]
        return status, {key.removesuffix("_DAY"): value for key, value in rows[0].items()} if rows else {}


class Pusher(Client):
    """Pushes facts, with the same key again and again until they are acknowledged."""

    def __init__(self, gate: Gate, book: Book, pause: float, server: Server, truth: Truth) -> None:
        super().__init__(gate, book, pause)
        self._server, self._truth = server, truth
        self._number = 0

    def once(self) -> None:
        self._number += 1
        push(self._server, self._truth, self.book, f"{id(self)}-{self._number}", self._truth.begin(PUSHED))


def push(server: Server, truth: Truth, book: Book, key: str, facts: Sequence[Fact]) -> None:
    """Push facts of one organisation until they are acknowledged."""
    body = json.dumps([record for group in records(facts, "iso", ZONES).values() for record in group]).encode()
    while True:
        status, said = server.ask("/v1/facts", server.tokens[facts[0].corp_id], body, key)
        if status == 200 and not said["refused"]:
            book.count("facts acknowledged", len(facts))
            truth.acknowledge(len(facts))
            return
        if status == 200 or 400 <= status < 500:
            book.wrong.append(f"a push was answered {status} {said}")
            return
        book.refused("pushes", status, said)
        time.sleep(0.2)


class Reader(Client):
    """Reads a day's numbers as the contract has them."""

    def __init__(self, gate: Gate, book: Book, pause: float, server: Server, truth: Truth, seed: int) -> None:
        super().__init__(gate, book, pause)
        self._server, self._truth = server, truth
        self._rng = random.Random(seed)

    def once(self) -> None:
        place = corp_id, day = self._rng.choice(places())
        least = self._truth.least(place)
        status, found = self._server.numbers(self._server.tokens[corp_id], day)
        if status != 200:
            self.book.refused("reads", status, found)
            return
        bounds = Bounds(least, self._truth.most(place))
        if not bounds.allow(found) or found.get("corp_id", corp_id) != corp_id:
            self.book.wrong.append(f"a read of {place} gave {found}, not within {bounds}")
        self.book.count("reads")


class Asker(Client):
    """Asks for the statistics of all days of an organisation."""

    def __init__(self, gate: Gate, book: Book, pause: float, server: Server, truth: Truth) -> None:
        super().__init__(gate, book, pause)
        self._server, self._truth = server, truth
        self._number = 0

    def once(self) -> None:
        self._number += 1
        corp_id = list(ZONES)[self._number % len(ZONES)]
        asked = days()
        least = {day: self._truth.least((corp_id, day)) for day in asked}
        path = f"/v1/statistics?from={asked[0]}&to={asked[-1]}&by=day&pageSize=1000"
        status, said = self._server.ask(path, self._server.tokens[corp_id])
        if status != 200:
            self.book.refused("statistics", status, said)
            return
        rows = {row["periodStart"].replace("-", ""): row for row in said["data"]}
        for day in asked:
            row = rows.get(day, {})
            found = {kpi: row.get(name) for kpi, name in zip(KPIS, _METRICS, strict=True)}
            bounds = Bounds(least[day], self._truth.most((corp_id, day)))
            if not bounds.allow(found):
                self.book.wrong.append(f"statistics of {corp_id}, {day} gave {found}, not within {bounds}")
        self.book.count("statistics")


def settled(server: Server, truth: Truth, book: Book, patience: float) -> float:
    """Wait until exactly what was sent counts, while nobody sends; what does not is wrong or lost. Returns the seconds
    that it took."""
    began = time.monotonic()
    left = {place: truth.exact(place) for place in places()}
    found: dict[str, int] = {}
    while left and time.monotonic() < began + patience:
        for place, numbers in list(left.items()):
            status, found = server.numbers(server.tokens[place[0]], place[1])
            if status == 200 and Bounds(numbers, numbers).allow(found):
                del left[place]
        time.sleep(0.2 if left else 0)
    for place, numbers in left.items():
        with suppress(ValueError):
            found = server.numbers(server.tokens[place[0]], place[1])[1]
        book.wrong.append(f"{place} has {found} when all is quiet, not {numbers}")
    truth.settle()
    return time.monotonic() - began
