"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import resource
import sqlite3
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

PACKAGES = (
    *("reportdata", "duckdb", "uvicorn", "uvloop", "httptools", "starlette", "msgspec", "fastapi", "sqlalchemy"),
    *("pyspark", "python_calamine", "fastexcel", "polars", "pandas", "openpyxl", "chdb"),
)
"""What is named when it is installed."""


class Machine(NamedTuple):
    """A machine and what runs on it. ``memory`` is in bytes, ``date`` is today's, written yyyy-mm-dd."""

    cpu: str
    cores: int
    memory: int
    system: str
    python: str
    sqlite: str
    packages: dict[str, str]
    date: str

    def described(self) -> str:
        """The machine in a sentence."""
        memory = f"{self.memory / 2**30:.0f} GiB of memory"
        return f"{self.cpu}, {self.cores} cores, {memory}, {self.system}, Python {self.python}"

    def packages_described(self) -> str:
        """The versions in a sentence."""
        packages = {**self.packages, "SQLite": self.sqlite}
        return "Versions: " + ", ".join(f"{name} {version}" for name, version in packages.items())


def this_machine() -> Machine:
    """The machine that this runs on."""
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        system=_system(),
        python=f"{platform.python_version()} ({platform.python_implementation()})",
        sqlite=sqlite3.sqlite_version,
        packages={name: version(name) for name in PACKAGES if find_spec(name)},
        date=f"{date.today():%Y-%m-%d}",
    )


def cpu_of(process: int) -> float:
    """Seconds that a process has spent on cores so far."""
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children(process: int) -> list[int]:
    """The processes that a process has started and that run."""
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text("utf-8").split()]


class Usage(NamedTuple):
    """Seconds on all cores until now: those that there were, those that programs used, other virtual machines' on the
    same cores included, and those that this process and its ended children used."""

    had: float
    used: float
    own: float

    @classmethod
    def now(cls) -> Usage:
        """The usage until now."""
        ticks = [int(field) for field in Path("/proc/stat").read_text("utf-8").splitlines()[0].split()[1:9]]
        idle = ticks[3] + ticks[4]
        own = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        second = os.sysconf("SC_CLK_TCK")
        return cls(sum(ticks) / second, (sum(ticks) - idle) / second, own)

    def others_until(self, later: Usage) -> float:
        """The share of the machine that others used in between: what disturbs a measurement."""
        return max(0.0, (later.used - self.used - (later.own - self.own)) / (later.had - self.had))


def _cpu() -> str:
    """The processor's name, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _system() -> str:
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        name = platform.system()
    return f"{name} ({platform.system()} {platform.release()})"
