"""The columns that a person chose for fields, as they are called in a table."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from reportdata.errors import BadField
from reportdata.headings import BOTH, normal, option, seen


def apart(columns: list[str], choices: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What was chosen for each field, and the columns of times of day, by the field of the time: ``DAY+CLOCK`` names
    both, unless a column is called so."""
    said, clocks = dict(choices), {}
    for field, heading in choices.items():
        day, plus, clock = heading.partition(BOTH)
        if plus and not any(normal(name) == normal(heading) for name in columns):
            said[field], clocks[field] = day, clock
    return said, clocks


def chosen_columns(columns: list[str], choices: Mapping[str, str]) -> dict[str, str]:
    """The column that was chosen for each field.

    :raises BadField: when it is not there, is one of several, or is chosen for two fields.
    """
    found: dict[str, str] = {}
    for field, heading in choices.items():
        alike = [
            [name for name in columns if form(name) == form(heading)]
            for form in (str, lambda text: " ".join(text.split()), normal)
        ]
        named = next(filter(None, alike), [])
        if not named:
            near = get_close_matches(normal(heading), list(map(normal, columns)), 1, 0.6)
            close = next((name for name in columns if normal(name) in near), "HEADING")
            reason = f"the chosen column {heading!r} is not there; the columns are: {seen(columns)}"
            raise BadField(field, reason, f"name one of them with {option(field, close)}")
        if len(named) > 1:
            both = " and ".join(map(repr, named[:3]))
            raise BadField(field, f"{both} may both be {heading!r}", f"name one in full, {option(field, named[0])}")
        if named[0] in found.values():
            other = next(other for other, name in found.items() if name == named[0])
            raise BadField(field, f"{named[0]!r} is chosen for {other}, too", "a column holds one field: leave one out")
        found[field] = named[0]
    return found
