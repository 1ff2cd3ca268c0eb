"""From an acknowledged push to the visible number, with the server and the worker as anyone starts them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure
from reportdata.identity import App, Organisation, hash_of, mint, new_app_key
from reportdata.settings import Settings
from reportdata.store.sqlite import SQLiteStore
from tests.support.scopes import REPORT_READ, REPORT_WRITE

CORP = "dingfresh"
DAY = "20260921"
PUSHES = 100
"""Pushes a second."""
FACTS = 10
"""Facts in each."""
SECONDS = 20.0

Say = Callable[[str], None]


def measure(rounds: int, say: Say) -> tuple[list[Figure], dict[str, list[dict[str, float]]]]:
    """Measure some rounds; returns the table's lines, from medians, and what every round gave."""
    found = []
    for number in range(rounds):
        with TemporaryDirectory(prefix="benchmark-") as folder:
            delays = sorted(_delays(Path(folder)))
        one = {"median": delays[len(delays) // 2], "p99": delays[len(delays) * 99 // 100], "longest": delays[-1]}
        found.append(one)
        say(f"freshness: round {number + 1} of {rounds}: p99 {one['p99'] * 1000:.0f} ms of {len(delays):,} pushes")
    middle = {name: median(one[name] for one in found) for name in found[0]}
    what = f"acknowledged push to visible number, {PUSHES * FACTS:,} facts/s"
    return [
        Figure(f"{what}, half of them", middle["median"], None, "s"),
        Figure(f"{what}, 99 of 100", middle["p99"], 1.0, "s", "the longest that is meant", at_most=1),
    ], {"freshness": found}


def _delays(folder: Path) -> list[float]:
    """For each push, the seconds from its acknowledgement until the day's number told of it."""
    settings = Settings(folder)
    store = SQLiteStore(settings.store)
    app = App(
        app_key=new_app_key(), name="fresh", corp_id=CORP, secret_hash=hash_of("x"), scopes=(REPORT_READ, REPORT_WRITE)
    )
    store.add_organisations([Organisation(CORP, "Asia/Shanghai")])
    store.add_app(app, time.time())
    token, kept = mint(app, time.time())
    store.add_token(kept)
    store.close()
    acknowledged: list[float] = []
    with _serving(folder) as address:
        seen: list[float] = []
        ending = threading.Event()
        watching = threading.Thread(target=_watch, args=(address, token, seen, ending))
        watching.start()
        _push(address, token, acknowledged)
        end = time.perf_counter() + 30
        while len(seen) < len(acknowledged) and time.perf_counter() < end:
            time.sleep(0.1)
        ending.set()
        watching.join()
    if len(seen) < len(acknowledged):
        raise RuntimeError(f"{len(seen)} of {len(acknowledged)} pushes became visible")
    return [visible - at for at, visible in zip(acknowledged, seen, strict=False)]


def _push(address: tuple[str, int], token: str, acknowledged: list[float]) -> None:
    headers = {"x-acs-dingtalk-access-token": token, "content-type": "application/json"}
    began = time.perf_counter()
    with closing(HTTPConnection(*address)) as connection:
        for number in range(int(PUSHES * SECONDS)):
            time.sleep(max(0.0, began + number / PUSHES - time.perf_counter()))
            records = [
                {"report_id": f"r{number}-{one}", "user_id": f"u{one}", "sent_at": "2026-09-21T09:00:00+08:00"}
                for one in range(FACTS)
            ]
            connection.request("POST", "/v1/facts", json.dumps(records), headers)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"a push was not accepted: {content!r}")
            acknowledged.append(time.perf_counter())


def _watch(address: tuple[str, int], token: str, seen: list[float], ending: threading.Event) -> None:
    """Note, for each push, when the number first told of all of its facts."""
    with closing(HTTPConnection(*address)) as connection:
        while not ending.is_set():
            connection.request(
                "GET", f"/v1.0/datacenter/reportData?statDate={DAY}", headers={"x-acs-dingtalk-access-token": token}
            )
            rows = json.loads(connection.getresponse().read())["dataList"]
            now = time.perf_counter()
            pushes = rows[0]["4100_DAY"] // FACTS if rows else 0
            seen += [now] * (pushes - len(seen))
            time.sleep(0.005)


@contextmanager
def _serving(folder: Path) -> Iterator[tuple[str, int]]:
    command = [sys.executable, "-m", "reportdata", "serve", "--port", "0", "--rate", "0", "--data", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://([\d.]+):(\d+)", process.stdout.readline())
            assert found is not None
            yield found[1], int(found[2])
        finally:
            process.terminate()
            process.wait(30)
