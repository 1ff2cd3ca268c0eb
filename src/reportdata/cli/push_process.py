"""A process beside a server that reads large pushes.

Unpacking and decoding megabytes takes milliseconds to seconds in which Python does nothing else, thread or not. The
process is started when it is first needed. It gets the settings on its standard input, then a job after the other:
a line that says what it is, and the body. It answers each with a line that says what follows, and that. It ends when
its standard input does, however its parent ended.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import IO

import msgspec

from reportdata.api.push_body import Push, Taken, read_push
from reportdata.cli.handover import Handover
from reportdata.cli.logs import configure_log
from reportdata.cli.places import services_of
from reportdata.errors import InboxError
from reportdata.http.answers import Failed, Fault
from reportdata.settings import Settings

log = logging.getLogger("reportdata.pushes")

_GRACE = 10.0
"""Seconds that the process has to end when its standard input has."""
_NICE = 10
"""How much the process stands back: whoever reads is answered first."""


class _Job(msgspec.Struct):
    """What a body is, and its size."""

    push: Push
    size: int


class _Done(msgspec.Struct):
    """What a body held, and the sizes of what follows; or why it cannot be read."""

    fault: Fault | None = None
    added: int = 0
    refused: int = 0
    digest: str = ""
    sizes: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()


class PushProcess:
    """Reads bodies, one after the other.

    :param settings: say which services there are.
    :param log_format: the form of the log.
    """

    def __init__(self, settings: Settings, log_format: str) -> None:
        self._handover = Handover(settings, log_format).encoded()
        self._thread = ThreadPoolExecutor(1, "pushes")
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, push: Push, body: bytes) -> Future[Taken]:
        """What a body holds. The future fails with `Failed` when it cannot be read, and with `InboxError` when the
        process cannot read it: it is started again, and asked once more, before that."""
        return self._thread.submit(self._read, push, body)

    def close(self) -> None:
        """End the process, when it has done what it was asked for."""
        self._thread.shutdown()
        self._end()

    def _read(self, push: Push, body: bytes) -> Taken:
        for is_last in (False, True):
            try:
                return self._asked(push, body)
            except (OSError, EOFError, msgspec.DecodeError) as error:
                self._end()
                if is_last:
                    raise InboxError("the process that reads large pushes has ended twice; its log says why") from error
        raise AssertionError

    def _asked(self, push: Push, body: bytes) -> Taken:
        if self._process is None:
            command = [sys.executable, "-m", __name__]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
            _write(self._process.stdin, self._handover)
        _write(self._process.stdin, msgspec.json.encode(_Job(push, len(body))), b"\n", body)
        incoming = self._process.stdout
        done = msgspec.json.decode(_line(incoming), type=_Done)
        if done.fault is not None:
            raise Failed(done.fault)
        lines, records = (_exactly(incoming, size) for size in done.sizes)
        return Taken(lines, done.added, records, done.refused, done.digest, done.notes)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(OSError, subprocess.TimeoutExpired):
            process.communicate(timeout=_GRACE)
        process.kill()
        process.wait()


def _serve(incoming: IO[bytes], outgoing: IO[bytes]) -> None:
    """Read what comes until no more does."""
    given = Handover.decoded(incoming.readline())
    configure_log(given.log_format)
    known = services_of(given.settings).kinds
    for job, body in _jobs(incoming):
        try:
            found = read_push(job.push, body, known)
        except Failed as failed:
            _write(outgoing, msgspec.json.encode(_Done(failed.fault)), b"\n")
            continue
        sizes = len(found.lines), len(found.records)
        done = _Done(None, found.added, found.refused, found.digest, sizes, found.notes)
        _write(outgoing, msgspec.json.encode(done), b"\n", found.lines, found.records)


def _jobs(incoming: IO[bytes]) -> Iterator[tuple[_Job, bytes]]:
    with suppress(EOFError):
        while True:
            job = msgspec.json.decode(_line(incoming), type=_Job)
            yield job, _exactly(incoming, job.size)


def _write(to: IO[bytes] | None, *parts: bytes) -> None:
    assert to is not None  # noqa: S101 - all are pipes
    for part in parts:
        to.write(part)
    to.flush()


def _line(of: IO[bytes] | None) -> bytes:
    assert of is not None  # noqa: S101
    line = of.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return line


def _exactly(of: IO[bytes] | None, size: int) -> bytes:
    assert of is not None  # noqa: S101
    found = of.read(size)
    if len(found) != size:
        raise EOFError
    return found


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):  # meant for the parent, which may still ask
        signal.signal(number, signal.SIG_IGN)
    os.nice(_NICE)
    try:
        _serve(sys.stdin.buffer, sys.stdout.buffer)
    except Exception:
        log.exception("a push could not be read, and the process that reads pushes ends")
        sys.exit(1)
