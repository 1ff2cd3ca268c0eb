"""One record of a file, as its reader hands it on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from reportdata import standing
from reportdata.columns import Columns
from reportdata.errors import BadField
from reportdata.identifiers import is_nothing
from reportdata.standing import says_unsent


class Line(NamedTuple):
    """A record and where it stands; or, with ``error``, what is wrong with its form.

    ``number`` is the line it begins on (from 1; in Parquet the row), ``position`` how many bytes of the file had been
    read by then (0 where that is not known), ``columns`` which of the record's columns hold which field. ``cells`` is a
    hash of the other cells of a table's row, where its record has no id (`reportdata.digests.of_cells`).
    """

    number: int
    position: int
    columns: Columns | None
    record: Mapping[str, object]
    error: BadField | None = None
    cells: int = 0


def denied(line: Line) -> tuple[str, str] | None:
    """The column that says that a record does not stand, and what it says; None where none does. A record that says
    when it was taken back is two facts, unless it has no id by which it could be.

    :raises BadField: when it is an event of its deletion: the event by which it was made may stand before it.
    """
    if line.columns is None:
        return None
    withdrawal = line.columns.withdrawal_of(line.record)
    if withdrawal is not None and not withdrawal.fields:
        return withdrawal.at, "…"
    without_time = is_nothing(line.record.get(line.columns.at))
    for column in (line.columns.at, *(line.columns.standing if without_time else ())):
        if says_unsent(cell := line.record.get(column)):
            return column, str(cell).strip()
    found = standing.denied(line.record, line.columns.standing)
    if found is not None and standing.says_change(found[0]):
        raise BadField(found[0], "says that the record was deleted", standing.OF_DELETIONS)
    return found
