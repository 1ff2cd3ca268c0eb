"""Facts that were collected and are not in the lake yet."""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection
from typing import NamedTuple

from reportdata.collector.ledger import Ledger
from reportdata.collector.people import People
from reportdata.collector.sources import Source
from reportdata.facts import Fact


class Found(NamedTuple):
    """A fact of a source, as `reportdata.facts.Fact` has it, but for the organisation, which is the source's."""

    kind: str
    report_id: str
    user_id: str
    at: int
    stat_day: str
    template: str | None = None
    departments: str | None = None


class Waiting(NamedTuple):
    """Facts, and the last of their places in the outbox."""

    facts: list[Fact]
    last: int


def waiting(ledger: Ledger, source: Source, most: int, people: People | None) -> Waiting:
    """The first facts of a source that wait. The departments of senders are the directory's; where it does not know
    them, those that the report named."""
    rows = ledger.rows(
        "select id, kind, report_id, user_id, at, stat_day, template, departments from outbox "
        "where source = ? order by id limit ?",
        (source.id, most),
    )
    known = people.departments(row[3] for row in rows if row[1] == "sent") if people is not None else {}
    facts = [
        Fact(
            kind=kind,
            corp_id=source.corp_id,
            at=at,
            stat_day=day,
            values={
                "report_id": report_id,
                "user_id": user_id,
                "template": template,
                "departments": known.get(user_id, departments) if kind == "sent" else None,
            },
        )
        for _, kind, report_id, user_id, at, day, template, departments in rows
    ]
    return Waiting(facts, rows[-1][0] if rows else 0)


def count_waiting(ledger: Ledger, source: Source) -> int:
    """How many facts wait."""
    return ledger.number("select count(*) from outbox where source = ?", (source.id,))


def remove(ledger: Ledger, source: Source, last: int) -> None:
    """Remove the facts up to that place: they are in the lake, durably."""
    ledger.write("delete from outbox where source = ? and id <= ?", (source.id, last))


def put(connection: Connection, source: int, facts: Iterable[Found]) -> None:
    """Add facts, in the transaction that keeps what is remembered of them."""
    connection.executemany(
        "insert into outbox (source, kind, report_id, user_id, at, stat_day, template, departments) "
        "values (?, ?, ?, ?, ?, ?, ?, ?)",
        [(source, *fact) for fact in facts],
    )
