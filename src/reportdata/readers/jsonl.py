"""JSON Lines: one object a line; each line may hold a fact of another kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from reportdata.columns import Columns, read_columns
from reportdata.errors import BadField
from reportdata.kinds import Kinds
from reportdata.readers.parts import LineCounts, NotAlone, Part, opened_part
from reportdata.readers.text import opened, position
from reportdata.records import Line

_LARGEST_DOCUMENT = 1 << 28


class Found(NamedTuple):
    """The object on a line, or what stands there instead."""

    number: int
    position: int
    content: dict[str, object] | BadField


def read_objects(path: Path) -> Iterator[Found]:
    """The objects of a file that has one on each line. Empty lines are passed over. A file that is one object over
    several lines counts as that object, on line 1."""
    with opened(path) as text:
        for number, line in enumerate(text, 1):
            if not line.strip():
                continue
            content = _decoded(line)
            if number == 1 and isinstance(content, BadField) and line.lstrip().startswith("{"):
                whole = _decoded(line + text.read(_LARGEST_DOCUMENT))
                if not isinstance(whole, BadField):
                    yield Found(1, position(text), whole)
                    return
                text.seek(0)
                text.readline()
            yield Found(number, position(text), content)


def read_jsonl(path: Path, kinds: Kinds) -> Iterator[Line]:
    """The records of a JSON Lines file."""
    return _records(read_objects(path), kinds)


def read_part_of_jsonl(path: Path, part: Part, counts: LineCounts, kinds: Kinds) -> Iterator[Line]:
    """The records of a part of a JSON Lines file, as `read_jsonl` gives them.

    :raises NotAlone: when the part is not UTF-8, or the file may be one object over several lines.
    """
    return _records(_objects_of_part(path, part, counts), kinds)


def _objects_of_part(path: Path, part: Part, counts: LineCounts) -> Iterator[Found]:
    number = counts.before(part)
    with opened_part(path, part) as text:
        for number, line in enumerate(text, number + 1):  # noqa: B020
            if line.strip():
                content = _decoded(line)
                if number == 1 and isinstance(content, BadField) and line.lstrip().startswith("{"):
                    raise NotAlone(str(path), "may be one object")
                yield Found(number, part.position, content)
    counts.note(part, number)


def _records(objects: Iterator[Found], kinds: Kinds) -> Iterator[Line]:
    known: dict[tuple[str, ...], Columns] = {}
    for number, place, content in objects:
        if isinstance(content, BadField):
            yield Line(number, place, None, {}, content)
            continue
        names = tuple(content)
        columns = known.get(names)
        if columns is None:
            try:
                columns = read_columns(names, kinds)
            except BadField as error:
                yield Line(number, place, None, {}, error)
                continue
            if len(known) < 1024:
                known[names] = columns
        yield Line(number, place, columns, content)


def _decoded(line: str) -> dict[str, object] | BadField:
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return BadField("json", f"is not JSON: {error}")
    if not isinstance(found, dict):
        return BadField("json", f"is a {type(found).__name__}, not an object", "write one object on each line")
    return found
