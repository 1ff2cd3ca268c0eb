"""JSON whose objects have each name once: of two members of one name, parsers silently lose one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import msgspec

from reportdata.errors import BadField

_TOKEN = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:\s*)?|[{}\[\]]', re.DOTALL)
_values = json.JSONDecoder()
_NESTED = (dict, list)


class RepeatedName(BadField):
    """What stands in place of an object that has a name twice, with other values; ``lines`` is how many lines of the
    text come before the second."""

    def __init__(self, name: str, lines: int) -> None:
        super().__init__(name[:80], "stands twice in one object, with other values", "leave one of them out")
        self.lines = lines


def decode(text: str, decoder: Callable[[str], object] = msgspec.json.decode) -> object:
    """The value of a text, with a `RepeatedName` in place of each object that has a name twice.

    :param decoder: what decodes the text, whatever it has twice.
    :raises msgspec.DecodeError: when it is no JSON; and as the decoder raises.
    """
    value = decoder(text)
    if _is_plain(text, value):
        return value
    repeated = list(_repeated(text))
    if not any(repeated):
        return value
    found = iter(repeated)
    return json.loads(text, object_pairs_hook=lambda pairs: next(found) or dict(pairs))


def require_once(text: str, value: object) -> None:
    """
    :param value: that of the text.
    :raises RepeatedName: for the first object that has a name twice.
    """
    wrong = None if _is_plain(text, value) else next(filter(None, _repeated(text)), None)
    if wrong is not None:
        raise wrong


def _is_plain(text: str, value: object) -> bool:
    """Whether a text surely has each name once: it has no more colons behind quotes than its value has names."""
    if "  :" in text or "\t:" in text or "\n:" in text or "\r:" in text:  # these are not counted
        return False
    colons = text.count('":') + text.count('" :')
    return (isinstance(value, dict) and colons == len(value)) or colons == _names(value)


def _names(value: object) -> int:
    """How many members all objects in a value have."""
    count, left = 0, [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            count += len(one)
            left += [inner for inner in one.values() if isinstance(inner, _NESTED)]
        elif isinstance(one, list):
            left += [inner for inner in one if isinstance(inner, _NESTED)]
    return count


def _repeated(text: str) -> Iterator[RepeatedName | None]:
    """What is wrong with each object of a text, in the order in which they end."""
    open_: list[tuple[dict[str, int], list[RepeatedName]] | None] = []
    lines = counted = 0
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "{":
                open_.append(({}, []))
            case "[":
                open_.append(None)
            case "}" | "]":
                closed = open_.pop()
                if closed is not None:
                    yield next(iter(closed[1]), None)
            case _ if token[2] is not None and open_ and (here := open_[-1]) is not None:
                name = json.loads(f'"{token[1]}"') if "\\" in token[1] else token[1]
                before = here[0].setdefault(name, token.end())
                if before != token.end() and not here[1] and _value(text, before) != _value(text, token.end()):
                    lines, counted = lines + text.count("\n", counted, token.start()), token.start()
                    here[1].append(RepeatedName(name, lines))


def _value(text: str, start: int) -> object:
    return _values.raw_decode(text, start)[0]
