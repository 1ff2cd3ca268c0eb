"""Names of people beside their ids, in the rows of an answer that asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from reportdata.statistics.answers import Answer, Row

COLUMN = "userName"
"""The column of names: null where none is kept."""
_ID = "user"
OFF = "The organisation has names of people turned off."


def users_in(answer: Answer) -> set[str]:
    """The ids of people in the rows of an answer."""
    return {row[_ID] for row in answer.data if row.get(_ID)}


def with_names(answer: Answer, names: Mapping[str, str], *, turned_on: bool) -> Answer:
    """The answer with the names of people behind their ids.

    :param turned_on: whether the organisation keeps names.
    """
    columns: list[dict[str, Any]] = []
    for column in answer.meta["columns"]:
        columns += [column, {"name": COLUMN, "type": "text"}] if column["name"] == _ID else [column]
    notes = [*answer.meta["notes"], *([] if turned_on else [OFF])]
    data = [_named(row, names) for row in answer.data]
    return msgspec.structs.replace(answer, data=data, meta=answer.meta | {"columns": columns, "notes": notes})


def _named(row: Row, names: Mapping[str, str]) -> Row:
    found: Row = {}
    for name, value in row.items():
        found[name] = value
        if name == _ID:
            found[COLUMN] = names.get(value)
    return found
