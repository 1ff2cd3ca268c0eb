"""The organisations that are known, as DuckDB sees them while it converts a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from reportdata.engines.duckdb.spans import Rows
from reportdata.engines.duckdb.texts import read_lines, write_lines
from reportdata.facts import Organisations

_LONGEST = 64 << 10
"""Bytes that the line of an organisation may have."""
ORGANISATIONS = "organisations"
"""The table of the organisations that are known, maybe millions: ``corp_id``, and ``zone``, the place of the time zone
in `Zones`."""


class Zones(NamedTuple):
    """The time zones that organisations have, and which of them those have that are not in the table of
    `ORGANISATIONS`; None when these are to be refused. Times without an offset are in the zone ``times_in``, or else
    in the organisation's."""

    zones: Sequence[ZoneInfo]
    others: int | None
    times_in: ZoneInfo | None = None


def put_organisations(rows: Rows, organisations: Organisations, folder: Path) -> Zones:
    """Make the table of `ORGANISATIONS`; returns the zones that its numbers mean.

    :param folder: takes the file that it is read from.
    """
    add_in = organisations.add_in
    zones = sorted({*organisations.known.values()} | ({add_in} if add_in is not None else set()), key=str)
    numbers = {zone: number for number, zone in enumerate(zones)}
    path = folder / "organisations.jsonl"
    lines = msgspec.json.Encoder().encode_lines
    found = ({"corp_id": corp, "zone": numbers[zone]} for corp, zone in organisations.known.items())
    write_lines(path, (lines([row]) for row in found))
    known = read_lines(path, {"corp_id": "varchar", "zone": "integer"}, _LONGEST)
    rows(f"create or replace temp table {ORGANISATIONS} as select * from {known}")
    path.unlink()
    return Zones(zones, None if add_in is None else numbers[add_in], organisations.times_in)
