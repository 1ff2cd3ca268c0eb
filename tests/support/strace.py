"""The system calls by which commands change files, as ``strace`` tells them; and the same calls made on a `Disk`."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import NamedTuple

from tests.support.disk import Disk

STEPS = (
    *("write", "pwrite64", "writev", "pwritev", "ftruncate", "truncate", "fsync", "fdatasync", "rename", "renameat"),
    *("renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir"),
)
"""Calls by which files and folders change, or become durable."""
_MORE = ("openat", "open", "creat", "lseek", "sendto", "sendmsg", "clone", "clone3", "fork", "vfork")
_HEARD = ("read", "recvfrom", "recvmsg")
_REFUSED = ("sendfile", "copy_file_range", "splice", "fallocate", "symlink", "symlinkat")
"""What would change files in ways that are not told here."""

OPTIONS = ("-f", "-y", "-qq", "-xx", "-s", "100000000", "-e", "signal=none")

_LINE = re.compile(r"^(\d+) +(?:<\.\.\. (\w+) resumed>(.*)|(\w+)\((.*))$")
_RESULT = re.compile(r"^(.*)\) += (-?\d+|0x[0-9a-f]+|\?)(.*)$")
_PLACE = re.compile(r"^(-?\d+|AT_FDCWD)<((?:\\x[0-9a-f]{2})*)>(\(deleted\))?")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def following(log: Path, *, heard: bool = False) -> list[str]:
    """Options of ``strace`` that write down all that `Trace` needs; with ``heard``, also what is read."""
    names = (*STEPS, *_MORE, *_REFUSED, *(_HEARD if heard else ()))
    return [*OPTIONS, "-e", f"trace={','.join(names)}", "-o", str(log)]


def killing(log: Path, step: Step) -> list[str]:
    """Options of ``strace`` that kill before a call: in the first thread that comes to it."""
    name = f"{step.name}:signal=KILL:when={step.number}"
    return ["-f", "-q", "-e", "signal=none", "-e", f"trace={step.name}", "-e", f"inject={name}", "-o", str(log)]


class Step(NamedTuple):
    """A call of a thread: its name, and how many of that name the thread had made with it."""

    name: str
    number: int


class Call(NamedTuple):
    """A call that ended well: who made it, its name, its arguments as they are written, and its result; and after how
    many others it began."""

    thread: int
    name: str
    arguments: str
    result: int
    told: str
    begun: int


class Trace:
    """The calls of a process and of all that it started, in the order in which they ended."""

    def __init__(self, log: Path) -> None:
        self.calls: list[Call] = []
        self.steps: list[Step] = []
        """All steps, those that failed or never ended among them."""
        counts: dict[tuple[int, str], int] = {}
        begun: dict[int, tuple[str, str, int]] = {}
        with log.open(encoding="ascii") as lines:
            for line in lines:
                found = _LINE.match(line.rstrip("\n"))
                if found is None:
                    continue
                thread = int(found[1])
                if found[2]:
                    name, start, number = begun.pop(thread)
                    rest = start + found[3]
                else:
                    name, rest, number = found[4], found[5], len(self.calls)
                    if name in STEPS:
                        counts[thread, name] = counts.get((thread, name), 0) + 1
                        self.steps.append(Step(name, counts[thread, name]))
                    if rest.endswith("<unfinished ...>"):
                        begun[thread] = name, rest.removesuffix("<unfinished ...>").rstrip(), number
                        continue
                ended = _RESULT.match(rest)
                if ended and ended[2] != "?" and not ended[2].startswith("-"):
                    self.calls.append(Call(thread, name, ended[1], int(ended[2], 0), ended[3].strip(), number))


def moments(trace: Trace, rng: random.Random, number: int) -> list[int]:
    """So many numbers of calls after which the power may fail, in their order. Each sort of call, by its name and the
    ending of the file's, is as likely as any other, as most are of a few sorts."""
    sorts: dict[tuple[str, str], list[int]] = {}
    for after, call in enumerate(trace.calls, 1):
        if call.name in STEPS:
            place = _place(call.arguments)[0] or _paths(call.arguments)[-1]
            sorts.setdefault((call.name, Path(place).suffix), []).append(after)
    return sorted(rng.choice(rng.choice(list(sorts.values()))) for _ in range(number))


class Replay:
    """A disk on which the calls of a trace are made one after the other.

    ``said`` is what was written so far and not to the disk, and where: to another file, to a socket; ``heard`` is what
    was read so far and not from the disk, if the trace has that."""

    def __init__(self, trace: Trace, disk: Disk) -> None:
        self.disk = disk
        self.done = 0
        self.said: list[tuple[str, bytes]] = []
        self.heard: list[tuple[str, bytes]] = []
        self._trace = trace
        self._tables: dict[int, dict[int, int | None]] = {}
        self._common: dict[int, int | None] = {}

    def to(self, number: int) -> None:
        """Make the calls up to that number of calls."""
        while self.done < number:
            self._make(self._trace.calls[self.done])
            self.done += 1

    def _make(self, call: Call) -> None:
        table = self._tables.setdefault(call.thread, self._common)
        name, arguments = call.name, call.arguments
        if name in ("open", "openat", "creat"):
            self._open(call, table)
        elif name in ("clone", "clone3", "fork", "vfork"):
            self._tables[call.result] = table if "CLONE_FILES" in arguments else dict(table)
        elif name == "lseek":
            descriptor = int(arguments.partition("<")[0])
            if table.get(descriptor, 0) is not None:
                table[descriptor] = call.result
        elif name in ("write", "pwrite64", "writev", "pwritev", "sendto", "sendmsg"):
            self._write(call, table)
        elif name in _HEARD:
            place, content = _place(arguments)[0], _content(call)
            if self.disk.has(place):
                self._advance(table, int(arguments.partition("<")[0]), len(content))
            else:
                self.heard.append((place, content))
        elif name in ("ftruncate", "fsync", "fdatasync"):
            place, there = _place(arguments)
            if there and self.disk.has(place):
                if name == "ftruncate":
                    self.disk.resized(self.done, place, int(arguments.rpartition(", ")[2], 0))
                else:
                    self.disk.synced(place, call.begun)
        elif name in _REFUSED:
            assert not any(self.disk.has(_decoded(text)) for text in re.findall(r"<((?:\\x..)*)>", arguments)), call
        else:
            self._rename(name, arguments)

    def _rename(self, name: str, arguments: str) -> None:
        paths = _paths(arguments)
        if not any(self.disk.has(path) for path in paths):
            return
        if name.startswith("mkdir"):
            self.disk.made(self.done, *paths)
        elif name.startswith("rename"):
            assert all(self.disk.has(path) for path in paths), paths
            self.disk.renamed(self.done, *paths)
        elif name.startswith("link"):
            self.disk.linked(self.done, *paths)
        elif name.startswith(("unlink", "rmdir")):
            self.disk.removed(self.done, *paths)
        else:
            self.disk.resized(self.done, paths[0], int(arguments.rpartition(", ")[2], 0))

    def _open(self, call: Call, table: dict[int, int | None]) -> None:
        table[call.result] = None if "O_APPEND" in call.arguments else 0
        place, there = _place(f"{call.result}{call.told}")
        writes = any(flag in call.arguments for flag in ("O_WRONLY", "O_RDWR")) or call.name == "creat"
        if there and writes and "O_TMPFILE" not in call.arguments and self.disk.has(place):
            self.disk.opened(self.done, place, truncate="O_TRUNC" in call.arguments or call.name == "creat")

    def _write(self, call: Call, table: dict[int, int | None]) -> None:
        place, there = _place(call.arguments)
        content = _content(call)
        descriptor = int(call.arguments.partition("<")[0])
        if not self.disk.has(place):
            self.said.append((place, content))
            return
        if call.name.startswith("pwrite"):
            offset: int | None = int(call.arguments.rpartition(", ")[2], 0)
        else:
            offset = table.get(descriptor, 0)
            self._advance(table, descriptor, len(content))
        if there:
            self.disk.written(self.done, place, offset, content)

    def _advance(self, table: dict[int, int | None], descriptor: int, size: int) -> None:
        at = table.get(descriptor, 0)
        if at is not None:
            table[descriptor] = at + size


def _content(call: Call) -> bytes:
    """What was written or read."""
    content = b"".join(bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(call.arguments))
    return content[: call.result]


def _decoded(text: str) -> str:
    return bytes.fromhex(text.replace("\\x", "")).decode()


def _place(arguments: str) -> tuple[str, bool]:
    """The path of the descriptor that comes first, and whether it has it still."""
    found = _PLACE.match(arguments)
    return (_decoded(found[2]), not found[3]) if found else ("", False)


def _paths(arguments: str) -> list[str]:
    """The paths that a call names: each alone, or after the folder from where it is."""
    found = []
    for folder, text in re.findall(r'(?:<((?:\\x[0-9a-f]{2})*)>, )?"((?:\\x[0-9a-f]{2})*)"', arguments):
        path = _decoded(text)
        found.append(path if path.startswith("/") or not folder else f"{_decoded(folder)}/{path}")
    return found
