"""Facts that were collected and are not in the lake yet."""

from __future__ import annotations

from typing import NamedTuple

from reportdata.dingtalk.directory import Directory
from reportdata.dingtalk.ledger import Ledger
from reportdata.facts import Fact


class Waiting(NamedTuple):
    """Facts, and the last of their places in the outbox."""

    facts: list[Fact]
    last: int


def waiting(ledger: Ledger, corp_id: str, most: int, directory: Directory | None) -> Waiting:
    """The first facts of an organisation that wait. The departments of senders are the directory's; where it does not
    know them, those that the report named."""
    rows = ledger.rows(
        "select id, kind, report_id, user_id, at, stat_day, template, departments from outbox "
        "where corp_id = ? order by id limit ?",
        (corp_id, most),
    )
    known = directory.departments(row[3] for row in rows if row[1] == "sent") if directory is not None else {}
    facts = [
        Fact(
            kind=kind,
            corp_id=corp_id,
            report_id=report_id,
            user_id=user_id,
            at=at,
            stat_day=day,
            template=template,
            departments=known.get(user_id, departments) if kind == "sent" else None,
        )
        for _, kind, report_id, user_id, at, day, template, departments in rows
    ]
    return Waiting(facts, rows[-1][0] if rows else 0)


def count_waiting(ledger: Ledger, corp_id: str) -> int:
    """How many facts wait."""
    return ledger.number("select count(*) from outbox where corp_id = ?", (corp_id,))


def remove(ledger: Ledger, corp_id: str, last: int) -> None:
    """Remove the facts up to that place: they are in the lake, durably."""
    ledger.write("delete from outbox where corp_id = ? and id <= ?", (corp_id, last))
