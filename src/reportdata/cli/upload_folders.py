"""Folders of files that people bring, in a private folder of the data folder until they are imported.

An upload is a folder of its own, with a lock that whoever works on it holds. Any process of the machine finds it. It
goes half an hour after the last call, however the process ended that took it: the next one that looks removes it.
"""

from __future__ import annotations

import os
import re
import shutil
import time
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from reportdata import files
from reportdata.api.bringing import BAD_NAME, LATER, LONGEST_NAME, NO_ROOM, RUNNING, UNKNOWN_UPLOAD, Run, Stored
from reportdata.api.faults import GONE
from reportdata.http.answers import Failed
from reportdata.locks import locked
from reportdata.presence import Ground

FOLDER = "uploads"
GOING_ON = ("waiting", "running")
"""States of runs that have not ended."""
LIFETIME = 1_800.0
"""Seconds that an upload is kept after the last call."""
MOST_UPLOADS = 50
"""Uploads of all organisations."""
MOST_OF_ONE = 20
"""Uploads of an organisation, so that none keeps the others from bringing files."""
_ID = re.compile(r"[0-9a-f]{32}|undo-[a-z0-9]{1,32}")
_MOMENT = 0.01
"""Seconds between two looks at who works on an upload."""
_OWNER, _STATE, _LOCK, _FILES = "owner", "state.json", "lock", "files"


class UploadFolders:
    """The uploads of a data folder."""

    def __init__(self, data: Path) -> None:
        self.root = data / FOLDER
        """Where they lie."""
        self._ground = Ground(self.root)
        self._taken: set[str] = set()
        """Those that this process made."""

    def require(self, corp_id: str, upload: str) -> None:
        """:raises Failed: when the organisation has no such upload."""
        with suppress(OSError):
            if _ID.fullmatch(upload) and self._owner(upload) == corp_id:
                os.utime(self.root / upload)
                return
        raise Failed(UNKNOWN_UPLOAD)

    def make(self, corp_id: str, upload: str) -> None:
        """Make an upload, unless it is there.

        :raises Failed: when there is no room, or the data folder is gone.
        """
        folder = self.root / upload
        try:
            if not folder.exists():
                self.tidy()
                if not (self._has_room(corp_id) or self._make_room(corp_id)):
                    raise Failed(NO_ROOM, headers=LATER)
                self._ground.make(upload, _FILES)
                (folder / _OWNER).touch(0o600)
                (folder / _OWNER).write_text(corp_id, "utf-8")
                self._taken.add(upload)
        except FileNotFoundError as error:
            raise Failed(GONE) from error
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise Failed(NO_ROOM, headers=LATER) from error

    def files(self, upload: str) -> Path:
        """The folder of an upload's files."""
        return self.root / upload / _FILES

    def stored(self, upload: str) -> tuple[Stored, ...]:
        """The files of an upload, in the order in which they came."""
        with suppress(OSError):
            found = [(path.stat().st_ctime_ns, path.name, path.stat().st_size) for path in self.files(upload).iterdir()]
            return tuple(Stored(name, size) for _, name, size in sorted(found))
        return ()

    def hold(self, upload: str, patience: float = 0.0) -> int:
        """Work on an upload alone; closing the descriptor that is returned ends it.

        :param patience: seconds to wait for whoever works on it.
        :raises Failed: `RUNNING`.
        """
        until = time.monotonic() + patience
        while True:
            try:
                return locked(self.root / upload / _LOCK, wait=False)
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise Failed(RUNNING) from None
                time.sleep(_MOMENT)
            except OSError as error:
                raise Failed(UNKNOWN_UPLOAD) from error

    def remove(self, upload: str, name: str | None = None) -> None:
        """Remove an upload, or one of its files.

        :raises Failed: `RUNNING`.
        """
        if not (self.root / upload).exists():
            return
        held = self.hold(upload)
        try:
            if name is None:
                shutil.rmtree(self.root / upload, ignore_errors=True)
            else:
                (self.files(upload) / file_name(name)).unlink(missing_ok=True)
        finally:
            os.close(held)

    def empty(self, upload: str) -> None:
        """Remove the files of an upload, whose run is kept."""
        for path in self.files(upload).iterdir():
            path.unlink(missing_ok=True)

    def note(self, upload: str, run: Run) -> None:
        """Note how a run stands, for other processes; a full disk keeps nobody from it."""
        with suppress(OSError):
            files.write(self.root / upload / _STATE, msgspec.json.encode(run))

    def noted(self, upload: str) -> Run | None:
        """How the latest run stands. One whose process is gone was interrupted."""
        try:
            run = msgspec.json.decode(files.read(self.root / upload / _STATE), type=Run)
        except (OSError, msgspec.DecodeError):
            return None
        if run.state in GOING_ON:
            with suppress(Failed):
                os.close(self.hold(upload))
                return msgspec.structs.replace(run, state="interrupted")
        return run

    def tidy(self) -> None:
        """Remove uploads that have ended."""
        for folder in list(self._all()):
            with suppress(OSError, Failed):
                if time.time() - folder.stat().st_mtime > LIFETIME:
                    self.remove(folder.name)

    def close(self) -> None:
        """Remove what this process took and nobody works on."""
        for upload in self._taken:
            with suppress(Failed):
                self.remove(upload)

    def _has_room(self, corp_id: str) -> bool:
        owners = [self._owner(folder.name) for folder in self._all()]
        return len(owners) < MOST_UPLOADS and owners.count(corp_id) < MOST_OF_ONE

    def _make_room(self, corp_id: str) -> bool:
        """Remove the organisation's oldest upload of which only the end of its run is left; False when none is."""
        own = [folder for folder in self._all() if self._owner(folder.name) == corp_id]
        for folder in sorted(own, key=_age):
            if self.stored(folder.name) or (run := self.noted(folder.name)) is None or run.state in GOING_ON:
                continue
            with suppress(Failed):
                self.remove(folder.name)
                return self._has_room(corp_id)
        return False

    def _owner(self, upload: str) -> str:
        """Whose an upload is; nobody's when it is gone."""
        with suppress(OSError, UnicodeDecodeError):
            return files.read(self.root / upload / _OWNER).decode()
        return ""

    def _all(self) -> Iterator[Path]:
        with suppress(OSError):
            yield from (folder for folder in self.root.iterdir() if _ID.fullmatch(folder.name))


def _age(folder: Path) -> float:
    """When an upload was asked for last."""
    with suppress(OSError):
        return folder.stat().st_mtime
    return 0.0


def file_name(text: str) -> str:
    """The name of a file, as people see it and as it lies in the upload: no path, and nothing that cannot be shown.

    :raises Failed: `BAD_NAME`.
    """
    name = "".join(" " if unicodedata.category(c) == "Zs" else c for c in re.split(r"[/\\]", text)[-1]).strip()
    size = len(name.encode("utf-8", "replace"))
    if name in ("", ".", "..", "-") or size > LONGEST_NAME or not all(c.isprintable() for c in name):
        raise Failed(BAD_NAME)
    return name
