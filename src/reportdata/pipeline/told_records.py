"""Records of a number, as they are told: rows whose columns have the words of answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from reportdata.causes import of_origin
from reportdata.services.records import Records
from reportdata.statistics.answers import Row
from reportdata.statistics.explained import moment_text

_COLUMNS = {"report_id": "report", "user_id": "user"}
"""What columns of facts are called in answers."""
_SHOWN = ("template", "departments")


def columns_of(what: Records, *, compared: bool) -> list[dict[str, Any]]:
    """The columns of the rows, with their types.

    :param compared: whether rows say which of two numbers they belong to.
    """
    types = {"instant": "moment", "integer": "integer", "count": "integer", "decimal": "number"}
    names = [{"name": "set", "type": "text"}] if compared else []
    names.append({"name": "item", "type": "text"})
    for name, type_ in what.rows.columns.items():
        if name not in _SHOWN:
            names.append({"name": _called(name, what), "type": types.get(type_.removesuffix("?"), "text")})
    names += [{"name": "day", "type": "date"}, *({"name": name, "type": "text"} for name in _SHOWN)]
    return [*names, {"name": "origin", "type": "text"}, {"name": "knownAt", "type": "moment"}]


def names_of(what: Records) -> list[str]:
    """The columns of found records."""
    return ["set", "item", "corp_id", "stat_day", *what.rows.columns, "template_", "departments_", "known_at", "origin"]


def row_of(found: Mapping[str, Any], zone: ZoneInfo, what: Records) -> Row:
    """A found record as a row."""
    row: Row = {"set": found["set"], "item": found["item"]}
    for name, type_ in what.rows.columns.items():
        if name not in _SHOWN:
            value = found[name]
            row[_called(name, what)] = moment_text(value, zone) if type_ == "instant" and value is not None else value
    row["day"] = found["stat_day"].isoformat()
    row |= {name: found[f"{name}_"] for name in _SHOWN}
    row["origin"] = of_origin(found["origin"]) if found["origin"] else None
    row["knownAt"] = moment_text(found["known_at"], zone) if found["known_at"] is not None else None
    return row


def shown(departments: str, within: Sequence[str]) -> str:
    """Of the departments of a record, those that may show."""
    if not within:
        return departments
    below = tuple(f"{name}/" for name in within)
    return ",".join(name for name in departments.split(",") if name in within or name.startswith(below))


def _called(column: str, what: Records) -> str:
    return "time" if column == what.rows.time else _COLUMNS.get(column, column)
