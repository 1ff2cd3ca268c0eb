"""What was observed, as it stands in a lake's files of coverage."""

from __future__ import annotations

from collections.abc import Sequence, Set
from pathlib import Path

import msgspec

from reportdata.coverage import Coverage, Observation
from reportdata.days import ordinal
from reportdata.errors import Damaged
from reportdata.files import read
from reportdata.lake.files import COVERAGE, COVERAGE_REPEATS
from reportdata.lake.listing import Listing


class Observed(Listing):
    """What can be read of a lake, with what was observed."""

    def observations(self) -> tuple[Path, ...]:
        """All files of coverage."""
        return self.paths(COVERAGE)

    def repeated_observations(self) -> tuple[Path, ...]:
        """All files of what imports observed that others had told already."""
        return self.paths(COVERAGE_REPEATS)

    def coverage(self, files: Sequence[Path] | None = None) -> set[Coverage]:
        """What was observed: all of it, or what stands in some of the files."""
        return {observation.coverage for observation in self.observed(files)}

    def observed(self, files: Sequence[Path] | None = None, damaged: set[str] | None = None) -> Set[Observation]:
        """What was observed and when, in the order in which it stands there: all of it, or what stands in some of the
        files. Releases before 0.1 noted no time.

        :param damaged: gets the names of files that are gone or are not what was added, which then are left out.
        :raises Damaged: when there are such, and no place for their names.
        """
        found: dict[Observation, None] = {}
        with self.reading():
            named = list(self.observations() if files is None else files)
            if damaged is not None:
                named, lost = self.sound(named)
                damaged.update(lost)
            with self.located(named) as places:
                for path, place in zip(named, places, strict=True):
                    try:
                        found |= dict.fromkeys(self._looks(path, read(place)))
                    except (OSError, ValueError, msgspec.DecodeError) as error:
                        if damaged is None:
                            raise Damaged(
                                f"the lake's file {path} cannot be read: {error}",
                                "bring it back from a backup: `reportdata repair --from BACKUP`",
                                (self.name(path),),
                            ) from error
                        damaged.add(self.name(path))
        return found.keys()

    def _looks(self, path: Path, content: bytes) -> list[Observation]:
        """The lines of a file of coverage.

        :raises ValueError: when one is none; where there is no digest, days are looked at, too.
        """
        looks = msgspec.json.Decoder(Observation).decode_lines(content)
        added = self.added(path)
        if added is None or not added.sha256:
            for look in looks:
                if ordinal(look.last_day) < ordinal(look.first_day):
                    raise ValueError(f"{look.last_day} is before {look.first_day}")
        return looks
