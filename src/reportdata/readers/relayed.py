"""Saved answers of services whose KPIs no document tells, as JSON or JSON Lines."""

from __future__ import annotations

from pathlib import Path

import msgspec

from reportdata.days import is_day
from reportdata.errors import BadFile, BadRecord
from reportdata.json_texts import RepeatedName, require_once
from reportdata.measures import decimal_of
from reportdata.readers.formats import Format, detect_format
from reportdata.readers.text import opened
from reportdata.services.relayed import RelayedAnswer, read_relayed

_decoder = msgspec.json.Decoder(float_hook=decimal_of)


def read_answers(path: Path) -> list[RelayedAnswer]:
    """The answers of a file, each with a row.

    :raises BadFile: when it has none.
    :raises BadRecord: for the first that is no answer.
    """
    if detect_format(path) is not Format.JSONL:
        raise BadFile(str(path), "holds no answers", "save whole answers, with metaList and dataList, as JSON")
    with opened(path) as file:
        text = file.read()
    found: list[RelayedAnswer] = []
    days: dict[tuple[str, str], RelayedAnswer] = {}
    for number, content in _contents(path, text):
        try:
            answers = read_relayed(content)
        except ValueError as error:
            raise BadRecord(str(path), number, "answer", f"is none: {error}") from error
        for answer in answers:
            if days.setdefault((answer.corp_id, answer.stat_date), answer) != answer:
                reason = f"{answer.stat_date} has other numbers in an answer above"
                raise BadRecord(str(path), number, "stat_date", reason, "leave one of the answers out")
            if not is_day(answer.stat_date):
                raise BadRecord(str(path), number, "stat_date", f"{answer.stat_date[:40]!r} is not a day")
        found += answers
    if not found:
        raise BadFile(str(path), "has no figures", "save answers with a row in dataList")
    return found


def _contents(path: Path, text: str) -> list[tuple[int, object]]:
    """What answers may be, with their lines: all of a document, or each line."""
    try:
        content = _once(path, 1, text)
    except (msgspec.DecodeError, RecursionError):
        pass
    else:
        return [(1, one) for one in (content if isinstance(content, list) else [content])]
    found: list[tuple[int, object]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append((number, _once(path, number, line)))
            except (msgspec.DecodeError, RecursionError) as error:
                raise BadRecord(str(path), number, "line", f"is no JSON: {error}") from error
    return found


def _once(path: Path, number: int, text: str) -> object:
    """What is decoded of a text.

    :raises BadRecord: when an object in it has a name twice.
    """
    content: object = _decoder.decode(text)
    try:
        require_once(text, content)
    except RepeatedName as error:
        raise BadRecord(str(path), number + error.lines, error.field, error.reason, error.hint) from error
    return content
