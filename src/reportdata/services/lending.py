"""Facts without a column to be grouped or filtered by have it of others: the departments of a comment are those of its
writer's latest report up to that day, its template is that of the report.

When people and their departments are known by date, the departments come from there: `lent` is the one place.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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
    those below them; empty for all. ``unique`` are the relations of which each fact is a thing of its own
    (`reportdata.services.unique`), ``sole`` the kinds of which no two facts of any days have the same first column of
    their key, ``single`` those of which no two facts of a day have the same key, ``lacking`` those common table
    expressions of the service that have no rows (`Service.rare`). Without days, all facts count."""

    days: Sequence[tuple[str, str]]
    departments: Sequence[str] = ()
    templates: Sequence[str] = ()
    users: Sequence[str] = ()
    below: bool = False
    newest: bool = False
    within: Sequence[str] = ()
    unique: Collection[str] = ()
    sole: Collection[str] = ()
    single: Collection[str] = ()
    lacking: Collection[str] = ()

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
        found = [f"({' or '.join(pieces)})"] if self.days else []
        if self.departments:
            found.append(_one_of(self.departments, below=self.below))
        if self.within:
            found.append(_one_of(self.within, below=True))
        if self.templates:
            found.append(f"coalesce(template, '') in ({_texts(self.templates)})")
        if self.users:
            found.append(f"user_id in ({_texts(self.users)})")
        return found


class History(NamedTuple):
    """What each ``through``, for example each person, was last said to be in facts of a kind: a table by its name with
    the columns ``through``, ``since`` and ``until`` (dates, the second excluded) and ``column``, a row for each change.
    ``source`` is the view with all facts of the kind."""

    kind: Kind
    column: str
    through: str

    @property
    def table(self) -> str:
        """The name of the table."""
        return f"{self.column}_of_{self.through}"

    @property
    def source(self) -> str:
        """The name of the view."""
        return self.kind.name + HISTORY

    def changes(self, before: str | None = None, since: str | None = None) -> str:
        """A query of the table. What a day says is what the latest fact up to its end says.

        :param before: a table of older facts; only its rows before the day ``since`` count, and later facts.
        """
        column, through = self.column, self.through
        old, later = "", ""
        if before is not None and since is not None:
            later = f" where stat_day >= {_date(since)}"
            old = (
                f" union all select {through}, since, cast('-infinity' as timestamptz), {column} from {before}"
                f" where since < {_date(since)}"
            )
        said = f"select {through}, stat_day as since, {self.kind.time} as told_at, coalesce({column}, '') as said"
        return (
            f"with told as ({said} from {self.source}{later}{old}), "
            f"changed as (select * from told qualify said is distinct from "
            f"lag(said) over (partition by {through} order by since, told_at, said)), "
            f"days as (select {through}, since, arg_max(said, row(told_at, said)) as {column} "
            f"from changed group by all) select {through}, since, {column}, "
            f"lead(since, 1, {_NEVER}) over (partition by {through} order by since) as until from days"
        )


_NEVER = "date '9999-12-31'"


class Source(NamedTuple):
    """Where the facts of a relation come from, with columns that others lend: a query, the common table expressions
    that it needs, the kinds whose histories it reads, and the tables of changes."""

    query: str
    ctes: Mapping[str, str]
    history: tuple[Kind, ...]
    changes: tuple[History, ...] = ()


def lent(relation: str, rows: Kind, keys: Sequence[str], kinds: Sequence[Kind], narrowing: Narrowing) -> Source:
    """The facts of a relation with the columns that keys need.

    :param kinds: of which one may lend.
    :raises BadValue: when nothing has a column that is needed.
    """
    ctes: dict[str, str] = {}
    history: dict[str, Kind] = {}
    changes: dict[str, History] = {}
    columns, joins, own = [], [], []
    lent_already: set[str] = set()
    for key in (KEYS[name] for name in keys if name in KEYS):
        has = key.needs is None or key.needs in rows.columns
        if key.needs is None or key.needs in lent_already or (has and not (narrowing.newest and key.each)):
            continue
        lent_already.add(key.needs)  # two keys may need one column
        lender = _lender(key, rows, kinds)
        if key.each:
            found = History(lender, key.needs, str(key.through))
            changes[found.table] = found
            table, ctes_of, join = _dated(found, narrowing)
        else:
            table, ctes_of, join = _undated(key, lender, relation, narrowing)
            history[lender.name] = lender
        ctes |= ctes_of
        joins.append(join)
        columns.append(f"{table}.{key.needs} as {key.needs}")
        own += [key.needs] if has else []
    if not joins:
        return Source(relation, {}, ())
    taken = f"facts.* exclude ({', '.join(own)})" if own else "facts.*"
    query = f"(select {', '.join([taken, *columns])} from {relation} as facts {' '.join(joins)})"
    return Source(query, ctes, tuple(history.values()), tuple(changes.values()))


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


def _dated(history: History, narrowing: Narrowing) -> tuple[str, dict[str, str], str]:
    """The table to join with, the common table expressions for it, and the join: what was said up to each fact's day
    or, with ``newest``, at last. Changes stand at each month that they reach into, so that however many there are, few
    are looked at for a fact."""
    through, column = history.through, history.column
    if narrowing.newest:
        table = f"newest_{history.table}"
        cte = f"select {through}, {column} from {history.table} where until = {_NEVER}"
        return (
            table,
            {table: f"{table} as (\n    {cte}\n)"},
            f"left join {table} on facts.{through} = {table}.{through}",
        )
    table = f"{history.table}_by_month"
    first, last = _date(narrowing.days[0][0]), _date(narrowing.days[-1][1])
    months = f"date_trunc('month', greatest(since, {first})), least(until - 1, {last}), interval 1 month"
    each = (
        f"select {through}, since, until, {column}, unnest(generate_series({months})) as month_\n"
        f"    from {history.table} where until > {first} and since <= {last}"
    )
    cte = f"select {through}, since, until, {column}, cast(month_ as date) as since_month from ({each}) as months_"
    month = "cast(date_trunc('month', facts.stat_day) as date)"
    on = (
        f"facts.{through} = {table}.{through} and {month} = {table}.since_month"
        f" and facts.stat_day >= {table}.since and facts.stat_day < {table}.until"
    )
    return table, {table: f"{table} as (\n    {cte}\n)"}, f"left join {table} on {on}"


def _undated(key: Key, lender: Kind, relation: str, narrowing: Narrowing) -> tuple[str, dict[str, str], str]:
    """The same, of what the latest fact of all says. Where that is the only one, nothing is compared."""
    table = f"{key.needs}_of_{key.through}"
    said = f"coalesce({key.needs}, '')"
    on = f"facts.corp_id = {table}.corp_id and facts.{key.through} = {table}.{key.through}"
    join = f"left join {table} on {on}"
    if lender.name in narrowing.sole and lender.key[0] == key.through:
        shown = _shown(lender, narrowing.within)
        cte = f"select corp_id, {key.through}, {said} as {key.needs} from {lender.name}{HISTORY}{shown}"
        return table, {table: f"{table} as (\n    {cte}\n)"}, join
    asked = f"select corp_id, {key.through} from {relation} where {narrowing.conditions()[0]}"
    cte = (
        f"select corp_id, {key.through}, arg_max({said}, row({lender.time}, {said})) as {key.needs}\n"
        f"    from {lender.name}{HISTORY} semi join ({asked}) as asked using (corp_id, {key.through})"
        f"{_shown(lender, narrowing.within)}\n    group by all"
    )
    return table, {table: f"{table} as (\n    {cte}\n)"}, join


def _date(day: str) -> str:
    return f"date '{day[:4]}-{day[4:6]}-{day[6:]}'"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _texts(values: Sequence[str]) -> str:
    return ", ".join(map(_text, values))
