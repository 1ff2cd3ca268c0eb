"""How long reads take beside the worst pushes that one app may send at its rate."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPException
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, show
from reportdata.identity import App, Organisation, hash_of, mint, new_app_key
from reportdata.settings import Settings
from reportdata.store.sqlite import SQLiteStore
from tests.support.scopes import REPORT_READ, REPORT_WRITE

CORP = "dingbeside"
SECONDS = 4.0
RATE = 20
"""Pushes a second, as many as an app may send that has no rate of its own."""
CONNECTIONS = (8, 32)
PAUSE = 0.005
"""Seconds between two reads."""

Say = Callable[[str], None]
Address = tuple[str, int]


_KNOWN = {"user_id": "u1", "sent_at": 1_790_000_000}
BODIES: dict[str, Callable[[], str]] = {
    "5,000 good records": lambda: json.dumps([{"report_id": f"r{number}", **_KNOWN} for number in range(5_000)]),
    "100,000 records that are refused": lambda: "[" + ",".join(["{}"] * 100_000) + "]",
    "80,000 empty lists": lambda: '{\n"a":[' + ",".join(["[]"] * 80_000) + "]}",
    "a million empty lists": lambda: "[" + ",".join(["[]"] * 990_000) + "]",
    "16 MB of blanks": lambda: " " * 16_000_000,
    "16 MB of commas": lambda: "[" + "," * 16_000_000 + "]",
    "one record of 16 MB": lambda: '[{"a":[' + ",".join(["{}"] * 5_000_000) + "]}]",
}
"""What is pushed."""


def bodies() -> dict[str, bytes]:
    """What is pushed, each body packed by gzip."""
    return {name: gzip.compress(text().encode(), 9) for name, text in BODIES.items()}


def measure(rounds: int, say: Say) -> tuple[list[Figure], dict[str, list[dict[str, float]]]]:
    """Measure some rounds; returns the table's lines, from medians, and what every round gave."""
    found: dict[str, list[dict[str, float]]] = {}
    for number in range(rounds):
        for name, body in {"alone": None, **bodies()}.items():
            for connections in CONNECTIONS if body is not None else (0,):
                with TemporaryDirectory(prefix="benchmark-") as folder, ExitStack() as running:
                    address, read, push = running.enter_context(_serving(Path(folder)))
                    if body is not None:
                        running.enter_context(_pushing(address, push, body, connections))
                    one = reads(address, read)
                what = f"{name}, {connections} connections" if body is not None else name
                found.setdefault(what, []).append(one)
                say(f"beside: round {number + 1} of {rounds}: {what}: {_told(one)}")
    middle = {name: {part: median(one[part] for one in each) for part in each[0]} for name, each in found.items()}
    alone = middle.pop("alone")["median"] * 1000
    return [
        Figure(f"a read beside pushes of {name}: {part}", times[part] * 1000, alone, "ms", "half of all alone", **aim)
        for name, times in middle.items()
        for part, aim in (("median", {"at_most": 3.0}), ("p99", {}))
    ], found


def _told(times: Mapping[str, float]) -> str:
    return ", ".join(f"{part} {seconds * 1000:.2f} ms" for part, seconds in times.items())


def reads(address: Address, token: str, day: str = "20260921", seconds: float = SECONDS) -> dict[str, float]:
    """Seconds that reads of a day take."""
    connection = HTTPConnection(*address)
    connection.connect()
    request = (
        f"GET /v1.0/datacenter/reportData?statDate={day} HTTP/1.1\r\nHost: h\r\n"
        f"x-acs-dingtalk-access-token: {token}\r\n\r\n"
    ).encode()
    found = []
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        connection.sock.sendall(request)
        if not connection.sock.recv(65_536).startswith(b"HTTP/1.1 200"):
            raise RuntimeError("a read was not answered")
        found.append(time.perf_counter() - began)
        time.sleep(PAUSE)
    connection.close()
    found.sort()
    return {
        "median": found[len(found) // 2],
        "p95": found[len(found) * 95 // 100],
        "p99": found[len(found) * 99 // 100],
        "longest": found[-1],
    }


@contextmanager
def _pushing(address: Address, token: str, body: bytes, connections: int) -> Iterator[None]:
    """Push on so many connections, from a process of its own, as often as the app may in each second."""
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=_push, args=(address, token, body, connections, ready), daemon=True)
    process.start()
    try:
        if not ready.wait(60):
            raise RuntimeError("nobody pushes")
        yield
    finally:
        process.kill()
        process.join()


def _push(address: Address, token: str, body: bytes, connections: int, ready: Event) -> None:
    left, lock = [RATE], threading.Lock()

    def push() -> None:
        connection = HTTPConnection(*address, timeout=60)
        headers = {"x-acs-dingtalk-access-token": token, "content-encoding": "gzip"}
        while True:
            with lock:
                mine = left[0] > 0
                left[0] -= mine
            if not mine:
                time.sleep(0.01)
                continue
            try:
                connection.request("POST", "/v1/facts", body, headers)
                connection.getresponse().read()
            except (OSError, HTTPException):
                connection.close()

    threads = [threading.Thread(target=push, daemon=True) for _ in range(connections)]
    for thread in threads:
        thread.start()
    ready.set()
    while True:
        time.sleep(1 - time.time() % 1)  # as the server counts
        with lock:
            left[0] = RATE


@contextmanager
def _serving(folder: Path) -> Iterator[tuple[Address, str, str]]:
    """The server as anyone starts it, a token that may read, and one that may push."""
    store = SQLiteStore(Settings(folder).store)
    store.add_organisations([Organisation(CORP, "Asia/Shanghai")])
    tokens = []
    for scope, rate in ((REPORT_READ, 0), (REPORT_WRITE, None)):
        app = App(app_key=new_app_key(), name="one", corp_id=CORP, secret_hash=hash_of("x"), scopes=(scope,), rate=rate)
        store.add_app(app, time.time())
        token, kept = mint(app, time.time())
        store.add_token(kept)
        tokens.append(token)
    store.close()
    command = [sys.executable, "-m", "reportdata", "serve", "--port", "0", "--data", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://([\d.]+):(\d+)", process.stdout.readline())
            assert found is not None
            yield (found[1], int(found[2])), tokens[0], tokens[1]
        finally:
            process.terminate()
            process.wait(60)


if __name__ == "__main__":
    show(measure(1, lambda text: print(text, flush=True))[0])
