"""Records that an import skips, in files of their own."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from reportdata.errors import BadFile, BadRecord


class BadRecords:
    """Writes bad records to files, one JSON object a line.

    :param path: the file of all of them; without one, each file that is imported has its own, in the working folder.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.paths: list[Path] = []
        """The files that were written."""

    def check(self) -> None:
        """Check that files can be written, before anything is added.

        :raises BadFile: when they cannot.
        """
        folder = self._path.absolute().parent if self._path is not None else Path.cwd()
        if not folder.is_dir():
            raise BadFile(
                str(self._path), f"cannot be written: there is no folder {folder}", "make it, or name another"
            )
        there = self._path is not None and self._path.exists()
        if not os.access(self._path if there and self._path else folder, os.W_OK):
            raise BadFile(
                str(self._path or folder),
                "bad records cannot be written there",
                "name a file elsewhere with --bad-file",
            )

    def add(self, bad: BadRecord, record: Mapping[str, object]) -> None:
        """Write a bad record, with the reason.

        :raises BadFile: when its file cannot be written.
        """
        path = self._path or Path(f"{Path(bad.file).name.strip('<>')}.bad.jsonl")
        mode = "a" if path in self.paths else "w"
        if path not in self.paths:
            self.paths.append(path)
        line = {
            "file": bad.file,
            "line": bad.line,
            "field": bad.field,
            "reason": bad.reason,
            "record": record,
        }
        try:
            with path.open(mode, encoding="utf-8") as file:
                file.write(_encoded(line) + "\n")
        except OSError as error:
            reason = f"cannot be written: {error.strerror or error}"
            raise BadFile(str(path), reason, "name a file elsewhere with --bad-file") from error


def _encoded(line: Mapping[str, object]) -> str:
    try:
        return msgspec.json.encode(line, enc_hook=str).decode()
    except UnicodeEncodeError:  # it has half a sign
        return json.dumps(line, default=str)
