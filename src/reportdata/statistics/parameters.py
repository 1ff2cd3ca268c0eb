"""Parameters of an address or of a command, read one by one. What is not known is refused, with what is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from reportdata.errors import BadValue

_REPEATED = ("by", "metrics", "department", "template", "user", "order")
FLAG: Mapping[str, bool] = {"false": False, "true": True, "0": False, "1": True}
"""What a parameter says that is true or false, which it is without it."""
_Value = TypeVar("_Value")


def given_in(pairs: Iterable[tuple[str, str]], known: Iterable[str]) -> dict[str, list[str]]:
    """Parameters with their values.

    :param known: those that there are.
    :raises BadValue: when one is not known, or is given again that may not be.
    """
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in known:
            raise BadValue(f"the parameter {name[:40]!r} is not known", f"there are {', '.join(known)}")
        if name in given and name not in _REPEATED:
            raise BadValue(f"{name} is given more than once", "give it once")
        given.setdefault(name, []).append(value.strip())
    return given


def url_of_page(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    """The address that asks with these parameters, without the server."""
    return f"{path}?{urlencode(pairs)}"


def listed(given: Mapping[str, list[str]], name: str) -> list[str]:
    """The values of a parameter with commas between them."""
    words = [word.strip() for value in given.get(name, ()) for word in value.split(",")]
    return [word for word in words if word]


def number_in(given: Mapping[str, list[str]], name: str, default: int, most: int) -> int:
    """A number from 1 on that is given.

    :raises BadValue: when it is none.
    """
    text = given.get(name, [""])[0]
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 7 and 1 <= int(text) <= most):
        raise BadValue(f"{name}={text[:40]!r} cannot be had", f"give a number from 1 to {most}")
    return int(text)


def one_of(given: Mapping[str, list[str]], name: str, known: Mapping[str, _Value]) -> _Value:
    """What the given word stands for; the first where none is given.

    :raises BadValue: when it is not known.
    """
    text = given.get(name, [""])[0]
    if text and text not in known:
        raise BadValue(f"{name}={text[:40]!r} is not known", f"there are {', '.join(known)}")
    return known[text] if text else next(iter(known.values()))
