"""What a server needs: its memory, idle and loaded, and the time from its start to its first answer."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks import load
from benchmarks.figures import Figure
from benchmarks.machine import children
from benchmarks.stores import DAYS, ORGANISATIONS, fill

CONNECTIONS = 32
SECONDS = 10.0
"""How long a server is kept busy before its memory is looked at again."""
MEMORY, START = 80.0, 0.6
"""The most that is meant: megabytes, and seconds to the first answer."""
_POLL = 0.005
_PATIENCE = 30.0
_HEALTH = load.request_bytes("/healthz", [])

Say = Callable[[str], None]


def measure(rounds: int, say: Say) -> tuple[list[Figure], dict[str, list[dict[str, float]]]]:
    """Measure some rounds; returns the table's lines, from medians, and what every round gave."""
    with TemporaryDirectory(prefix="benchmark-") as temporary:
        folder = Path(temporary)
        say(f"footprint: filling a store with {ORGANISATIONS * DAYS:,} rows")
        requests = [one.request() for one in fill(folder)]
        found = []
        for number in range(rounds):
            one = _round(folder / "data", requests)
            found.append(one)
            told = f"{one['idle']:.1f} MB idle, {one['loaded']:.1f} MB loaded, {one['start']:.2f} s to the first answer"
            say(f"footprint: round {number + 1} of {rounds}: {told}")
    middle = {name: median(one[name] for one in found) for name in found[0]}
    meant = "the most that is meant"
    lines = [
        Figure("resident memory of an idle server", middle["idle"], MEMORY, "MB", meant, at_most=1),
        Figure(f"the same after {SECONDS:.0f} s of full load", middle["loaded"], MEMORY, "MB", meant, at_most=1),
        Figure("from a server's start to its first answer", middle["start"], START, "s", meant, at_most=1),
    ]
    if middle["beside"]:
        lines.insert(2, Figure("resident memory of what it runs beside itself", middle["beside"], None, "MB"))
    return lines, {"footprint": found}


def _round(data: Path, requests: list[bytes]) -> dict[str, float]:
    """Megabytes of the server when it has answered once, and after the load, and of all its children then; the seconds
    that the first answer took."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address: load.Address = free.getsockname()
    began = time.perf_counter()
    with _serving(data, address[1]) as process:
        _first_answer(address, process)
        start = time.perf_counter() - began
        time.sleep(1)  # whatever it does once it serves is done
        idle = _resident(process.pid)
        size = load.check(address, requests[:1], lambda *_: True)
        load.run([address], requests, size, CONNECTIONS, SECONDS)
        loaded = _resident(process.pid)
        beside = sum(map(_resident, children(process.pid)))
    return {"idle": idle, "loaded": loaded, "beside": beside, "start": start}


@contextmanager
def _serving(data: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "reportdata", "serve", "--port", str(port), "--rate", "0", "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(_PATIENCE)


def _first_answer(address: load.Address, process: subprocess.Popen[bytes]) -> None:
    """Ask until it is answered."""
    end = time.perf_counter() + _PATIENCE
    while time.perf_counter() < end and process.poll() is None:
        with suppress(ConnectionError), socket.create_connection(address, timeout=_PATIENCE) as connection:
            if load.exchange(connection, _HEALTH).status == 200:
                return
        time.sleep(_POLL)
    raise RuntimeError("the server does not answer")


def _resident(process: int) -> float:
    """Megabytes of memory that a process has in use, what it shares with others included."""
    lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmRSS:"))
