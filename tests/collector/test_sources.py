"""Sources: an organisation may have several, whose facts are united; a ledger of the first release goes on."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from reportdata.collector.certainty import certainties
from reportdata.collector.collector import Collector
from reportdata.collector.forecast import share_of
from reportdata.collector.ledger import Ledger
from reportdata.collector.listings import Listings
from reportdata.collector.planning import Piece
from reportdata.collector.readings import Readings
from reportdata.collector.sources import Source, SourceNotes, put_source, remove_source, source_of, sources
from reportdata.days import end_of
from reportdata.digests import of_person
from reportdata.errors import BadValue, NotKnown
from reportdata.pipeline.collecting import Collecting
from reportdata.services import REPORTS as REPORT_DATA
from reportdata.states import State
from reportdata.twin import BEIJING
from tests.support.folders import Folder, run
from tests.support.services import working
from tests.support.suites import FIRST, LAST, MadeUp, Subject, at_twin

DAY = 86_400_000
OLD = Path(str(files("reportdata.collector.ledger").joinpath("schema", "0001_first.sql")))


def source(name: str, corp_id: str = "corp", suite: str = "dingtalk", first_day: str = FIRST) -> Source:
    """A source."""
    return Source(name, corp_id, suite, "key", "", first_day)


def old_ledger(path: Path) -> None:
    """A ledger as the first release left it: one organisation with a source, one whose source was removed."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in OLD.read_text("utf-8").split(";\n"):
            connection.execute(statement)
        rows: dict[str, list[tuple[object, ...]]] = {
            "sources": [("c1", "k1", "/secret", "http://api", "http://oapi", FIRST, "topapi/report/list")],
            "budgets": [("c1", 700, 3.5, "20260901", 5.0)],
            "calls": [("c1", "20260907", "topapi/report/list", 9)],
            "pauses": [("c1", "topapi/report/list", 1)],
            "looks": [(41, "c1", "past", 10, 20, 1 << 60, 30, 31)],
            "listed": [("c1", 0, 5 * DAY), ("c2", 0, DAY)],
            "days": [("c1", FIRST, 2, 77), ("c2", "20260901", 1, 5)],
            "reports": [
                ("c1", "r1", "u1", 100, FIRST, "t", 41, 5, 1, 2, 3, 4, 0, 0, 0, 0, 0),
                ("c2", "r1", "u1", 100, FIRST, "t", 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
            ],
            "commented": [("c1", "r1", "u2", FIRST, 2)],
            "people": [("c1", "u1", "部,门", 9)],
            "departments": [("c1", 2, "部", 9)],
            "outbox": [
                (5, "c1", "sent", "r1", "u1", 100_000, FIRST, "t", "部"),
                (8, "c2", "withdrawn", "r1", "", 9, FIRST, None, None),
            ],
            "nights": [("c1", FIRST, 12)],
            "forgotten": [("c1", of_person("c1", "gone"))],
        }  # fmt: skip
        for table, values in rows.items():
            marks = ", ".join("?" * len(values[0]))
            connection.executemany(f"insert into {table} values ({marks})", values)
        connection.execute("pragma user_version = 1")
        connection.execute("update sqlite_sequence set seq = 90 where name = 'looks'")
        connection.commit()


def test_a_ledger_of_the_first_release_goes_on_where_it_was(memory: Path) -> None:
    path = memory / "collector.db"
    old_ledger(path)
    with closing(Ledger(path)) as ledger:
        (found,) = sources(ledger)
        assert msgspec.structs.replace(found, id=0) == Source(
            "c1", "c1", "dingtalk", "k1", "/secret", FIRST, {"api": "http://api", "oapi": "http://oapi"}
        )
        assert SourceNotes(ledger, found.id).read("listing") == "topapi/report/list"
        listings = Listings(ledger, found.id, BEIJING)
        (look,) = listings.looks()
        assert look == (41, "past", 10, 20, str(1 << 60), 30, 31)
        assert listings.begin("present", Piece(1, 2), 3).id == 91, "newer than all that were seen"
        assert listings.listed() == [(0, 5 * DAY)]
        assert listings.looked_at(FIRST, LAST) == {FIRST: 77}
        (report,) = Readings(ledger, found.id, BEIJING).unfinished(0)
        assert report == ("r1", "u1", 100, "t", 5, 3, 4)
        assert ledger.rows("select user_id, count from commented where source = ?", (found.id,)) == [("u2", 2)]
        assert ledger.rows("select departments from people where source = ?", (found.id,)) == [("部,门",)]
        assert ledger.rows("select suite, corp_id, calls, per_second, spent_in from budgets") == [
            ("dingtalk", "c1", 700, 3.5, "20260901")
        ]
        assert ledger.rows("select suite, count from calls") == [("dingtalk", 9)]
        assert ledger.rows("select o.id, s.corp_id, kind from outbox o join sources s on s.id = o.source") == [
            (5, "c1", "sent"),
            (8, "c2", "withdrawn"),
        ]
        assert ledger.forgotten(found.id)("gone")
        assert not ledger.forgotten(found.id)("u1")
        again = put_source(ledger, source("c2", "c2"))
        assert Listings(ledger, again.id, BEIJING).looked_at("20260901", LAST) == {"20260901": 5}, "what was collected"
        assert ledger.faults() == []
        assert ledger.forget("c1") > 0
        assert ledger.mentions("c1") == ledger.mentions("u2") == {}
        assert [found.corp_id for found in sources(ledger)] == ["c2"]
    with closing(Ledger(path)) as ledger:
        assert [found.corp_id for found in sources(ledger)] == ["c2"]


def test_names_are_of_one_organisation_and_suite(memory: Path) -> None:
    with closing(Ledger(memory / "ledger.db")) as ledger:
        one = put_source(ledger, source("corp"))
        assert source_of(ledger, "corp") == one
        changed = put_source(ledger, msgspec.structs.replace(source("corp"), app_key="another"))
        assert (changed.id, source_of(ledger, "corp").app_key) == (one.id, "another")
        for other in (source("corp", suite="madeup"), source("corp", corp_id="corp2")):
            with pytest.raises(BadValue, match="of corp at dingtalk") as raised:
                put_source(ledger, other)
            assert "--name" in raised.value.hint
        two = put_source(ledger, source("second", suite="madeup"))
        assert two.id != one.id
        assert source_of(ledger, "corp").id == one.id, "a name is known before an organisation"
        remove_source(ledger, "corp")
        assert source_of(ledger, "corp").id == two.id, "the only one of that organisation"
        third = put_source(ledger, source("third"))
        with pytest.raises(NotKnown) as several:
            source_of(ledger, "corp")
        assert several.value.hint == "name one of them: second, third"
        back = put_source(ledger, source("corp"))
        assert back.id == one.id, "what was collected is its own again"
        assert {found.id for found in sources(ledger)} == {one.id, two.id, third.id}
        remove_source(ledger, "corp")
        moved = put_source(ledger, source("corp", corp_id="corp2"))
        assert moved.id not in {one.id, two.id, third.id}, "what was collected of another organisation stays apart"
        with pytest.raises(NotKnown):
            remove_source(ledger, "nothing")


def test_forgetting_reaches_all_sources_of_an_organisation_and_removed_ones(memory: Path) -> None:
    with closing(Ledger(memory / "ledger.db")) as ledger:
        kept = [
            put_source(ledger, source(name, corp_id)).id for name, corp_id in (("a", "c1"), ("b", "c1"), ("c", "c2"))
        ]
        insert = "insert into commented values (?, 'r', ?, '20260907', 1)"
        for number in kept:
            for user_id in ("u1", "u2"):
                ledger.write(insert, (number, user_id))
        remove_source(ledger, "b")
        assert ledger.forget("c1", "u1") == 2
        assert ledger.rows("select source, user_id from commented order by 1, 2") == [
            (kept[0], "u2"),
            (kept[1], "u2"),
            (kept[2], "u1"),
            (kept[2], "u2"),
        ]
        assert ledger.forgotten(kept[0])("u1")
        assert ledger.forgotten(kept[1])("u1")
        assert not ledger.forgotten(kept[2])("u1")
        ledger.forget("c1")
        assert ledger.rows("select distinct source from commented") == [(kept[2],)]
        assert ledger.mentions("c1") == {}


@pytest.mark.slow
@pytest.mark.whole
def test_two_sources_of_one_organisation_give_the_union(memory: Path) -> None:
    folder = Folder(memory / "data")
    with (
        at_twin() as theirs,
        closing(Ledger(folder.settings.ledger)) as ledger,
        working(folder) as work,
    ):
        other = MadeUp(theirs.corp_id, theirs.clock)
        folder.add_organisation(theirs.corp_id)
        end = end_of(LAST, BEIJING) / 1_000_000 + 38 * 86_400

        def collect(subject: Subject, name: str, until: float) -> None:
            own = subject.source(ledger, name)
            with closing(subject.open(ledger, own)) as suite:
                collector = Collector(own, suite, ledger, subject.budget(ledger), subject.clock, BEIJING)
                collecting = Collecting(collector, work)
                while subject.clock.now() < until:
                    wait = collector.step()
                    if wait:
                        subject.clock.sleep(min(wait, until - subject.clock.now() + 1))
                for _ in range(10_000):
                    if collector.step():
                        break
                collecting.flush()

        def states(kpi: str) -> set[str]:
            found = folder.store.states(REPORT_DATA, theirs.corp_id, FIRST, LAST)
            return {state.state.value for state in found if state.kpi_id == kpi}

        theirs.source(ledger, "first")
        other.source(ledger, "second")
        collect(theirs, "first", end)
        assert states("4100") == {"partial"}, "one of two sources was listed"
        assert not list(folder.store.kpis_between(REPORT_DATA, theirs.corp_id, FIRST, LAST)), "which is not known yet"
        collect(other, "second", end + 86_400)
        assert states("4100") == {"final"} or states("4100") == {"provisional"}
        assert states("4102") == {"partial"}, "the second one does not tell comments"
        rows = folder.store.kpis_between(REPORT_DATA, theirs.corp_id, FIRST, LAST)
        found = {row.stat_day: row.values for row in rows}
        one, two = theirs.numbers(), other.numbers()
        assert {day: (values["4100"], values["4101"], values["4102"]) for day, values in found.items()} == {
            day: (one[day]["4100"] + two[day]["4100"], one[day]["4101"] + two[day]["4101"], one[day]["4102"])
            for day in one
        }
        assert ledger.rows("select suite, sum(count) from calls group by suite order by suite") == [
            ("dingtalk", theirs.charged()),
            ("madeup", other.charged()),
        ]
    folder.store.close()


def test_a_day_is_as_certain_as_the_least_certain_source_that_collects_it(memory: Path) -> None:
    with closing(Ledger(memory / "ledger.db")) as ledger:
        early = put_source(ledger, source("early", first_day="20260907"))
        late = put_source(ledger, source("late", first_day="20260909"))
        now = end_of("20260910", BEIJING) // 1000 + DAY
        for own, first in ((early, "20260906"), (late, "20260909")):
            listings = Listings(ledger, own.id, BEIJING)
            ledger.write(
                "insert into listed values (?, ?, ?)",
                (own.id, end_of(first, BEIJING) // 1000, end_of("20260910", BEIJING) // 1000),
            )
            assert listings.listed()
        found = {one.stat_day: (one.observed, one.reports) for one in certainties(ledger, "corp", BEIJING, now)}
        assert found["20260907"] == (True, State.PROVISIONAL), "the late one has nothing to say of it"
        assert found["20260909"] == (False, State.PARTIAL), "one has it, and the other not"
        assert found["20260910"] == (True, State.PROVISIONAL)
        assert found["20260911"] == (False, State.MISSING)
        remove_source(ledger, "late")
        assert next(one for one in certainties(ledger, "corp", BEIJING, now) if one.stat_day == "20260909").observed
        remove_source(ledger, "early")
        assert list(certainties(ledger, "corp", BEIJING, now)) == []


def test_the_command_keeps_names_and_suites(folder: Folder) -> None:
    add = ("source", "add", "dingtalk", "--corp", "c1", "--app-key")
    assert run(folder, *add, "k1").exit_code == 0
    assert run(folder, *add, "k2", "--name", "second", "--api", "http://localhost:1/").exit_code == 0
    found = {one["name"]: one for one in json.loads(run(folder, "source", "list", "--json").stdout)}
    assert {name: (one["corp_id"], one["suite"], one["app_key"]) for name, one in found.items()} == {
        "c1": ("c1", "dingtalk", "k1"),
        "second": ("c1", "dingtalk", "k2"),
    }
    assert found["second"]["endpoints"] == {"api": "http://localhost:1", "oapi": "https://oapi.dingtalk.com"}
    refused = run(folder, "source", "add", "dingtalk", "--corp", "c2", "--app-key", "k", "--name", "second")
    assert refused.exit_code == 1
    assert "--name" in refused.output
    for endpoint in ("localhost", "ftp://h", "http://h?x=1", "http://[", "http://u@h"):
        said = run(folder, *add, "k1", "--oapi", endpoint)
        assert said.exit_code == 1, endpoint
        assert "is no endpoint" in said.output
    assert run(folder, "source", "add", "nowhere", "--corp", "c1", "--app-key", "k").exit_code == 2
    told = json.loads(run(folder, "budget", "--corp", "c1", "--calls", 900, "--json").stdout)
    assert [(one["source"], one["corpId"], one["calls"]) for one in told] == [("c1", "c1", 900), ("second", "c1", 900)]
    assert "second" in run(folder, "source", "remove", "second").output
    assert run(folder, "source", "remove", "second").exit_code == 1
    assert [one["name"] for one in json.loads(run(folder, "source", "list", "--json").stdout)] == ["c1"]


def test_sources_of_one_account_share_its_calls_and_plan_with_a_part_each(memory: Path) -> None:
    with closing(Ledger(memory / "ledger.db")) as ledger:
        one = put_source(ledger, source("one"))
        assert share_of(100, one, ledger) == 100
        two = put_source(ledger, source("two"))
        put_source(ledger, source("three", suite="madeup"))
        put_source(ledger, source("four", corp_id="another"))
        assert share_of(100, one, ledger) == share_of(100, two, ledger) == 50


@pytest.mark.parametrize("command", [("budget",), ("collect", "--dry-run")])
def test_a_source_whose_organisation_is_gone_is_named(folder: Folder, command: tuple[str, ...]) -> None:
    """As when the store was lost, and the collector's file was not."""
    folder.add_organisation("c1")
    assert run(folder, "source", "add", "dingtalk", "--corp", "c1", "--app-key", "k1").exit_code == 0
    folder.store.forget("c1")
    told = run(folder, *command)
    assert (told.exit_code, "the organisation 'c1' is not known" in told.output) == (1, True), told.output
    assert "reportdata org add c1" in told.output
