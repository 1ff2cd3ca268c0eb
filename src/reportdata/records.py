"""One record of a file, as its reader hands it on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from reportdata.columns import Columns
from reportdata.errors import BadField


class Line(NamedTuple):
    """A record and where it stands; or, with ``error``, what is wrong with its form.

    ``number`` is the line it begins on (from 1; in Parquet the row), ``position`` how many bytes of the file had been
    read by then (0 where that is not known), ``columns`` which of the record's columns hold which field. ``cells`` is a
    hash of all cells of a table's row, where its record has no id.
    """

    number: int
    position: int
    columns: Columns | None
    record: Mapping[str, object]
    error: BadField | None = None
    cells: int = 0
