"""Which files have days on which each fact has a key of its own, as the import saw that brought them: the refresh that
follows counts these facts, and compares none. Files never change; what is merged or comes later is compared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from reportdata.days import day_of_folder

MOST = 16
"""Imported files of which it is remembered, with their days."""


class SingleFacts:
    """Remembers the last imported files, by kind and by what the names of their files in the lake begin with
    (`reportdata.lake.files.names_of_incoming`)."""

    def __init__(self) -> None:
        self._days: dict[tuple[str, str], Collection[str]] = {}

    def note(self, kind: str, incoming: str, days: Collection[str]) -> None:
        """On these days, no two facts of a kind in an import's files have the same key."""
        self._days[kind, incoming] = days
        while len(self._days) > MOST:
            del self._days[next(iter(self._days))]

    def of(self, days: Iterable[Mapping[str, Sequence[Path]]]) -> frozenset[str]:
        """The kinds of which no two facts of a day have the same key, as far as is remembered.

        :param days: the files of each day, by kind.
        """
        if not self._days:
            return frozenset()
        single: set[str] = set()
        compared: set[str] = set()
        for files in days:
            for kind, paths in files.items():
                (compared if not self._are_single(kind, paths) else single).add(kind)
        return frozenset(single - compared)

    def _are_single(self, kind: str, paths: Sequence[Path]) -> bool:
        imports = {path.name.rpartition("-")[0] for path in paths}
        if len(imports) != 1:
            return False
        (incoming,) = imports
        return day_of_folder(paths[0].parent.name) in self._days.get((kind, incoming), ())
