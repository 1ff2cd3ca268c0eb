"""The machine outside a run's temporary folder, on which tests leave nothing: no file, user, mount or process."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from tests.support.paths import ROOT
from tests.support.waiting import SOON

WATCHED = tuple(map(Path, ("/etc", "/opt", "/srv", "/usr/local", "/var/backups", "/var/lib", "/var/spool/cron")))
"""Where programs are installed and keep what they need."""
_DEPTH = 3
"""Deep enough for a program in /usr/local/lib and a unit in /etc/systemd/system."""
PREFIX = "reportdata-run-"
"""What names of folders of runs begin with; later runs remove what was left of them after a day."""
_DAY = 86_400
_OF_TARGETS = frozenset({"dist", "site"})
"""What the project's own targets make in its folder; caches, which they make too, have hidden names."""
MEMORY, _ROOM = Path("/dev/shm"), 2 << 30
"""A folder in memory, in which fsync costs nothing, and the bytes that must be free for it to be used."""
PATIENCE = SOON
"""Seconds that processes have to end after the last test."""
_USERS = tuple(map(Path, ("/etc/passwd", "/etc/group")))
_SHARED = tuple(map(Path, ("/run", "/var/lib/containers", "/var/lib/docker", "/var/lib/containerd")))
"""Where other programs mount, and keep what they have running."""


class Run:
    """One run of tests, in whatever many processes. It has a temporary folder of its own, so that what is left there is
    its own doing. Names in `/tmp` itself say nothing: any program may make some meanwhile. For the same reason mounts
    count unless they are where others mount; whatever installs software beside the tests is taken for them."""

    def __init__(self, *, in_memory: bool = False) -> None:
        """
        :param in_memory: whether the folder may lie in memory, where there is room, unless ``TMPDIR`` names a place.
        """
        self._places = (Path(tempfile.gettempdir()), MEMORY)
        self._remove_old()
        place = self._places[1 if in_memory and "TMPDIR" not in os.environ and has_room(MEMORY) else 0]
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        self.folder.chmod(0o1777)  # as /tmp: databases run as another user
        self._before = {name: os.environ.get(name) for name in self._variables()}
        os.environ.update(self._variables())
        tempfile.tempdir = None
        self._names, self._mounts, self._users = _names(), _mounts(), _contents(_USERS)

    def _variables(self) -> Mapping[str, str]:
        """What leads programs to the folder. Java knows no TMPDIR, and writes how it does to /tmp in any case."""
        java = f"-Djava.io.tmpdir={self.folder} -XX:-UsePerfData"
        return {"TMPDIR": str(self.folder), "PYTEST_DEBUG_TEMPROOT": str(self.folder), "JAVA_TOOL_OPTIONS": java}

    def _remove_old(self) -> None:
        """Remove what runs of other days left that failed or were killed."""
        for folder in (found for place in self._places for found in place.glob(f"{PREFIX}*")):
            with suppress(OSError):  # another run was faster
                found = folder.stat()
                if found.st_uid == os.geteuid() and found.st_mtime < time.time() - _DAY:
                    shutil.rmtree(folder, ignore_errors=True)

    def left(self) -> list[str]:
        """What tests left: paths, mounts, and processes that do not end by themselves."""
        found = [str(path) for path in sorted(self.folder.iterdir()) if not path.name.startswith(_OF_THE_RUN)]
        found += [str(path) for path in sorted(_names() - self._names)]
        found += [str(path) for path, content in _contents(_USERS).items() if content != self._users[path]]
        found += [f"the mount {place}" for place in sorted(_mounts() - self._mounts) if self._may_be_ours(place)]
        return found + self._processes()

    def end(self, *, keep: bool) -> None:
        """Remove the folder, unless somebody wants to look into it: then it is on the disk."""
        for name, value in self._before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        tempfile.tempdir = None
        kept = Path(tempfile.mkdtemp(prefix=PREFIX)) if keep and self.folder.is_relative_to(MEMORY) else self.folder
        if kept != self.folder:
            with suppress(shutil.Error):  # sockets stay behind
                shutil.copytree(self.folder, kept, symlinks=True, dirs_exist_ok=True)
        if kept != self.folder or not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder = kept

    def _may_be_ours(self, mounted: Path) -> bool:
        others = any(map(mounted.is_relative_to, (*self._places, *_SHARED)))
        return mounted.is_relative_to(self.folder) or not others

    def _processes(self) -> list[str]:
        end = time.monotonic() + PATIENCE
        while (found := list(self._running())) and time.monotonic() < end:
            time.sleep(0.05)  # what was told to end may not be gone yet
        return found

    def _running(self) -> Iterator[str]:
        """Processes that know the folder."""
        own, folder = {str(os.getpid()), str(os.getppid())}, os.fsencode(self.folder)
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended, or is another user's
                command = (process / "cmdline").read_bytes()
                known = command + (process / "environ").read_bytes() + os.fsencode((process / "cwd").readlink())
                if command and process.name not in own and folder in known:
                    yield f"the process {process.name}: {command.replace(bytes(1), b' ').decode(errors='replace')}"


_OF_THE_RUN = ("pytest-of-", "spark-", "blockmgr-", "artifacts-", "liblz4-java")
"""What may lie in the run's own folder, which goes with it: pytest's folders, and what Spark's JVMs make aside and do
not remove when they are killed, as those of a cluster are."""


def has_room(memory: Path) -> bool:
    """Whether a folder is one where programs may write and run, with room in memory for what it takes."""
    try:
        found = os.statvfs(memory)
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return False
    available = next((int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")), 0)
    usable = os.access(memory, os.W_OK | os.X_OK) and not found.f_flag & os.ST_NOEXEC
    return usable and min(found.f_bavail * found.f_frsize, available) >= _ROOM


def _names() -> set[Path]:
    """What is where nothing may be left: programs' places, and the project's folder itself, where tests run."""
    own = {path for path in ROOT.iterdir() if not path.name.startswith(".") and path.name not in _OF_TARGETS}
    return own.union(path for root in WATCHED for path in _below(root, _DEPTH))


def _below(folder: Path, depth: int) -> Iterator[Path]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            path = Path(entry.path)
            if entry.name == "__pycache__" or path in _SHARED:
                continue
            yield path
            if depth > 1 and entry.is_dir(follow_symlinks=False):
                yield from _below(path, depth - 1)


def _contents(paths: tuple[Path, ...]) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in paths if path.exists()}


def _mounts() -> set[Path]:
    with suppress(OSError):
        return {Path(line.split()[4]) for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    return set()
