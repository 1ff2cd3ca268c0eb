"""A process beside a server that reads files that were brought: started for one run, and ended with it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import IO, Any

import msgspec

from reportdata.api.bringing import Run, Said, What, Wrong
from reportdata.cli.language import translated

SECONDS: dict[What, float] = {"preview": 600.0, "import": 3_600.0, "undo": 3_600.0}
"""Seconds that a run may take."""
_NOTED = 1.0
"""Seconds between two notes of how far a run is."""
_DIED = Wrong(
    "The process that read the files ended: they need more memory than it may take, or it was killed.",
    "Nothing is half done: look at the list of imports. Bring fewer or smaller files at once.",
)
_TOO_LONG = Wrong(
    "It took too long and was ended.",
    "Nothing is half done: look at the list of imports. Bring fewer files at once, or use `reportdata import`.",
)


class Job(msgspec.Struct, frozen=True):
    """What a process does: with the files of these names in a folder, or with an import. Records that name no
    organisation are of ``corp_id``; those of others are refused, unless there is a ``zone``, in which unknown ones are
    added. Facts of other ``kinds`` are neither added nor taken back; None allows all."""

    what: What
    corp_id: str
    folder: str
    names: tuple[str, ...] = ()
    said: Said = Said()
    import_id: str = ""
    zone: str = ""
    kinds: tuple[str, ...] | None = None


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line that the process tells: how far it is, or what came of it."""

    step: str = ""
    done: int = 0
    total: int = 0
    result: dict[str, Any] | None = None
    error: Wrong | None = None


class Running:
    """A run that waits or is computed.

    :param held: the descriptor that holds the lock of its upload.
    """

    def __init__(self, job: Job, held: int) -> None:
        self.job = job
        self.held = held
        self.run = Run(what=job.what, state="waiting")
        self.ended: Future[None] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._why: Wrong | None = None
        self._is_over = False

    def end(self, why: Wrong | None = None) -> None:
        """End it at once, whatever it does."""
        with self._lock:
            if self._is_over:
                return
            self._is_over, self._why = True, why
            if self._process is not None:
                self._process.kill()

    def go(self, handover: bytes, note: Callable[[Run], None]) -> Run:
        """Compute it, in a thread; returns how it ended, which nobody is told before.

        :param note: is told how it stands, now and then.
        """
        with self._lock:
            if self._is_over:
                return self._become("interrupted")
            command = [sys.executable, "-m", "reportdata", "bring"]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
        self.run = self._become("running")
        note(self.run)
        late = threading.Timer(SECONDS[self.job.what], self.end, (_TOO_LONG,))
        late.start()
        try:
            return self._follow(self._process, handover, note)
        finally:
            late.cancel()
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()

    def _follow(self, process: subprocess.Popen[bytes], handover: bytes, note: Callable[[Run], None]) -> Run:
        """Take in what the process tells, until it has ended."""
        with suppress(OSError):  # it has ended already
            _write(process.stdin, handover + msgspec.json.encode(self.job) + b"\n")
        noted = time.monotonic()
        for line in process.stdout or ():
            if not line.endswith(b"\n"):
                break
            told = msgspec.json.decode(line, type=Told)
            if told.error is not None:
                return self.failed(told.error)
            if told.result is not None:
                return msgspec.structs.replace(self.run, state="done", result=told.result)
            self.run = msgspec.structs.replace(self.run, step=told.step, done=told.done, total=told.total)
            if time.monotonic() > noted + _NOTED:
                noted = time.monotonic()
                note(self.run)
        if self._is_over and self._why is None:
            return self._become("interrupted")
        return self.failed(self._why or _DIED)

    def failed(self, why: Wrong = _DIED) -> Run:
        """How it stands when it came to nothing."""
        told = Wrong(*(translated(text, self.job.said.lang) for text in (why.message, why.hint)))
        return msgspec.structs.replace(self.run, state="failed", error=told)

    def _become(self, state: str) -> Run:
        return msgspec.structs.replace(self.run, state=state)


def _write(to: IO[bytes] | None, content: bytes) -> None:
    assert to is not None  # noqa: S101 - it is a pipe
    to.write(content)
    to.flush()
