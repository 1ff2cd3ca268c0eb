"""Lists and reports whose last answer could not be used: each is left alone for a while, with exponential backoff, and
nothing else waits for it."""

from __future__ import annotations

from collections.abc import Collection
from sqlite3 import Connection

from reportdata.collector.ledger import Ledger
from reportdata.collector.planning import DAY, MINUTE, Piece

REPORT = "report"
"""What fails besides looks, which are named by their purpose."""
_FIRST_PAUSE = 30 * MINUTE
_LONGEST_PAUSE = DAY
LEFT_ALONE = f"(select report_id from failures where source = ? and what = '{REPORT}' and retry_at > ?)"
"""The reports of a source that are left alone at a time."""


class Failures:
    """The lists and reports of one source whose last answer could not be used."""

    def __init__(self, ledger: Ledger, source: int) -> None:
        self._ledger = ledger
        self._source = source

    def add_look(self, purpose: str, piece: Piece, now: int, reason: str) -> None:
        """The look at that time cannot go on: it ends, and is begun anew after a pause."""
        with self._ledger.writing() as connection:
            connection.execute("delete from looks where source = ? and purpose = ?", (self._source, purpose))
            self._add(connection, purpose, "", piece, now, reason)

    def add_report(self, report_id: str, sent_at: int, now: int, reason: str) -> None:
        """What was asked of that report cannot be told: it is asked for anew after a pause."""
        with self._ledger.writing() as connection:
            connection.execute(
                "update reports set next_page = 0 where source = ? and report_id = ?", (self._source, report_id)
            )
            self._add(connection, REPORT, report_id, Piece(sent_at, sent_at + 1), now, reason)

    def clear_report(self, connection: Connection, report_id: str) -> None:
        """What was asked of that report was told."""
        connection.execute(
            "delete from failures where source = ? and what = ? and report_id = ?", (self._source, REPORT, report_id)
        )

    def clear_looks(self, connection: Connection, purpose: str, piece: Piece, listed: Collection[Piece]) -> None:
        """A look at that time has ended well: so have those within it, and those within what is listed by now, but for
        looks that were to be made once more."""
        for what, first_at, last_at in connection.execute(
            "select what, first_at, last_at from failures where source = ? and what <> ?", (self._source, REPORT)
        ).fetchall():
            whole = Piece(first_at, last_at)
            within = piece.includes(whole)
            if what == "review":
                ended = within and what == purpose
            else:
                ended = within or any(other.includes(whole) for other in listed)
            if ended:
                connection.execute(
                    "delete from failures where source = ? and what = ? and first_at = ?",
                    (self._source, what, first_at),
                )

    def left_alone(self, now: int) -> dict[str, list[Piece]]:
        """The times whose lists are left alone now, by the purpose of the look."""
        found: dict[str, list[Piece]] = {}
        for what, first_at, last_at in self._ledger.rows(
            "select what, first_at, last_at from failures where source = ? and what <> ? and retry_at > ?",
            (self._source, REPORT, now),
        ):
            found.setdefault(what, []).append(Piece(first_at, last_at))
        return found

    def looks(self) -> list[Piece]:
        """All times whose lists could not be read to the end."""
        return [
            Piece(*row)
            for row in self._ledger.rows(
                "select first_at, last_at from failures where source = ? and what <> ?", (self._source, REPORT)
            )
        ]

    def next_retry(self, now: int) -> int | None:
        """When the next of them is tried again, None when there is none."""
        row = self._ledger.row(
            "select min(retry_at) from failures where source = ? and retry_at > ?", (self._source, now)
        )
        return row[0] if row else None

    def try_again(self) -> None:
        """Leave nothing alone any more."""
        self._ledger.write("update failures set retry_at = 0 where source = ?", (self._source,))

    def count(self, now: int) -> int:
        """How many lists and reports there are, but for those that nobody has asked for again for long."""
        return self._ledger.number(
            "select count(*) from failures where source = ? and retry_at > ?", (self._source, now - 3 * DAY)
        )

    def example(self) -> str:
        """Why the last of them could not be used; empty when there is none."""
        row = self._ledger.row(
            "select reason from failures where source = ? order by retry_at desc limit 1", (self._source,)
        )
        return str(row[0]) if row else ""

    def _add(self, connection: Connection, what: str, report_id: str, piece: Piece, now: int, reason: str) -> None:
        key = self._source, what, report_id, piece.first_at
        row = connection.execute(
            "select times from failures where source = ? and what = ? and report_id = ? and first_at = ?", key
        ).fetchone()
        times = 1 + (row[0] if row else 0)
        pause = min(_FIRST_PAUSE << min(times - 1, 10), _LONGEST_PAUSE)
        connection.execute(
            "insert or replace into failures values (?, ?, ?, ?, ?, ?, ?, ?)",
            (*key, piece.last_at, times, now + pause, reason),
        )
