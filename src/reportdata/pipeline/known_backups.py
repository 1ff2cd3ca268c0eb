"""Which backups were taken of a data folder, so that it can be said which of them still hold what was forgotten. ::

    data/backups.jsonl     a line for each backup: `KnownBackup`

Organisations stand there by digests of their ids: the file may stay when one is forgotten, and tells of it later, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from reportdata.errors import BadFile
from reportdata.files import append, read

MANIFEST = "backup.json"
"""The file of a backup that is written last: a folder without it is no whole backup."""
_NAME = "backups.jsonl"


class KnownBackup(msgspec.Struct, frozen=True, rename="camel"):
    """A backup: its folder, when it was begun (UTC), and the organisations in it."""

    path: str
    taken_at: str
    organisations: tuple[str, ...]


def note_backup(data: Path, target: Path, taken_at: str, corp_ids: Iterable[str]) -> None:
    """Note, durably, that a backup of the folder ``data`` is being taken to ``target``.

    :raises BadFile: when that cannot be noted.
    """
    known = KnownBackup(str(target.absolute()), taken_at, tuple(sorted(map(_digest, corp_ids))))
    path = data / _NAME
    try:
        append(path, msgspec.json.encode(known) + b"\n")
    except OSError as error:
        raise BadFile(str(path), f"the backup cannot be noted: {error}") from error


def backups_of(data: Path, corp_id: str) -> list[KnownBackup]:
    """The backups of an organisation that are still there, the oldest first.

    :raises BadFile: when it cannot be told.
    """
    return [known for known in _known(data) if _digest(corp_id) in known.organisations and _is_there(Path(known.path))]


def newest_backup(data: Path) -> float | None:
    """When the newest backup was begun that is still there and whole, in seconds since 1970; None when there is none.

    :raises BadFile: when it cannot be told.
    """
    times = []
    for known in _known(data):
        with suppress(ValueError, OSError):  # a line that was damaged names no backup
            if (Path(known.path) / MANIFEST).is_file():
                times.append(datetime.fromisoformat(known.taken_at).timestamp())
    return max(times, default=None)


def _known(data: Path) -> list[KnownBackup]:
    """The last of each folder."""
    decoder, found = msgspec.json.Decoder(KnownBackup), {}
    try:
        for line in read(data / _NAME).splitlines():
            try:
                known = decoder.decode(line)
            except msgspec.DecodeError:
                continue
            found[known.path] = known
    except FileNotFoundError:
        return []
    except OSError as error:
        raise BadFile(str(data / _NAME), f"cannot be read: {error}") from error
    return list(found.values())


def _is_there(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _digest(corp_id: str) -> str:
    return hashlib.sha256(corp_id.encode()).hexdigest()[:32]
