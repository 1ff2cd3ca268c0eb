"""The records that a number is counted from, as SQL: the facts of its relation that fall into a cell, with what they
are grouped by, and what is counted of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from reportdata.kinds import Kind, Kinds
from reportdata.measures import Measure
from reportdata.services import Service
from reportdata.services.ctes import ctes_of, named_in
from reportdata.services.keys import KEYS
from reportdata.services.lending import History, Narrowing, Source, lent
from reportdata.services.sql import kinds_of

TOLD = "_told"
"""How the name of a view ends that has the facts of a kind with when they were first known, and from where."""
_SHOWN = ("department", "template")
"""What records have that may be lent."""


class Records(NamedTuple):
    """How records are found: the text, the kind whose columns they have, the kinds that it reads, those of which it
    reads the history, and the tables of changes (`reportdata.services.lending`). It also reads the view of the first
    kind with provenance.

    Of a report that does not show, nothing is told but that somebody commented on it. The rows are: ``item``, what
    is counted of the record, as text; the columns of the kind; ``template_`` and ``departments_`` as numbers are
    grouped by them; ``known_at`` and ``origin``.
    """

    sql: str
    rows: Kind
    kinds: tuple[Kind, ...]
    history: tuple[Kind, ...]
    changes: tuple[History, ...]


def records(service: Service, kinds: Kinds, measure: Measure, narrowing: Narrowing) -> Records:
    """How the records are found that a measure counts in a cell."""
    relation = service.relations[measure.relation]
    rows = kinds[relation.rows]
    numbered = f"{measure.relation}_numbered"
    source = Source(numbered, {}, ())
    shown = [name for name in _SHOWN if KEYS[name].needs in rows.columns or _can_borrow(name, rows, kinds)]
    keys = list(dict.fromkeys([*shown, *narrowing.keys()]))
    source = lent(numbered, rows, keys, list(kinds.values()), narrowing)
    each = ""
    if narrowing.of_departments:
        each = ", unnest(string_split(coalesce(departments, ''), ',')) as each_department(department_)"
    values = [f"coalesce({KEYS[name].needs}, '') as {KEYS[name].needs}_" for name in shown]
    values += [f"'' as {KEYS[name].needs}_" for name in _SHOWN if name not in shown]
    hidden = narrowing.within and "template" in shown and KEYS["template"].needs not in rows.columns
    if hidden:  # nothing lends to a record of a report that does not show
        values.append("template is not null as shows_")
    ctes = [f"{numbered} as materialized (\n    select *, row_number() over () as fact_ "
             f"from (select distinct * from {measure.relation}) as different\n)"]  # fmt: skip
    ctes += source.ctes.values()
    ctes.append(
        f"found_ as (\n    select distinct fact_, {', '.join(values)}\n"
        f"    from {source.query}{each} where {' and '.join(narrowing.conditions())}\n)"
    )
    if named := named_in(_NEXT.join(ctes), ctes_of(service.sql)):
        ctes.insert(0, named)
    columns = ["corp_id", "stat_day", *rows.columns]
    same = " and ".join(f"told.{column} is not distinct from facts.{column}" for column in columns)
    told = {column: f"facts.{column}" for column in columns}
    if hidden:
        through = str(KEYS["template"].through)
        told[through] = f"case when shows_ then facts.{through} end"
        own = ", ".join(f"{text} as {column}" for column, text in told.items())
    else:
        own = ", ".join(told.values())
    sql = (
        f"with {_NEXT.join(ctes)}\n"
        f"select {_item(measure, rows, told)} as item, {own}, template_, departments_, known_at, origin\n"
        f"from found_ join {numbered} facts on facts.fact_ = found_.fact_\n"
        f"left join {rows.name}{TOLD} told on {same}"
    )
    return Records(sql, rows, kinds_of(service, kinds, dict.fromkeys(relation.reads)), source.history, source.changes)


_NEXT = ",\n"


def _can_borrow(name: str, rows: Kind, kinds: Kinds) -> bool:
    key = KEYS[name]
    through = key.through
    return (
        through is not None
        and through in rows.columns
        and any(key.needs in kind.columns and through in kind.columns for kind in kinds.values())
    )


def _item(measure: Measure, rows: Kind, told: Mapping[str, str]) -> str:
    """What is counted, as text: the values of which the different ones are; else the whole record."""
    columns: Sequence[str] = measure.columns or tuple(rows.columns)
    return f"concat_ws(' ', {', '.join(told[column] for column in columns)})"
