"""Files of the lake that another stands in for. ::

    lake/replaced/<id>.json      what stands in for them, if anything does, and the files that are replaced

A note counts once the file that it names first is in its place, so that one rename makes the change: before it the old
files are the lake's, after it the new one is. Old files stay where they are until nobody reads them; then they go, and
the note after them. Whoever lists files reads the notes first: in the other order it could miss both.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from reportdata.errors import LakeError
from reportdata.files import sync


class _Note(msgspec.Struct, frozen=True):
    """Paths in the lake. Where nothing stands in, ``by`` is absent and the note counts at once."""

    by: str | None
    files: tuple[str, ...]


class Replacements:
    """The notes in the lake ``root``. Only who holds the lake's lock for refreshing writes or removes them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root / "replaced"

    def files(self) -> set[Path]:
        """The files that are replaced, whether they are still there or not.

        :raises LakeError: when a note cannot be read.
        """
        return {path for _, note in self._notes() if self._counts(note) for path in self._replaced(note)}

    def note(self, by: Path | None, files: Iterable[Path]) -> None:
        """Note that ``by``, which comes to its place after this, stands in for files. The note is durable when this
        returns.

        :raises OSError: when it cannot be written.
        """
        note = _Note(self._name(by) if by else None, tuple(map(self._name, files)))
        self._folder.mkdir(exist_ok=True)
        unfinished = self._folder / f"{uuid.uuid4().hex}.unfinished"
        unfinished.write_bytes(msgspec.json.encode(note))
        sync(unfinished)
        unfinished.rename(unfinished.with_suffix(".json"))
        sync(self._folder)
        sync(self._root)

    def remove(self) -> int:
        """Remove replaced files, and notes that are not needed any more; returns how many files it removed. Nobody may
        be reading.

        :raises OSError: when one cannot be removed.
        """
        notes = list(self._notes())
        replaced = [path for _, note in notes if self._counts(note) for path in self._replaced(note)]
        by = {self._root / note.by for _, note in notes if note.by}
        # What stands in for others goes after them: without it they would be the lake's again.
        gone = [path for path in sorted(replaced, key=by.__contains__) if path.exists()]
        for path in gone:
            path.unlink()
        for folder in {path.parent for path in gone}:
            sync(folder)
        left = [path for path in self._entries() if path.suffix == ".unfinished"]
        for path in (*left, *(path for path, _ in notes)):
            path.unlink()
        return len(gone)

    def _notes(self) -> Iterator[tuple[Path, _Note]]:
        for path in self._entries():
            if path.suffix == ".json":
                with suppress(FileNotFoundError):  # its files are gone, and it went after them
                    try:
                        yield path, msgspec.json.decode(path.read_bytes(), type=_Note)
                    except (msgspec.DecodeError, UnicodeDecodeError) as error:
                        raise LakeError(f"the lake's file {path} cannot be read: {error}") from error

    def _entries(self) -> list[Path]:
        try:
            return list(self._folder.iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise LakeError(f"the lake's folder {self._folder} cannot be read: {error}") from error

    def _counts(self, note: _Note) -> bool:
        return note.by is None or (self._root / note.by).exists()

    def _replaced(self, note: _Note) -> Iterator[Path]:
        return (self._root / name for name in note.files)

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._root))
