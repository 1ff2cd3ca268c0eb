"""Which facts have each a key of their own: these are counted without comparing them, several times as fast.

That no two facts have the same key is seen by a hash of 64 bits: as many different hashes as facts can only come of as
many different keys. Files never change, and every part of what was looked at is as unique as the whole.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from reportdata.engines.duckdb.spans import Rows

MOST = 256
"""Organisations of which something is remembered."""
_SETS = 2
"""Sets of files of each."""


class _Looked(NamedTuple):
    """Files that were looked at, and whether each fact of them has a key of its own."""

    files: frozenset[Path]
    unique: bool


class Uniqueness:
    """What was seen of organisations' facts, by view and organisation, the last to be asked for at the end."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._looked: dict[tuple[str, str], list[_Looked]] = {}

    def seen(self, view: str, corp_id: str, files: Collection[Path]) -> bool | None:
        """Whether each fact of files has a key of its own; None when that is not known."""
        known = self._looked.get((view, corp_id), [])
        if any(one.unique and one.files.issuperset(files) for one in known):
            return True
        return False if any(one.files == frozenset(files) for one in known) else None

    def look(self, view: str, key: str, corp_id: str, files: Collection[Path]) -> bool:
        """Look whether each fact of a view has a key of its own.

        :param view: shows the facts of an organisation in these files.
        :param key: the column.
        :raises LakeError: when a file cannot be read.
        """
        ((unique,),) = self._rows(f"select count(*) = count(distinct hash({key})) from {view}")
        found = _Looked(frozenset(files), bool(unique))
        known = [one for one in self._looked.pop((view, corp_id), []) if not (unique and found.files >= one.files)]
        self._looked[view, corp_id] = [*known, found][-_SETS:]
        while len(self._looked) > MOST:
            del self._looked[next(iter(self._looked))]
        return found.unique
