"""Who asks again and again for changes is told each of them once, whatever is written meanwhile: on every store."""

from __future__ import annotations

import os
import random
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.cli import cli
from reportdata.coverage import Observation
from reportdata.errors import BadValue
from reportdata.identity import Organisation
from reportdata.pipeline.changed import changed
from reportdata.statistics.changes import read_changes
from reportdata.statistics.cursors import cursor_in
from reportdata.store import DayKpis, Store
from reportdata.store.postgres import PostgresStore
from reportdata.store.standing import standing
from tests.support import postgres, postgres_server
from tests.support.effort import examples
from tests.support.folders import Folder, run
from tests.support.services import SERVICE
from tests.support.stores import NOW, OPENERS, STORES

DAYS = ("20240102", "20240103", "20240104")
KINDS = ("sent", "commented")
ROUNDS = int(os.environ.get("REPORTDATA_TESTS_POLLS", "12"))
"""What each of the writers writes while others poll."""
Row = dict[str, Any]


@pytest.fixture(params=STORES)
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens one more instance on a new store, with organisations."""
    opened: list[Store] = []
    made = OPENERS[request.param](tmp_path)

    def open_() -> Store:
        opened.append(made())
        return opened[-1]

    store = open_()
    store.put_computed(SERVICE.id, SERVICE.ids)
    yield open_
    for one in opened:
        one.close()


class Written(NamedTuple):
    """Something that is written: when it began, in seconds after `NOW`, and of which days."""

    began: int
    what: str
    day: str
    number: int


writes = st.builds(
    Written,
    st.integers(0, 9),
    st.sampled_from(("days", "looked", "uncovered")),
    st.sampled_from(DAYS),
    st.integers(0, 3),
)


def write(store: Store, corp_id: str, one: Written, fingerprint: str) -> None:
    now = NOW + one.began
    if one.what == "days":
        rows = [DayKpis(corp_id, one.day, {"4100": one.number, "4101": one.number, "4102": 1})] if one.number else []
        only = {one.day: [corp_id]}
        causes = {one.day: {corp_id: ["push"]}}
        store.put_days(SERVICE.id, {one.day: fingerprint}, rows, now, only=only, causes=causes)
    elif one.what == "looked":
        looks = [Observation(corp_id, one.day, one.day, int(now * 1000), kind) for kind in KINDS[: 1 + one.number % 2]]
        store.put_coverage(SERVICE.id, looks, [], now)
    else:
        covered = [] if one.number % 2 else [Observation(corp_id, one.day, one.day, 1, KINDS[0])]
        store.replace_coverage({(corp_id, KINDS[0]): covered}, now, "repair")


def poll(store: Store, corp_id: str, since: str, between: Callable[[], object] = lambda: None) -> tuple[list[Row], str]:
    """What is told since a place, page by page, and the place after it.

    :param between: is done before each further page.
    """
    asked, rows, said = {"since": since, "pageSize": "2"}, [], ""
    while True:
        found = changed(store, SERVICE, corp_id, read_changes(asked.items(), SERVICE), NOW + 20)
        assert said in ("", found.meta["nextSince"]), "pages are of one moment"
        rows += found.data
        said = found.meta["nextSince"]
        if found.meta["nextPage"] is None:
            return rows, said
        asked = dict(parse_qsl(found.meta["nextPage"].partition("?")[2]))
        between()


def told(rows: list[Row]) -> list[tuple[Any, ...]]:
    """Rows without how certain their days are, which changes from one answer to the next."""
    return [tuple(value for name, value in row.items() if name != "state") for row in rows]


def assert_all_is_told_once(store: Store, corp_id: str, polled: list[Row]) -> None:
    whole, _ = poll(store, corp_id, "2000-01-01")
    assert told(polled) == told(whole)
    current: dict[tuple[str, str], Any] = {}
    for row in polled:
        key = row["day"].replace("-", ""), row["metric"]
        assert row["was"] == current.get(key), "a change begins where the last one ended"
        current[key] = row["is"]
    for day in standing(store, SERVICE, corp_id, DAYS[0], DAYS[-1], NOW + 20):
        for kpi in day.kpis:
            word = SERVICE.kpi(kpi.kpi_id).name_of_column
            assert current.get((day.stat_day, word)) == day.values.get(kpi.kpi_id)


fresh = iter(range(1_000_000))


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.one_of(writes, st.none()), max_size=14), inside=st.lists(writes, max_size=3))
def test_polls_between_writes_that_began_in_any_order(
    opener: Callable[[], Store], steps: list[Written | None], inside: list[Written]
) -> None:
    store = _store(opener)
    corp_id = f"polled {next(fresh)}"
    store.add_organisations([Organisation(corp_id, "Asia/Shanghai")])
    polled, place = poll(store, corp_id, "2000-01-01")
    waiting = list(inside)

    def between() -> None:
        if waiting:
            write(store, corp_id, waiting.pop(), f"inside {next(fresh)}")

    for step in [*steps, None, None]:
        if step is not None:
            write(store, corp_id, step, f"step {next(fresh)}")
            continue
        rows, place = poll(store, corp_id, place, between)
        polled += rows
    rows, place = poll(store, corp_id, place)
    polled += rows
    assert poll(store, corp_id, place) == ([], place)
    assert_all_is_told_once(store, corp_id, polled)


def _store(opener: Callable[[], Store], kept: dict[Callable[[], Store], Store] = {}) -> Store:  # noqa: B006 - of a test
    return kept.setdefault(opener, opener()) if opener not in kept else kept[opener]


def test_polls_while_several_write(opener: Callable[[], Store]) -> None:
    store, corp_id, seed = opener(), "c1", random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    store.add_organisations([Organisation(corp_id, "Asia/Shanghai")])
    stores = [opener() for _ in range(3)]
    writers = [threading.Thread(target=_writes, args=(one, corp_id, seed + n)) for n, one in enumerate(stores)]
    polled, place = poll(store, corp_id, "2000-01-01")
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        rows, place = poll(store, corp_id, place)
        polled += rows
    for writer in writers:
        writer.join()
    polled += poll(store, corp_id, place)[0]
    assert len(polled) > 0
    assert_all_is_told_once(store, corp_id, polled)


def _writes(store: Store, corp_id: str, seed: int) -> None:
    chosen = random.Random(seed)
    for number in range(ROUNDS):
        what = chosen.choice(("days", "days", "days", "looked", "looked", "uncovered"))
        one = Written(chosen.randrange(10), what, chosen.choice(DAYS), chosen.randrange(4))
        write(store, corp_id, one, f"{seed} {number}")


@pytest.mark.postgres
def test_who_takes_a_later_number_commits_later_in_postgresql() -> None:
    """As numbers of a sequence need not: whoever polls between two commits would never be told of the first number."""
    import psycopg

    from reportdata.store.database import next_number
    from reportdata.store.postgres import PostgresStore

    address = postgres.address()
    with closing(PostgresStore(address)) as store, closing(PostgresStore(address)) as other:
        store.add_organisations([Organisation("c1", "Asia/Shanghai")])
        store.put_computed(SERVICE.id, SERVICE.ids)
        write(store, "c1", Written(0, "looked", DAYS[0], 1), "f0")
        _, place = poll(store, "c1", "2000-01-01")
        with psycopg.connect(address) as held:
            number = next_number(store.database, held.cursor())  # and what it changes is not committed yet
            later = threading.Thread(target=write, args=(other, "c1", Written(0, "days", DAYS[0], 2), "f1"))
            later.start()
            waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
            with psycopg.connect(address, autocommit=True) as watching:
                while (watching.execute(waits).fetchone() or (0,))[0] == 0:
                    later.join(0.01)
                    assert later.is_alive(), "it does not overtake"
            assert poll(store, "c1", place) == ([], place)
            held.execute(
                "insert into coverage_history values ('c1', 'sent', %s, %s, 5, 1, null, %s)", (DAYS[1], DAYS[1], number)
            )
        later.join()
        rows, _ = poll(store, "c1", place)
        assert [(row["day"], row["metric"], row["is"]) for row in rows] == [
            ("2024-01-03", "reports", 0),
            ("2024-01-03", "senders", 0),
            ("2024-01-02", "reports", 2),
            ("2024-01-02", "senders", 2),
            ("2024-01-02", "commenters", 1),
        ]


@pytest.mark.postgres
def test_a_place_from_before_postgresql_restored_it_is_refused(tmp_path: Path) -> None:
    address = postgres.address()
    base, _, schema = address.partition("&options=-csearch_path%3D")
    found = postgres_server.programs()
    assert found is not None
    dump = tmp_path / "dump.sql"

    def call(program: str, *words: str) -> None:
        subprocess.run(
            [found / program, "--no-psqlrc" if program == "psql" else "--no-owner", *words, base], check=True
        )

    with closing(PostgresStore(address)) as store:
        store.put_computed(SERVICE.id, SERVICE.ids)
        store.add_organisations([Organisation("c1", "Asia/Shanghai")])
        write(store, "c1", Written(1, "days", DAYS[0], 1), "f1")
        call("pg_dump", "--schema", schema, "--file", str(dump))
        write(store, "c1", Written(2, "days", DAYS[0], 2), "f2")
        _, place = poll(store, "c1", "2000-01-01")
    with closing(PostgresStore(address)) as store:
        assert poll(store, "c1", place)[0] == [], "the same store again"
    restored = PostgresStore(address)  # a server that goes on meanwhile
    with closing(restored):
        call("psql", "--quiet", "--command", f"drop schema {schema} cascade")
        call("psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--output", os.devnull, "--file", str(dump))
        for number in (3, 4):
            write(restored, "c1", Written(number, "days", DAYS[0], number), f"f{number}")
        reached = restored.story(SERVICE.id, "c1", *DAYS[:2]).reached
        assert reached.number >= (cursor_in(place) or reached).number, "the number alone does not tell"
        with pytest.raises(BadValue, match="another store, or from before a backup was restored"):
            poll(restored, "c1", place)
        _, anew = poll(restored, "c1", "2000-01-01")
    with closing(PostgresStore(address)) as store:
        assert poll(store, "c1", anew)[0] == []


def test_a_place_of_another_store_is_refused_and_so_is_one_from_before_a_restore(
    folder: Folder, tmp_path: Path
) -> None:
    folder.add_organisation("c1")
    reports = tmp_path / "reports.csv"
    reports.write_text("report_id,user_id,sent_at\nr1,u1,2024-01-02 10:00:00\n", "utf-8")
    folder.import_(reports, corp_id="c1")
    assert run(folder, "backup", tmp_path / "backup").exit_code == 0
    write(folder.store, "c1", Written(1, "days", DAYS[0], 2), "f1")
    rows, place = poll(folder.store, "c1", "2000-01-01")
    assert [row["is"] for row in rows] == [1, 1, 2, 2]
    restored = CliRunner().invoke(cli, ["restore", str(tmp_path / "backup"), "--data", str(tmp_path / "restored")])
    assert restored.exit_code == 0, restored.output
    with closing(Folder(tmp_path / "restored").store) as store:
        write(store, "c1", Written(1, "days", DAYS[0], 3), "f1")
        write(store, "c1", Written(2, "days", DAYS[0], 1), "f2")
        reached = store.story(SERVICE.id, "c1", *DAYS[:2]).reached
        assert reached.number >= (cursor_in(place) or reached).number, "the number alone does not tell"
        with pytest.raises(BadValue, match="another store, or from before a backup was restored"):
            poll(store, "c1", place)
    ahead = place.replace("c", "c1", 1)
    for asked in ({"since": ahead}, {"since": place, "upTo": ahead}):
        with pytest.raises(BadValue, match="another store"):
            changed(folder.store, SERVICE, "c1", read_changes(asked.items(), SERVICE), NOW)
    backwards = {"since": place, "upTo": place.replace(place.partition(".")[0], "c1", 1)}
    with pytest.raises(BadValue, match="is before since"):
        changed(folder.store, SERVICE, "c1", read_changes(backwards.items(), SERVICE), NOW)
    with pytest.raises(BadValue, match="not the nextSince of an answer"):
        read_changes({"since": "2024-01-01", "upTo": "2024-01-02"}.items(), SERVICE)


def test_a_store_without_changes_has_a_place_too(opener: Callable[[], Store]) -> None:
    store = opener()
    store.add_organisations([Organisation("c1", "Asia/Shanghai")])
    assert poll(store, "c1", "2000-01-01") == ([], "c0")
    write(store, "c1", Written(0, "looked", DAYS[0], 1), "f0")
    rows, place = poll(store, "c1", "c0")
    assert len(rows) == 3
    assert poll(store, "c1", place) == ([], place)


def test_an_answer_up_to_a_moment_has_no_place_after_it(opener: Callable[[], Store]) -> None:
    store = opener()
    store.add_organisations([Organisation("c1", "Asia/Shanghai")])
    write(store, "c1", Written(0, "looked", DAYS[0], 1), "f0")
    for moment, count in ((NOW + 1, 3), (NOW - 1, 0)):
        asked = {"since": "2000-01-01", "asOf": str(int(moment))}
        found = changed(store, SERVICE, "c1", read_changes(asked.items(), SERVICE), NOW + 20)
        assert (len(found.data), found.meta["nextSince"]) == (count, None)


def test_what_a_clock_that_is_ahead_wrote_is_told_at_once(opener: Callable[[], Store]) -> None:
    store = opener()
    store.add_organisations([Organisation("c1", "Asia/Shanghai")])
    write(store, "c1", Written(500, "looked", DAYS[0], 1), "f0")
    rows, place = poll(store, "c1", "2000-01-01")
    assert len(rows) == 3
    write(store, "c1", Written(0, "days", DAYS[0], 2), "f1")
    assert [row["is"] for row in poll(store, "c1", place)[0]] == [2, 2, 1]
