"""The files in a lake's folder, whether they count or not, and those that counted before there was a log: every file in
its place, unless a note in ``replaced/`` said that another stood in for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from reportdata.days import PARTITION
from reportdata.errors import LakeError
from reportdata.files import read
from reportdata.lake.files import COVERAGE, COVERAGE_REPEATS
from reportdata.lake.membership import Added, Entry


class _Note(msgspec.Struct, frozen=True):
    """What stood in for others before there was a log: it counted once ``by``, if there is one, was in its place."""

    by: str | None
    files: tuple[str, ...]


def files_in(lake: Path) -> Iterator[tuple[str, Path]]:
    """The files that are in their places, by their paths in the lake.

    :raises LakeError: when a folder cannot be read.
    """
    for kind in names_in(lake):
        for name in names_in(lake / kind) if (lake / kind).is_dir() else ():
            if name.startswith(PARTITION) or name == "merged":
                for file in names_in(lake / kind / name):
                    if file.endswith(".parquet"):
                        yield f"{kind}/{name}/{file}", lake / kind / name / file
    for kind in (COVERAGE, COVERAGE_REPEATS):
        for file in names_in(lake / kind):
            if file.endswith(".jsonl"):
                yield f"{kind}/{file}", lake / kind / file


def names_in(folder: Path) -> list[str]:
    """The names in a folder; none when it is not there.

    :raises LakeError: when it cannot be read.
    """
    try:
        return os.listdir(folder)  # noqa: PTH208 - many names, of which no paths are needed
    except FileNotFoundError:
        return []
    except OSError as error:
        raise LakeError(f"the lake's folder {folder} cannot be read: {error}") from error


def first_entry(lake: Path, digest: Callable[[Path], str]) -> Entry:
    """The first entry of the log of a folder that has none yet.

    :param digest: gives what is noted as a file's SHA-256.
    :raises LakeError: when a folder or a note cannot be read.
    :raises OSError: when a file cannot.
    """
    replaced = _replaced(lake)  # before the files: in the other order both a file and its note could be missed
    found = dict(files_in(lake))
    adds = {}
    for key in found.keys() - replaced:
        with suppress(FileNotFoundError):
            stat = found[key].stat()
            adds[key] = Added(stat.st_size, digest(found[key]), stat.st_mtime)
    return Entry(adds=dict(sorted(adds.items())), replaces=dict.fromkeys(sorted(replaced & found.keys()), 0.0))


def _replaced(lake: Path) -> set[str]:
    """The files for which another stood in before there was a log."""
    found: set[str] = set()
    for name in names_in(lake / "replaced"):
        path = lake / "replaced" / name
        if path.suffix == ".json":
            try:
                note = msgspec.json.decode(read(path), type=_Note)
            except FileNotFoundError:
                continue
            except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
                raise LakeError(f"the lake's file {path} cannot be read: {error}") from error
            if note.by is None or (lake / note.by).exists():
                found.update(note.files)
    return found
