"""Restoring: a new data folder from a backup, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from reportdata.errors import BadFile, BadValue
from reportdata.files import sync
from reportdata.inbox.links import Links
from reportdata.leases import FileLeases, folder_of_own
from reportdata.pipeline import Progress, silent
from reportdata.pipeline.backups import Manifest, check_lake, read_manifest
from reportdata.pipeline.copying import Copying
from reportdata.plurals import count_of
from reportdata.settings import Settings


@contextmanager
def restored(backup: Path, data: Path, progress: Progress = silent) -> Iterator[tuple[Manifest, Path]]:
    """A copy of a backup, whose files are all as they were backed up, in a folder beside ``data``. It takes that place
    when the block ends; when anything fails, nothing is left.

    :raises BadValue: when there is a store or a lake already.
    :raises BadFile: when the backup is damaged or not whole.
    """
    data = data.absolute()
    _check_vacant(data)
    manifest = read_manifest(backup)
    _check_whole(backup, manifest, [file.path for file in manifest.files if _size(backup / file.path) != file.size])
    with _aside(data) as folder:
        copied = Copying(folder).copy({file.path: backup / file.path for file in manifest.files}, progress)
        _check_whole(
            backup, manifest, [was.path for was, file in zip(manifest.files, copied, strict=True) if was != file]
        )
        check_lake(folder, manifest)
        yield manifest, folder


def _check_vacant(data: Path) -> None:
    layout = Settings(data)
    pushed = (layout.inbox, Links(layout.inbox).folder)
    for path, what in ((layout.store, "a store"), (layout.lake, "a lake"), *((path, "an inbox") for path in pushed)):
        if path.exists() and (path not in pushed or any(path.iterdir())):
            hint = "restore to a folder that is not there yet"
            if not layout.store.exists():
                hint += f"; if a restore that was killed left this {path.stem}, it can be removed"
            raise BadValue(f"there is {what} in {data}", hint)


def _check_whole(backup: Path, manifest: Manifest, damaged: Sequence[str]) -> None:
    if not damaged:
        return
    names = ", ".join(damaged[:10]) + (f" and {len(damaged) - 10} more" if len(damaged) > 10 else "")
    hint = "restore an older backup, and import again what came after it"
    if damaged == [Settings(backup).store.name]:
        hint += "; if the backup itself was served, it is a data folder of its own: serve that"
    told = f"{len(damaged)} of {count_of(len(manifest.files), 'file', 'files')} missing or damaged: {names}"
    raise BadFile(str(backup), told, hint)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


@contextmanager
def _aside(data: Path) -> Iterator[Path]:
    """A folder whose content is moved to ``data`` when the block ends without an error. Leftovers of a killed restore
    are removed."""
    place = data if data.exists() else data.parent
    leases = FileLeases(place, of_folders=True)
    try:
        with folder_of_own(place, ".", leases, f".{data.name}-restoring-") as folder:
            yield folder
            _check_vacant(data)
            if place == data:  # it may be where a disk is mounted; the store comes last: without it nothing is served
                store = Settings(folder).store
                for path in folder.iterdir():
                    if path != store:
                        path.rename(data / path.name)
                sync(data)
                store.rename(data / store.name)
            else:
                folder.rename(data)
            sync(place)
    except OSError as error:
        raise BadFile(str(data), f"cannot be restored: {error}") from error
