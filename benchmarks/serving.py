"""The contract over HTTP with one worker: reportdata, the same server with a constant answer, the usual way, and nginx
with the same bytes."""

from __future__ import annotations

import json
import multiprocessing
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, nullcontext
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks import constant, load, nginx
from benchmarks.figures import Figure
from benchmarks.machine import cpu_of
from benchmarks.servers import Server, pin, running_server
from benchmarks.slow import slow_connections
from benchmarks.stores import DAYS, ORGANISATIONS, Asked, fill

REPEATED = 1000
"""Different requests that are asked again and again, spread over all organisations and days."""
CONNECTIONS = 32
SLOW = 500
"""Connections that send a byte a second, beside the others."""
SECONDS = 2.0
"""How long each server is measured in each round, after a quarter of that to warm up."""

_HAS_USUAL = all(map(find_spec, ("fastapi", "sqlalchemy")))

Say = Callable[[str], None]


def measure(rounds: int, say: Say) -> tuple[list[Figure], dict[str, list[dict[str, float]]]]:
    """Measure in alternating rounds; returns the table's lines, from medians, and what every round gave."""
    rounds_of: dict[str, list[Round]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="benchmark-")))
        say(f"serving: filling stores with {ORGANISATIONS * DAYS:,} rows")
        asked = fill(folder, with_usual=_HAS_USUAL)
        targets = _targets(folder, asked, stack, say)
        generator = stack.enter_context(
            ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=pin, initargs=(0, 0))
        )
        for number in range(rounds):
            for name, target in targets.items():
                address, requests = target.server.address, target.requests
                with slow_connections(address, SLOW) if name == "beside slow" else nullcontext():
                    before = cpu_of(target.server.process)
                    found = generator.submit(load.run, [address], requests, target.size, CONNECTIONS, SECONDS).result()
                cpu = (cpu_of(target.server.process) - before) / found.answers
                rounds_of.setdefault(name, []).append(Round(found.rate, found.median, found.p99, cpu, found.busy))
                say(f"serving: round {number + 1} of {rounds}: {name} {found.rate:,.0f} requests/s")
    return figures(rounds_of), {name: [one._asdict() for one in found] for name, found in rounds_of.items()}


class Round(NamedTuple):
    """What a round gave: requests a second, latencies in seconds, seconds on its core that a request cost the server,
    and the share of its core that the load generator was busy."""

    rate: float
    median: float
    p99: float
    cpu: float
    generator: float


class Target(NamedTuple):
    """A server, what it is asked, and the bytes that each of its answers has."""

    server: Server
    requests: list[bytes]
    size: int


def _targets(folder: Path, asked: list[Asked], stack: ExitStack, say: Say) -> dict[str, Target]:
    """Start the servers, and check what they answer."""
    requests = [one.request() for one in asked]
    repeated = requests[:REPEATED]

    def right(place: int, answer: load.Answer) -> bool:
        return bool(json.loads(answer.body)["dataList"] == [asked[place].row])

    ours = stack.enter_context(
        running_server("reportdata", "serve", "--port", "0", "--rate", "0", "--data", str(folder / "data"))
    )
    size = load.check(ours.address, repeated, right)
    with socket.create_connection(ours.address) as connection:
        answer = load.exchange(connection, requests[0])
    constant.write_answer(answer, folder / "answer.json")
    found = {
        "ours": Target(ours, repeated, size),
        "beside slow": Target(ours, repeated, size),
        "spread": Target(ours, requests, size),
    }
    if _HAS_USUAL:
        fastapi = stack.enter_context(running_server("benchmarks.usual", str(folder / "usual.db")))
        found["usual"] = Target(fastapi, repeated, load.check(fastapi.address, repeated, right))
    else:
        say("serving: no FastAPI with SQLAlchemy: its lines are left out")
    for name, kind in (("constant", "server"), ("direct", "direct"), ("socket", "socket")):
        server = stack.enter_context(running_server("benchmarks.constant", kind, str(folder / "answer.json")))
        own = load.check(server.address, repeated[:1], lambda _, given: given.body == answer.body)
        found[name] = Target(server, repeated, own)
    if found["constant"].size != size:
        raise RuntimeError("the constant answer differs in length from ours")
    if nginx.version() is None:
        say("serving: no nginx: its line is left out")
    else:
        (folder / "nginx").mkdir()
        server = stack.enter_context(
            running_server("benchmarks.nginx", str(folder / "answer.json"), str(folder / "nginx"))
        )
        own = load.check(server.address, repeated[:1], lambda _, given: _same(given, answer))
        found["nginx"] = Target(server, repeated, own)
    return found


def _same(given: load.Answer, answer: load.Answer) -> bool:
    """Whether an answer has the other's body and, besides what servers add by themselves, its headers."""
    headers = {pair for pair in answer.headers if pair[0] not in constant.OF_UVICORN}
    return given.body == answer.body and headers <= set(given.headers)


def figures(rounds_of: Mapping[str, list[Round]]) -> list[Figure]:
    """The table's lines."""
    rates = {name: median(one.rate for one in found) for name, found in rounds_of.items()}
    p50s = {name: median(one.median for one in found) * 1e3 for name, found in rounds_of.items()}
    p99s = {name: median(one.p99 for one in found) * 1e3 for name, found in rounds_of.items()}
    cpus = {name: median(one.cpu for one in found) * 1e6 for name, found in rounds_of.items()}
    ours, constant_, usual_ = "reportData, one worker", "constant application", "FastAPI + SQLAlchemy"
    spread = f"the same, asked for {ORGANISATIONS * DAYS:,} rows in turn"
    beside_nginx, cpu_beside_nginx, beside_usual, cpu_beside_usual, p99_beside_usual = [], [], [], [], []
    if "nginx" in rates:
        nginx_ = f"nginx {nginx.version()}, the same bytes from a file"
        beside_nginx = [Figure(ours, rates["ours"], rates["nginx"], "requests/s", nginx_)]
        cpu_beside_nginx = [Figure("CPU time for one request", cpus["ours"], cpus["nginx"], "µs", nginx_)]
    if "usual" in rates:
        beside_usual = [Figure(ours, rates["ours"], rates["usual"], "requests/s", usual_, at_least=25)]
        cpu_beside_usual = [Figure("CPU time for one request", cpus["ours"], cpus["usual"], "µs", usual_)]
        p99_beside_usual = [Figure(f"p99 with {CONNECTIONS} connections", p99s["ours"], p99s["usual"], "ms", usual_)]
    return [
        Figure(ours, rates["ours"], rates["constant"], "requests/s", constant_, at_least=0.8),
        Figure(ours, rates["ours"], rates["direct"], "requests/s", "constant answer, sent directly"),
        *beside_nginx,
        *beside_usual,
        Figure(spread, rates["spread"], rates["constant"], "requests/s", constant_),
        Figure("CPU time for one request", cpus["ours"], cpus["constant"], "µs", constant_),
        *cpu_beside_nginx,
        *cpu_beside_usual,
        Figure(f"p50 with {CONNECTIONS} connections", p50s["ours"], p50s["constant"], "ms", constant_),
        Figure(f"p99 with {CONNECTIONS} connections", p99s["ours"], p99s["constant"], "ms", constant_),
        *p99_beside_usual,
        Figure(
            f"p99 beside {SLOW} slow connections", p99s["beside slow"], p99s["ours"], "ms", "without them", at_most=2
        ),
        Figure("the load generator's ceiling", rates["socket"], rates["ours"], "requests/s", "of ours"),
    ]
