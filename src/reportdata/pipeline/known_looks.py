"""Which looks at days were known at a moment.

A look of an import was known when the import began, as its facts were. Any other look was known when it was, and not
before the file in which it stands was added: facts of pushes and collections are known from then on. When files were
merged, only the time of the look is left. A look without a time was known when its file was added.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reportdata.coverage import Observation
from reportdata.days import MILLISECOND, SECOND
from reportdata.errors import Damaged
from reportdata.lake import Lake
from reportdata.lake.files import is_merged
from reportdata.store import Store


class Looks:
    """The looks in a lake. Each file is read once, since files never change."""

    def __init__(self, lake: Lake, store: Store) -> None:
        self._lake = lake
        self._store = store
        self._read: dict[Path, list[Observation]] = {}

    def known(self, corp_id: str, moment: int | None) -> Iterator[Observation]:
        """The looks at an organisation's days that were known at a moment, an instant; all of them without one."""
        for look, at in self.moments(corp_id, timed=moment is not None):
            if moment is None or at <= moment:
                yield look

    def moments(self, corp_id: str, *, timed: bool = True) -> Iterator[tuple[Observation, int]]:
        """The looks at an organisation's days, each with the instant from which on it was known; 0 unless ``timed``.

        Where no instants are asked for, what the store was told stands in for files that are damaged.

        :raises Damaged: when files are damaged, and instants are asked for.
        """
        # What a later look of another import tells as well lies among the repeats once files are merged.
        paths = (*self._lake.observations(), *self._lake.repeated_observations())
        there = set(paths)
        self._read = {path: looks for path, looks in self._read.items() if path in there}
        began = {note.id: note.at for note in self._store.imports()} if timed else {}
        lost = False
        for path in paths:
            try:
                if path not in self._read:
                    self._read[path] = list(self._lake.observed([path]))
            except Damaged:
                if timed:
                    raise
                lost = True
                continue
            added = int(self._lake.info(path).added * SECOND) if timed else 0
            for look in self._read[path]:
                if look.corp_id == corp_id:
                    yield look, self._known_at(look, path, added, began) if timed else 0
        if lost:
            yield from ((look, 0) for look in self._store.observations(corp_id))

    @staticmethod
    def _known_at(look: Observation, path: Path, added: int, began: dict[str, int]) -> int:
        if look.origin in began:
            return max(look.at, began[look.origin] + 1) * MILLISECOND  # facts are known to the microsecond
        if is_merged(path) and look.at:
            return look.at * MILLISECOND
        return max(look.at * MILLISECOND, added)
