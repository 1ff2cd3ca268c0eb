"""A refresh reads what changed, and comes to what computing everything anew comes to."""

from __future__ import annotations

import itertools
import tempfile
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.coverage import Coverage
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.pipeline.day_files import files_of_days
from reportdata.pipeline.refreshing import refresh
from reportdata.pipeline.staleness import waiting
from reportdata.services import REPORTS as REPORT_DATA
from reportdata.services.sql import definition
from reportdata.store import DayKpis
from tests.support.examples import tried_with
from tests.support.folders import Folder
from tests.support.oracle import Commented, Days, Fact, Sent, Withdrawn, days_of
from tests.support.random_facts import ZONES, facts
from tests.support.services import KINDS, SERVICE, SERVICES, working
from tests.support.verbs import AT, ZONE, A, B, compact_all, import_facts, refresh_days, stale
from tests.support.writing import write

NOON = {"20260309": AT, "20260310": AT + timedelta(days=1)}
FULL = {"4100": 99, "4101": 99, "4102": 99}


class Wide(DuckDBEngine):
    """An engine that computes all days at once."""

    batch = 1 << 40


def test_days_that_are_computed_together_are_stored_in_parts(two: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    import_facts(two, Commented(A, "r20260309", "u2", AT + timedelta(days=3)), refreshed=True)
    days = two.days()
    calls = []
    put = two.store.put_days

    def put_days(service: str, fingerprints: dict[str, str], *others: Any, **more: Any) -> int:
        calls.append(list(fingerprints))
        return put(service, fingerprints, *others, **more)

    monkeypatch.setattr(two.store, "put_days", put_days)
    for stored, expected in (
        (1, [["20260309"], ["20260310"], ["20260312"]]),
        (1 << 40, [["20260309", "20260310", "20260312"]]),
    ):
        monkeypatch.setattr("reportdata.pipeline.refreshing._STORED", stored)
        overwrite(two, A, "20260310")
        calls.clear()
        with closing(Wide()) as engine, working(two, engine) as work:
            done = refresh(work, time.time(), period=("20260309", None))
        assert (calls, two.days()) == (expected, days)
        assert (done.days, done.changed) == (["20260309", "20260310", "20260312"], 1)


@pytest.fixture
def two(folder: Folder) -> Folder:
    """A folder with the organisations A and B, which have a report each on two days."""
    for corp_id, zone in ZONES.items():
        folder.add_organisation(corp_id, str(zone))
    import_facts(
        folder, *(Sent(corp, f"r{day}", "u1", at) for corp in (A, B) for day, at in NOON.items()), refreshed=True
    )
    return folder


def overwrite(folder: Folder, corp_id: str, day: str) -> None:
    """Give an organisation numbers that its facts do not give, as a witness of what is computed."""
    fingerprints = folder.store.fingerprints(REPORT_DATA, [day])
    files = folder.store.computed_files(REPORT_DATA, [day])
    row = DayKpis(corp_id, day, FULL)
    folder.store.put_days(REPORT_DATA, fingerprints, [row], 0, files=files, only={day: [corp_id]})


def numbers(folder: Folder, corp_id: str, day: str) -> tuple[int, ...]:
    values = folder.store.kpis(REPORT_DATA, corp_id, day)
    assert values is not None
    return tuple(int(values.get(kpi, 0)) for kpi in ("4100", "4101", "4102"))


steps = st.one_of(
    st.lists(facts(), min_size=1, max_size=8),
    st.sampled_from(["refresh", "compact", "merge", "whole"]),
    st.sets(st.sampled_from([f"202603{day:02}" for day in range(6, 13)]), max_size=3),
)


@pytest.mark.whole
@tried_with(4, 30)
def test_any_order_of_adding_compacting_refreshing_and_withdrawing_gives_the_oracles_days(examples: int) -> None:
    @settings(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
    )
    @given(st.lists(steps, min_size=1, max_size=12))
    def check(todo: list[list[Fact] | str | set[str]]) -> None:
        known: list[Fact] = []
        with tempfile.TemporaryDirectory() as temporary:
            folder = Folder(Path(temporary) / "data")
            for corp_id, zone in ZONES.items():
                folder.add_organisation(corp_id, str(zone))
            for step in [*todo, "refresh", "whole"]:
                if isinstance(step, list):
                    import_facts(folder, *step)
                    known += step
                elif isinstance(step, set):
                    refresh_days(folder, days=step)
                elif step in ("compact", "merge"):
                    compact_all(folder, everything=step == "compact", quiet=0)
                else:
                    done = refresh_days(folder, **({"first_day": "20000101"} if step == "whole" else {}))
                    assert folder.days() == days_of(known, ZONES)
                    assert stale(folder) == []
                    assert waiting(folder.lake, folder.store, SERVICES) == ([], [])
            assert not done.changed  # what was computed for some organisations is what computing everything gives
            folder.store.close()

    check()


def test_only_organisations_in_added_files_are_computed(two: Folder) -> None:
    overwrite(two, B, "20260309")
    import_facts(two, Sent(A, "new", "u2", NOON["20260309"]))
    assert stale(two) == ["20260309"]
    done = refresh_days(two)
    assert (done.days, done.partly) == (["20260309"], 1)
    assert numbers(two, A, "20260309") == (2, 2, 0)
    assert numbers(two, B, "20260309") == tuple(FULL.values())
    assert numbers(two, A, "20260310") == (1, 1, 0)
    refresh_days(two, first_day="20260309", last_day="20260309")
    assert numbers(two, B, "20260309") == (1, 1, 0)


def test_comments_alone_make_their_organisation_stale(two: Folder) -> None:
    overwrite(two, B, "20260309")
    import_facts(two, Commented(A, "elsewhere", "u7", NOON["20260309"]))
    assert refresh_days(two).partly == 1
    assert (numbers(two, A, "20260309"), numbers(two, B, "20260309")) == ((1, 1, 1), tuple(FULL.values()))


def test_a_withdrawal_makes_its_organisation_stale_on_the_reports_day(two: Folder) -> None:
    overwrite(two, B, "20260309")
    import_facts(two, Withdrawn(A, "r20260309", AT + timedelta(days=300)))
    assert stale(two) == ["20260309"]
    done = refresh_days(two, days=[])
    assert (done.days, done.partly) == (["20260309"], 1)
    assert numbers(two, A, "20260309") == (0, 0, 0)
    assert numbers(two, B, "20260309") == tuple(FULL.values())
    assert stale(two) == []


def test_a_day_whose_files_went_or_that_another_definition_computed_is_computed_as_a_whole(two: Folder) -> None:
    overwrite(two, B, "20260309")
    import_facts(two, Sent(A, "new", "u2", NOON["20260309"]))
    names = two.store.computed_files(REPORT_DATA, ["20260309"])["20260309"]
    two.store.put_days(
        REPORT_DATA, {"20260309": "of another definition"}, [], 0, files={"20260309": names}, only={"20260309": []}
    )
    assert refresh_days(two).partly == 0
    assert numbers(two, B, "20260309") == (1, 1, 0)
    overwrite(two, B, "20260309")
    newest = max(two.lake.files("sent")["20260309"], key=lambda path: path.stat().st_mtime_ns)
    with two.lake.refreshing():
        two.lake.replace([newest], None)
    assert refresh_days(two).partly == 0
    assert (numbers(two, A, "20260309"), numbers(two, B, "20260309")) == ((1, 1, 0), (1, 1, 0))


def test_a_day_that_lost_all_its_files_has_zeros(two: Folder) -> None:
    with two.lake.refreshing():
        two.lake.replace(two.lake.files("sent")["20260309"], None)
        assert two.lake.sweep(wait=True)
    assert refresh_days(two, days=["20260309"]).days == ["20260309"]
    assert (numbers(two, A, "20260309"), numbers(two, A, "20260310")) == ((0, 0, 0), (1, 1, 0))


def test_named_days_are_looked_at_and_others_are_not(two: Folder) -> None:
    import_facts(two, *(Sent(A, "new", "u2", at) for at in (*NOON.values(), AT + timedelta(days=5))))
    two.lake.observe([Coverage(A, "20260301", "20260401")])
    assert refresh_days(two, days=["20260310", "20260312"]).days == ["20260310"]
    assert numbers(two, A, "20260310") == (2, 2, 0)
    assert numbers(two, A, "20260309") == (1, 1, 0)
    # What was observed is shown of the named days only: another may have facts that are not computed.
    assert numbers(two, A, "20260312") == (0, 0, 0)
    assert two.store.kpis(REPORT_DATA, A, "20260314") is two.store.kpis(REPORT_DATA, A, "20260311") is None
    assert stale(two) == ["20260309", "20260314"]
    refresh_days(two)
    assert numbers(two, A, "20260314") == (1, 1, 0)
    assert numbers(two, A, "20260311") == (0, 0, 0)


@pytest.mark.whole
def test_a_day_of_many_organisations_is_computed_as_a_whole(two: Folder) -> None:
    corps = {f"ding{number}": ZONE for number in range(300)}
    for corp_id in corps:
        two.add_organisation(corp_id)
    paths = write(two.path.parent / "many", [Sent(corp, "r", "u", AT) for corp in corps], "csv", "iso", corps)
    two.import_(*(path for path, _ in paths), refresh=False)
    done = refresh_days(two)
    assert (done.days, done.partly) == (["20260309"], 0)
    assert numbers(two, "ding299", "20260309") == (1, 1, 0)


EVENTS = ("sent", "withdrawn", "again")
ORDERS = {f"ding-{' '.join(order)}": order for order in itertools.permutations(EVENTS)}
"""Every order of what happens to a report, by the organisation where it happens so."""


def event(corp_id: str, name: str) -> Fact:
    """What happens to an organisation's report."""
    if name == "sent":
        return Sent(corp_id, "r1", "u1", AT)
    return Withdrawn(corp_id, "r1", AT + timedelta(days=2, hours=3 if name == "again" else 0))


@pytest.mark.whole
@pytest.mark.parametrize("compacted", range(len(EVENTS) + 1))
def test_a_withdrawal_removes_its_report_whenever_it_comes(folder: Folder, compacted: int) -> None:
    zones, seen = dict.fromkeys(ORDERS, ZONE), set[Fact]()

    def happen(facts: list[Fact]) -> None:
        for path, _ in write(folder.path.parent / f"facts{len(seen)}", facts, "jsonl", "iso", zones):
            assert not folder.import_(path, refresh=False).failures
        seen.update(facts)

    def check(*corp_ids: str) -> None:
        expected = days_of(seen, zones)
        for corp_id in corp_ids:
            assert numbers(folder, corp_id, "20260309") == expected[corp_id, "20260309"], corp_id

    for corp_id in ORDERS:
        folder.add_organisation(corp_id)
    happen([Commented(corp_id, "r1", "u9", AT) for corp_id in ORDERS])
    happen([Sent(corp_id, "r0", "u1", AT) for corp_id in ORDERS])
    happen([Withdrawn(corp_id, "never sent", AT) for corp_id in ORDERS])
    refresh_days(folder)
    check(*ORDERS)
    for number in range(len(EVENTS) + 1):
        if number == compacted:
            compact_all(folder)
            refresh_days(folder)
            check(*ORDERS)
        if number < len(EVENTS):
            names = {corp_id: order[number] for corp_id, order in ORDERS.items()}
            happen([event(corp_id, name) for corp_id, name in names.items()])
            refresh_days(folder, days=["20260311"])  # the day of withdrawals, whose reports' day is found by itself
            check(*(corp_id for corp_id, name in names.items() if name != "sent"))
            refresh_days(folder)
            check(*ORDERS)
    assert stale(folder) == []


def test_the_history_of_a_partly_computed_day_says_from_what_it_was_computed(two: Folder) -> None:
    before = two.store.history(REPORT_DATA, B, "20260309")
    import_facts(two, Sent(A, "new", "u2", NOON["20260309"]))
    refresh_days(two)
    assert two.store.history(REPORT_DATA, B, "20260309") == before
    *_, newest = two.store.history(REPORT_DATA, A, "20260309")
    day = files_of_days(two.lake, ("sent", "commented"), ["20260309"])["20260309"]
    assert (
        newest.fingerprint
        == two.store.fingerprints(REPORT_DATA)["20260309"]
        == day.fingerprint(definition(SERVICE, KINDS))
    )
    assert two.store.computed_files(REPORT_DATA, ["20260309"]) == {"20260309": day.names()}


@pytest.mark.whole
def test_numbers_never_depend_on_who_was_computed_with_whom(two: Folder) -> None:
    rounds: list[Days] = []
    for number in range(3):
        import_facts(two, *(Sent(corp, f"n{number}", f"u{number}", at) for corp in (A, B) for at in NOON.values()))
        refresh_days(two, days=[["20260309"], ["20260310"], None][number])
        rounds.append(two.days())
    assert set(rounds[-1].values()) == {(4, 3, 0)}


def test_a_days_numbers_are_the_same_whichever_days_are_computed_with_it(folder: Folder) -> None:
    """A report that a sheet has on one day with its sender's name, and that is known from elsewhere on the next."""
    folder.add_organisation(A)
    day, following = f"{AT:%Y%m%d}", f"{AT + timedelta(days=1):%Y%m%d}"
    named = f"sheet-{'a' * 32}"
    import_facts(
        folder,
        Sent(A, "moved", named, AT),
        Sent(A, "moved", "u1", AT + timedelta(days=1)),
        Sent(A, "same", named, AT),
        Sent(A, "same", "u2", AT),
    )
    expected = {(A, day): (2, 2, 0), (A, following): (1, 1, 0)}
    for days in ([(day, following)], [(day, day), (following, following)]):
        for first_day, last_day in days:
            refresh_days(folder, first_day=first_day, last_day=last_day)
        assert folder.days() == expected
