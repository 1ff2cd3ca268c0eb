"""What waits is bounded: callers wait, are refused, and lose nothing that was acknowledged."""

from __future__ import annotations

import json
import socket
import time
from contextlib import closing, suppress
from pathlib import Path

from reportdata.api.pushes import Limits
from tests.support.folders import Folder
from tests.support.mounts import mounted
from tests.support.pushing import FACTS, FULL, TOKEN, fact, pushing, sent


def fill(folder: Folder, size: int) -> Path:
    """A finished segment that nobody takes up."""
    path = folder.settings.inbox / "0000-filling.jsonl"
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
    return path


def test_callers_are_kept_waiting_and_then_refused_while_nothing_is_taken_up(folder: Folder) -> None:
    def seconds() -> float:
        """What a push takes: the least of several, since the machine may be busy."""
        took = []
        for _ in range(5):
            time.sleep(0.2)  # how full it is, is looked at every now and then
            began = time.monotonic()
            assert pushed.push([sent(1)]).status == 200
            took.append(time.monotonic() - began)
        return min(took)

    with pushing(folder, Limits(soft=100_000, hard=1_100_000)) as pushed:
        assert seconds() < 0.2
        fill(folder, 400_000)
        assert 0.3 <= seconds() < 0.6
        fill(folder, 900_000)
        assert 0.8 <= seconds() < 1.1
        path = fill(folder, 1_200_000)
        time.sleep(0.2)
        answer = pushed.push([sent(2)])
        assert answer.error == FULL
        assert int(answer.headers["retry-after"]) > 0
        path.unlink()
        assert seconds() < 0.2
        assert set(pushed.facts()) == {fact(1)}


def test_a_disk_that_is_nearly_full_takes_no_more(folder: Folder) -> None:
    with pushing(folder, Limits(least_free=1 << 60)) as pushed:
        pushed.push([sent(1)])
        answer = pushed.push([sent(1)])
        assert answer.error == FULL
        assert answer.headers["retry-after"]
        assert pushed.facts() == []


def test_bodies_that_are_read_at_once_are_limited_together(folder: Folder) -> None:
    head = f"POST {FACTS} HTTP/1.1\r\nHost: h\r\n{TOKEN}: %s\r\nContent-Length: 90000\r\n\r\n"
    with pushing(folder, Limits(held=100_000)) as pushed, socket.create_connection(pushed.address, 10) as slow:
        slow.sendall((head % pushed.token).encode() + b" " * 60_000)
        time.sleep(0.2)
        assert pushed.push([sent(1)]).status == 200
        assert pushed.push(json.dumps(sent(2)).encode().ljust(60_000)).error == FULL
        slow.sendall(json.dumps(sent(3)).encode().ljust(30_000))
        assert slow.recv(100).startswith(b"HTTP/1.1 200 OK")
        assert pushed.push(json.dumps(sent(4)).encode().ljust(60_000)).status == 200
        assert pushed.facts() == [fact(1), fact(3), fact(4)]


def test_a_full_disk_is_a_system_error_until_there_is_room_again(tmp_path: Path) -> None:
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
                    assert answer.error == (500, "systemError")
                    refused += 1
                else:
                    known.append(sent(number))
            assert refused > 20
            filling.unlink()
            assert pushed.push([sent(99)]).status == 200
            numbers = {record["sent_at"] - 1_790_000_000 for record in known} | {99}
            assert set(pushed.facts()) == {fact(number) for number in numbers}
