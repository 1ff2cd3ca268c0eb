"""Records that cannot be used: set aside with ids, time and reason, so that the rest goes on and their days say that
something is missing. A record is cleared when a later look at all of its time, or a later reading of its report, does
not meet it any more."""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection

from reportdata.collector.ledger import Ledger
from reportdata.collector.planning import Piece
from reportdata.collector.suite import Unusable

REPORT, COMMENT = "sent", "commented"


class SetAside:
    """The records of one source that cannot be used."""

    def __init__(self, ledger: Ledger, source: int) -> None:
        self._ledger = ledger
        self._source = source

    def add(self, connection: Connection, kind: str, records: Iterable[Unusable], span: Piece, look: int = 0) -> None:
        """Set records aside.

        :param span: when those were made, at most, that have no time.
        :param look: the look that met them, of the list.
        """
        forgotten = self._ledger.forgotten(self._source)
        connection.executemany(
            "insert into set_aside (source, kind, report_id, user_id, first_at, last_at, reason, look) "
            "values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set look = excluded.look",
            [
                (
                    self._source,
                    kind,
                    record.report_id,
                    record.user_id,
                    span.first_at if record.at is None else record.at,
                    span.last_at if record.at is None else record.at + 1,
                    record.reason,
                    look,
                )
                for record in records
                if not (record.user_id and forgotten(record.user_id))
            ],
        )

    def clear_reports(self, connection: Connection, report_ids: Iterable[str]) -> None:
        """These reports can be used now."""
        connection.executemany(
            "delete from set_aside where source = ? and kind = ? and report_id = ?",
            [(self._source, REPORT, report_id) for report_id in report_ids],
        )

    def clear_look(self, connection: Connection, look: int, piece: Piece) -> None:
        """A look at all of that time has ended: what it did not meet is not there any more."""
        connection.execute(
            "delete from set_aside where source = ? and kind = ? and look < ? and first_at >= ? and last_at <= ?",
            (self._source, REPORT, look, piece.first_at, piece.last_at),
        )

    def clear_comments(self, connection: Connection, report_id: str) -> None:
        """A report's comments are read anew."""
        connection.execute(
            "delete from set_aside where source = ? and kind = ? and report_id = ?",
            (self._source, COMMENT, report_id),
        )

    def spans(self, kind: str) -> list[Piece]:
        """The times that records of a kind may be of, as far as it is known."""
        return [
            Piece(*row)
            for row in self._ledger.rows(
                "select distinct first_at, last_at from set_aside where source = ? and kind = ? order by first_at",
                (self._source, kind),
            )
        ]

    def count(self) -> int:
        """How many there are."""
        return self._ledger.number("select count(*) from set_aside where source = ?", (self._source,))

    def example(self) -> str:
        """The last of them: what it is of, and the reason; empty when there is none."""
        row = self._ledger.row(
            "select report_id, reason from set_aside where source = ? order by id desc limit 1", (self._source,)
        )
        return f"report {row[0] or 'without an id'}: {row[1]}" if row else ""
