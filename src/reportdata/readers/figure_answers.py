"""Saved answers of the contract, or their rows, as JSON: one, a list, one on each line, or within other answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from reportdata.errors import BadRecord
from reportdata.headings import corp_id_of, of_organisation
from reportdata.json_texts import RepeatedName, require_once
from reportdata.measures import decimal_of
from reportdata.readers.text import opened

_BODIES = ("body", "data", "result", "response")
"""Where programs keep an answer that they saved with something around it."""
_decoder = msgspec.json.Decoder(float_hook=decimal_of)


def rows_of_answers(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    """The rows of ``dataList`` of all answers, each with the line on which its answer begins.

    :raises BadRecord: when something else is there.
    """
    with opened(path) as file:
        text = file.read()
    for number, line in enumerate([text] if _is_json(text) else text.splitlines(), 1):
        if line.strip():
            try:
                content = _decoder.decode(line)
                require_once(line, content)
                rows = list(_rows_of(content))
            except RepeatedName as error:
                raise BadRecord(str(path), number + error.lines, error.field, error.reason, error.hint) from error
            except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
                raise BadRecord(str(path), number, "line", f"is no JSON: {error}") from error
            for row in rows:
                if not isinstance(row, Mapping):
                    raise BadRecord(str(path), number, "row", "is no object")
                yield number, row


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    return True


def _rows_of(content: object, corp_id: str | None = None) -> Iterator[object]:
    """
    :param corp_id: the organisation that stands around the content.
    """
    if isinstance(content, dict):
        corp_id = corp_id_of(content) or corp_id
    if isinstance(content, list):
        for item in content:
            yield from _rows_of(item, corp_id)
    elif isinstance(content, dict) and isinstance(content.get("dataList"), list):
        for row in content["dataList"]:
            yield of_organisation(corp_id, row) if isinstance(row, dict) else row
    elif isinstance(content, dict) and (inner := _inner(content)) is not None:
        yield from _rows_of(inner, corp_id)
    elif isinstance(content, dict):
        yield of_organisation(corp_id, content)
    else:
        yield content


def _inner(content: Mapping[str, object]) -> object:
    """The answer that another one holds, which may be written as text; None where it holds none."""
    for name in _BODIES:
        inner = content.get(name)
        if isinstance(inner, str):
            with suppress(msgspec.DecodeError, RecursionError):
                inner = _decoder.decode(inner)
        if isinstance(inner, dict | list):
            return inner
    return None
