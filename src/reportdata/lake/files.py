"""The names of the lake's files, and what they say."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from reportdata.days import PARTITION, day_of_folder, days_between
from reportdata.kinds import REPEATS

COVERAGE = "coverage"
"""The folder of what was observed."""
COVERAGE_REPEATS = f"{COVERAGE}{REPEATS}"
"""The folder of what imports observed that others had told already."""
MERGED = "merged-"
"""How the name of a file begins that holds each of its facts once, by organisation."""


class Incoming(NamedTuple):
    """A folder that one import writes to, laid out like the lake."""

    folder: Path

    @property
    def coverage(self) -> Path:
        """The file for what the import observed."""
        return self.folder / f"{COVERAGE}.jsonl"

    @property
    def coverage_repeats(self) -> Path:
        """The file for what the import observed that other imports had told already."""
        return self.folder / f"{COVERAGE_REPEATS}.jsonl"


class Replacement(NamedTuple):
    """Files of one kind, and the new file that stands in for them, if any. ``repeats`` is a new file, if there is one,
    of what they held of the same facts from other origins."""

    files: Sequence[Path]
    by: Path | None
    repeats: Path | None = None


def by_day(
    found: Mapping[str, Sequence[Path]], merged: Sequence[Path], days: Collection[str] | None
) -> dict[str, tuple[Path, ...]]:
    """The files by stat day, the earliest first, with those of several days at each of them; of the named days, in
    place of all."""
    all_ = {day: list(paths) for day, paths in found.items()}
    for path in merged:
        first, last = days_of_file(path)
        for day in days_between(first, last) if days is None else (day for day in days if first <= day <= last):
            all_.setdefault(day, []).append(path)
    return {day: tuple(sorted(paths)) for day, paths in sorted(all_.items())}


def days_of_file(path: Path) -> tuple[str, str]:
    """The first and the last day of a file's facts."""
    if path.parent.name.startswith(PARTITION):
        day = day_of_folder(path.parent.name)
        return day, day
    first, last, _ = path.name.split("-")
    return first, last


def is_merged(path: Path) -> bool:
    """Whether a file is one that others were merged into."""
    return path.name.startswith(MERGED) or path.parent.name == "merged"


def is_file(key: str) -> bool:
    """Whether a path below the lake's folder is that of one of its files, whatever kind it is of."""
    folder, _, name = key.partition("/")
    if folder in (COVERAGE, COVERAGE_REPEATS):
        return bool(name)
    return name.endswith(".parquet") and name.startswith((PARTITION, "merged/")) and name.count("/") == 1


def names_of_incoming(incoming: Incoming) -> dict[Path, str]:
    """What an import has written, and the paths in the lake that it gets."""
    names: dict[Path, str] = {}
    counts: Counter[str] = Counter()
    for path in sorted(incoming.folder.glob(f"*/{PARTITION}*/*.parquet")):
        kind = path.parents[1].name
        names[path] = f"{kind}/{path.parent.name}/{incoming.folder.name}-{counts[kind]}.parquet"
        counts[kind] += 1
    for path, kind in ((incoming.coverage, COVERAGE), (incoming.coverage_repeats, COVERAGE_REPEATS)):
        if path.exists():
            names[path] = f"{kind}/{incoming.folder.name}.jsonl"
    return names


def place_of_merged(files: Sequence[Path]) -> Path:
    """Where the file goes that stands in for these, which are of one kind."""
    name = f"{uuid.uuid4().hex}{files[0].suffix}"
    folders = {path.parent for path in files}
    if len(folders) == 1 and files[0].parent.name != "merged":
        return files[0].with_name(f"{MERGED}{name}")
    first, last = zip(*map(days_of_file, files), strict=True)
    return files[0].parents[1] / "merged" / f"{min(first)}-{max(last)}-{name}"


def place_of_repeats(key: str) -> str:
    """The path in the lake, beside that of a file, of the repeats that this one held."""
    kind, _, rest = key.partition("/")
    return f"{kind}{REPEATS}/{rest}"
