"""The names of the lake's files, and what they say."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from reportdata.days import PARTITION, day_of_folder, days_between
from reportdata.facts import KINDS

MERGED = "merged-"
"""How the name of a file begins that holds each of its facts once, by organisation."""


class DayFiles(NamedTuple):
    """The files that hold a day's facts."""

    sent: tuple[Path, ...]
    commented: tuple[Path, ...]

    def names(self) -> frozenset[str]:
        """The files' kinds and names. Files never change, so this tells all."""
        return frozenset(
            f"{kind}/{path.name}" for kind, paths in zip(self._fields, self, strict=True) for path in paths
        )

    def only(self, names: Collection[str]) -> DayFiles:
        """Those of these names."""
        return DayFiles(
            tuple(path for path in self.sent if f"sent/{path.name}" in names),
            tuple(path for path in self.commented if f"commented/{path.name}" in names),
        )

    def fingerprint(self, definition: str) -> str:
        """What the day's KPIs are computed from, in short: its files, and the definition of the KPIs."""
        return fingerprint(self.names(), definition)


def fingerprint(names: Iterable[str], definition: str) -> str:
    """The fingerprint of a day with files of these names (`DayFiles.names`)."""
    return hashlib.sha256("\n".join([definition, *sorted(names)]).encode()).hexdigest()[:32]


class Incoming(NamedTuple):
    """A folder that one import writes to, laid out like the lake."""

    folder: Path

    @property
    def coverage(self) -> Path:
        """The file for what the import observed."""
        return self.folder / "coverage.jsonl"


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


def names_of_incoming(incoming: Incoming) -> dict[Path, str]:
    """What an import has written, and the paths in the lake that it gets."""
    names = {
        path: f"{kind}/{path.parent.name}/{incoming.folder.name}-{number}.parquet"
        for kind in KINDS
        for number, path in enumerate(sorted((incoming.folder / kind).glob(f"{PARTITION}*/*.parquet")))
    }
    if incoming.coverage.exists():
        names[incoming.coverage] = f"coverage/{incoming.folder.name}.jsonl"
    return names


def place_of_merged(files: Sequence[Path]) -> Path:
    """Where the file goes that stands in for these: of one kind, and of one day unless they are withdrawals."""
    name = f"{uuid.uuid4().hex}{files[0].suffix}"
    kind = next(parent for parent in files[0].parents if parent.name in (*KINDS, "coverage"))
    if kind.name != "withdrawn":
        return files[0].with_name(f"{MERGED}{name}")
    first, last = zip(*map(days_of_file, files), strict=True)
    return kind / "merged" / f"{min(first)}-{max(last)}-{name}"
