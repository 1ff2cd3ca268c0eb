"""The three facts, and the checking of one record.

A fact is immutable and has no identity beyond its content: facts form a set, and adding one again changes nothing.
Neither texts nor names are kept. Where a sheet names people instead of giving ids, a digest of the name stands for the
person; where it gives reports no id, a digest of the report's own columns does. Both begin with ``sheet-``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import msgspec

from reportdata.days import day_of
from reportdata.errors import BadField
from reportdata.times import read_instant

if TYPE_CHECKING:
    from reportdata.columns import Columns

Kind = Literal["sent", "commented", "withdrawn"]
KINDS: tuple[Kind, ...] = ("sent", "commented", "withdrawn")

LONGEST_ID = 128
_SHORTENED = re.compile(r"\d(\.\d+)?E\+\d+", re.ASCII | re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """A report that was sent or withdrawn, or a comment that was made.

    ``at`` is the fact's own instant and ``stat_day`` the local day it belongs to. A withdrawal has no user; only a sent
    report has a template and departments, the latter as names with commas between them.
    """

    kind: Kind
    corp_id: str
    report_id: str
    user_id: str = ""
    at: int
    stat_day: str
    template: str | None = None
    departments: str | None = None


class Organisations:
    """The organisations that records may belong to, with their time zones.

    Where ``add_in`` is a time zone, an unknown organisation is taken in with that zone and kept in ``added``.
    """

    def __init__(self, known: Mapping[str, ZoneInfo], add_in: ZoneInfo | None = None) -> None:
        self.known = dict(known)
        self.add_in = add_in
        self.added: dict[str, ZoneInfo] = {}

    def time_zone(self, corp_id: str) -> ZoneInfo:
        """The organisation's time zone.

        :raises BadField: when it is unknown and not to be added.
        """
        zone = self.known.get(corp_id)
        if zone is None:
            if self.add_in is None:
                raise BadField(
                    "corp_id",
                    f"the organisation {corp_id!r} is not known",
                    f"add it with `reportdata org add {corp_id}`, or all of the import's with --add-orgs",
                )
            zone = self.known[corp_id] = self.added[corp_id] = self.add_in
        return zone


def read_fact(
    record: Mapping[str, object], columns: Columns, organisations: Organisations, corp_id: str | None
) -> Fact:
    """The fact that a record holds.

    :param corp_id: the organisation of records that name none.
    :raises BadField: for the first field that cannot be used.
    """
    corp = _corp_id(record, columns.corp_id, corp_id)
    zone = organisations.time_zone(corp)
    try:
        at = read_instant(record.get(columns.at), zone)
        day = day_of(at, zone)
    except ValueError as error:
        raise BadField(columns.time_field, str(error)) from None
    user = template = departments = None
    if columns.kind != "withdrawn":
        user = read_user(record, columns, corp)
    if columns.kind == "sent":
        template = read_text("template", record.get(columns.template)) if columns.template else None
        departments = read_departments(record.get(columns.departments)) if columns.departments else None
    if columns.report_id is not None:
        report = read_id("report_id", record.get(columns.report_id))
    else:
        report = _digest(corp, user or "", str(at), template or "")
    return Fact(
        kind=columns.kind,
        corp_id=corp,
        report_id=report,
        user_id=user or "",
        at=at,
        stat_day=day,
        template=template,
        departments=departments,
    )


def _corp_id(record: Mapping[str, object], column: str | None, given: str | None) -> str:
    value = record.get(column) if column else None
    if value is None or value == "":
        if given is None:
            raise BadField("corp_id", "is missing", "name the organisation with --corp")
        return given
    return read_id("corp_id", value)


def read_user(record: Mapping[str, object], columns: Columns, corp_id: str) -> str:
    """The user's id, or the digest of the name that stands for it."""
    if columns.user_id is not None:
        return read_id("user_id", record.get(columns.user_id))
    name = read_text("user", record.get(columns.user_name or ""))
    if name is None:
        raise BadField("user", "is missing")
    return _digest(corp_id, name)


def read_id(field: str, value: object) -> str:
    """An id as it stands, without white space around it."""
    if value is None or value == "":
        raise BadField(field, "is missing")
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadField(field, f"is a {type(value).__name__}, not an id")
    if isinstance(value, int) and value.bit_length() > 4 * LONGEST_ID:
        raise BadField(field, "is a number with too many digits for an id")
    text = str(value).strip()
    if not text:
        raise BadField(field, "is empty")
    if len(text) > LONGEST_ID:
        raise BadField(field, f"has {len(text)} characters, more than an id's {LONGEST_ID}")
    if _CONTROL.search(text):
        raise BadField(field, f"{text[:40]!r} has control characters")
    if _SHORTENED.fullmatch(text):
        raise BadField(
            field,
            f"{text!r} was shortened by a spreadsheet program",
            "export the column as text and import it again",
        )
    return text


def read_text(field: str, value: object) -> str | None:
    """A short text, or None when it is absent or empty."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadField(field, f"is a {type(value).__name__}, not a text")
    text = value.strip()
    if _CONTROL.search(text):
        raise BadField(field, "has control characters")
    return text or None


def read_departments(value: object) -> str | None:
    """Department names with commas between them, from such a text or from a list. A comma inside a listed name becomes
    a full-width one, so that the names can be told apart again."""
    if isinstance(value, str):
        value = value.replace("，", ",").split(",")
    elif isinstance(value, list | tuple):
        value = [item.replace(",", "，") if isinstance(item, str) else item for item in value]
    elif value is not None:
        raise BadField("departments", f"is a {type(value).__name__}, not a list or a text")
    names = (read_text("departments", item) for item in value or ())
    return ",".join(name for name in names if name) or None


def _digest(*parts: str) -> str:
    return "sheet-" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:26]
