"""What waits is bounded: callers wait, are refused, and lose nothing that was acknowledged."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from reportdata.api import intake
from reportdata.api.intake import Limits
from tests.support.folders import Folder
from tests.support.mounts import mounted
from tests.support.pushing import FACTS, FULL, TOKEN, fact, pushing, sent
from tests.support.waiting import SOON


def fill(folder: Folder, size: int) -> Path:
    """A finished segment that nobody takes up."""
    path = folder.settings.inbox / "0000-filling.jsonl"
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
    return path


@pytest.fixture(autouse=True)
def _always_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """How full the inbox is, is looked at for every push, not every now and then."""
    monkeypatch.setattr(intake, "_LOOK", 0.0)


@pytest.mark.whole
def test_callers_are_kept_waiting_and_then_refused_while_nothing_is_taken_up(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    really = asyncio.sleep

    async def sleep(seconds: float) -> None:
        if sys._getframe(1).f_globals["__name__"] == intake.__name__:
            waits.append(seconds)
        await really(seconds)

    def waited() -> float:
        """Seconds that a push is kept waiting."""
        before = len(waits)
        began = time.monotonic()
        assert pushed.push([sent(1)]).status == 200
        seconds = sum(waits[before:])
        assert time.monotonic() - began >= seconds
        return seconds

    monkeypatch.setattr(asyncio, "sleep", sleep)
    with pushing(folder, Limits(soft=100_000, hard=1_100_000)) as pushed:
        assert waited() == 0
        fill(folder, 400_000)
        assert waited() == pytest.approx(0.3, abs=0.02)
        fill(folder, 900_000)
        assert waited() == pytest.approx(0.8, abs=0.02)
        path = fill(folder, 1_200_000)
        answer = pushed.push([sent(2)])
        assert answer.error == FULL
        assert int(answer.headers["retry-after"]) > 0
        path.unlink()
        assert waited() == 0
        assert set(pushed.facts()) == {fact(1)}


def test_a_disk_that_is_nearly_full_takes_no_more(folder: Folder) -> None:
    with pushing(folder, Limits(least_free=1 << 60)) as pushed:
        answer = pushed.push([sent(1)])
        assert answer.error == FULL
        assert answer.headers["retry-after"]
        assert pushed.facts() == []


@pytest.mark.whole
def test_bodies_that_are_read_at_once_are_limited_together(folder: Folder) -> None:
    with pushing(folder, Limits(held=100_000)) as pushed, socket.create_connection(pushed.address, SOON) as slow:
        head = f"POST {FACTS} HTTP/1.1\r\nHost: h\r\n{TOKEN}: {pushed.token}\r\nContent-Length: 90000\r\n"
        slow.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
        assert slow.recv(100).startswith(b"HTTP/1.1 100 Continue")  # from now on what comes is read at once
        slow.sendall(b" " * 60_000)
        assert pushed.push([sent(1)]).status == 200
        assert pushed.push(json.dumps(sent(2)).encode().ljust(60_000)).error == FULL
        slow.sendall(json.dumps(sent(3)).encode().ljust(30_000))
        assert slow.recv(100).startswith(b"HTTP/1.1 200 OK")
        assert pushed.push(json.dumps(sent(4)).encode().ljust(60_000)).status == 200
        assert pushed.facts() == [fact(1), fact(3), fact(4)]


def test_a_full_disk_refuses_until_there_is_room_again(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=2m") as disk:
        folder = Folder(disk / "data")
        with closing(folder.store), pushing(folder, Limits(least_free=0)) as pushed:
            known = [sent(0)]
            assert pushed.push(known).status == 200
            filling = disk / "filling"
            with filling.open("wb", buffering=0) as file, suppress(OSError):
                while file.write(b"x" * 4096):
                    pass
            refused = 0
            for number in range(1, 30):
                answer = pushed.push([sent(number)] * 50)
                if answer.status != 200:
                    assert answer.error == (503, "ServiceUnavailable"), "it may be pushed again"
                    refused += 1
                else:
                    known.append(sent(number))
            assert refused > 20
            filling.unlink()
            assert pushed.push([sent(99)]).status == 200
            numbers = {record["sent_at"] - 1_790_000_000 for record in known} | {99}
            assert set(pushed.facts()) == {fact(number) for number in numbers}
