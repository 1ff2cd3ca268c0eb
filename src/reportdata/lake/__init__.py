"""The lake: facts at rest, as immutable Parquet files by kind and stat day. ::

    <kind>/stat_day=2021-06-20/<id>.parquet        corp_id, stat_day, the kind's columns, known_at, origin
    <kind>/merged/20210601-20210620-<id>.parquet   facts of several days, the first and the last of them
    coverage/<id>.jsonl                            what was observed; a line: [organisation, first day, last day, when,
                                                   kind, import]
    <kind>-repeats/…, coverage-repeats/…           what imports had that was known before
    log/…                                          which of these files count, with sizes and digests

One lake over one membership log (`reportdata.lake.log`), in two places: a folder (`reportdata.lake.local`) and object
storage (`reportdata.lake.s3`). A fact may stand in several files: facts are a set. A file named ``merged-<id>`` holds
each of its facts once, by organisation. A file in its place that the log does not name is no part of the lake. No
number is made of repeats: they say what stays when an import is taken back that had the same first.

Lakes know names and durability, not Parquet: engines read and write the files. A file is named by its path below one
folder wherever it lies; `Lake.located` tells where it can be read.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from reportdata.coverage import Coverage, Observation, observation
from reportdata.errors import LakeError
from reportdata.lake.files import Incoming, Replacement, names_of_incoming, place_of_merged, place_of_repeats
from reportdata.lake.folder import require
from reportdata.lake.folding import HOUR
from reportdata.lake.listing import FileInfo
from reportdata.lake.looks import apart, written
from reportdata.lake.membership import Added, Entry, State
from reportdata.lake.observed import Observed
from reportdata.lake.place import Place
from reportdata.lake.seen import content_of
from reportdata.leases import Leases

__all__ = ["DAY", "FileInfo", "Incoming", "Lake", "Replacement"]

DAY = 24 * HOUR

_logger = logging.getLogger("reportdata.lake")


class Lake(Observed):
    """A lake at some place. A place that cannot be read or written, and a file of the lake that is gone or is not what
    was added, is a `LakeError`.

    :param root: the folder on this machine: the lake's files, or what is remembered of them; locks, what imports are
        writing, and what engines spill. It is made when it is needed.
    :param leases: say who may do what with the lake now.
    :param of_root: say whose the folders in ``root`` are.
    :param clock: seconds since 1970.
    """

    def __init__(
        self, root: Path, place: Place, leases: Leases, of_root: Leases, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(root, place, leases, of_root, clock)
        self._clock = clock
        self._swept: State | None = None

    def add(self, incoming: Incoming, looks: Iterable[Observation] = ()) -> None:
        """Add what was written, and what was observed of it, atomically: all of it or nothing to who lists files, and
        to whoever comes after a kill. It is durable when this returns.

        :param looks: those that say nothing new add nothing.
        """
        self.add_all([incoming], looks)

    def add_all(self, incoming: Sequence[Incoming], looks: Iterable[Observation] = ()) -> None:
        """Add what was written to several folders, as `add` does with one."""
        wanted = list(looks)
        # What cannot be read is observed anew: that does no harm.
        new = apart(wanted, self.observed(damaged=set()) if wanted else ())
        with self._failing("written"):
            written(incoming[0].coverage, new.told)
            written(incoming[0].coverage_repeats, new.repeats)
            names = {path: key for one in incoming for path, key in names_of_incoming(one).items()}
            for one in incoming:
                one.folder.stat()  # else it was moved meanwhile, and what it holds was not seen
        if names:
            self._change(names)

    def observe(self, observed: Iterable[Coverage | Observation], at: int = 0) -> None:
        """Add to what is observed; what is known already adds no file. It is durable when this returns.

        :param at: when coverage was, in milliseconds since 1970; 0 when that is not known.
        """
        looks = [piece if isinstance(piece, Observation) else observation(piece, at) for piece in observed]
        if looks and apart(looks, self.observed(damaged=set())).told:
            with self.incoming() as incoming:
                self.add(incoming, looks)

    def replace(self, files: Sequence[Path], by: Path | None) -> Path | None:
        """Let one file stand in for others of one kind; or none, when ``by`` is absent. It is atomic, and durable when
        this returns. Who calls this holds the lease for refreshing.

        :param by: the new file, in a folder for incoming facts.
        :returns: the new file in its place.
        """
        return self.replace_all([Replacement(files, by)])[0]

    def replace_all(self, replacements: Sequence[Replacement]) -> list[Path | None]:
        """Let files stand in for others, as `replace` does, all of them at once; returns each in its place."""
        require(self._refreshing)
        keys = [self.key(path) for one in replacements for path in one.files]
        state = self._log.state()
        if any(state.get(key) is None for key in keys):
            raise LakeError("other files stand in for these already: another machine merged them", "try again")
        names: dict[Path, str] = {}
        places: list[Path | None] = []
        for files, by, repeats in replacements:
            place = place_of_merged(files)
            places.append(place if by is not None else None)
            if by is not None:
                names[by] = self.key(place)
            if repeats is not None:
                names[repeats] = place_of_repeats(self.key(place))
        self._change(names, keys)
        return places

    def replace_looks(self, files: Sequence[Path], told: Sequence[Observation], repeats: Sequence[Observation]) -> None:
        """Let these looks stand in for files of coverage: what they tell, and what others had told already."""
        with self.incoming() as incoming:
            by, beside = written(incoming.coverage, told), written(incoming.coverage_repeats, repeats)
            self.replace_all([Replacement(files, by, beside)])

    def bring_back(self, path: Path, source: Path) -> bool:
        """Let a file be what was added again, by a copy in a folder for incoming facts; False, and nothing changes,
        when the copy is something else. It is durable when this returns."""
        key, added = self._wanted(path)
        if added is None or content_of(source) != (added.size, added.sha256 or content_of(source).sha256):
            return False
        with self._failing("written"):
            self._place.bring({source: key})
            self._place.brought({source: key})
        return True

    def mend(self) -> None:
        """Write objects of the log anew that are gone or damaged, from their second ones; and let the log say the
        digests of files that have none, as they are now."""
        self._place.objects.take_over()
        with self.reading():
            self._log.faults()
            self._log.tidy()

    def sweep(self, *, wait: bool = False) -> int | None:
        """Remove files that others stand in for, and return how many; None, and nothing is removed, while anybody
        reads. Who calls this holds the lease for refreshing, and does not read itself.

        :param wait: wait for who reads, and let nothing stay.
        """
        with ExitStack() as held:
            with self._failing("written"):
                try:
                    held.enter_context(self._leases.holding("reading.lock", wait=wait))
                except BlockingIOError:
                    return None
            require(self._refreshing)
            self._place.objects.take_over()
            state = self._log.state()
            old = self._clock() - self._place.grace
            due = sorted(key for key, at in state.replaced.items() if key not in state.gone and (wait or at <= old))
            if due:
                self._place.objects.remove(due)
                self._log.append(Entry(gone=tuple(due)))
                state = self._log.state()
            if state is not self._swept:
                with self._failing("written"):
                    self._place.swept(state.needed)
                self._swept = state
            self._remove_uncounted(wait and not self._place.grace)
            self._log.tidy()
            return len(due)

    def try_adding(self) -> None:
        """See that more can be added.

        :raises OSError: when this user may not.
        """
        self._place.try_adding()

    def _change(self, names: Mapping[Path, str], replaced: Sequence[str] = ()) -> None:
        """Bring files to their places, and then let them count, and others no more, by one entry of the log."""
        began = time.monotonic()
        self._place.objects.take_over()
        with self._failing("written"):
            found = self._place.bring(names)
        if time.monotonic() - began > DAY / 2:
            raise LakeError("it took so long that the first of the files may be gone", "add less at a time")
        for lease in (self._refreshing if replaced else None, *(() if self._place.grace else self._reading)):
            require(lease)
        at = self._clock()
        entry = Entry(adds={key: Added(*of, at) for key, of in found.items()}, replaces=dict.fromkeys(replaced, at))
        self._log.append(entry)
        if self._seen is not None:
            self._seen = self._seen.after([entry])
        self._place.brought(names)
        try:
            self._log.tidy()
        except LakeError as error:  # what was to be done is done
            _logger.warning("%s; it is tidied up later", error.message)

    def _remove_uncounted(self, everything: bool) -> None:
        """Remove what writers left that died before they let it count: what is a day old, once a day, or everything."""
        note, old = self.root / "garbage", self._clock() - DAY
        with self._failing("written"):
            if not everything and note.exists() and note.stat().st_mtime > old:
                return
        listed = self._place.written()
        state = self._log.state()  # after the files: what was added meanwhile is in it
        known = state.live.keys() | state.replaced.keys()
        self._place.objects.remove([f.key for f in listed if f.key not in known and (everything or f.written < old)])
        with self._failing("written"):
            note.touch()
            os.utime(note, (self._clock(), self._clock()))
