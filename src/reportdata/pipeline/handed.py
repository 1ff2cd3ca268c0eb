"""The files of an import as they are handed over: as they lie, members of archives, or what came out of a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from shutil import rmtree
from typing import NamedTuple

from reportdata.errors import BadFile, BadRecord, InputError
from reportdata.leases import FileLeases, folder_of_own, folders_of_dead
from reportdata.presence import Ground
from reportdata.readers.archives import is_archive, unpacked
from reportdata.readers.spooling import is_stream, name_of, spooled

_FOLDER = "handed"
"""Where copies lie in the data folder. What killed imports left there goes with the next one, of whatever."""


class Handed(NamedTuple):
    """A file: where its bytes lie, the name by which people know it, and whether it is one of an archive."""

    path: Path
    name: str
    in_archive: bool = False

    def told(self, error: InputError) -> InputError:
        """The error, with the file's name for people."""
        if isinstance(error, BadRecord):
            return self.record(error)
        if isinstance(error, BadFile):
            hint = f"{error.hint}; or leave it out of the archive" if self.in_archive else error.hint
            return BadFile(error.file.replace(str(self.path), self.name), error.reason, hint, error.line)
        return error

    def record(self, bad: BadRecord) -> BadRecord:
        """The bad record, with the file's name for people."""
        name = bad.file.replace(str(self.path), self.name)
        told = BadRecord(name, bad.line, bad.field, bad.reason, bad.hint)
        told.others, told.more = [self.record(other) for other in bad.others], bad.more
        return told

    def skipping(
        self, take: Callable[[BadRecord, Mapping[str, object]], None] | None
    ) -> Callable[[BadRecord, Mapping[str, object]], None] | None:
        """What takes bad records, given them with the file's name for people."""
        return None if take is None else lambda bad, record: take(self.record(bad), record)


def handed_files(files: Sequence[Path], data: Path, failed: Callable[[InputError], None]) -> Iterator[Handed]:
    """The files, each there until the next one is asked for. Of an archive that is each of its members. A stream is
    read to its end first.

    :param data: the data folder, in which copies lie meanwhile.
    :param failed: is given what cannot be read; the other files are.
    """
    leases, ground = FileLeases(data), Ground(data / _FOLDER)
    for left in folders_of_dead(data, _FOLDER, leases):
        rmtree(left, ignore_errors=True)
    with ExitStack() as held:
        folder: Path | None = None
        for path in files:
            try:
                stream = is_stream(path)
                if not stream and not is_archive(path):
                    yield Handed(path, str(path))
                    continue
                if folder is None:
                    ground.make()
                    folder = held.enter_context(folder_of_own(data, _FOLDER, leases, within=data))
                yield from _copies(path, folder, stream=stream)
            except InputError as error:
                failed(error)


def _copies(path: Path, folder: Path, *, stream: bool) -> Iterator[Handed]:
    source = spooled(path, folder) if stream else path
    name = name_of(path)
    try:
        if not is_archive(source):
            yield Handed(source, name)
            return
        for member, copy in unpacked(source, folder):
            yield Handed(copy, f"{name}/{member}", in_archive=True)
    except BadFile as error:
        raise Handed(source, name).told(error) from error
    finally:
        if stream:
            source.unlink(missing_ok=True)
