"""What a push holds: a JSON array of records, one record, or records on lines (NDJSON), which gzip may have packed.

Records are those that imports understand, of the organisation that the token names. Each is taken or refused by itself.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from io import BytesIO

import msgspec

from reportdata.api.faults import INVALID_BODY, MISSING_BODY
from reportdata.columns import Columns, read_columns
from reportdata.days import time_zone
from reportdata.digests import of_person
from reportdata.errors import BadField
from reportdata.facts import Organisations, line_of, person_of, read_fact
from reportdata.http.answers import BODY_TOO_LARGE, Failed, Fault
from reportdata.identifiers import are_names, read_id
from reportdata.json_texts import RepeatedName, decode
from reportdata.kinds import Kind, Kinds
from reportdata.nested import Nested
from reportdata.remarks import Remarks
from reportdata.standing import denied

LARGEST_CONTENT = 16 << 20
"""Bytes of a push when it is unpacked."""
MOST_RECORDS = 100_000
LARGEST_RECORD = 1 << 18

UNKNOWN_CODING = Fault(415, "InvalidRequest.ContentEncoding", "The body's content-encoding is not gzip.")
TOO_MANY_RECORDS = Fault(413, "InvalidRequest.TooManyRecords", "The body has too many records.")
WRONG_CODING = Fault(400, "InvalidRequest.ContentEncoding", "The body is not what its content-encoding says.")

_SLICE = 40_000
"""About the bytes of records that are read, less than half a millisecond's work, before others have their turn."""
_LONGEST_REASON = 200
_NAMES = (
    "{} looks like names of people, and was taken as ids: push ids there, and names as user_name, of which digests are "
    "kept; if these are ids, all is well"
)
_SPACE = b" \t\r\n"
_LINE = re.compile(rb"[^ \t\r\n][^\n]*")

Text = bytes | msgspec.Raw
_elements = msgspec.json.Decoder(list[msgspec.Raw])


class Push(msgspec.Struct, frozen=True):
    """What has to be known to read a body.

    :param kinds: the names of those that the app may push.
    :param end: the instant from which on times lie in the future, in microseconds since 1970.
    :param forgotten: digests of people whose facts are not taken.
    """

    corp_id: str
    time_zone: str
    kinds: tuple[str, ...]
    is_packed: bool
    most_records: int
    end: int
    forgotten: frozenset[str] = frozenset()


class Taken(msgspec.Struct, frozen=True):
    """What a body held: facts as lines for the inbox, how many they are, the same of the records that are refused, what
    is wrong with each as an array in JSON, the SHA-256 of the body unpacked, and what is to be said of the facts."""

    lines: bytes
    added: int
    records: bytes
    refused: int
    digest: str
    notes: tuple[str, ...] = ()


class Body:
    """A body that is read in slices.

    :param known: kinds of facts by name.
    """

    def __init__(self, push: Push, known: Mapping[str, Kind]) -> None:
        self._lines: list[bytes] = []
        self._refused: list[bytes] = []
        self._organisation = Organisations({push.corp_id: time_zone(push.time_zone)})
        self._kinds = Kinds(known[name] for name in push.kinds)
        self._people: dict[str, set[str]] = {}
        self._nested = Nested(self._kinds, Remarks())
        self._push = push
        self._known: dict[tuple[str, ...], Columns] = {}

    def slices(self, content: bytes) -> Iterator[None]:
        """Take or refuse each record; every now and then others may have their turn."""
        done = 0
        for number, text in enumerate(_records(content, self._push.most_records)):
            if number == self._push.most_records:
                raise Failed(TOO_MANY_RECORDS)
            try:
                self._lines.append(self._line(text))
            except BadField as error:
                field, reason = error.field[:_LONGEST_REASON], error.reason[:_LONGEST_REASON]
                self._refused.append(msgspec.json.encode({"record": number, "field": field, "reason": reason}))
            done += len(memoryview(text)) + 1000
            if done > _SLICE:
                done = 0
                yield

    def taken(self, content: bytes) -> Taken:
        """What it held, when all slices are read."""
        records = b"[" + b",".join(self._refused) + b"]"
        digest = hashlib.sha256(content).hexdigest()
        notes = tuple(_NAMES.format(column) for column, ids in self._people.items() if _are_names(ids))
        return Taken(b"".join(self._lines), len(self._lines), records, len(self._refused), digest, notes)

    def _require_alone(self, record: Mapping[str, object]) -> None:
        """
        :raises BadField: when a record has others in a list, which would be lost.
        """
        named = self._nested.first_list(record)
        if named is not None:
            raise BadField(named, "has records of their own; push each by itself, with the id of the report")

    def _line(self, text: Text) -> bytes:
        if len(memoryview(text)) > LARGEST_RECORD:
            raise BadField("json", f"has more than {LARGEST_RECORD} bytes")
        try:
            record = decode(bytes(text).decode())
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise BadField("json", f"is not JSON: {error}") from None
        if isinstance(record, RepeatedName):
            raise record
        if not isinstance(record, dict):
            raise BadField("json", f"is a {type(record).__name__}, not an object")
        names = tuple(record)
        columns = self._known.get(names)
        if columns is None:
            columns = self._known[names] = read_columns(names, self._kinds)
        named = record[columns.corp_id] if columns.corp_id is not None else None
        if named not in ("", None) and read_id("corp_id", named) != self._push.corp_id:  # whether it is known or not
            raise BadField("corp_id", "is not the organisation of the token")
        _require_standing(record, columns)
        self._require_alone(record)
        fact = read_fact(record, columns, self._organisation, self._push.corp_id)
        if fact.at >= self._push.end:
            raise BadField(columns.kind.time, f"is on {fact.stat_day}, which lies in the future")
        if self._push.forgotten:
            person = person_of(fact, self._kinds)
            if person is not None and of_person(self._push.corp_id, person) in self._push.forgotten:
                raise BadField(columns.kind.person or "", "is of a person who was forgotten")
        column = columns.kind.person
        if column is not None and column in columns.fields:
            self._people.setdefault(column, set()).add(str(fact.values[column]))
        return line_of(fact)


def _are_names(ids: Collection[str]) -> bool:
    return not all(map(str.isascii, ids)) and are_names(ids)


def _require_standing(record: Mapping[str, object], columns: Columns) -> None:
    """
    :raises BadField: when a record says itself that it was taken back, or never sent.
    """
    if (withdrawal := columns.withdrawal_of(record)) is not None:
        raise BadField(withdrawal.at, f"stands beside {columns.at}; push a record for each")
    said = denied(record, columns.standing)
    if said is not None:
        raise BadField(said[0], f"says {said[1]!r}; push what was sent, and withdrawals of that")


def read_push(push: Push, body: bytes, known: Mapping[str, Kind]) -> Taken:
    """Read a body at once, whatever it takes.

    :raises Failed: when it cannot be read.
    """
    content = unpacked(body) if push.is_packed else body
    found = Body(push, known)
    for _ in found.slices(content):
        pass
    return found.taken(content)


def _records(content: bytes, most: int) -> Iterable[Text]:
    """The texts of a body's records, which may be no JSON. Empty lines are passed over."""
    text = content.removeprefix(codecs.BOM_UTF8).strip(_SPACE)
    if not text:
        raise Failed(MISSING_BODY)
    if text[:1] == b"{":
        first, more, _ = text.partition(b"\n") if len(text) <= LARGEST_RECORD else (text, b"", b"")
        if more and not _is_json(first) and _is_json(text):  # one record over several lines
            return [text]
        return (line[0] for line in _LINE.finditer(text))
    if text[:1] != b"[":
        raise Failed(INVALID_BODY)
    if text.count(b",") >= 10 * most:  # no records have as many, and each could take memory
        raise Failed(TOO_MANY_RECORDS)
    try:
        return _elements.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Failed(INVALID_BODY) from None


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    return True


def is_packed(coding: str) -> bool:
    """Whether a body of that ``content-encoding`` is packed by gzip.

    :raises Failed: when it is coded in another way.
    """
    coding = coding.strip().lower()
    if coding not in ("", "identity", "gzip", "x-gzip"):
        raise Failed(UNKNOWN_CODING)
    return coding.endswith("gzip")


def unpacked(body: bytes | bytearray) -> bytes:
    """What was packed.

    :raises Failed: when it is not packed by gzip, or too large.
    """
    try:
        with gzip.open(BytesIO(body)) as packed:
            content = packed.read(LARGEST_CONTENT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Failed(WRONG_CODING) from error
    if len(content) > LARGEST_CONTENT:
        raise Failed(BODY_TOO_LARGE)
    return content
