"""What the collector does again after facts were lost: by what its ledger knows afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reportdata.collector.ledger import Ledger
from reportdata.collector.listings import PAST, Listings
from reportdata.collector.outbox import waiting
from reportdata.collector.planning import Piece, start_of
from reportdata.collector.readings import Readings
from reportdata.collector.recollection import Lost, collect_again
from reportdata.collector.sources import Source, put_source, sources
from reportdata.collector.suite import Report, ReportPage
from reportdata.days import days_between, time_zone

ZONE = "Asia/Shanghai"
CORP = "c1"
DAYS = [*days_between("20260901", "20260910")]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """All days were listed, with a report each; that of the fifth was withdrawn."""
    with closing(Ledger(tmp_path / "collector.db")) as made:
        put_source(
            made, Source(name="s", corp_id=CORP, suite="dingtalk", app_key="", secret_file="", first_day=DAYS[0])
        )
        (source,) = sources(made)
        listings = Listings(made, source.id, time_zone(ZONE))
        whole = Piece(at(DAYS[0]), at(DAYS[-1]) + 86_400_000)
        look = listings.begin(PAST, whole, whole.last_at)
        reports = [Report(f"r{day}", "u", at(day) + 1000, "t", None) for day in DAYS]
        listings.add_page(look, ReportPage(reports, None), whole.last_at)
        listings.absences.withdraw(f"r{DAYS[4]}", whole.last_at)
        made.write("delete from outbox")
        made.write("update reports set reads = 1, read_at = 1, closed = 1")
        yield made


def at(day: str) -> int:
    return start_of(day, time_zone(ZONE))


def said(ledger: Ledger) -> list[tuple[str, str]]:
    """The facts that wait for the lake."""
    (source,) = sources(ledger)
    return [(fact.kind, str(fact.values["report_id"])) for fact in waiting(ledger, source, 100, None).facts]


def test_days_of_lost_reports_are_to_be_listed_again(ledger: Ledger) -> None:
    ledger.write("update reports set absent_at = 5 where report_id = ?", (f"r{DAYS[3]}",))
    collect_again(ledger, Lost("sent", DAYS[2], DAYS[5]), {CORP: ZONE})
    listings = Listings(ledger, 1, time_zone(ZONE))
    assert listings.listed() == [Piece(at(DAYS[0]), at(DAYS[2])), Piece(at(DAYS[6]), at(DAYS[-1]) + 86_400_000)]
    assert set(listings.looked_at(DAYS[0], DAYS[-1])) == {*DAYS} - {*DAYS[2:6]}
    known = {report_id for (report_id,) in ledger.rows("select report_id from reports")}
    assert known == {f"r{day}" for day in DAYS} - {f"r{DAYS[2]}", f"r{DAYS[5]}"}, "who is missed stays known"
    assert said(ledger) == [("sent", f"r{DAYS[3]}")]


def test_comments_of_lost_days_are_read_again(ledger: Ledger) -> None:
    collect_again(ledger, Lost("commented", DAYS[2], DAYS[5]), {CORP: ZONE})
    due = {
        report.report_id for report in Readings(ledger, 1, time_zone(ZONE)).missed(at(DAYS[-1]) + 50 * 86_400_000, 99)
    }
    assert due <= {f"r{day}" for day in DAYS[:6]} - {f"r{DAYS[4]}"}
    unread = {report_id for (report_id,) in ledger.rows("select report_id from reports where reads = 0 and closed = 0")}
    assert unread == {f"r{day}" for day in DAYS[:6]} - {f"r{DAYS[4]}"}
    assert said(ledger) == []


def test_withdrawals_that_are_lost_are_said_again(ledger: Ledger) -> None:
    collect_again(ledger, Lost("withdrawn", DAYS[8], DAYS[8]), {CORP: ZONE})
    assert said(ledger) == [("withdrawn", f"r{DAYS[4]}")]
    assert len(Listings(ledger, 1, time_zone(ZONE)).listed()) == 1
