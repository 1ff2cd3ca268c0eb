"""What the ledger knows of comments: whose were read when, who commented on what, and what is left to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdata.collector.failures import LEFT_ALONE, Failures
from reportdata.collector.ledger import Ledger
from reportdata.collector.outbox import Found, put
from reportdata.collector.planning import COMMENT_DAYS, DAY, LATE, Piece
from reportdata.collector.set_aside import COMMENT, SetAside
from reportdata.collector.suite import Comment, CommentPage
from reportdata.days import day_of


class Open(NamedTuple):
    """A report whose comments may still have to be read. ``read_at`` is 0 when they never were."""

    report_id: str
    user_id: str
    sent_at: int
    template: str
    read_at: int
    begun_at: int
    offset: int


class Habit(NamedTuple):
    """One comment that was seen on a report: the report's author, who commented, the report's template and when it was
    sent, the day of the comment, and when the report's comments were last read."""

    author: str
    user_id: str
    template: str
    sent_at: int
    stat_day: str
    read_at: int


_OPEN = "report_id, user_id, sent_at, template, read_at, begun_at, next_page"


class Readings:
    """The comments of one source.

    ``days`` after it was sent, a report's comments are read for the last time.
    """

    def __init__(self, ledger: Ledger, source: int, zone: ZoneInfo) -> None:
        self.failures = Failures(ledger, source)
        self.set_aside = SetAside(ledger, source)
        self.days = COMMENT_DAYS
        self._ledger = ledger
        self._source = source
        self._zone = zone

    def unfinished(self, now: int) -> list[Open]:
        """Reports whose comments have several pages of which some were read."""
        return self._open(now, "next_page > 0", (), "order by begun_at")

    def due(self, now: int, most: int) -> list[Open]:
        """Reports whose last reading is due, the oldest first."""
        return self._open(
            now,
            "sent_at <= ? and sent_at > ? and read_at < sent_at + ?",
            (now - self.days * DAY, now - (self.days + LATE) * DAY, self.days * DAY),
            "order by sent_at limit ?",
            (most,),
        )

    def count_due(self, now: int, until: int) -> int:
        """How many last readings are due by ``until``."""
        return self._ledger.number(
            "select count(*) from reports where source = ? and closed = 0 and absent_at = 0 and sent_at <= ? "
            "and sent_at > ? and read_at < sent_at + ?",
            (self._source, until - self.days * DAY, now - (self.days + LATE) * DAY, self.days * DAY),
        )

    def next_due(self) -> int | None:
        """When the next last reading is due; None when there is none."""
        row = self._ledger.row(
            "select min(sent_at) from reports where source = ? and closed = 0 and absent_at = 0", (self._source,)
        )
        return row[0] + self.days * DAY if row and row[0] else None

    def fresh(self, now: int, first_day: str, most: int) -> list[Open]:
        """Reports that are not old enough for their last reading, the newest first."""
        order = "order by sent_at desc limit ?"
        return self._open(now, "sent_at > ? and stat_day >= ?", (now - self.days * DAY, first_day), order, (most,))

    def missed(self, now: int, most: int) -> list[Open]:
        """Older reports whose comments were never read, the newest first."""
        order = "order by sent_at desc limit ?"
        return self._open(now, "sent_at <= ? and reads = 0", (now - self.days * DAY,), order, (most,))

    def leave(self, now: int) -> None:
        """Let those be whose time for a last reading has passed, and that were read before."""
        self._ledger.write(
            "update reports set closed = 1 where source = ? and closed = 0 and reads > 0 and sent_at <= ?",
            (self._source, now - (self.days + LATE) * DAY),
        )

    def add_page(self, report: Open, page: CommentPage, begun_at: int) -> int:
        """Keep a page of a report's comments; facts of new ones go to the outbox. Returns how many days and people are
        new. Without a next page the report is read, as of ``begun_at``."""
        new = 0
        forgotten = self._ledger.forgotten(self._source)
        comments = [comment for comment in page.comments if not forgotten(comment.user_id)]
        counted = Counter((comment.user_id, self._day(comment.at)) for comment in comments)
        with self._ledger.writing() as connection:
            for (user_id, day), count in counted.items():
                new += connection.execute(
                    "insert into commented values (?, ?, ?, ?, ?) on conflict do nothing",
                    (self._source, report.report_id, user_id, day, count),
                ).rowcount
            put(
                connection,
                self._source,
                (
                    self._commented(report.report_id, comment)
                    for comment in comments
                    if comment.at >= report.read_at * 1000 - DAY * 1000  # the others are in the lake since then
                ),
            )
            if not report.offset:
                self.set_aside.clear_comments(connection, report.report_id)
            self.set_aside.add(connection, COMMENT, page.unusable, Piece(report.sent_at, begun_at + 1))
            self.failures.clear_report(connection, report.report_id)
            if page.offset is not None:
                connection.execute(
                    "update reports set next_page = ?, begun_at = ? where source = ? and report_id = ?",
                    (page.offset, begun_at, self._source, report.report_id),
                )
            else:
                last = begun_at >= report.sent_at + self.days * DAY
                connection.execute(
                    "update reports set read_at = ?, reads = reads + 1, next_page = 0, closed = ?, "
                    "found = (select coalesce(sum(count), 0) from commented "
                    "where source = ?3 and report_id = ?4) where source = ?3 and report_id = ?4",
                    (begun_at, int(last), self._source, report.report_id),
                )
        return new

    def known(self, first_day: str) -> set[tuple[str, str]]:
        """Who is known to have commented on which day, from ``first_day`` on: people and days."""
        return set(
            self._ledger.rows(
                "select distinct user_id, stat_day from commented where source = ? and stat_day >= ?",
                (self._source, first_day),
            )
        )

    def habits(self, since: int) -> list[Habit]:
        """What was found out about reports that were sent since then."""
        return [
            Habit(*row)
            for row in self._ledger.rows(
                "select r.user_id, c.user_id, r.template, r.sent_at, c.stat_day, r.read_at from reports r "
                "join commented c on c.source = r.source and c.report_id = r.report_id "
                "where r.source = ? and r.reads > 0 and r.sent_at >= ?",
                (self._source, since),
            )
        ]

    def read(self, since: int) -> Sequence[tuple[str, str, int, int]]:
        """Author, template, time of sending and of the last reading of reports that were read and sent since then."""
        return self._ledger.rows(
            "select user_id, template, sent_at, read_at from reports where source = ? and reads > 0 and sent_at >= ?",
            (self._source, since),
        )

    def by_day(self, first_day: str, last_day: str) -> dict[str, tuple[int, int, int]]:
        """Of the reports of each day that are not withdrawn: when the one was last read that is longest ago, how many
        were never read, and when one was last read at all."""
        return {
            day: (oldest, unread, newest)
            for day, oldest, unread, newest in self._ledger.rows(
                "select stat_day, min(read_at), sum(reads = 0), max(read_at) from reports "
                "where source = ? and stat_day between ? and ? and withdrawn = 0 group by stat_day",
                (self._source, first_day, last_day),
            )
        }

    def _open(
        self, now: int, where: str, values: Sequence[object], order: str, more: Sequence[object] = ()
    ) -> list[Open]:
        return [
            Open(*row)
            for row in self._ledger.rows(
                f"select {_OPEN} from reports where source = ? and closed = 0 and absent_at = 0 "
                f"and report_id not in {LEFT_ALONE} and {where} {order}",
                (self._source, self._source, now, *values, *more),
            )
        ]

    def _commented(self, report_id: str, comment: Comment) -> Found:
        return Found("commented", report_id, comment.user_id, comment.at, self._day(comment.at))

    def _day(self, at: int) -> str:
        return day_of(at, self._zone)
