"""The conformance suite of the protocol of suites, for each that there is and for one that is made up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reportdata.collector.collector import Collector
from reportdata.collector.ledger import Ledger
from reportdata.collector.suite import Report, Suite, Trouble
from reportdata.days import days_between, end_of
from reportdata.errors import (
    BadCredentials,
    BudgetSpent,
    NotPermitted,
    Rejected,
    SourceError,
    Unavailable,
)
from reportdata.pipeline.collecting import Collecting
from reportdata.services import REPORTS as REPORT_DATA
from reportdata.suites import SUITES
from reportdata.twin import BEIJING
from tests.support.folders import Folder
from tests.support.services import working
from tests.support.suites import FIRST, LAST, SUBJECTS, Subject

BEGIN, END = (end_of(day, BEIJING) // 1000 for day in ("20260906", LAST))
ERRORS = {
    Trouble.FAULT: Unavailable,
    Trouble.BUSY: Unavailable,
    Trouble.CROWDED: Unavailable,
    Trouble.BANNED: Unavailable,
    Trouble.SPENT: BudgetSpent,
    Trouble.PERMISSION: NotPermitted,
    Trouble.ADDRESS: NotPermitted,
    Trouble.REJECTED: Rejected,
}


@pytest.fixture(params=SUBJECTS)
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """A suite, after the week in which reports were sent."""
    with SUBJECTS[request.param]() as found:
        found.clock.sleep(END / 1000 - found.clock.now())
        yield found


@pytest.fixture
def ledger(memory: Path) -> Iterator[Ledger]:
    with closing(Ledger(memory / "ledger.db")) as found:
        yield found


@pytest.fixture
def suite(subject: Subject, ledger: Ledger) -> Iterator[Suite]:
    found = subject.open(ledger, subject.source(ledger))
    yield found
    found.close()


def listed(suite: Suite, first_at: int, last_at: int, user_id: str | None = None) -> list[Report]:
    """All reports of a list."""
    found: list[Report] = []
    cursor: str | None = ""
    while cursor is not None:
        page = suite.reports(first_at, last_at, cursor, user_id)
        assert len(page.reports) <= suite.kind.limits.page
        found += page.reports
        cursor = page.cursor
    return found


def test_every_suite_is_tried() -> None:
    assert set(SUITES) <= set(SUBJECTS), "each suite that is registered has a subject in tests.support.suites"


def test_a_list_has_each_report_of_its_time_once(subject: Subject, suite: Suite) -> None:
    for first_at, last_at in ((BEGIN, END), (BEGIN + 86_400_000, BEGIN + 2 * 86_400_000 - 1), (END + 1, END + 2)):
        found = listed(suite, first_at, last_at)
        expected = subject.reports(first_at, last_at)
        assert {report.report_id: (report.user_id, report.sent_at) for report in found} == expected
        assert len(found) == len(expected)
    assert len(subject.reports(BEGIN, END)) > suite.kind.limits.page, "there are several pages"


def test_both_ends_of_a_time_belong_to_it(subject: Subject, suite: Suite) -> None:
    report_id, (_, at) = sorted(subject.reports(BEGIN, END).items())[0]
    assert report_id in {report.report_id for report in listed(suite, at, at)}


def test_one_persons_reports_are_listed_alone(subject: Subject, suite: Suite) -> None:
    user_id = next(iter(subject.reports(BEGIN, END).values()))[0]
    expected = {key for key, (user, _) in subject.reports(BEGIN, END).items() if user == user_id}
    assert {report.report_id for report in listed(suite, BEGIN, END, user_id)} == expected


def test_a_cursor_outlives_its_connection(subject: Subject, ledger: Ledger) -> None:
    source = subject.source(ledger)
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        with closing(subject.open(ledger, source)) as suite:
            page = suite.reports(BEGIN, END, cursor)
        found += [report.report_id for report in page.reports]
        cursor = page.cursor
    assert sorted(found) == sorted(subject.reports(BEGIN, END))


def test_comments_are_read_by_offset(subject: Subject, suite: Suite) -> None:
    if not suite.kind.capabilities.comments:
        pytest.skip("it tells no comments")
    subject.clock.sleep(40 * 86_400)
    several = 0
    for report_id in subject.reports(BEGIN, END):
        found: list[tuple[str, int]] = []
        offset: int | None = 0
        while offset is not None:
            page = suite.comments(report_id, offset)
            assert len(page.comments) <= suite.kind.limits.page
            found += [(comment.user_id, comment.at // 1_000_000) for comment in page.comments]
            offset = page.offset
        assert sorted(found) == sorted(subject.comments(report_id))
        several += bool(found)
    assert several
    with pytest.raises(Rejected):
        suite.comments("there is none of this id")


def test_departments_of_people_have_names(subject: Subject, suite: Suite) -> None:
    if not suite.kind.capabilities.departments:
        pytest.skip("it tells no departments")
    names = suite.departments()
    for user_id in {user_id for user_id, _ in subject.reports(BEGIN, END).values()}:
        assert all(names[department] for department in suite.departments_of(user_id))
    with pytest.raises(Rejected):
        suite.departments_of("there is nobody of this id")


def test_people_have_names(subject: Subject, suite: Suite) -> None:
    if not suite.kind.capabilities.names:
        pytest.skip("it tells no names")
    names = suite.names()
    assert {user_id for user_id, _ in subject.reports(BEGIN, END).values()} <= names.keys()
    assert all(names.values())


@pytest.mark.whole
@pytest.mark.parametrize("trouble", ERRORS, ids=lambda trouble: trouble.name)
def test_a_trouble_is_told_by_its_error(subject: Subject, suite: Suite, ledger: Ledger, trouble: Trouble) -> None:
    if trouble not in subject.provokes:
        pytest.skip("it does not have this trouble")
    subject.provokes[trouble]()
    with pytest.raises(SourceError) as raised:
        suite.reports(BEGIN, END)
    assert type(raised.value) is ERRORS[trouble]
    assert raised.value.message
    subject.calm()
    if trouble is Trouble.SPENT:
        assert subject.budget(ledger).month().left == 0
        before = subject.charged()
        with pytest.raises(BudgetSpent):
            suite.reports(BEGIN, END)
        assert subject.charged() == before
    else:
        assert suite.reports(BEGIN, END).reports


def test_a_wrong_secret_is_told(subject: Subject, ledger: Ledger) -> None:
    with closing(subject.open(ledger, subject.source(ledger), "wrong")) as suite, pytest.raises(BadCredentials):
        suite.reports(BEGIN, END)


def test_each_call_that_counts_is_booked(subject: Subject, suite: Suite, ledger: Ledger) -> None:
    listed(suite, BEGIN, END)
    assert sum(subject.budget(ledger).month().spent.values()) == subject.charged() > 1


@pytest.mark.whole
def test_the_collector_collects_it_exactly_and_asks_only_for_what_it_tells(memory: Path, subject: Subject) -> None:
    folder = Folder(memory / "data")
    folder.add_organisation(subject.corp_id)
    with closing(Ledger(folder.settings.ledger)) as ledger, working(folder) as work:
        source = subject.source(ledger)
        with closing(subject.open(ledger, source)) as suite:
            collector = Collector(source, suite, ledger, subject.budget(ledger), subject.clock, BEIJING)
            collecting = Collecting(collector, work)
            end = END / 1000 + 38 * 86_400
            while subject.clock.now() < end:
                wait = collector.step()
                if wait:
                    subject.clock.sleep(min(wait, end - subject.clock.now() + 1))
            collecting.flush()
    rows = folder.store.kpis_between(REPORT_DATA, subject.corp_id, FIRST, LAST)
    kpis = ("4100", "4101", "4102")
    assert {row.stat_day: {kpi: row.values.get(kpi, 0) for kpi in kpis} for row in rows} == subject.numbers()
    states = {
        (state.kpi_id, state.state.value) for state in folder.store.states(REPORT_DATA, subject.corp_id, FIRST, LAST)
    }
    comments = "final" if subject.kind.capabilities.comments else "missing"
    assert states == {("4100", "final"), ("4101", "final"), ("4102", comments)}
    assert {row.stat_day for row in rows} == set(days_between(FIRST, LAST))
    folder.store.close()
