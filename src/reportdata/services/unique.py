"""Counts of things of which each fact is one of its own: facts are counted, and nothing is compared.

Facts are gathered by the columns that keys are made of before a key of several values, as a department, is taken apart:
that is done for each text, and not for each fact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from reportdata.kinds import Kind, Kinds
from reportdata.measures import Measure
from reportdata.services.keys import KEYS, OF_DAYS, Key
from reportdata.services.service import Service

FACTS = "facts_"
"""The column with how many facts a row is made of."""


class Counted(NamedTuple):
    """A relation of which nothing but different things is counted, by the first column of its key, and the kind whose
    facts it has some of."""

    relation: str
    rows: Kind


def counted_things(service: Service, kinds: Kinds, measures: Mapping[str, Measure]) -> Iterator[Counted]:
    """The relations of which measures count things that may have one fact each."""
    of: dict[str, list[Measure]] = {}
    for measure in measures.values():
        of.setdefault(measure.relation, []).append(measure)
    for name, own in of.items():
        relation = service.relations[name]
        rows = kinds[relation.rows]
        if relation.subset and all(one.columns == rows.key[:1] and not one.total and not one.stated for one in own):
            yield Counted(name, rows)


def gathered(relation: str, keys: Sequence[Key], conditions: Sequence[str]) -> str:
    """A common table expression: how many facts of a relation there are, by what keys are made of."""
    columns = dict.fromkeys(str(key.needs) if key.each else _told(key) for key in keys)
    where = f" where {' and '.join(conditions)}" if conditions else ""
    taken = ", ".join([*columns, f"count(*) as {FACTS}"])
    return f"{relation}_used as (\n    select {taken} from {relation}{where} group by all\n)"


def source_of(relation: str, keys: Sequence[Key]) -> str:
    """The rows of `gathered`, by keys: a row for each value of those that have several."""
    several = {str(key.needs): None for key in keys if key.each}
    if not several:
        return f"{relation}_used"
    (column,) = several
    taken = [*(_told(key) if key.each else key.column for key in keys), column, FACTS]
    each = f"unnest(string_split(coalesce({column}, ''), ',')) as each_department(department_)"
    return f"(select distinct {', '.join(taken)} from {relation}_used, {each})"


def sums_of(table: str, keys: Sequence[str], numbers: int, conditions: Sequence[str]) -> str:
    """A query of numbers of days, by other keys.

    :param table: has, by ``stat_day`` and the keys that do not come from that, the numbers ``n0``, ``n1``, ...
    """
    taken = [KEYS[key].expression if key in OF_DAYS else KEYS[key].column for key in keys]
    sums = [f"cast(coalesce(sum(n{number}), 0) as bigint)" for number in range(numbers)]
    by = f" group by {', '.join(str(number + 1) for number in range(len(keys)))}" if keys else ""
    return f"select {', '.join([*taken, *sums])} from {table} where {' and '.join(conditions)}{by}"


def _told(key: Key) -> str:
    return key.expression if key.is_plain else f"{key.expression} as {key.column}"
