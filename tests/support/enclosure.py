"""Runs a command on a copy of the machine: ``python -m tests.support.enclosure FILE COMMAND...`` writes what the
command changed and left to the file, as JSON, and ends as the command does.

Only root can make the copy; to others it is the machine itself, and only processes are looked for. The command finds
out by the variable ENCLOSED; on the copy it has /tmp for itself.
"""

from __future__ import annotations

import ctypes
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

COPIED = tuple(map(Path, ("/etc", "/home", "/opt", "/root", "/srv", "/tmp", "/usr/local", "/var")))
MEMORY = Path("/dev/shm")
_CLONE_NEWNS, _PR_SET_CHILD_SUBREAPER = 0x20000, 36


def main(report: Path, command: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)  # what is left without a parent comes to this process
    with report.open("w") as file:  # before it lies under a layer
        layers = _layers() if os.geteuid() == 0 and libc.unshare(_CLONE_NEWNS) == 0 else {}
        os.chdir(Path.cwd())  # the same path leads into the copy now
        os.environ["ENCLOSED"] = "yes" if layers else ""
        if layers:
            os.environ.pop("TMPDIR", None)
        code = _run(command)
        changed = sorted(str(root / path) for root, layer in layers.items() for path in _leaves(layer))
        json.dump({"enclosed": bool(layers), "changed": changed, "processes": _left()}, file)
    return code


def _layers() -> dict[Path, int]:
    """Lay a layer over each part of the machine that takes all changes; gives these layers, as opened folders."""
    _mount("--make-rprivate", "/")
    _mount("-t", "tmpfs", "tmpfs", str(MEMORY))
    found = {}
    for number, root in enumerate(path for path in COPIED if path.is_dir()):
        layer, work = MEMORY / f"layer{number}", MEMORY / f"work{number}"
        layer.mkdir()
        work.mkdir()
        layer.chmod(stat.S_IMODE(root.stat().st_mode))
        found[root] = os.open(layer, os.O_RDONLY)
        _mount("-t", "overlay", "-o", f"lowerdir={root},upperdir={layer},workdir={work}", "overlay", str(root))
    _mount("-t", "tmpfs", "tmpfs", str(MEMORY))
    found[MEMORY] = os.open(MEMORY, os.O_RDONLY)
    return found


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def _run(command: Sequence[str]) -> int:
    """Run a command, and let everything that ends meanwhile be gone, as the first process of a machine does."""
    child = subprocess.Popen(command)
    while child.returncode is None:
        ended, status = os.wait()
        if ended == child.pid:
            child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode


def _left() -> list[str]:
    """The command lines of the processes that the command left, which are ended."""
    found = []
    for number in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        command = Path(f"/proc/{number}/cmdline").read_bytes()
        if command:  # otherwise it has ended
            found.append(command.replace(b"\0", b" ").decode(errors="replace"))
            os.kill(int(number), 9)
    return found


def _leaves(folder: int) -> Iterator[Path]:
    """The paths of files, and of folders without any, in an opened folder."""
    for name, folders, files, _ in os.fwalk(".", dir_fd=folder):
        inside = Path(name)
        yield from (inside / file for file in files)
        if inside.name and not folders and not files:
            yield inside


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
