"""The common table expressions in the text of a service's `relations.sql`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

_SIGN = re.compile(r"""'[^']*'|"[^"]*"|[()]""")
"""What ends an expression, and quotes, in which it does not."""
_BEGIN = re.compile(r'("[^"]+"|\b\w+)(?:\s*\([^()]*\)\s*|\s+)as\b\s*(?:(?:not\s+)?materialized\s*)?\(', re.IGNORECASE)
"""How an expression begins: with its name, which may be quoted and have names of columns behind it."""


_SOURCE = r'"?(\w+)"?(?:\s+(?:as\s+)?\w+)?'
_SOURCES = re.compile(rf"\b(?:from|join)\s+({_SOURCE}(?:\s*,\s*{_SOURCE})*)", re.IGNORECASE)
"""What an expression reads: names, each of which may be quoted and have another one behind it."""


_BY_DAY = "-- by day"
"""How a line ends that is for numbers that tell days apart, and for no others."""


def ctes_of(text: str, *, by_day: bool = False) -> str:
    """What `relations.sql` holds, without remarks before and after.

    :param by_day: for numbers that tell days apart.
    """
    lines = [re.sub(r"\s*--.*", "", line) for line in text.splitlines() if by_day or not line.endswith(_BY_DAY)]
    return "\n".join(line for line in lines if line.strip()).strip()


def query_of(text: str, name: str) -> str:
    """The query of a common table expression in the text of `relations.sql`."""
    ctes = ctes_of(text)
    first, last = _place(ctes, name)
    return ctes[first:last]


def without(ctes: str, lacking: Collection[str]) -> str:
    """Common table expressions, those that have no rows as engines see it before they read anything."""
    for name in lacking:
        first, last = _place(ctes, name)
        ctes = f"{ctes[:first]}select * from ({ctes[first:last]}) as nothing where false{ctes[last:]}"
    return ctes


def named_in(text: str, ctes: str) -> str:
    """The common table expressions that a text names, and those that these name in turn: an engine binds and plans the
    others, too, before it leaves them out."""
    found = dict(_each(ctes))
    kept: set[str] = set()
    open_ = [text]
    while open_:
        named = open_.pop().lower()
        names = [one for one in found.keys() - kept if re.search(rf"(?<!\w){re.escape(one)}(?!\w)", named)]
        kept.update(names)
        open_ += [found[name] for name in names]
    return ",\n".join(expression for name, expression in found.items() if name in kept)


def sources_of(name: str, text: str) -> frozenset[str]:
    """The names, in small letters, of all that a common table expression in the text of `relations.sql` reads, by
    itself or by those that it names."""
    read = re.sub(r"'[^']*'", "''", named_in(name, ctes_of(text, by_day=True)))
    return frozenset(
        one.lower() for sources in _SOURCES.finditer(read) for one in re.findall(rf"{_SOURCE}(?:\s*,|$)", sources[1])
    )


def _each(ctes: str) -> Iterator[tuple[str, str]]:
    """Each common table expression with its name in small letters, since engines tell names apart by none else."""
    at = 0
    while begun := _BEGIN.search(ctes, at):
        at = _end(ctes, begun.end()) + 1
        yield begun[1].strip('"').lower(), ctes[begun.start() : at]


def _place(ctes: str, name: str) -> tuple[int, int]:
    """Where the query of a common table expression begins and ends.

    :raises KeyError: when it is not there.
    """
    begun = re.search(rf"\b{name}\s+as\s*\(", ctes)
    if begun is None:
        raise KeyError(name)
    return begun.end(), _end(ctes, begun.end())


def _end(ctes: str, begin: int) -> int:
    """Where the bracket closes that was opened before ``begin``; the end of the text when it does not."""
    depth = 1
    for sign in _SIGN.finditer(ctes, begin):
        depth += {"(": 1, ")": -1}.get(sign[0], 0)
        if not depth:
            return sign.start()
    return len(ctes)
