"""Backups: a data folder copied while everything goes on. ::

    TARGET/
      collector.db   what the collector remembers as it was at one moment, when anything is collected
      store.db       the store as it was at a moment after that
      names.db       the names of people, if they were asked for and an organisation has turned them on
      lake/…         the lake's files as they were at one moment after that, and the log that says so
      backup.json    the names of these files, with sizes and SHA-256; it is written last

A backup is a data folder itself. Its store is copied before its lake and so speaks of no facts that the lake does not
have; a day that the lake has newer facts of is stale, as after an import that was interrupted, and restoring
(`reportdata.pipeline.restoring`) computes it. A folder without ``backup.json`` is not a whole backup.

Files of the lake never change. So a backup may have hard links to those of an earlier one in their place: each backup
is whole by itself, and stays so when the other is removed.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import msgspec

from reportdata.collector.ledger import Ledger
from reportdata.errors import BadFile, BadValue, LakeError
from reportdata.files import ASIDE, make, read, sync, write
from reportdata.inbox import Inbox
from reportdata.lake.local import LocalLake
from reportdata.lake.membership import Added
from reportdata.lake.place import damaged
from reportdata.pipeline import Progress, silent
from reportdata.pipeline.copying import CopiedFile, Copying, Earlier, digest_of
from reportdata.pipeline.damage import require_lake
from reportdata.pipeline.known_backups import MANIFEST, note_backup
from reportdata.pipeline.workspace import Workspace
from reportdata.settings import Settings

_UNFINISHED = f"{MANIFEST}{ASIDE}"
_FORMAT = 1


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """What a backup is made of; ``taken_at`` is when it was begun, in UTC, and ``program`` the version that took it."""

    format: int
    program: str
    taken_at: str
    files: tuple[CopiedFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


class Wanted(NamedTuple):
    """What a backup is to be: taken by a version of this program, with the names of people or without, and with hard
    links in place of the files that an earlier backup has alike."""

    program: str
    with_names: bool = False
    link_to: Path | None = None


def back_up(
    work: Workspace,
    target: Path,
    wanted: Wanted,
    now: float,
    *,
    ledger: Ledger | None = None,
    progress: Progress = silent,
) -> Manifest:
    """Copy the inbox, what the collector remembers, the store and the lake of a data folder to the folder ``target``.
    It is durable and was read again when this returns; when it fails, nothing is left in the folder.

    :raises BadValue: when the folder is not empty.
    :raises BadFile: when it cannot be written, or gives back something else.
    :raises Damaged: when files of the lake are gone, or are not what was added.
    """
    lake, store, layout = work.lake, work.store, Settings(target)
    earlier = Earlier(wanted.link_to, read_manifest(wanted.link_to).files) if wanted.link_to is not None else None
    require_lake(lake, store, work.services)
    if target.resolve().is_relative_to(lake.root.resolve()):
        raise BadValue(f"{target} is in the lake", "choose a folder outside the data folder")
    taken_at = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    # Within the lake's lease, so that whoever forgets an organisation waits, and then finds this noted.
    with _claimed(target), lake.reading():
        corp_ids = {organisation.corp_id for organisation in store.organisations()}
        # Before the lake: what leaves the inbox meanwhile is in the lake by then.
        files = list(_copied_inbox(work.inbox, layout.inbox))
        if ledger is not None:  # before the lake as well: what leaves its outbox is in the lake by then
            ledger.copy(layout.ledger)
            files.append(_synced(layout.ledger))
        progress("copying the store", 0, 0)
        store.copy(layout.store)
        files.append(_synced(layout.store))
        if wanted.with_names and work.names.organisations():
            work.names.copy(layout.names)
            files.append(_synced(layout.names))
        with lake.snapshot() as places:
            corp_ids |= {organisation.corp_id for organisation in store.organisations()}
            note_backup(work.settings.data, target, taken_at, corp_ids)
            sources = {f"{layout.lake.name}/{name}": place for name, place in places.items()}
            copied = Copying(target, lake, earlier).copy(sources, progress)
            members, log = lake.membership()
            if lost := _other_than_added(layout.lake.name, members, copied):
                raise damaged(*(f"{lake.address}/{key}" for key in lost))
            files += copied
            for name, entry in log.items():
                for folder in (layout.lake, (layout.lake / name).parent):
                    folder.mkdir(mode=0o700, exist_ok=True)
                write(layout.lake / name, entry)
                files.append(CopiedFile(f"{layout.lake.name}/{name}", len(entry), hashlib.sha256(entry).hexdigest()))
            sync(layout.lake)
        manifest = Manifest(_FORMAT, wanted.program, taken_at, tuple(files))
        write(target / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
        sync(target.absolute().parent)
    return manifest


def _other_than_added(folder: str, members: Mapping[str, Added], files: Iterable[CopiedFile]) -> list[str]:
    """The files of a lake that are not in the backup's folder for it, or are not what its log says of them."""
    found = {file.path: (file.size, file.sha256) for file in files}
    return [key for key, added in members.items() if found.get(f"{folder}/{key}") != (added.size, added.sha256)]


def check_lake(folder: Path, manifest: Manifest) -> None:
    """See that the files of the copied data folder are those that the log of its lake says they are.

    :raises LakeError: naming one that is not.
    """
    layout = Settings(folder)
    if (layout.lake / "log").exists():  # else it was taken before there was one
        for key in _other_than_added(layout.lake.name, LocalLake(layout.lake).membership()[0], manifest.files):
            raise LakeError(f"the lake's file {key} is not there, or is not what was added", "restore an older backup")


def _synced(path: Path) -> CopiedFile:
    sync(path)
    return CopiedFile(path.name, path.stat().st_size, digest_of(path))


def _copied_inbox(inbox: Inbox, folder: Path) -> Iterator[CopiedFile]:
    folder.mkdir(mode=0o700)
    for name, content in inbox.contents():
        path = folder / name
        write(path, content)
        yield CopiedFile(f"{folder.name}/{name}", len(content), hashlib.sha256(content).hexdigest())
    sync(folder)


@contextmanager
def _claimed(target: Path) -> Iterator[None]:
    """The folder for this backup alone; it is emptied again when the block raises."""
    try:
        make(target)
        names = {path.name for path in target.iterdir()}
        if not names:
            (target / _UNFINISHED).touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise BadFile(str(target), f"the backup cannot be taken: {error}") from error
    if names:
        unfinished = "it holds a backup that is being taken, or was killed: then remove it, and begin anew"
        raise BadValue(
            f"{target} is not empty", unfinished if _UNFINISHED in names else "name a folder that is not there yet"
        )
    try:
        yield
    except BaseException as error:
        for path in target.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if isinstance(error, OSError):
            raise BadFile(str(target), f"the backup cannot be taken: {error}") from error
        raise


def read_manifest(backup: Path) -> Manifest:
    """What a backup is made of.

    :raises BadFile: when the folder is not a whole backup; not all of its files are looked at for that.
    """
    again = "take another backup, or restore an older one"
    try:
        manifest = msgspec.json.decode(read(backup / MANIFEST), type=Manifest)
    except (FileNotFoundError, NotADirectoryError) as error:
        reason = "it was interrupted" if (backup / _UNFINISHED).exists() else f"there is no {MANIFEST}"
        raise BadFile(str(backup), f"this is not a whole backup: {reason}", again) from error
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadFile(str(backup / MANIFEST), f"cannot be read: {error}", again) from error
    if manifest.format != _FORMAT:
        raise BadFile(str(backup), "a newer version of reportdata took this backup", "restore it with that version")
    for file in manifest.files:
        path = PurePosixPath(file.path)
        if path.is_absolute() or ".." in path.parts:
            raise BadFile(str(backup / MANIFEST), f"names a file outside the backup: {file.path}", again)
    return manifest
