"""Processes beside a server that compute answers, so that the serving one loads no engine and waits for none."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import msgspec

from reportdata.api.asking import CANCELLED, FAILED, LATER, TOO_LONG, TOO_MANY, Job, Questions, Reply
from reportdata.cli.cores import all_but_one, cores, keep_to
from reportdata.cli.handover import Handover
from reportdata.cli.places import presence_of
from reportdata.errors import EngineError
from reportdata.http.answers import Failed
from reportdata.http.request_metrics import GOOD
from reportdata.settings import Settings

LONGEST = 60.0
"""Seconds that an answer may take."""
WAITING = 8
"""Questions that may wait for each process."""


class Askers:
    """As many processes as the settings say, each started when it is first needed and again after it was ended. It is
    used by one event loop.

    :param seconds: that an answer may take.
    :param waiting: questions that may wait for a process, where not the usual number.
    :param questions: is told how they do.
    """

    def __init__(
        self,
        settings: Settings,
        seconds: float = LONGEST,
        waiting: int | None = None,
        questions: Questions | None = None,
    ) -> None:
        self._cores = self._usable = cores()
        self._processes = settings.answering or len(self._cores)
        self._sharing = max(len(self._cores), self._processes)
        self._handover = Handover(settings, "readable", presence_of(settings))
        self._seconds = seconds
        self._most = self._processes + (self._processes * WAITING if waiting is None else waiting)
        self.questions = questions or Questions()
        self._turns = asyncio.Semaphore(self._processes)
        self._free: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._threads = ThreadPoolExecutor(self._processes, "asking")
        self._folder: Path | None = None

    def share_cores(self, *, with_calls: bool) -> None:
        """Let the processes use all cores or, while many calls come to the server, all but one."""
        usable = all_but_one(self._cores) if with_calls else self._cores
        if usable != self._usable:
            self._usable = usable
            for worker in self._all:
                worker.keep_to(usable)

    async def __call__(self, job: Job) -> tuple[Reply, Path]:
        """Have a job done, as `reportdata.api.asking.Ask`.

        :raises FolderGone: when it cannot be done because the data folder is gone.
        """
        questions, began, outcome = self.questions, time.perf_counter(), FAILED
        if questions.waiting + questions.running >= self._most:
            questions.outcomes[TOO_MANY.code] += 1
            raise Failed(TOO_MANY, headers=LATER)
        try:
            done = await self._in_turn(job)
        except Failed as failed:
            outcome = failed.fault.code
            raise
        except asyncio.CancelledError:
            outcome = CANCELLED
            raise
        else:
            outcome = GOOD
            questions.times.add(time.perf_counter() - began)
            return done
        finally:
            questions.outcomes[outcome] += 1

    async def _in_turn(self, job: Job) -> tuple[Reply, Path]:
        questions = self.questions
        questions.waiting += 1
        try:
            await self._turns.acquire()
        finally:
            questions.waiting -= 1
        questions.running += 1
        try:
            given = msgspec.structs.replace(job, target=str(self._target()), busy=questions.running)
            return await self._done(given)
        finally:
            questions.running -= 1
            self._turns.release()

    async def _done(self, job: Job) -> tuple[Reply, Path]:
        worker = self._free.pop() if self._free else _Worker(self._handover, self._sharing)
        self._all.add(worker)
        worker.keep_to(self._usable)
        doing = asyncio.get_running_loop().run_in_executor(self._threads, worker.do, job)
        finished = False
        try:
            done, _ = await asyncio.wait({doing}, timeout=self._seconds)
            if not done:
                raise Failed(TOO_LONG)
            reply = doing.result()
            finished = True
            if reply.error is not None or reply.damaged is not None:
                self._handover.present.require()  # else that is why
            return reply, Path(job.target)
        finally:
            if finished:
                self._free.append(worker)
            else:  # it took too long, nobody waits for it any more, or it died
                worker.end()
                self._all.discard(worker)
                with suppress(Exception):
                    await asyncio.shield(asyncio.wait({doing}))
                    doing.exception()  # nobody else looks at it
                Path(job.target).unlink(missing_ok=True)

    def _target(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="reportdata-answers-"))
        return self._folder / uuid.uuid4().hex

    def close(self) -> None:
        """End the processes."""
        for worker in list(self._all):
            worker.end()
        self._threads.shutdown()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


class _Worker:
    """A process that does one job after the other. It ends when its standard input does.

    :param sharing: how many such processes share the memory.
    """

    def __init__(self, handover: Handover, sharing: int) -> None:
        self._handover = handover
        self._sharing = sharing
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._ended = False
        self._usable: Collection[int] = ()

    def keep_to(self, usable: Collection[int]) -> None:
        """Let it use these cores alone, also when it is started later."""
        with self._lock:
            changed, self._usable = usable != self._usable, usable
            if changed and self._process is not None and not self._ended:
                keep_to(self._process.pid, usable)

    def do(self, job: Job) -> Reply:
        """Do a job, in a thread.

        :raises EngineError: when the process died.
        :raises FolderGone: when it cannot be started, because the data folder is gone.
        """
        try:
            process = self._started()
            assert process.stdin is not None  # noqa: S101 - both are pipes
            assert process.stdout is not None  # noqa: S101
            process.stdin.write(msgspec.json.encode(job) + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = b""
        if not line.endswith(b"\n"):
            raise EngineError("the process that computes answers ended")
        return msgspec.json.decode(line, type=Reply)

    def _started(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._ended:
                raise OSError
            if self._process is None:
                self._handover.present.require()
                self._process = subprocess.Popen(  # noqa: S603 - this program
                    [sys.executable, "-m", "reportdata", "answer", "--processes", str(self._sharing)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
                keep_to(self._process.pid, self._usable)
                assert self._process.stdin is not None  # noqa: S101
                self._process.stdin.write(self._handover.encoded())
            return self._process

    def end(self) -> None:
        """End it at once, whatever it does."""
        with self._lock:
            self._ended = True
            process = self._process
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
