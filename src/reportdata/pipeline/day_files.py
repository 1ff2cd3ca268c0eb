"""The files that a day's numbers are computed from, and their fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from reportdata.kinds import Kinds
from reportdata.lake import Lake
from reportdata.services import Service


class DayFiles(NamedTuple):
    """The files that hold a day's facts, by kind."""

    kinds: Mapping[str, tuple[Path, ...]]

    def names(self) -> frozenset[str]:
        """The files' kinds and names. Files never change, so this tells all."""
        return frozenset(f"{kind}/{path.name}" for kind, paths in self.kinds.items() for path in paths)

    def paths(self) -> list[Path]:
        """All of them."""
        return [path for paths in self.kinds.values() for path in paths]

    def only(self, names: Collection[str]) -> DayFiles:
        """Those of these names."""
        return DayFiles(
            {
                kind: tuple(path for path in paths if f"{kind}/{path.name}" in names)
                for kind, paths in self.kinds.items()
            }
        )

    def fingerprint(self, definition: str) -> str:
        """What the day's KPIs are computed from, in short: its files, and the definition of the KPIs."""
        return fingerprint(self.names(), definition)


NONE = DayFiles({})


def fingerprint(names: Iterable[str], definition: str) -> str:
    """The fingerprint of a day with files of these names (`DayFiles.names`)."""
    return hashlib.sha256("\n".join([definition, *sorted(names)]).encode()).hexdigest()[:32]


def day_kinds(service: Service, kinds: Kinds) -> list[str]:
    """The kinds whose facts of a day make a service's numbers of it; those that take back others count on any day."""
    return [kind for kind in service.reads() if kinds[kind].retracts is None]


def files_of_days(lake: Lake, kinds: Collection[str], days: Collection[str] | None = None) -> dict[str, DayFiles]:
    """The files of each day that has facts of these kinds, the earliest first: of the named days, in place of all, and
    then it costs the same however many others there are."""
    found: dict[str, dict[str, tuple[Path, ...]]] = {}
    for kind in kinds:
        for day, paths in lake.files(kind, days).items():
            found.setdefault(day, {})[kind] = paths
    return {day: DayFiles(found[day]) for day in sorted(found)}


def together(files: Iterable[DayFiles]) -> dict[str, list[Path]]:
    """The files of several days, by kind."""
    found: dict[str, list[Path]] = {}
    for day in files:
        for kind, paths in day.kinds.items():
            found.setdefault(kind, []).extend(paths)
    return found
