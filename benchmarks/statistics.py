"""Questions about a year of 10,000 people, beside DuckDB's bare query of the same files, ClickHouse, PostgreSQL and
polars; and the contract beside a steady load of these questions."""

from __future__ import annotations

import base64
import itertools
import json
import multiprocessing
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPException
from importlib.util import find_spec
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urlencode

from benchmarks.asked import QUESTIONS
from benchmarks.beside import Address, reads
from benchmarks.figures import Figure
from benchmarks.year import CORP, FIRST, make_year
from reportdata.identity import App, hash_of, mint, new_app_key
from reportdata.settings import Settings
from reportdata.store.sqlite import SQLiteStore
from tests.support import postgres_server as postgres
from tests.support.scopes import REPORT_READ

PACKAGES = {"duckdb": "duckdb", "chdb": "chdb", "postgresql": "psycopg", "polars": "polars"}
"""What each peer needs."""
NAMES = {"duckdb": "DuckDB's bare query", "chdb": "ClickHouse (chdb)", "postgresql": "PostgreSQL", "polars": "polars"}
AIMS = {"duckdb": 1.3, "chdb": 1.0, "postgresql": 1.0}
"""How many times the peer's time ours may be."""
LIMITS = {"a month": 0.3, "the year's": 0.5, "the year by": 1.5}
"""Seconds that ours may take, by how the question begins."""
SECONDS = 20.0
"""How long the contract is read, alone and beside questions."""
ASKING = 2
"""Clients that ask, each the next question as soon as the last is answered."""

Say = Callable[[str], None]


class Round(NamedTuple):
    """What an answer took: seconds, and those on all cores of the process that computed it; of PostgreSQL, whose server
    is another process, the client's."""

    took: float
    used: float


def measure(rounds: int, say: Say) -> tuple[list[Figure], dict[str, list[dict[str, float]]]]:
    """Measure in alternating rounds; returns the table's lines, from medians, and what every round gave. The first call
    of a process is apart."""
    times: dict[tuple[str, str], list[Round]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="benchmark-")))
        data = folder / "data"
        data.mkdir(0o700)
        make_year(data, FIRST)
        say("statistics: made a year of 10,000 people and of 50 other organisations")
        contract = [_contract(data, say) for _ in range(min(rounds, 3))]
        peers = {name: stack.enter_context(_peer(name, data, folder, stack)) for name in _peers(say)}
        for number in range(rounds + 1):
            for question in QUESTIONS:
                found = {name: peer.answer(question) for name, peer in peers.items()}
                for name, (one, digest) in found.items():
                    if digest != found["ours"][1]:
                        raise RuntimeError(f"the answer of {name} to {question} differs from ours")
                    times.setdefault((question if number else f"{question}, first call", name), []).append(one)
                told = ", ".join(f"{name} {one.took:.2f} s" for name, (one, _) in found.items())
                say(f"statistics: round {number} of {rounds}: {question}: {told}")
    rounds_of = {f"{question}: {name}": [one._asdict() for one in each] for (question, name), each in times.items()}
    return [*figures(times), *_beside(contract)], rounds_of | {"contract": contract}


def figures(times: dict[tuple[str, str], list[Round]]) -> list[Figure]:
    """The table's lines."""
    took = {key: median(one.took for one in each) for key, each in times.items()}
    used = {key: median(one.used for one in each) for key, each in times.items()}
    found = []
    for question in QUESTIONS:
        limit = next(limit for begin, limit in reversed(LIMITS.items()) if question.startswith(begin))
        found.append(Figure(question, took[question, "ours"], limit, "s", "at most", at_most=1))
        first = f"{question}, first call"
        found.append(Figure(first, took[first, "ours"], took[question, "ours"], "s", "later calls"))
        for name, called in NAMES.items():
            if (question, name) in took:
                beside = Figure(question, took[question, "ours"], took[question, name], "s", called)
                found.append(beside._replace(at_most=AIMS.get(name)))
            if (question, name) in took and name != "postgresql":
                on_cores = f"{question}, time on all cores"
                found.append(Figure(on_cores, used[question, "ours"], used[question, name], "s", called))
    return found


def _beside(contract: list[dict[str, float]]) -> list[Figure]:
    middle = {part: median(one[part] for one in contract) for part in contract[0]}
    what = f"a read of the contract, {ASKING} clients asking"
    return [
        Figure(f"{what}: p99", middle["p99"] * 1e3, middle["p99 alone"] * 1e3, "ms", "alone", at_most=1.5),
        Figure(f"{what}: median", middle["median"] * 1e3, middle["median alone"] * 1e3, "ms", "alone"),
        Figure(f"questions answered meanwhile in {SECONDS:.0f} s", middle["answers"], None, ""),
    ]


def _peers(say: Say) -> list[str]:
    """Ours, and the others as far as they are there."""
    found = ["ours"]
    for name, package in PACKAGES.items():
        if find_spec(package) is None or (name == "postgresql" and postgres.programs() is None):
            say(f"statistics: no {NAMES[name]}: its lines are left out")
        else:
            found.append(name)
    return found


class _Peer:
    """One that answers, in a process of its own."""

    def __init__(self, name: str, data: Path, place: Path) -> None:
        command = [sys.executable, "-m", "benchmarks.answerers", name, str(data), str(place)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._line()

    def answer(self, question: str) -> tuple[Round, str]:
        """What an answer took, and its digest."""
        assert self.process.stdin is not None
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        said = self._line()
        return Round(said["took"], said["used"]), said["digest"]

    def _line(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())


@contextmanager
def _peer(name: str, data: Path, folder: Path, stack: ExitStack) -> Iterator[_Peer]:
    place = folder / name
    place.mkdir()
    if name == "postgresql":
        programs = postgres.programs()
        assert programs is not None
        place = stack.enter_context(postgres.running(programs)).socket
    peer = _Peer(name, data, place)
    try:
        yield peer
    finally:
        peer.process.kill()
        peer.process.wait()


def _contract(data: Path, say: Say) -> dict[str, float]:
    """Seconds that reads of the contract take, alone and beside questions, and how many of these were answered."""
    store = SQLiteStore(Settings(data).store)
    apps = []
    for scope in (REPORT_READ, "Statistics.Report.Read"):
        app = App(app_key=new_app_key(), name="one", corp_id=CORP, secret_hash=hash_of("x"), scopes=(scope,), rate=0)
        store.add_app(app, time.time())
        token, kept = mint(app, time.time())
        store.add_token(kept)
        apps.append((app, token))
    store.close()
    command = [sys.executable, "-m", "reportdata", "serve", "--port", "0", "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            where = re.search(r"http://([\d.]+):(\d+)", line)
            if where is None:
                raise RuntimeError(f"the server does not start: {line}")
            address = where[1], int(where[2])
            alone = reads(address, apps[0][1], "20250616", SECONDS)
            with _asking(address, f"{apps[1][0].app_key}:x") as answered:
                before = answered.value
                beside = reads(address, apps[0][1], "20250616", SECONDS)
                answers = answered.value - before
        finally:
            process.terminate()
            process.wait(60)
    say(f"statistics: the contract's p99 is {alone['p99'] * 1e3:.2f} ms alone, {beside['p99'] * 1e3:.2f} ms beside")
    return beside | {f"{part} alone": seconds for part, seconds in alone.items()} | {"answers": answers}


@contextmanager
def _asking(address: Address, secret: str) -> Iterator[multiprocessing.sharedctypes.Synchronized[int]]:
    """Ask from a process of its own, once each client had its first answer; gives how many were answered."""
    context = multiprocessing.get_context("spawn")
    ready, answered = context.Event(), context.Value("q", 0)
    process = context.Process(target=_ask, args=(address, secret, ready, answered), daemon=True)
    process.start()
    try:
        if not ready.wait(600):
            raise RuntimeError("nobody is answered")
        yield answered
    finally:
        process.kill()
        process.join()


def _ask(address: Address, secret: str, ready: Event, answered: multiprocessing.sharedctypes.Synchronized[int]) -> None:
    headers = {"authorization": "Basic " + base64.b64encode(secret.encode()).decode()}
    numbers = itertools.count()

    def ask() -> None:
        connection = HTTPConnection(*address, timeout=600)
        while True:
            number = next(numbers)
            for asked in QUESTIONS.values():
                parameters = urlencode(asked.moved(number).parameters()[:-1])
                try:
                    connection.request("GET", f"/v1/statistics?{parameters}", headers=headers)
                    answer = connection.getresponse()
                    answer.read()
                except (OSError, HTTPException):
                    connection.close()
                    continue
                if answer.status == 200:
                    with answered.get_lock():
                        answered.value += 1
                    if answered.value >= ASKING * len(QUESTIONS):
                        ready.set()

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(ASKING)]
    for thread in threads:
        thread.start()
    threads[0].join()
