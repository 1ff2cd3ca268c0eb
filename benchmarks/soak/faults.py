"""What happens to a disk: its folder is moved away and comes back, it is full, a file is damaged and repaired."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.soak.clients import Book


class Commands:
    """Runs commands on a data folder."""

    def __init__(self, data: Path, book: Book) -> None:
        self.data = data
        self._book = book

    def run(self, *arguments: object, may_fail: bool = False) -> str:
        """What a command prints; that it fails is noted, unless it may."""
        words = [sys.executable, "-m", "reportdata", *map(str, arguments), "--data", str(self.data)]
        done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=self.data.parent)
        name = " ".join(str(word) for word in arguments[:2] if "/" not in str(word))
        self._book.count(name)
        if "Traceback" in done.stderr:
            self._book.wrong.append(f"{name}: {done.stderr[-2000:]}")
        elif done.returncode and not may_fail:
            self._book.failed.append(f"{name}: exit code {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}")
        return done.stdout


@contextmanager
def _fault(book: Book, name: str) -> Iterator[None]:
    book.fault = name
    book.count(f"fault: {name}")
    try:
        yield
    finally:
        time.sleep(1)  # the last requests that met it are answered
        book.fault = ""


def moved(commands: Commands, book: Book, lasts: float) -> None:
    """The data folder is moved away, and back."""
    away = commands.data.with_name("moved-away")
    with _fault(book, "folder moved"):
        commands.data.rename(away)
        time.sleep(lasts)
        if commands.data.exists():
            book.wrong.append(f"a new {commands.data} was made in place of the one that was moved")
            shutil.rmtree(commands.data)
        away.rename(commands.data)
        time.sleep(2)


def full(commands: Commands, book: Book, lasts: float) -> None:
    """The disk is full, and has room again."""
    filler = commands.data.parent / "filler"
    with _fault(book, "disk full"):
        with filler.open("wb", buffering=0) as written:
            for size in (1 << 20, 4096):
                with suppress(OSError):
                    while True:
                        written.write(b"x" * size)
        time.sleep(lasts)
        filler.unlink()
        time.sleep(2)


def damaged(commands: Commands, book: Book, lasts: float, rng: random.Random) -> None:
    """A file of the lake is damaged, and brought back from a backup."""
    backup = commands.data.parent / "backup"
    shutil.rmtree(backup, ignore_errors=True)
    commands.run("backup", backup)
    with _fault(book, "file damaged"):
        kept = [path.relative_to(backup) for path in backup.rglob("*.parquet")]
        both = [commands.data / path for path in sorted(kept) if (commands.data / path).exists()]
        if both:
            _damage(rng.choice(both), rng)
        commands.run("refresh", may_fail=True)
        time.sleep(lasts)
        commands.run("repair", "--from", backup)
        time.sleep(1)
    shutil.rmtree(backup)


def _damage(path: Path, rng: random.Random) -> None:
    with suppress(FileNotFoundError):  # it was merged just now
        content = path.read_bytes()
        kind = rng.choice(["delete", "flip", "cut"])
        if kind == "delete":
            path.unlink()
        elif kind == "flip":
            place = rng.randrange(len(content))
            path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        else:
            os.truncate(path, rng.randrange(len(content)))


def faults(
    commands: Commands, book: Book, rng: random.Random, lasts: float, *, small: bool
) -> list[Callable[[], None]]:
    """All of them.

    :param lasts: seconds.
    :param small: whether the disk is a small one of its own, so that it can be filled.
    """
    found: list[Callable[[], None]] = [
        lambda: moved(commands, book, lasts),
        lambda: damaged(commands, book, lasts, rng),
    ]
    return [*found, lambda: full(commands, book, lasts)] if small else found
