"""The common table expressions in the text of a service's `relations.sql`."""

from __future__ import annotations

import re
from collections.abc import Collection

_SIGN = re.compile(r"""'[^']*'|"[^"]*"|[()]""")
"""What ends an expression, and quotes, in which it does not."""


def ctes_of(text: str) -> str:
    """What `relations.sql` holds, without remarks before and after."""
    lines = [re.sub(r"\s*--.*", "", line) for line in text.splitlines()]
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


def _place(ctes: str, name: str) -> tuple[int, int]:
    """Where the query of a common table expression begins and ends.

    :raises KeyError: when it is not there.
    """
    begun = re.search(rf"\b{name}\s+as\s*\(", ctes)
    if begun is None:
        raise KeyError(name)
    depth = 1
    for sign in _SIGN.finditer(ctes, begun.end()):
        depth += {"(": 1, ")": -1}.get(sign[0], 0)
        if not depth:
            return begun.end(), sign.start()
    raise KeyError(name)
