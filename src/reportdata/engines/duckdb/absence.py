"""Of which files it was seen that a query of their facts has no rows. Files never change, so later questions look at
new files alone, and leave out what would be done with the rows."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from reportdata.engines.duckdb.spans import Rows

MOST = 256
"""Organisations of which something is remembered."""
_ROOM = 256
"""Files that may be remembered of each beside twice those that were asked for last."""
_NONE: frozenset[Path] = frozenset()


class _Looked(NamedTuple):
    """Files without rows, and some files that have rows together."""

    without: frozenset[Path] = _NONE
    having: frozenset[Path] = _NONE


class Absence:
    """What was seen of organisations' facts, by query and organisation, the last to be asked for at the end."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._looked: dict[tuple[str, str], _Looked] = {}

    def unknown(self, name: str, corp_id: str, files: Collection[Path]) -> frozenset[Path] | None:
        """The files that have to be looked at to know whether all of them have no rows; None when it is known that some
        have.

        :param name: of the query.
        """
        known = self._looked.get((name, corp_id), _Looked())
        if known.having and known.having.issubset(files):
            return None
        return frozenset(files) - known.without

    def look(self, name: str, query: str, corp_id: str, files: Collection[Path], unknown: frozenset[Path]) -> bool:
        """Look whether a query has no rows in files.

        :param query: reads a view that shows the facts of an organisation in those that are ``unknown``.
        :raises LakeError: when a file cannot be read.
        """
        ((there,),) = self._rows(f"select exists ({query})")
        known = self._looked.pop((name, corp_id), _Looked())
        if there:
            known = known._replace(having=unknown)
        else:
            without = known.without | unknown
            if len(without) > 2 * len(files) + _ROOM:
                without = frozenset(files)
            known = _Looked(without, known.having)
        self._looked[name, corp_id] = known
        while len(self._looked) > MOST:
            del self._looked[next(iter(self._looked))]
        return not there
