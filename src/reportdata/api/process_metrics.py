"""What Prometheus is told of processes: their time, memory and open files, by the names that all its clients have.

Those of the serving process have no labels; those of the `reportdata` commands that it started beside itself have what
they are (``process``), like ``answer`` or ``work``, and their id (``pid``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from prometheus_client.core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

_PROC = Path("/proc")


class Child(NamedTuple):
    """A process of this program that another one started: its id, and the command that it is."""

    pid: int
    command: str


class ProcessMetrics(Collector):
    """The metrics of this process and of those that it started. Where there is no ``/proc``, there are none."""

    def describe(self) -> list[Metric]:
        """Nothing is collected when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The metrics as they are now."""
        found = {family.name: family for family in _families("self")}
        for child in children(os.getpid()):
            labels = {"process": child.command, "pid": str(child.pid)}
            for family in _families(str(child.pid)):  # none when it ended just now
                for sample in family.samples if family.name in found else ():
                    found[family.name].add_sample(sample.name, labels, sample.value)
        yield from found.values()


def children(parent: int) -> Iterator[Child]:
    """The commands of this program that a process started and that run, in the order of their ids."""
    with suppress(OSError):
        for pid in sorted(int(path.name) for path in _PROC.iterdir() if path.name.isdigit()):
            with suppress(OSError, ValueError, IndexError):  # it ended just now
                stat = (_PROC / str(pid) / "stat").read_bytes()
                if int(stat.rpartition(b")")[2].split()[1]) != parent:
                    continue
                words = (_PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
                if words[1:3] == [b"-m", b"reportdata"]:
                    yield Child(pid, words[3].decode("ascii"))


def _families(pid: str) -> list[Metric]:
    with suppress(ValueError):  # of a limit that is none
        return list(ProcessCollector(pid=lambda: pid, registry=None).collect())
    return []
