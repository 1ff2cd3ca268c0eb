"""What the ledger knows of lists of reports: which times were listed, where a look stands, which reports there are."""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdata.collector.absences import Absences
from reportdata.collector.failures import Failures
from reportdata.collector.ledger import Ledger
from reportdata.collector.outbox import Found, put
from reportdata.collector.planning import Piece, day_at, joined, start_of
from reportdata.collector.set_aside import REPORT, SetAside
from reportdata.collector.suite import Report, ReportPage
from reportdata.days import days_between, end_of

PRESENT, PAST, REVIEW, RUNNING = "present", "past", "review", "running"
"""The purposes of looks: the day that has just ended, days that are missing, days once more, the day that runs."""


class Look(NamedTuple):
    """A look at the list of the reports made from ``first_at`` to before ``last_at`` that is not finished: the next
    page begins at ``cursor``."""

    id: int
    purpose: str
    first_at: int
    last_at: int
    cursor: str
    begun_at: int
    moved_at: int


class Listings:
    """The lists of one source."""

    def __init__(self, ledger: Ledger, source: int, zone: ZoneInfo) -> None:
        self.failures = Failures(ledger, source)
        self.set_aside = SetAside(ledger, source)
        self.absences = Absences(ledger, source, zone, self.failures)
        self._ledger = ledger
        self._source = source
        self._zone = zone

    def listed(self) -> list[Piece]:
        """The times whose reports were listed, the earliest first."""
        return [
            Piece(*row)
            for row in self._ledger.rows(
                "select first_at, last_at from listed where source = ? order by first_at", (self._source,)
            )
        ]

    def looks(self) -> list[Look]:
        """The looks that are not finished, the oldest first."""
        return [
            Look(*row)
            for row in self._ledger.rows(
                "select id, purpose, first_at, last_at, cursor, begun_at, moved_at from looks where source = ? "
                "order by id",
                (self._source,),
            )
        ]

    def begin(self, purpose: str, piece: Piece, now: int) -> Look:
        """Begin a look."""
        with self._ledger.writing() as connection:
            found = connection.execute(
                "insert into looks (source, purpose, first_at, last_at, begun_at, moved_at) values (?, ?, ?, ?, ?, ?) "
                "returning id",
                (self._source, purpose, piece.first_at, piece.last_at, now, now),
            ).fetchone()
        return Look(found[0], purpose, piece.first_at, piece.last_at, "", now, now)

    def begin_again(self, look: Look, now: int) -> Look:
        """A look begins once more from its first page."""
        self._ledger.write("delete from looks where id = ?", (look.id,))
        return self.begin(look.purpose, Piece(look.first_at, look.last_at), now)

    def add_page(self, look: Look, page: ReportPage, now: int) -> int:
        """Keep a page, and where the next one begins; facts of new reports go to the outbox. Returns how many are new.

        Without a next page the look is finished: its time is listed, and reports in it that it has not seen are absent.
        """
        new: list[Found] = []
        forgotten = self._ledger.forgotten(self._source)
        reports = [report for report in page.reports if not forgotten(report.user_id)]
        with self._ledger.writing() as connection:
            for report in reports:
                day = day_at(report.sent_at, self._zone)
                added = connection.execute(
                    "insert into reports (source, report_id, user_id, sent_at, stat_day, template, look) "
                    "values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
                    (self._source, report.report_id, report.user_id, report.sent_at, day, report.template, look.id),
                ).rowcount
                if added:
                    new.append(_sent(report, day))
                else:
                    connection.execute(
                        "update reports set look = max(look, ?), absent_at = 0, missed = 0, rejected = 0 "
                        "where source = ? and report_id = ?",
                        (look.id, self._source, report.report_id),
                    )
            put(connection, self._source, new)
            self.set_aside.clear_reports(connection, (report.report_id for report in reports))
            self.set_aside.add(connection, REPORT, page.unusable, Piece(look.first_at, look.last_at), look.id)
            if page.cursor is not None:
                connection.execute(
                    "update looks set cursor = ?, moved_at = ? where id = ?", (page.cursor, now, look.id)
                )
            else:
                self._finish(connection, look)
        return len(new)

    def _finish(self, connection: Connection, look: Look) -> None:
        end = min(look.last_at, look.begun_at)
        connection.execute(
            "update reports set absent_at = ? where source = ? and sent_at >= ? and sent_at < ? and look < ? "
            "and absent_at = 0 and withdrawn = 0 and stat_day between ? and ?",
            (
                look.begun_at,
                self._source,
                look.first_at,
                end,
                look.id,
                day_at(look.first_at, self._zone),
                day_at(look.last_at, self._zone),
            ),
        )
        connection.execute("delete from looks where id = ?", (look.id,))
        whole = look.purpose != RUNNING
        for day in days_between(day_at(look.first_at, self._zone), day_at(look.last_at - 1, self._zone)):
            if whole and not (
                look.first_at <= start_of(day, self._zone) and end_of(day, self._zone) // 1000 <= look.last_at
            ):
                continue
            connection.execute(
                "insert into days values (?, ?, ?, ?) on conflict do update set "
                "looks = looks + excluded.looks, looked_at = max(looked_at, excluded.looked_at)",
                (self._source, day, int(whole), look.begun_at if whole else end),
            )
        pieces = [
            Piece(*row)
            for row in connection.execute(
                "select first_at, last_at from listed where source = ?", (self._source,)
            ).fetchall()
        ]
        piece = Piece(look.first_at, look.last_at)
        if look.purpose in (PRESENT, PAST):
            pieces = joined([*pieces, piece])
            connection.execute("delete from listed where source = ?", (self._source,))
            connection.executemany("insert into listed values (?, ?, ?)", [(self._source, *found) for found in pieces])
        self.set_aside.clear_look(connection, look.id, piece)
        self.failures.clear_looks(connection, look.purpose, piece, pieces)

    def looked_at(self, first_day: str, last_day: str) -> dict[str, int]:
        """When each day was last listed; up to when, while it runs. Days that were not are left out."""
        return dict(
            self._ledger.rows(
                "select stat_day, looked_at from days where source = ? and stat_day between ? and ? order by stat_day",
                (self._source, first_day, last_day),
            )
        )

    def counts(self, first_day: str, last_day: str) -> dict[str, int]:
        """How many reports each listed day has."""
        found = dict.fromkeys(self._whole(first_day, last_day), 0)
        for day, count in self._ledger.rows(
            "select stat_day, count(*) from reports where source = ? and stat_day between ? and ? group by stat_day",
            (self._source, first_day, last_day),
        ):
            if day in found:
                found[day] = count
        return found

    def _whole(self, first_day: str, last_day: str) -> Iterable[str]:
        rows = self._ledger.rows(
            "select stat_day from days where source = ? and stat_day between ? and ? and looks > 0",
            (self._source, first_day, last_day),
        )
        return (day for (day,) in rows)


def _sent(report: Report, day: str) -> Found:
    return Found(
        "sent",
        report.report_id,
        report.user_id,
        report.sent_at * 1000,
        day,
        report.template or None,
        report.departments,
    )
