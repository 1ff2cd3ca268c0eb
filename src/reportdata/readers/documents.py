"""JSON objects in a file of text, in whatever form programs write several of them.

One object a line (JSON Lines), one after the other with or without line ends between, pretty-printed over many lines,
in an array, or as members of arrays on lines. NaN and Infinity, which Python and Java write, are taken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TextIO

import msgspec

from reportdata.errors import BadField
from reportdata.json_texts import RepeatedName, decode
from reportdata.readers.text import opened, position

_LARGEST_DOCUMENT = 1 << 28
"""Characters of one document over several lines that are gathered before giving up."""
_ESCAPE = 8
"""Signs at the end of a text that may be the beginning of an escaped one."""
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')
_PREFIX = re.compile(r'[^{}"]*?(?=[{]\s*")')
"""What a log has before an object."""
_LOGGED = re.compile(r"\s*\[?\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d")
_OF_PYTHON = re.compile(r"^\s*[\[{]\s*'|:\s*(?:None|True|False)\b")
_NAMES = {bool: "true or false", int: "number", float: "number", str: "text"}
_decoder = json.JSONDecoder()


class Found(NamedTuple):
    """The object that begins on a line (from 1), or what stands there instead."""

    number: int
    position: int
    content: dict[str, object] | BadField


def found_at(number: int, place: int, content: dict[str, object] | BadField) -> Found:
    """What stands in a text that begins on line ``number``."""
    return Found(number + (content.lines if isinstance(content, RepeatedName) else 0), place, content)


def read_objects(path: Path) -> Iterator[Found]:
    """The objects of a file. Empty lines are passed over; what is no JSON is told with its line, and the next line is
    tried.

    :raises BadFile: when the file cannot be read.
    """
    with opened(path) as text:
        for number, line in _documents(text):
            yield from objects_of(line, number, position(text))


def objects_of(text: str, number: int, place: int) -> Iterator[Found]:
    """The objects in the text of one or several JSON values, which begins on line ``number``."""
    content = decoded(text)
    begin = _PREFIX.match(text) if isinstance(content, NoJson) else None
    if begin is not None and begin[0].strip() != "[":  # that of an array, which nothing closes
        content = decoded(text[begin.end() :])
    if not isinstance(content, NoJson):
        yield from (found_at(number, place, found) for found in _flat(content))
        return
    if _LOGGED.match(text) and "{" not in text:
        return
    start = 0
    while start < len(text):
        if text[start].isspace():
            start += 1
            continue
        line = number + text.count("\n", 0, start)
        try:
            _, end = _decoder.raw_decode(text, start)
            value = decode(text[start:end], _decoder.decode)
            start = end
        except (ValueError, RecursionError) as error:
            reason = str(error).partition(": line")[0].lower()
            where = getattr(error, "colno", 0)
            told = f"is not JSON: {reason}" + (f" (column {where})" if where else "")
            yield Found(line, place, BadField("json", told, _how_to_write(text, error)))
            return
        yield from (found_at(line, place, found) for found in _flat(value))


def _how_to_write(text: str, error: Exception) -> str:
    """What to do about a text that is no JSON."""
    at = getattr(error, "pos", 0)
    cut = "Unterminated" in str(error) or ("escape" in str(error) and at > len(text.rstrip()) - _ESCAPE)
    if text.lstrip().startswith("[") and not text.rstrip().endswith("]"):
        cut = True
    if cut or (text[at:].strip() in ("", "}", "]") and text.strip()[-1:] not in "}]"):
        return "it ends in the middle: save or copy it again, as a whole"
    if _OF_PYTHON.search(text):
        return "it is written as Python prints it: write it by json.dumps, one whole object on each line"
    return (
        "write one whole object on each line, or an array of them; names and texts stand between double quotes, "
        "without remarks, and without a comma after the last"
    )


def is_logged(line: str) -> bool:
    """Whether a line of a log has an object at its end."""
    begin = _PREFIX.match(line)
    return begin is not None and isinstance(decoded(line[begin.end() :]), dict)


class NoJson(BadField):
    """What stands in place of a text that is no JSON."""

    def __init__(self, reason: str) -> None:
        super().__init__("json", reason)


def decoded(text: str) -> object:
    """The JSON value in a text, in which a `RepeatedName` stands for an object that has a name twice; or a `NoJson`."""
    try:
        return decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return NoJson(f"is not JSON: {error}")


def rows_of(content: Mapping[str, object]) -> list[dict[str, object] | BadField] | None:
    """The objects in the one list of an object, beside which it has plain values alone, as database clients and
    services write a whole table; None when it is of another form."""
    found: list[dict[str, object] | BadField] | None = None
    for value in content.values():
        if isinstance(value, dict | BadField) or (isinstance(value, list) and found is not None):
            return None
        if isinstance(value, list):
            if not value or not all(isinstance(item, dict | BadField) for item in value):
                return None
            found = value
    return found


def nodes_of(content: Mapping[str, object]) -> list[dict[str, object] | BadField] | None:
    """The objects that a search engine found (``hits.hits``), or those of a GraphQL connection (``edges`` or
    ``nodes``); None when an object is neither."""
    hits, edges, nodes = content.get("hits"), content.get("edges"), content.get("nodes")
    found: list[object] | None = None
    if isinstance(hits, dict) and isinstance(hits.get("hits"), list):
        found = [hit.get("_source", hit) if isinstance(hit, dict) else hit for hit in hits["hits"]]
    elif isinstance(edges, list):
        found = [edge.get("node", edge) if isinstance(edge, dict) else edge for edge in edges]
    elif isinstance(nodes, list):
        found = nodes
    return None if found is None else [*_flat(found)]


def objects_within(content: Mapping[str, object]) -> list[dict[str, object] | BadField] | None:
    """The objects in an object that has nothing else, as answers by day are, or the one that stands in it beside plain
    values, as what a search engine or a service found does; None when it is of another form."""
    found = [value for value in content.values() if isinstance(value, dict | BadField)]
    if not found or any(isinstance(value, list) for value in content.values()):
        return None
    return found if len(found) in (1, len(content)) else None


def _flat(value: object) -> Iterator[dict[str, object] | BadField]:
    if isinstance(value, dict | RepeatedName):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _flat(item)
    elif (
        isinstance(value, str) and value.lstrip()[:1] in ("{", "[") and isinstance(inner := decoded(value), dict | list)
    ):
        yield from _flat(inner)  # JSON that was written as a text
    else:
        name = _NAMES.get(type(value), "null")
        told = name if name == "null" else f"a {name}"
        yield BadField("json", f"is {told}, not an object", "write one object on each line, or an array of them")


def _documents(text: TextIO) -> Iterator[tuple[int, str]]:
    """The lines with text, each with its number; lines between which a bracket is open belong together."""
    pending: list[str] = []
    depth = size = begun = number = 0
    for number, line in enumerate(text, 1):
        if not pending and not line.strip():
            continue
        if not pending:
            begun = number
        depth += _opened(line)
        if pending or depth > 0:
            pending.append(line)
            size += len(line)
        if depth <= 0 or size > _LARGEST_DOCUMENT:
            yield begun, "".join(pending) or line
            pending, depth, size = [], 0, 0
    if pending:
        yield from _never_closed(begun, pending)


def _opened(line: str) -> int:
    """How many brackets a line opens more than it closes, outside of strings."""
    balanced = line.count("{") == line.count("}") and line.count("[") == line.count("]")
    if balanced and line.startswith("{") and line.rstrip().endswith("}"):
        return 0  # nearly every line of JSON Lines
    return sum(1 if sign[0] in "{[" else -1 for sign in _BRACKET.findall(line) if sign[0] != '"')


def _never_closed(begun: int, lines: list[str]) -> Iterator[tuple[int, str]]:
    """A bracket that nothing closes spoils its own line alone: the others are tried by themselves."""
    for number, line in enumerate(lines, begun):
        if line.strip():
            yield number, line
