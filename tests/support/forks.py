"""Commands of ``reportdata`` that begin at once, and are killed before one of their steps or after a while."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.effort import FULL
from tests.support.paths import ROOT

STEPS = ("execute", "executemany", "flock", "fsync", "link", "rename", "unlink")
"""Functions after whose calls more may be durable, or another process may see something else."""


class Before(NamedTuple):
    """Before which call a process dies: the one of this number from a place, or from anywhere when that is empty."""

    place: str
    number: int


class Ended(NamedTuple):
    """How a command ended, and what it printed."""

    killed: bool
    out: str


class Forks:
    """A process of which commands are forks, so that they need not load the program."""

    def __init__(self, place: Path, descriptors: Sequence[int] = ()) -> None:
        self._place = place
        self._usual: dict[object, float] = {}
        self.log = place / "log"
        """What commands say about themselves."""
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.fork_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            pass_fds=tuple(descriptors),
        )

    def run(
        self,
        *command: object,
        before: Before | None = None,
        after: float | None = None,
        steps: Sequence[str] = STEPS,
        strace: Sequence[str] = (),
    ) -> Ended:
        """Run a command to its end, which has to be a good one unless it is killed.

        :param before: the step before which it is killed.
        :param after: the seconds after which it is killed, when it has not ended.
        :param strace: options of ``strace``, which then watches it, and may kill it.
        """
        status, seconds, _ = self._ask(command, steps if before else (), before or Before("", 0), after, strace=strace)
        may_die = before or after is not None or strace
        assert status in ((0, signal.SIGKILL) if may_die else (0,)), self._said()
        if not status:
            self._usual[command[0]] = seconds
        return Ended(status != 0, self.out.read_text("utf-8"))

    def run_for(self, share: float, *command: object) -> Ended:
        """Run a command that is killed after a share of the time that such a one takes; the first one is not killed, so
        that the time is known. It counts as a little longer after each kill, as the machine may be slower by now."""
        usual = self._usual.get(command[0])
        ended = self.run(*command, after=share * usual if usual is not None else None)
        if ended.killed and usual is not None:
            self._usual[command[0]] = 1.1 * usual
        return ended

    def steps_of(self, *command: object, steps: Sequence[str] = STEPS) -> list[Before]:
        """The steps of a command that are worth being killed before: the first two from each place of the program, of
        SQL the first alone, since what comes from the same place later does the same. All, when tests are to try all.
        It runs the command."""
        places = self._place / "places"
        status, *_ = self._ask(command, steps, Before("", 0), None, places=str(places))
        assert status == 0, self._said()
        found: list[str] = json.loads(places.read_text("utf-8"))
        if FULL:
            return [Before("", number) for number in range(1, len(found) + 1)]
        return [
            Before(place, number)
            for place, count in Counter(found).items()
            for number in (1, 2)[: min(count, 1 if place.startswith("execute") else 2)]
        ]

    def start(self, *command: object, strace: Sequence[str] = ()) -> int:
        """Start a command that goes on; the number of its process.

        :param strace: options of ``strace``, which then watches it, and may kill it.
        """
        *_, child = self._ask(command, (), Before("", 0), None, wait=False, strace=strace)
        return child

    def kill(self, child: int, how: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to what was started and wait for its end; its status."""
        status, *_ = self._answer({"child": child, "signal": how})
        return status

    def wait(self, child: int) -> int:
        """Wait for the end of what was started; its status."""
        status, *_ = self._answer({"child": child, "signal": 0})
        return status

    @property
    def out(self) -> Path:
        """Where a command prints to."""
        return self._place / "out"

    def _said(self) -> str:
        return self.out.read_text("utf-8") + self.log.read_text("utf-8")

    def _ask(
        self,
        command: Sequence[object],
        steps: Sequence[str],
        before: Before,
        after: float | None,
        *,
        wait: bool = True,
        places: str = "",
        strace: Sequence[str] = (),
    ) -> tuple[int, float, int]:
        asked: dict[str, object] = {"command": list(map(str, command)), "wait": wait, "places": places}
        asked |= {
            "strace": strace,
            "steps": steps,
            "before": before,
            "after": after,
            "out": str(self.out),
            "log": str(self.log),
        }
        return self._answer(asked)

    def _answer(self, request: dict[str, object]) -> tuple[int, float, int]:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        print(json.dumps(request), file=self._server.stdin, flush=True)
        status, seconds, child = json.loads(self._server.stdout.readline())
        return status, seconds, child

    def close(self) -> None:
        """End, and with it all that was started."""
        self._server.communicate()


def every(number: int) -> list[Any]:
    """Parameters of a test: before which of a command's steps it is killed, each or every so many."""
    return [1] if FULL else [number, pytest.param(1, marks=pytest.mark.slow)]


@contextmanager
def forking(place: Path, descriptors: Sequence[int] = ()) -> Iterator[Forks]:
    """Commands that leave what they print in a folder of their own.

    :param descriptors: open files that they inherit.
    """
    place.mkdir()
    forks = Forks(place, descriptors)
    try:
        yield forks
    finally:
        forks.close()
