"""What a push holds: a JSON array of records, one record, or records on lines (NDJSON), which gzip may have packed.

Records are those that imports understand, of the organisation that the token names. Each is taken or refused by itself.
"""

from __future__ import annotations

import asyncio
import codecs
import gzip
import re
import zlib
from collections.abc import Collection, Iterable
from io import BytesIO
from zoneinfo import ZoneInfo

import msgspec

from reportdata.api.faults import INVALID_BODY, MISSING_BODY
from reportdata.columns import Columns, read_columns
from reportdata.digests import of_person
from reportdata.errors import BadField
from reportdata.facts import Organisations, line_of, person_of, read_fact
from reportdata.http.answers import BODY_TOO_LARGE, Failed, Fault
from reportdata.identifiers import read_id
from reportdata.kinds import Kinds

LARGEST_CONTENT = 16 << 20
"""Bytes of a push when it is unpacked."""
MOST_RECORDS = 100_000
LARGEST_RECORD = 1 << 18

UNKNOWN_CODING = Fault(415, "InvalidRequest.ContentEncoding", "The body's content-encoding is not gzip.")
TOO_MANY_RECORDS = Fault(413, "InvalidRequest.TooManyRecords", "The body has too many records.")
WRONG_CODING = Fault(400, "InvalidRequest.ContentEncoding", "The body is not what its content-encoding says.")

_SLICE = 100_000
"""About the bytes of records that are read, a millisecond's work, before other callers have their turn."""
_LONGEST_REASON = 200
_SPACE = b" \t\r\n"
_LINE = re.compile(rb"[^ \t\r\n][^\n]*")

Text = bytes | msgspec.Raw
_elements = msgspec.json.Decoder(list[msgspec.Raw])


class Taken:
    """The facts of a push, as lines for the inbox, and what is wrong with the records that are refused.

    :param kinds: those that the app may push.
    :param forgotten: digests of people whose facts are not taken.
    """

    def __init__(self, corp_id: str, zone: ZoneInfo, kinds: Kinds, forgotten: Collection[str] = ()) -> None:
        self.lines: list[bytes] = []
        self.refused: list[dict[str, object]] = []
        self._organisation = Organisations({corp_id: zone})
        self._kinds = kinds
        self._forgotten = forgotten
        self._corp_id = corp_id
        self._known: dict[tuple[str, ...], Columns] = {}

    async def read(self, content: bytes) -> None:
        """Take or refuse each record. Between them, other callers have their turn."""
        done = 0
        for number, text in enumerate(_records(content)):
            if number == MOST_RECORDS:
                raise Failed(TOO_MANY_RECORDS)
            try:
                self.lines.append(self._line(text))
            except BadField as error:
                field, reason = error.field[:_LONGEST_REASON], error.reason[:_LONGEST_REASON]
                self.refused.append({"record": number, "field": field, "reason": reason})
            done += len(memoryview(text)) + 1000
            if done > _SLICE:
                done = 0
                await asyncio.sleep(0)

    def _line(self, text: Text) -> bytes:
        if len(memoryview(text)) > LARGEST_RECORD:
            raise BadField("json", f"has more than {LARGEST_RECORD} bytes")
        try:
            record = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise BadField("json", f"is not JSON: {error}") from None
        if not isinstance(record, dict):
            raise BadField("json", f"is a {type(record).__name__}, not an object")
        names = tuple(record)
        columns = self._known.get(names)
        if columns is None:
            columns = self._known[names] = read_columns(names, self._kinds)
        named = record[columns.corp_id] if columns.corp_id is not None else None
        if named not in ("", None) and read_id("corp_id", named) != self._corp_id:  # whether it is known or not
            raise BadField("corp_id", "is not the organisation of the token")
        fact = read_fact(record, columns, self._organisation, self._corp_id)
        if self._forgotten:
            person = person_of(fact, self._kinds)
            if person is not None and of_person(self._corp_id, person) in self._forgotten:
                raise BadField(columns.kind.person or "", "is of a person who was forgotten")
        return line_of(fact)


def _records(content: bytes) -> Iterable[Text]:
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
    if text.count(b",") >= 10 * MOST_RECORDS:  # no records have as many, and each could take memory
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
