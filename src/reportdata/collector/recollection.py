"""Collecting again what the lake has lost: the ledger forgets that it was seen, or says it once more.

- Reports of days: the days count as not listed, and their reports as not known. Those that were missed in a list are
  kept, since they may be withdrawn, and their facts are said once more.
- Comments on days: those of the reports that may have them are read again.
- Withdrawals: all that the ledger knows are said once more, since nothing tells which were lost.

A fact that is still there is said again, too: facts are a set.
"""

from __future__ import annotations

from collections.abc import Mapping
from sqlite3 import Connection
from typing import NamedTuple

from reportdata.collector.ledger import Ledger
from reportdata.collector.outbox import Found, put
from reportdata.collector.planning import COMMENT_DAYS, LATE, Piece, before, day_at, start_of
from reportdata.days import end_of, time_zone


class Lost(NamedTuple):
    """Facts of a kind and of days, the last one included, that are lost."""

    kind: str
    first_day: str
    last_day: str


def collect_again(ledger: Ledger, lost: Lost, zones: Mapping[str, str]) -> None:
    """Let the sources of all organisations be collected again as far as that is needed.

    :param zones: the time zones of organisations.
    """
    for source, corp_id in ledger.rows("select id, corp_id from sources"):
        with ledger.writing() as connection:
            if lost.kind == "sent":
                _list_again(connection, source, lost, zones.get(corp_id, ""))
            elif lost.kind == "commented":
                _read_again(connection, source, lost)
            elif lost.kind == "withdrawn":
                _say_again(connection, source, zones.get(corp_id, ""))


def _list_again(connection: Connection, source: int, lost: Lost, zone: str) -> None:
    of_days = "source = ? and stat_day between ? and ?"
    values = source, lost.first_day, lost.last_day
    missed = connection.execute(
        f"select report_id, user_id, sent_at, stat_day, template from reports where {of_days} and absent_at > 0 "
        "and withdrawn = 0",
        values,
    ).fetchall()
    put(
        connection,
        source,
        (Found("sent", id_, user, at * 1000, day, template or None) for id_, user, at, day, template in missed),
    )
    connection.execute(f"delete from reports where {of_days} and absent_at = 0 and withdrawn = 0", values)
    connection.execute(f"delete from days where {of_days}", values)
    if not zone:
        return
    gone = Piece(
        start_of(lost.first_day, time_zone(zone)),
        end_of(lost.last_day, time_zone(zone)) // 1000,
    )
    touched = "source = ? and first_at < ? and last_at > ?"
    connection.execute(f"delete from looks where {touched}", (source, gone.last_at, gone.first_at))
    pieces = [
        Piece(*row)
        for row in connection.execute(
            f"select first_at, last_at from listed where {touched}", (source, gone.last_at, gone.first_at)
        ).fetchall()
    ]
    connection.execute(f"delete from listed where {touched}", (source, gone.last_at, gone.first_at))
    left = [Piece(piece.first_at, gone.first_at) for piece in pieces if piece.first_at < gone.first_at]
    left += [Piece(gone.last_at, piece.last_at) for piece in pieces if piece.last_at > gone.last_at]
    connection.executemany("insert into listed values (?, ?, ?)", [(source, *piece) for piece in left])


def _read_again(connection: Connection, source: int, lost: Lost) -> None:
    values = source, before(lost.first_day, COMMENT_DAYS + LATE), lost.last_day
    of_days = "source = ? and stat_day between ? and ?"
    connection.execute(
        f"delete from commented where source = ? and report_id in (select report_id from reports where {of_days})",
        (source, *values),
    )
    connection.execute(
        "update reports set read_at = 0, reads = 0, found = 0, begun_at = 0, next_page = 0, closed = 0 "
        f"where {of_days} and withdrawn = 0",
        values,
    )


def _say_again(connection: Connection, source: int, zone: str) -> None:
    rows = connection.execute(
        "select report_id, max(absent_at, sent_at) from reports where source = ? and withdrawn = 1", (source,)
    ).fetchall()
    if zone:
        at_zone = time_zone(zone)
        put(connection, source, (Found("withdrawn", id_, "", at * 1000, day_at(at, at_zone)) for id_, at in rows))
