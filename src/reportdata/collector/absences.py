"""What the ledger knows of reports that a look missed: each is looked for by itself, until it is found or
taken for withdrawn."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdata.collector.failures import LEFT_ALONE, Failures
from reportdata.collector.ledger import Ledger
from reportdata.collector.outbox import Found, put
from reportdata.collector.planning import LATER_LOOKS, SECOND_LOOK, day_at

_NEXT_LOOK = f"(absent_at + case missed when 0 then {SECOND_LOOK} else missed * {LATER_LOOKS} end)"


class Absent(NamedTuple):
    """A report that a look missed, how often it was looked for by itself since, and whether its id is known no more."""

    report_id: str
    user_id: str
    sent_at: int
    missed: int
    rejected: bool


class Absences:
    """The reports of one source that were missed."""

    def __init__(self, ledger: Ledger, source: int, zone: ZoneInfo, failures: Failures) -> None:
        self._ledger = ledger
        self._source = source
        self._zone = zone
        self._failures = failures

    def due(self, now: int) -> Absent | None:
        """A report that was missed and is to be looked for by itself."""
        row = self._ledger.row(
            f"select report_id, user_id, sent_at, missed, rejected from reports where source = ? and absent_at > 0 "
            f"and withdrawn = 0 and {_NEXT_LOOK} <= ? and report_id not in {LEFT_ALONE} order by {_NEXT_LOOK} limit 1",
            (self._source, now, self._source, now),
        )
        return Absent(row[0], row[1], row[2], row[3], bool(row[4])) if row else None

    def next_due(self) -> int | None:
        """When the next report is to be looked for that was missed, None when there is none."""
        row = self._ledger.row(
            f"select min({_NEXT_LOOK}) from reports where source = ? and absent_at > 0 and withdrawn = 0",
            (self._source,),
        )
        return row[0] if row else None

    def miss(self, report_id: str, now: int) -> None:
        """A report was looked for by itself, and is not there."""
        self._ledger.write(
            "update reports set absent_at = ?, missed = missed + 1 where source = ? and report_id = ?",
            (now, self._source, report_id),
        )

    def reject(self, report_id: str, now: int) -> None:
        """The suite does not know a report's id."""
        self._ledger.write(
            "update reports set rejected = 1, next_page = 0, "
            "absent_at = case absent_at when 0 then ? else absent_at end where source = ? and report_id = ?",
            (now, self._source, report_id),
        )

    def is_there(self, report_id: str) -> None:
        """A report that was missed is there."""
        self._ledger.write(
            "update reports set absent_at = 0, missed = 0, rejected = 0 where source = ? and report_id = ?",
            (self._source, report_id),
        )

    def withdraw(self, report_id: str, now: int) -> None:
        """A report is withdrawn. The fact goes to the outbox."""
        with self._ledger.writing() as connection:
            connection.execute(
                "update reports set withdrawn = 1, closed = 1 where source = ? and report_id = ?",
                (self._source, report_id),
            )
            self._failures.clear_report(connection, report_id)
            withdrawn = Found("withdrawn", report_id, "", now * 1000, day_at(now, self._zone))
            put(connection, self._source, [withdrawn])
