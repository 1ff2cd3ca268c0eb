"""The machine outside a run's temporary folder, on which tests leave nothing: no file, user, mount or process."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from tests.support.waiting import SOON

WATCHED = tuple(map(Path, ("/etc", "/opt", "/srv", "/usr/local", "/var/backups", "/var/lib", "/var/spool/cron")))
"""Where programs are installed and keep what they need."""
_DEPTH = 3
"""Deep enough for a program in /usr/local/lib and a unit in /etc/systemd/system."""
_PREFIX, _DAY = "reportdata-run-", 86_400
PATIENCE = SOON
"""Seconds that processes have to end after the last test."""
_USERS = tuple(map(Path, ("/etc/passwd", "/etc/group")))
_SHARED = tuple(map(Path, ("/run", "/var/lib/containers", "/var/lib/docker", "/var/lib/containerd")))
"""Where other programs mount, and keep what they have running."""


class Run:
    """One run of tests, in whatever many processes. It has a temporary folder of its own, so that what is left there is
    its own doing. Names in `/tmp` itself say nothing: any program may make some meanwhile. For the same reason mounts
    count unless they are where others mount; whatever installs software beside the tests is taken for them."""

    def __init__(self) -> None:
        self._place = Path(tempfile.gettempdir())
        self._remove_old()
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._place))
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
        for folder in self._place.glob(f"{_PREFIX}*"):
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
        """Remove the folder, unless somebody wants to look into it."""
        for name, value in self._before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        tempfile.tempdir = None
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _may_be_ours(self, mounted: Path) -> bool:
        others = mounted.is_relative_to(self._place) or any(map(mounted.is_relative_to, _SHARED))
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


def _names() -> set[Path]:
    return {path for root in WATCHED for path in _below(root, _DEPTH)}


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
