"""Facts, and the checking of one record.

A fact is immutable and has no identity beyond its content: facts form a set, and adding one again changes nothing.
Neither texts nor names are kept. Where a sheet names people instead of giving ids, a digest of the name stands for the
person; where it gives reports no id, a digest of the report's own columns does. Both begin with ``sheet-``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from reportdata.columns import Columns
from reportdata.days import DEFAULT_TIME_ZONE, day_of, moment_of
from reportdata.digests import MINUTE, Occurrences, digest
from reportdata.errors import BadField
from reportdata.identifiers import (
    NO_PERSON,
    NO_RECORD,
    half_width,
    is_no_person,
    is_nothing,
    read_id,
    read_text,
    require_text,
    same_name,
)
from reportdata.kinds import Kinds
from reportdata.split_times import time_of
from reportdata.values import Value, instant_of, read_names, read_value
from reportdata.zone_headings import is_beijing

_UTC = ZoneInfo("UTC")
_OF_BEIJING = timedelta(hours=8)
_OFFSET = re.compile(r"(?:UTC|GMT|Z)?\s?(?:([+-])\s?(\d{1,2})(?::?(\d{2}))?)?", re.ASCII | re.IGNORECASE)
_WHOLE = re.compile(r"\d{1,6}(?:\.0+)?", re.ASCII)


class Fact(msgspec.Struct, frozen=True):
    """A fact: its kind's name, its organisation, its own instant ``at``, the local day that this belongs to, and the
    values of its kind's other columns."""

    kind: str
    corp_id: str
    at: int
    stat_day: str
    values: Mapping[str, Value]

    def __hash__(self) -> int:
        return hash((self.kind, self.corp_id, self.at))


class Provenance(NamedTuple):
    """When facts were first known, in microseconds since 1970, and from where: ``<id of the import>/<number of its
    file>``, ``push`` or ``collection``. Neither is part of a fact's identity."""

    known_at: int
    origin: str


class Organisations(NamedTuple):
    """The organisations that records may belong to, with their time zones. An unknown one is taken to be in the zone
    ``add_in``; without that it is refused. Their times without an offset are local times in ``times_in``, and without
    that in the zone of the organisation itself."""

    known: Mapping[str, ZoneInfo]
    add_in: ZoneInfo | None = None
    times_in: ZoneInfo | None = None

    def time_zone(self, corp_id: str) -> ZoneInfo:
        """The organisation's time zone.

        :raises BadField: when it is unknown and there is none for unknown ones.
        """
        zone = self.known.get(corp_id, self.add_in)
        if zone is None:
            raise BadField(
                "corp_id",
                f"the organisation {corp_id!r} is not known",
                f"add it with `reportdata org add {corp_id}`, or all of the import's with --add-orgs",
            )
        return zone


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def line_of(fact: Fact) -> bytes:
    """A fact as a line of JSON: one object, in which the columns' values stand beside the rest."""
    kept = {name: value for name, value in fact.values.items() if value is not None}
    own = {"kind": fact.kind, "corp_id": fact.corp_id, "at": fact.at, "stat_day": fact.stat_day}
    return _encode(own | kept) + b"\n"


def fact_of(line: bytes, kinds: Kinds) -> Fact:
    """The fact of a line.

    :raises ValueError: when it is none of a known kind.
    """
    found = _decode(line)
    if not _has_all(found):
        raise ValueError("it lacks what every fact has")
    kind, corp_id, at, day = (found[name] for name in _OWN)
    if kind not in kinds:
        raise ValueError(f"{kind!r} is not a known kind")
    names = (name for name in kinds[kind].columns if name != kinds[kind].time)
    return Fact(kind, corp_id, at, day, {name: found.get(name) for name in names})


def is_fact(line: bytes) -> bool:
    """Whether a line is one of a fact, of whatever kind."""
    try:
        return _has_all(_decode(line))
    except ValueError:
        return False


_OWN = ("kind", "corp_id", "at", "stat_day")


def _has_all(found: Mapping[str, Any]) -> bool:
    return all(isinstance(found.get(name), int if name == "at" else str) for name in _OWN)


def person_of(fact: Fact, kinds: Kinds) -> str | None:
    """Whose fact it is; None when it is nobody's."""
    person = kinds[fact.kind].person
    return None if person is None else str(fact.values[person])


def read_fact(
    record: Mapping[str, object],
    columns: Columns,
    organisations: Organisations,
    corp_id: str | None,
    occurrences: Occurrences | None = None,
    cells: int = 0,
) -> Fact:
    """The fact that a record holds.

    :param corp_id: the organisation of records that name none.
    :param occurrences: those of the record's table, which tell records without ids apart.
    :param cells: a hash of the other cells of the record's row.
    :raises BadField: for the first field that cannot be used.
    """
    kind, fields = columns.kind, columns.fields
    corp = _corp_id(record, columns.corp_id, corp_id)
    zone = organisations.time_zone(corp)
    written_in = organisations.times_in or zone
    at = instant_of(kind.time, time_of(record, columns), written_in)
    if columns.zone is not None and organisations.times_in is None:
        _require_zone(record, columns, at, zone)
    values: dict[str, Value] = {}
    for column in kind.fields():
        name = fields.get(column.name)
        if column.name == kind.time:
            continue
        named = column.name == kind.person and columns.person_name is not None
        if name is not None and not (named and is_no_person(record.get(name))):
            values[column.name] = read_value(column, record.get(name), written_in)
        elif named and columns.person_name is not None:
            values[column.name] = _digest_of_name(record, columns, corp)
        else:
            values[column.name] = None
    record_id = kind.record_id
    for field, none in ((record_id, NO_RECORD), (kind.person, NO_PERSON)):
        if field is not None and (value := values[field]) in none:
            reason = f"{value!r} is what some programs write where there is none"
            raise BadField(field, reason, "fill it in, or leave such records out with --skip-bad")
    if kind.sheet is not None and kind.sheet.id not in fields:
        parts = (str(at // MINUTE) if name == kind.time else str(values[name] or "") for name in kind.sheet.of)
        told = digest(corp, *parts)
        place = occurrences.place(told, cells, at) if occurrences is not None else 0
        values[kind.sheet.id] = digest(told, str(place)) if place else told
    return Fact(kind.name, corp, at, day_of(at, zone), values)


def _require_zone(record: Mapping[str, object], columns: Columns, at: int, zone: ZoneInfo) -> None:
    """
    :param at: the instant of the record's time as it was read in ``zone``.
    :raises BadField: when a record names another zone for its time, and the time depends on it.
    """
    said = record.get(columns.zone or "")
    if is_nothing(said):
        return
    text = " ".join(half_width(str(said)).split())
    offset = moment_of(at, zone).utcoffset() or timedelta(0)
    if text == str(zone) or _is_offset(text, offset) or (is_beijing(text) and offset == _OF_BEIJING):
        return
    elsewhere = _UTC if offset else ZoneInfo(DEFAULT_TIME_ZONE)
    if instant_of(columns.kind.time, time_of(record, columns), elsewhere) == at:
        return
    raise BadField(
        columns.kind.time,
        f"{columns.zone!r} says {text[:40]!r}, and the time would be read as one of {zone}",
        "write an offset behind each time, like 2024-01-05 08:03 +08:00; or, where all are of one zone, say of which "
        "with --times-in, for example --times-in UTC",
    )


def _is_offset(text: str, offset: timedelta) -> bool:
    """Whether a text names an offset from UTC: in hours and minutes, or as a number of hours, minutes or seconds."""
    found = _OFFSET.fullmatch(text)
    if found is not None:
        hours, minutes = int(found[2] or 0), int(found[3] or 0)
        named = timedelta(hours=hours, minutes=minutes)
        return (-named if found[1] == "-" else named) == offset
    if _WHOLE.fullmatch(text) is None:
        return False
    number = int(float(text))
    return offset in (timedelta(hours=number), timedelta(minutes=number), timedelta(seconds=number))


def _corp_id(record: Mapping[str, object], column: str | None, given: str | None) -> str:
    value = record.get(column) if column else None
    if is_nothing(value):
        if given is None:
            raise BadField("corp_id", "is missing", "name the organisation with --corp")
        return given
    return read_id("corp_id", value)


def _digest_of_name(record: Mapping[str, object], columns: Columns, corp_id: str) -> str:
    """A digest of a name, and of the person's departments where these are told: they tell people of one name apart."""
    field = columns.kind.person_name or ""
    name = read_text(field, record.get(columns.person_name or ""))
    if name is None:
        raise BadField(field, "is missing", "fill it in: of merged cells all but the first are empty")
    require_text(field, name)
    said = [record.get(columns.fields[told]) for told in columns.kind.named_apart_by if told in columns.fields]
    apart = [",".join(sorted(map(same_name, names.split(",")))) for value in said if (names := _names_or_none(value))]
    return digest(corp_id, same_name(name), *apart)


def _names_or_none(value: object) -> str | None:
    try:
        return read_names("", value)
    except BadField:
        return None
