"""A server with its worker that is killed before any of its system calls, or by a power failure after any of them: it
has all that it acknowledged, wherever that was on its way to the numbers."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.calling import CORP, add_sample
from tests.support.disk import Disk, image_of, lay
from tests.support.durable import run, seen
from tests.support.folders import Folder
from tests.support.forks import Forks, forking
from tests.support.pushing import FACTS, TOKEN, WRITE, sent
from tests.support.strace import Replay, Step, Trace, following, killing, moments
from tests.support.tools import require_tool
from tests.support.waiting import SOON, until

pytestmark = [pytest.mark.tool, pytest.mark.slow]

KILLS, FAILURES = (int(os.environ.get(f"REPORTDATA_TESTS_{name}", "2")) for name in ("KILLS", "POWER_FAILURES"))
SEED = int(os.environ.get("REPORTDATA_TESTS_SEED", "20261128"))
CLIENTS, TURNS, PUSHES = 3, 2, 6
DAY = "20260921"
ID = re.compile(rb'"report_id": "(r\d+)"')


@pytest.fixture
def forks(tmp_path: Path) -> Iterator[Forks]:
    """Servers that begin at once."""
    require_tool("strace")
    with forking(tmp_path / "forks") as found:
        yield found


@pytest.fixture
def base(tmp_path: Path) -> tuple[Path, str]:
    """A disk with a data folder, and a token of an app that may push to it."""
    folder = Folder(tmp_path / "base" / "data")
    add_sample(folder)
    token = folder.token(folder.add_app(CORP, scopes=WRITE)[0])
    folder.store.close()
    return folder.path.parent, token


def push(address: tuple[str, int], token: str, number: int) -> set[str]:
    """Push until there is nothing more, or the server dies; what was acknowledged."""
    rng, acknowledged = random.Random(number), set()
    numbers = iter(range(number * 10_000, (number + 1) * 10_000))
    with closing(HTTPConnection(*address, timeout=SOON)) as connection, suppress(OSError, HTTPException):
        for _ in range(PUSHES):
            records = [sent(next(numbers)) for _ in range(rng.choice([1, 1, 3, 200]))]
            body = "\n".join(map(json.dumps, records))
            connection.request("POST", FACTS, body, {TOKEN: token})
            answer = connection.getresponse()
            said = json.loads(answer.read())
            assert (answer.status, said["added"]) == (200, len(records))
            acknowledged |= {str(record["report_id"]) for record in records}
    return acknowledged


def push_all(forks: Forks, top: Path, token: str, strace: list[str], log: Path) -> tuple[set[str], bool]:
    """Push to a server from several clients, and again when its worker has taken up that; what was acknowledged, and
    whether the server was killed."""
    forks.out.unlink(missing_ok=True)
    log.unlink(missing_ok=True)
    done: list[set[str]] = []
    child = forks.start("serve", "--port", 0, "--rate", 0, "--data", top / "data", strace=strace)
    try:
        until(lambda: (forks.out.exists() and "\n" in forks.out.read_text("utf-8")) or not _lives(child))
        if _lives(child):
            url = urlsplit(forks.out.read_text("utf-8").split()[1])
            address = str(url.hostname), int(url.port or 0)
            for turn in range(TURNS):
                clients = range(turn * CLIENTS + 1, (turn + 1) * CLIENTS + 1)
                with ThreadPoolExecutor(CLIENTS) as threads:
                    done += threads.map(lambda number: push(address, token, number), clients)
                until(lambda: not _waiting(top) or not _lives(child) or _has_killed(log))
    finally:
        status = forks.kill(child, signal.SIGTERM)
    return set().union(*done), status == signal.SIGKILL


def _waiting(top: Path) -> list[Path]:
    return [path for path in (top / "data" / "inbox").glob("*") if path.suffix in (".open", ".jsonl")]


def _has_killed(log: Path) -> bool:
    """Whether a process was killed, be it the worker, which is started again and killed again: a call never ended."""
    return re.search(r"\) += \?\n", log.read_text("utf-8")) is not None


def _lives(child: int) -> bool:
    with suppress(OSError):
        return ") Z " not in Path(f"/proc/{child}/stat").read_text("utf-8")
    return False


def check(top: Path, acknowledged: set[str]) -> None:
    """What was acknowledged is there, once what waits is taken up; and the numbers say so."""
    data = top / "data"
    there = seen(data)
    before = {report_id for _, report_id in there.pushed} | {fact.report_id for fact in there.facts}
    assert acknowledged <= before, sorted(acknowledged - before)
    assert run(["work", "--once", "--data", data]).exit_code == 0
    found = seen(data)
    assert {fact.report_id for fact in found.facts} == before
    numbers = dict(found.numbers)
    assert sum(values[0] for (_, day), values in numbers.items() if day >= DAY) == len(before)
    assert not found.pushed
    assert not list((data / "inbox").glob("*.damaged"))
    assert run(["doctor", "--data", data]).exit_code == 0


def acknowledgements(replay: Replay) -> set[str]:
    """The reports of all pushes that were answered so far: on each connection, the first answers are to the first."""
    heard: dict[str, bytes] = {}
    said: Counter[str] = Counter()
    for place, content in replay.heard:
        heard[place] = heard.get(place, b"") + content
    for place, content in replay.said:
        said[place] += content.count(b"HTTP/1.1 200 OK")
    return {
        number.decode()
        for place, count in said.items()
        for request in heard.get(place, b"").split(b"POST ")[1 : count + 1]
        for number in ID.findall(request)
    }


def test_what_was_acknowledged_survives_a_power_failure(forks: Forks, base: tuple[Path, str], tmp_path: Path) -> None:
    folder, token = base
    top, log, rng = tmp_path / "top", tmp_path / "calls", random.Random(SEED)
    shutil.copytree(folder, top)
    disk = Disk(top)
    acknowledged, _ = push_all(forks, top, token, following(log, heard=True), log)
    trace = Trace(log)
    replay = Replay(trace, disk)
    replay.to(len(trace.calls))
    assert image_of(top) == disk.now()
    assert acknowledgements(replay) == acknowledged
    shutil.rmtree(top)
    shutil.copytree(folder, top)
    disk = Disk(top)
    replay = Replay(trace, disk)
    for number, point in enumerate(moments(trace, rng, 6 * FAILURES)):
        replay.to(point)
        place = tmp_path / "failed"
        lay(disk.after_failure(rng), place)
        try:
            check(place, acknowledgements(replay))
        except BaseException as error:
            error.add_note(f"power failure {number} after call {point} of {len(trace.calls)}")
            raise
        shutil.rmtree(place)
    print(f"pushes: {len(trace.calls)} calls, {len(trace.steps)} steps, {6 * FAILURES} power failures")


def test_what_was_acknowledged_survives_a_kill_before_any_call(
    forks: Forks, base: tuple[Path, str], tmp_path: Path
) -> None:
    folder, token = base
    rng, log = random.Random(SEED), tmp_path / "calls"
    top = shutil.copytree(folder, tmp_path / "top")
    push_all(forks, top, token, following(log), log)
    shutil.rmtree(top)
    steps: list[Step] = sorted(set(Trace(log).steps))
    outcomes: Counter[str] = Counter()
    for step in (rng.choice(steps) for _ in range(2 * KILLS)):
        shutil.copytree(folder, top)
        acknowledged, killed = push_all(forks, top, token, killing(log, step), log)
        try:
            check(top, acknowledged)
        except BaseException as error:
            error.add_note(f"killed before {step}")
            raise
        outcomes["server" if killed else "worker" if _has_killed(log) else "nobody"] += 1
        shutil.rmtree(top)
    print(f"pushes: {len(steps)} different steps; killed: {dict(outcomes)}")
