"""A program that has ``reportdata`` loaded and runs its commands in forks of itself, so that each begins at once.

It reads requests, one JSON object a line, and answers each with one line of JSON; `tests.support.forks` is its client.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import click

import reportdata
import reportdata.engines.duckdb.connection
from reportdata.cli import cli

PROGRAM = f"{Path(reportdata.__file__).parent}{os.sep}"
COMMANDS = ("import", "refresh", "compact", "backup", "restore", "forget", "serve", "work")


class Steps:
    """Counts the calls that change something outside the process, and kills it before one of them.

    :param names: of the functions that do; they are written in C.
    :param place: where the call comes from, as `place_of` says; "" for anywhere.
    :param number: before which call from there the process dies; 0 for none.
    """

    def __init__(self, names: list[str], place: str, number: int) -> None:
        self.places: list[str] = []
        self._names = frozenset(names)
        self._place = place
        self._number = number
        self._counts: Counter[str] = Counter()

    def watch(self) -> None:
        """Begin, in this thread and those that it starts."""
        threading.setprofile(self._called)
        sys.setprofile(self._called)

    def _called(self, frame: FrameType, event: str, called: Any) -> None:
        if event != "c_call" or called.__name__ not in self._names:
            return
        place = f"{called.__name__} {place_of(frame)}"
        self.places.append(place)
        for counted in {place, ""}:
            self._counts[counted] += 1
        if self._number and self._counts[self._place] == self._number and self._place in ("", place):
            os.kill(os.getpid(), signal.SIGKILL)


def place_of(frame: FrameType | None) -> str:
    """The lines of the program on the way to a call, the innermost first."""
    found = []
    while frame is not None:
        if frame.f_code.co_filename.startswith(PROGRAM):
            found.append(f"{frame.f_code.co_filename[len(PROGRAM) :]}:{frame.f_lineno}")
        frame = frame.f_back
    return " ".join(found)


def watched(options: list[str], held: int) -> None:
    """Wait until ``strace`` watches this process.

    :param held: a pipe that ``strace`` holds until it has written down all.
    """
    child = os.fork()
    if child == 0:
        os.set_inheritable(held, True)
        os.execvp("strace", ["strace", *options, "-p", str(os.getppid())])
    while "TracerPid:\t0\n" in Path("/proc/self/status").read_text("utf-8"):
        if os.waitpid(child, os.WNOHANG)[0]:
            sys.exit("strace cannot watch a process here")
        time.sleep(0.001)


def run_in_child(request: dict[str, Any], held: int) -> None:
    """Run the command of a request; never returns."""
    for target, name, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, request["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND),
    ):
        opened = os.open(name, flags, 0o600)
        os.dup2(opened, target)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
    if request["strace"]:
        watched(request["strace"], held)
    steps = Steps(request["steps"], *request["before"])
    if request["steps"]:
        steps.watch()
    code = 1
    try:
        cli(request["command"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:
        traceback.print_exc()
    sys.setprofile(None)
    if request["places"]:
        Path(request["places"]).write_text(json.dumps(steps.places), "utf-8")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # to take the whole program apart would cost more than most commands


def wait(child: int, living: int, seconds: float | None) -> tuple[int, float]:
    """The status of a child that ended, or that is killed after some time; and how long it ran.

    :param living: a pipe that closes when the child ends.
    """
    began = time.monotonic()
    if not select.select([living], [], [], seconds)[0]:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(living)
    return status, time.monotonic() - began


def main() -> None:
    """Answer requests until there are no more."""
    for name in COMMANDS:
        cli.get_command(click.Context(cli), name)
    gc.freeze()
    children: dict[int, int] = {}
    for line in sys.stdin:
        request = json.loads(line)
        if "command" not in request:
            os.kill(request["child"], request["signal"])
            answer = [*wait(request["child"], children.pop(request["child"]), None), request["child"]]
        else:
            living, held = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(living)
                for other in children.values():
                    os.close(other)
                run_in_child(request, held)
            os.close(held)
            if request["wait"]:
                answer = [*wait(child, living, request["after"]), child]
            else:
                children[child] = living
                answer = [0, 0.0, child]
        print(json.dumps(answer), flush=True)
    for child, living in children.items():
        wait(child, living, 0)


if __name__ == "__main__":
    main()
