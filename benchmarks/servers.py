"""Servers that are measured: each a process on a core of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from benchmarks import load


class Server(NamedTuple):
    """A server that runs: its process and its address."""

    process: int
    address: load.Address


@contextmanager
def running_server(module: str, *arguments: str) -> Iterator[Server]:
    """A server in a process on a core of its own."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            pin(1, process.pid)
            assert process.stdout is not None
            host, port = process.stdout.readline().split("http://", 1)[1].split("/")[0].split()[0].split(":")
            yield Server(process.pid, (host, int(port)))
        finally:
            process.kill()


def pin(place: int, process: int) -> None:
    """Keep a process (0 for this one) on one of the cores, where the system can do that and there are two."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(process, {cores[place % len(cores)]})
