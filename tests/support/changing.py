"""Changes of a lake that are killed at any moment, in forks of a process of its own: threads of clients of object
storage do not survive a fork. A line of its input is (root, address or nothing, action, moment or 0); the answer says
whether it was killed and how many moments it had."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

import reportdata.lake.log as membership
from reportdata.coverage import Observation
from reportdata.lake import Lake, Replacement
from reportdata.lake.local import LocalLake
from reportdata.lake.s3 import S3Lake
from tests.support.lakes import put
from tests.support.paths import ROOT
from tests.support.steps import OF_FILES, OF_OBJECTS, killed_at, moments_of

DAYS = ("20240101", "20240102", "20240103")
LOOKS = [Observation("c1", DAYS[0], DAYS[2], 7)]
FEW = 3
"""Entries after which the log is folded here."""


def opened(root: Path, address: str) -> Lake:
    """The lake in a folder, or at an address."""
    return S3Lake(root, address) if address else LocalLake(root)


def add(lake: Lake) -> None:
    """Add files of several kinds and days, and what was observed."""
    with lake.incoming() as incoming:
        for day in DAYS:
            put(incoming, "sent", day, f"added {day}".encode())
            put(incoming, "commented", day, f"comments {day}".encode())
        put(incoming, "withdrawn", DAYS[1], b"withdrawn")
        lake.add(incoming, LOOKS)


def replace(lake: Lake) -> None:
    """Let one file stand in for all of a day and kind."""
    with lake.refreshing(), lake.incoming() as incoming:
        by = incoming.folder / "merged.parquet"
        by.write_bytes(b"merged")
        lake.replace(lake.files("sent")[DAYS[0]], by)


def replace_all(lake: Lake) -> None:
    """Let files of several kinds, and of coverage, be replaced at once; one by its like and repeats beside it."""
    with lake.refreshing(), lake.incoming() as incoming:
        by, repeats = incoming.folder / "merged.parquet", incoming.folder / "repeats.parquet"
        by.write_bytes(b"merged")
        repeats.write_bytes(b"repeated")
        incoming.coverage.write_bytes(msgspec.json.Encoder().encode_lines(LOOKS))
        replacements = [
            Replacement(lake.files("sent")[DAYS[0]], by, repeats),
            Replacement(lake.files("commented")[DAYS[1]], None),
            Replacement(lake.observations(), incoming.coverage),
        ]
        lake.replace_all(replacements)


def empty(lake: Lake) -> None:
    """Let nothing stand in for the files of a day and kind."""
    with lake.refreshing():
        lake.replace(lake.files("sent")[DAYS[0]], None)


def sweep(lake: Lake) -> None:
    """Remove what was replaced."""
    with lake.refreshing():
        lake.sweep(wait=True)


ACTIONS: dict[str, Callable[[Lake], None]] = {
    "add": add,
    "replace": replace,
    "replace all": replace_all,
    "empty": empty,
    "sweep": sweep,
}


class Changing:
    """Changes lakes and dies."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def moments(self, lake: tuple[Path, str], action: str) -> int:
        """Do it, and tell how many moments it had."""
        return self._ask(lake, action, 0)[1]

    def kill(self, lake: tuple[Path, str], action: str, moment: int) -> bool:
        """Do it, and die at a moment; False when it was done before."""
        return bool(self._ask(lake, action, moment)[0])

    def _ask(self, lake: tuple[Path, str], action: str, moment: int) -> list[int]:
        assert self._process.stdout is not None
        print(json.dumps([str(lake[0]), lake[1], action, moment]), file=self._process.stdin, flush=True)
        answered: list[int] = json.loads(self._process.stdout.readline())
        return answered


@contextmanager
def changing() -> Iterator[Changing]:
    """A process that changes lakes and dies."""
    command = [sys.executable, "-m", "tests.support.changing"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        yield Changing(process)


def main() -> None:
    """Answer lines."""
    import obstore.store  # noqa: F401 - not in each fork anew

    membership.MANY = FEW
    for line in sys.stdin:
        root, address, action, moment = json.loads(line)

        def work(root: str = root, address: str = address, action: str = action) -> None:
            ACTIONS[action](opened(Path(root), address))

        steps = OF_OBJECTS if address else OF_FILES
        if moment:
            print(json.dumps([killed_at(moment, work, steps), moment]), flush=True)
        else:
            print(json.dumps([False, moments_of(work, steps)]), flush=True)


def copy(root: Path, to: Path) -> Path:
    """A copy of a folder."""
    shutil.copytree(root, to)
    return to


if __name__ == "__main__":
    main()
