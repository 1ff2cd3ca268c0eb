"""Facts without a column to be grouped or filtered by have it of others: the departments of a comment are those of its
writer's latest report up to that day, its template is that of the report.

When people and their departments are known by date, the departments come from there: `lent` is the one place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from reportdata.errors import BadValue
from reportdata.kinds import Kind
from reportdata.services.keys import KEYS, Key

_DEPARTMENTS = "departments"
"""The column of the departments of a fact, with commas between them."""
HISTORY = "_history"
"""How the name of a view ends that has all facts of a kind that may lend a column, whatever days are asked for."""


class Narrowing(NamedTuple):
    """What is counted: facts of these days (pieces, with the first and the last day as yyyyMMdd), and of any of the
    departments, templates and users, where some are named. ``below`` takes departments below the named ones, too:
    those whose names begin like theirs, with a ``/`` after it. With ``newest``, everybody belongs to the departments of
    their newest report, else a report to its own. ``within`` are the only departments of which anything may show, with
    those below them; empty for all."""

    days: Sequence[tuple[str, str]]
    departments: Sequence[str] = ()
    templates: Sequence[str] = ()
    users: Sequence[str] = ()
    below: bool = False
    newest: bool = False
    within: Sequence[str] = ()

    @property
    def of_departments(self) -> bool:
        """Whether facts are told apart by their departments."""
        return bool(self.departments or self.within)

    def keys(self) -> list[str]:
        """What it is filtered by, as keys."""
        found = {"department": self.of_departments, "template": self.templates, "user_id": self.users}
        return [key for key, values in found.items() if values]

    def conditions(self) -> list[str]:
        """The conditions in SQL, over the columns of keys."""
        pieces = (f"stat_day between {_date(first)} and {_date(last)}" for first, last in self.days)
        found = [f"({' or '.join(pieces)})"]
        if self.departments:
            found.append(_one_of(self.departments, below=self.below))
        if self.within:
            found.append(_one_of(self.within, below=True))
        if self.templates:
            found.append(f"coalesce(template, '') in ({_texts(self.templates)})")
        if self.users:
            found.append(f"user_id in ({_texts(self.users)})")
        return found


class Source(NamedTuple):
    """Where the facts of a relation come from, with columns that others lend: a query, the common table expressions
    that it needs, and the kinds whose histories it reads."""

    query: str
    ctes: Mapping[str, str]
    history: tuple[Kind, ...]


def lent(relation: str, rows: Kind, keys: Sequence[str], kinds: Sequence[Kind], narrowing: Narrowing) -> Source:
    """The facts of a relation with the columns that keys need.

    :param kinds: of which one may lend.
    :raises BadValue: when nothing has a column that is needed.
    """
    newest = narrowing.newest
    ctes: dict[str, str] = {}
    history: dict[str, Kind] = {}
    columns, joins, own = [], [], []
    for key in (KEYS[name] for name in keys if name in KEYS):
        has = key.needs is None or key.needs in rows.columns
        if key.needs is None or (has and not (newest and key.each)):
            continue
        lender = _lender(key, rows, kinds)
        dated = key.each and not newest
        table = f"{key.needs}_of_{'days' if dated else key.through}"
        shown = "" if key.each else _shown(lender, narrowing.within)
        ctes[table] = _told(key, lender, table, narrowing.days[0][0] if dated else None, shown)
        history[lender.name] = lender
        on = f"facts.corp_id = {table}.corp_id and facts.{key.through} = {table}.{key.through}"
        joins.append(
            f"asof left join {table} on {on} and facts.stat_day >= {table}.stat_day"
            if dated
            else f"left join {table} on {on}"
        )
        columns.append(f"{table}.{key.needs} as {key.needs}")
        own += [key.needs] if has else []
    if not joins:
        return Source(relation, {}, ())
    taken = f"facts.* exclude ({', '.join(own)})" if own else "facts.*"
    query = f"(select {', '.join([taken, *columns])} from {relation} as facts {' '.join(joins)})"
    return Source(query, ctes, tuple(history.values()))


def _lender(key: Key, rows: Kind, kinds: Sequence[Kind]) -> Kind:
    for kind in kinds:
        if key.needs in kind.columns and key.through in kind.columns and key.through in rows.columns:
            return kind
    raise BadValue(f"numbers of {rows.name} cannot be grouped by {key.name}", f"its facts have no {key.needs}")


def _shown(lender: Kind, within: Sequence[str]) -> str:
    """A condition for the facts that may lend: what they say shows. A template's name may tell of its department."""
    if not within:
        return ""
    if _DEPARTMENTS not in lender.columns:
        return " where false"
    each = f"unnest(string_split(coalesce({_DEPARTMENTS}, ''), ',')) as each_department(department_)"
    return f" where exists (select 1 from {each} where {_one_of(within, below=True)})"


def _one_of(departments: Sequence[str], *, below: bool) -> str:
    """A condition for these departments and, with ``below``, those below them."""
    named = [f"department_ in ({_texts(departments)})"]
    if below:
        named += [f"starts_with(department_, {_text(name + '/')})" for name in departments]
    return f"({' or '.join(named)})"


def _told(key: Key, lender: Kind, table: str, first_day: str | None, shown: str) -> str:
    """What the latest fact of each says: of all or, with a first day, up to this and to each later day that has one.

    :param shown: a condition for the facts that count.
    """
    through = ["corp_id", str(key.through)]
    dated = [f"greatest(stat_day, {_date(first_day)}) as stat_day"] if first_day is not None else []
    said = f"coalesce({key.needs}, '')"
    latest = f"arg_max({said}, row({lender.time}, {said})) as {key.needs}"
    return (
        f"{table} as (\n    select {', '.join([*through, *dated, latest])}\n"
        f"    from {lender.name}{HISTORY}{shown}\n    group by all\n)"
    )


def _date(day: str) -> str:
    return f"date '{day[:4]}-{day[4:6]}-{day[6:]}'"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _texts(values: Sequence[str]) -> str:
    return ", ".join(map(_text, values))
