"""What the ledger knows of lists of reports: which times were listed, where a look stands, which reports there are."""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdata.days import days_between, end_of
from reportdata.dingtalk.ledger import Ledger
from reportdata.dingtalk.planning import LATER_LOOKS, SECOND_LOOK, Piece, day_at, joined, start_of
from reportdata.dingtalk.reports import ReportPage

PRESENT, PAST, REVIEW, RUNNING = "present", "past", "review", "running"
"""The purposes of looks: the day that has just ended, days that are missing, days once more, the day that runs."""

_NEXT_LOOK = f"(absent_at + case missed when 0 then {SECOND_LOOK} else missed * {LATER_LOOKS} end)"


class Look(NamedTuple):
    """A look at the list of the reports made from ``first_at`` to before ``last_at`` that is not finished: the next
    page begins at ``cursor``."""

    id: int
    purpose: str
    first_at: int
    last_at: int
    cursor: int
    begun_at: int
    moved_at: int


class Absent(NamedTuple):
    """A report that a look missed, how often it was looked for by itself since, and whether its id is known no more."""

    report_id: str
    user_id: str
    sent_at: int
    missed: int
    rejected: bool


class Listings:
    """The lists of one organisation."""

    def __init__(self, ledger: Ledger, corp_id: str, zone: ZoneInfo) -> None:
        self._ledger = ledger
        self._corp_id = corp_id
        self._zone = zone

    def listed(self) -> list[Piece]:
        """The times whose reports were listed, the earliest first."""
        return [
            Piece(*row)
            for row in self._ledger.rows(
                "select first_at, last_at from listed where corp_id = ? order by first_at", (self._corp_id,)
            )
        ]

    def looks(self) -> list[Look]:
        """The looks that are not finished, the oldest first."""
        return [
            Look(*row)
            for row in self._ledger.rows(
                "select id, purpose, first_at, last_at, cursor, begun_at, moved_at from looks where corp_id = ? "
                "order by id",
                (self._corp_id,),
            )
        ]

    def begin(self, purpose: str, piece: Piece, now: int) -> Look:
        """Begin a look."""
        with self._ledger.writing() as connection:
            found = connection.execute(
                "insert into looks (corp_id, purpose, first_at, last_at, begun_at, moved_at) values (?, ?, ?, ?, ?, ?) "
                "returning id",
                (self._corp_id, purpose, piece.first_at, piece.last_at, now, now),
            ).fetchone()
        return Look(found[0], purpose, piece.first_at, piece.last_at, 0, now, now)

    def begin_again(self, look: Look, now: int) -> Look:
        """A look begins once more from its first page."""
        self._ledger.write("delete from looks where id = ?", (look.id,))
        return self.begin(look.purpose, Piece(look.first_at, look.last_at), now)

    def add_page(self, look: Look, page: ReportPage, now: int) -> int:
        """Keep a page, and where the next one begins; facts of new reports go to the outbox. Returns how many are new.

        Without a next page the look is finished: its time is listed, and reports in it that it has not seen are absent.
        """
        new = 0
        forgotten = self._ledger.forgotten(self._corp_id)
        with self._ledger.writing() as connection:
            for report in page.reports:
                if forgotten(report.user_id):
                    continue
                day = day_at(report.sent_at, self._zone)
                added = connection.execute(
                    "insert into reports (corp_id, report_id, user_id, sent_at, stat_day, template, look) "
                    "values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
                    (self._corp_id, report.report_id, report.user_id, report.sent_at, day, report.template, look.id),
                ).rowcount
                if added:
                    new += 1
                    connection.execute(
                        "insert into outbox (corp_id, kind, report_id, user_id, at, stat_day, template, departments) "
                        "values (?, 'sent', ?, ?, ?, ?, ?, ?)",
                        (
                            self._corp_id,
                            report.report_id,
                            report.user_id,
                            report.sent_at * 1000,
                            day,
                            report.template or None,
                            report.departments,
                        ),
                    )
                else:
                    connection.execute(
                        "update reports set look = max(look, ?), absent_at = 0, missed = 0, rejected = 0 "
                        "where corp_id = ? and report_id = ?",
                        (look.id, self._corp_id, report.report_id),
                    )
            if page.cursor is not None:
                connection.execute(
                    "update looks set cursor = ?, moved_at = ? where id = ?", (page.cursor, now, look.id)
                )
            else:
                self._finish(connection, look)
        return new

    def _finish(self, connection: Connection, look: Look) -> None:
        end = min(look.last_at, look.begun_at)
        connection.execute(
            "update reports set absent_at = ? where corp_id = ? and sent_at >= ? and sent_at < ? and look < ? "
            "and absent_at = 0 and withdrawn = 0 and stat_day between ? and ?",
            (
                look.begun_at,
                self._corp_id,
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
                (self._corp_id, day, int(whole), look.begun_at if whole else end),
            )
        if look.purpose in (PRESENT, PAST):
            pieces = connection.execute(
                "select first_at, last_at from listed where corp_id = ?", (self._corp_id,)
            ).fetchall()
            connection.execute("delete from listed where corp_id = ?", (self._corp_id,))
            connection.executemany(
                "insert into listed values (?, ?, ?)",
                [
                    (self._corp_id, *piece)
                    for piece in joined([*(Piece(*row) for row in pieces), Piece(look.first_at, look.last_at)])
                ],
            )

    def looked_at(self, first_day: str, last_day: str) -> dict[str, int]:
        """When each day was last listed; up to when, while it runs. Days that were not are left out."""
        return dict(
            self._ledger.rows(
                "select stat_day, looked_at from days where corp_id = ? and stat_day between ? and ? order by stat_day",
                (self._corp_id, first_day, last_day),
            )
        )

    def counts(self, first_day: str, last_day: str) -> dict[str, int]:
        """How many reports each listed day has."""
        found = dict.fromkeys(self._whole(first_day, last_day), 0)
        for day, count in self._ledger.rows(
            "select stat_day, count(*) from reports where corp_id = ? and stat_day between ? and ? group by stat_day",
            (self._corp_id, first_day, last_day),
        ):
            if day in found:
                found[day] = count
        return found

    def _whole(self, first_day: str, last_day: str) -> Iterable[str]:
        rows = self._ledger.rows(
            "select stat_day from days where corp_id = ? and stat_day between ? and ? and looks > 0",
            (self._corp_id, first_day, last_day),
        )
        return (day for (day,) in rows)

    def absent(self, now: int) -> Absent | None:
        """A report that was missed and is to be looked for by itself."""
        row = self._ledger.row(
            f"select report_id, user_id, sent_at, missed, rejected from reports where corp_id = ? and absent_at > 0 "
            f"and withdrawn = 0 and {_NEXT_LOOK} <= ? order by {_NEXT_LOOK} limit 1",
            (self._corp_id, now),
        )
        return Absent(row[0], row[1], row[2], row[3], bool(row[4])) if row else None

    def next_absent(self) -> int | None:
        """When the next report is to be looked for that was missed, None when there is none."""
        row = self._ledger.row(
            f"select min({_NEXT_LOOK}) from reports where corp_id = ? and absent_at > 0 and withdrawn = 0",
            (self._corp_id,),
        )
        return row[0] if row else None

    def miss(self, report_id: str, now: int) -> None:
        """A report was looked for by itself, and is not there."""
        self._ledger.write(
            "update reports set absent_at = ?, missed = missed + 1 where corp_id = ? and report_id = ?",
            (now, self._corp_id, report_id),
        )

    def reject(self, report_id: str, now: int) -> None:
        """DingTalk does not know a report's id."""
        self._ledger.write(
            "update reports set rejected = 1, next_page = 0, "
            "absent_at = case absent_at when 0 then ? else absent_at end where corp_id = ? and report_id = ?",
            (now, self._corp_id, report_id),
        )

    def is_there(self, report_id: str) -> None:
        """A report that was missed is there."""
        self._ledger.write(
            "update reports set absent_at = 0, missed = 0, rejected = 0 where corp_id = ? and report_id = ?",
            (self._corp_id, report_id),
        )

    def withdraw(self, report_id: str, now: int) -> None:
        """A report is withdrawn. The fact goes to the outbox."""
        with self._ledger.writing() as connection:
            connection.execute(
                "update reports set withdrawn = 1, closed = 1 where corp_id = ? and report_id = ?",
                (self._corp_id, report_id),
            )
            connection.execute(
                "insert into outbox (corp_id, kind, report_id, user_id, at, stat_day) "
                "values (?, 'withdrawn', ?, '', ?, ?)",
                (self._corp_id, report_id, now * 1000, day_at(now, self._zone)),
            )
