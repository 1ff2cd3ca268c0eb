"""Lakes that tests fill and read."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from reportdata.days import to_date
from reportdata.lake import DAY, Incoming, Lake
from reportdata.lake.s3 import S3Lake


class Later:
    """A clock that can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


later = Later()
"""The clock of lakes in object storage."""


def put(incoming: Incoming, kind: str, day: str, content: bytes, name: str = "facts") -> None:
    """Write a file as an import does. The lake does not look into files, so any bytes do."""
    folder = incoming.folder / kind / f"stat_day={to_date(day)}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.parquet").write_bytes(content)


def add(lake: Lake, *files: tuple[str, str, bytes]) -> None:
    """Add files at once, each of a kind and a day, with its content."""
    with lake.incoming() as incoming:
        for number, (kind, day, content) in enumerate(files):
            put(incoming, kind, day, content, f"facts-{number}")
        lake.add(incoming)


def read(lake: Lake, paths: Sequence[Path]) -> list[bytes]:
    """What is in files."""
    with lake.located(paths) as places:
        return [place.read_bytes() for place in places]


def contents(lake: Lake, files: dict[str, tuple[Path, ...]]) -> dict[str, list[bytes]]:
    """What is in the files of days."""
    return {day: sorted(read(lake, paths)) for day, paths in files.items()}


@contextmanager
def child(code: str, lake: Lake, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Another process with the same ``lake``."""
    start = "import sys, time; from pathlib import Path; from reportdata.coverage import Coverage\n"
    start += "from reportdata.lake.local import LocalLake; from reportdata.lake.s3 import S3Lake\n"
    made = f"S3Lake(root, {lake.address!r})" if isinstance(lake, S3Lake) else "LocalLake(root)"
    start += f"root = Path({str(lake.root)!r}); lake = {made}\n"
    command = [sys.executable, "-c", start + code, *map(str, arguments)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line_of(process: subprocess.Popen[str]) -> str:
    """The next line that a process prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def all_paths(lake: Lake) -> list[Path]:
    """All files of a lake."""
    facts = [path for kind in lake.kinds() for path in lake.paths(kind)]
    return [*facts, *lake.observations(), *lake.repeated_observations()]


def replace(lake: Lake, files: Sequence[Path], content: bytes | None) -> Path | None:
    """Let a file with this content stand in for others, or none; returns it."""
    with lake.refreshing(), lake.incoming() as incoming:
        by = incoming.folder / "merged"
        if content is not None:
            by.write_bytes(content)
        return lake.replace(files, by if content is not None else None)


def sweep(lake: Lake) -> int | None:
    """Remove what was replaced and may go by now."""
    with lake.refreshing():
        return lake.sweep()


def sweep_later(lake: Lake) -> int | None:
    """Remove what was replaced, when nobody on another machine can be reading it any more."""
    later.ahead += 2 * DAY
    return sweep(lake)
