"""What was forgotten is in no file of the data folder, and all else is as it was."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.audit import Audit
from reportdata.cli import cli
from reportdata.coverage import Coverage
from reportdata.facts import Fact as Pushed
from reportdata.lake.local import LocalLake
from reportdata.services import REPORTS as REPORT_DATA
from tests.support.calling import NOW, Call
from tests.support.examples import tried_with
from tests.support.folders import Folder, run
from tests.support.forks import every, forking
from tests.support.oracle import Fact, Sent, Withdrawn, days_of
from tests.support.random_facts import ZONES, facts
from tests.support.services import fact, lines_of
from tests.support.serving import serving
from tests.support.verbs import compact_all, import_facts, refresh_days, stale
from tests.support.waiting import SOON, until
from tests.support.writing import write

GONE = "ding-cairo"
OTHERS = sorted(ZONES.keys() - {GONE})
AT = datetime(2026, 3, 9, 12, tzinfo=ZONES[GONE])


def facts_of(corp_id: str) -> list[Fact]:
    return [
        *(Sent(corp_id, f"r{n}", f"user-{n % 3}-x", AT + timedelta(days=n % 2)) for n in range(6)),
        Withdrawn(corp_id, "r5", AT + timedelta(days=4)),
        Withdrawn(corp_id, "r9", AT + timedelta(days=4)),
    ]


def push(folder: Folder, *pushed: Pushed) -> None:
    """What the API does, without its thread."""
    folder.settings.inbox.mkdir(parents=True, exist_ok=True)
    lines = lines_of(pushed)
    (folder.settings.inbox / f"{time.time_ns():016x}-abc.jsonl").write_bytes(lines)


def pushed(corp_id: str, user_id: str = "user-0-x") -> Pushed:
    return fact("sent", corp_id, 1_770_000_000_000_000, "x", report_id="p", user_id=user_id)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with traces of all organisations everywhere, to be copied."""
    folder = Folder(tmp_path_factory.mktemp("pristine") / "data")
    for corp_id, zone in ZONES.items():
        folder.add_organisation(corp_id, str(zone))
    for part in (slice(0, 2), slice(2, 4)):
        import_facts(folder, *(fact for corp_id in ZONES for fact in facts_of(corp_id)[part]), refreshed=True)
    compact_all(folder)
    import_facts(folder, *(fact for corp_id in OTHERS for fact in facts_of(corp_id)[4:]), refreshed=True)
    import_facts(folder, *facts_of(GONE)[4:], refreshed=True)
    for corp_id in ZONES:
        folder.lake.observe([Coverage(corp_id, "20260401", "20260403")])
        app, _ = folder.add_app(corp_id)
        folder.token(app)
        folder.store.claim_client_token(app.app_key, "t", "r", NOW)
        audit = Audit(folder.settings.audit)
        audit.note(app.app_key, corp_id, "20260309", "192.0.2.1", "id", NOW)
        audit.write(audit.take())
    refresh_days(folder)
    push(folder, *map(pushed, ZONES))
    folder.store.close()
    return folder.path


@pytest.fixture
def filled(pristine: Path, tmp_path: Path) -> Iterator[Folder]:
    """A folder with traces of all organisations everywhere."""
    shutil.copytree(pristine, tmp_path / "data")
    folder = Folder(tmp_path / "data")
    yield folder
    folder.store.close()


def traces(folder: Folder, text: str, kind: str = "corp_id") -> list[str]:
    """Every file that holds the text: as bytes or, in Parquet, as a value."""
    found = []
    for path in sorted(path for path in folder.path.rglob("*") if path.is_file()):
        if text.encode() in path.read_bytes():
            found.append(str(path))
        elif path.suffix == ".parquet":
            columns = [row[0] for row in duckdb.execute(f"describe from read_parquet('{path}')").fetchall()]
            if kind in columns:
                sql = f"select count(*) from read_parquet('{path}') where {kind} = '{text}'"
                found += [str(path)] if duckdb.execute(sql).fetchall()[0][0] else []
    return found


def shown(folder: Folder) -> dict[tuple[str, str], object]:
    """The history of each other organisation's days."""
    rows = folder.store.kpis_between(REPORT_DATA, None, "20260301", "20260405")
    keys = [(row.corp_id, row.stat_day) for row in rows if row.corp_id != GONE]
    return {key: folder.store.history(REPORT_DATA, *key) for key in keys}


def forget(folder: Folder, *arguments: object) -> dict[str, Any]:
    result = run(folder, "forget", "--corp", GONE, *arguments, "--yes", "--json")
    assert result.exit_code == 0, result.output
    done: dict[str, Any] = json.loads(result.stdout)
    assert done["found"] == []
    return done


@pytest.mark.whole
def test_a_forgotten_organisation_is_in_no_file_and_the_others_are_as_they_were(filled: Folder) -> None:
    before, coverage = shown(filled), filled.lake.coverage()
    apps = [app for app in filled.store.apps() if app.corp_id != GONE]
    assert len(traces(filled, GONE)) > 8
    done = forget(filled)
    assert traces(filled, GONE) == []
    assert shown(filled) == before
    assert filled.days() == days_of([fact for corp_id in OTHERS for fact in facts_of(corp_id)], ZONES)
    assert stale(filled) == refresh_days(filled).days == []
    assert refresh_days(filled, first_day="20000101").changed == 0
    assert [organisation.corp_id for organisation in filled.store.organisations()] == OTHERS
    assert filled.store.apps() == apps
    assert {piece for piece in coverage if piece.corp_id != GONE} <= filled.lake.coverage()
    assert len(list(Audit(filled.settings.audit).read())) == len(OTHERS)
    (segment,) = filled.settings.inbox.iterdir()
    assert len(segment.read_bytes().splitlines()) == len(OTHERS)
    assert (done["days"], done["lines"]) == (["20260309", "20260310"], 2)
    assert done["parquetFilesAsked"] == len(list(filled.path.rglob("*.parquet")))
    again = forget(filled)
    assert (again["storeRows"], again["lakeFiles"], again["lines"], again["days"]) == (0, 0, 0, [])
    assert filled.store.faults(thorough=True) == []


@pytest.mark.whole
def test_a_forgotten_person_is_in_no_file_and_the_days_are_computed_without_them(filled: Folder) -> None:
    before = shown(filled)
    done = forget(filled, "--user", "user-1-x")
    kept = [fact for corp_id in ZONES for fact in facts_of(corp_id)]
    kept = [fact for fact in kept if fact.corp_id != GONE or getattr(fact, "user_id", "") != "user-1-x"]
    assert filled.days() == days_of(kept, ZONES)
    assert stale(filled) == []
    assert shown(filled) == before
    assert done["lines"] == 0
    for path in traces(filled, "user-1-x", "user_id"):  # others have people of that id
        count = f"select count(*) from read_parquet('{path}') where corp_id = '{GONE}' and user_id = 'user-1-x'"
        assert duckdb.execute(count).fetchall() == [(0,)]
    assert done["withinOthers"] == []
    assert forget(filled, "--user", "user-0-x")["lines"] == 1
    assert forget(filled, "--user", "user-2-x")["days"] == ["20260309", "20260310"]
    assert not any(corp_id == GONE for corp_id, _ in filled.days())
    assert filled.store.kpis(REPORT_DATA, GONE, "20260309") == {}
    assert stale(filled) == []


@pytest.mark.whole
@pytest.mark.parametrize("who", [("--corp", GONE), ("--corp", GONE, "--user", "user-0-x")], ids=["all", "one"])
def test_a_dry_run_says_what_will_be_removed_and_removes_nothing(filled: Folder, who: tuple[str, ...]) -> None:
    before = {path: path.read_bytes() for path in filled.path.rglob("*.parquet")}
    text = run(filled, "forget", *who, "--dry-run")
    assert text.exit_code == 0, text.output
    assert text.stdout.startswith("It is in ")
    assert text.stdout.endswith("Nothing was removed: this was a dry run.\n")
    told = json.loads(run(filled, "forget", *who, "--dry-run", "--json").stdout)
    assert told["dryRun"]
    facts = [path for path in told["found"] if path.endswith(".parquet")]
    assert facts
    assert set(facts) <= set(traces(filled, who[-1], "user_id" if "--user" in who else "corp_id"))
    assert {path: path.read_bytes() for path in filled.path.rglob("*.parquet")} == before
    assert set(told["days"]) == set(forget(filled, *who[2:])["days"])
    assert run(filled, "forget", *who, "--dry-run").stdout.startswith("It is in no file.")


@pytest.mark.whole
def test_a_short_id_among_the_bytes_of_the_store_is_chance(filled: Folder) -> None:
    assert filled.settings.store.read_bytes().startswith(b"SQLite format 3")
    assert forget(filled, "--user", "SQ")["withinOthers"] == []


@pytest.mark.whole
@tried_with(3, 12)
def test_forgetting_leaves_what_the_other_facts_give(examples: int) -> None:
    @settings(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
    )
    @given(
        st.lists(st.lists(facts(), min_size=1, max_size=10), min_size=1, max_size=4),
        st.sampled_from([None, "u0", "u1", "u3"]),
        st.booleans(),
        st.booleans(),
    )
    def check(batches: list[list[Fact]], user: str | None, compacted: bool, refreshed: bool) -> None:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Folder(Path(temporary) / "data")
            for corp_id, zone in ZONES.items():
                folder.add_organisation(corp_id, str(zone))
            for batch in batches:
                import_facts(folder, *batch, refreshed=refreshed)
                if compacted:
                    compact_all(folder)
            forget(folder, *(("--user", user) if user is not None else ()))
            kept = [
                fact
                for batch in batches
                for fact in batch
                if fact.corp_id != GONE or (user is not None and getattr(fact, "user_id", "") != user)
            ]
            if user is None:
                assert traces(folder, GONE) == []
            refresh_days(folder)
            assert folder.days() == days_of(kept, ZONES)
            assert refresh_days(folder, first_day="20000101").changed == 0
            folder.store.close()

    check()


@pytest.mark.whole
def test_an_organisation_that_served_is_refused_at_once(filled: Folder) -> None:
    (app,) = (app for app in filled.store.apps() if app.corp_id == GONE)
    token = filled.token(app)
    with serving(filled) as server:
        call = Call(server.address, token, "20260309")
        assert b'"dataList":[{' in call.answer().body
        audit = Audit(filled.settings.audit)
        until(lambda: len(list(audit.read())) > len(ZONES))
        forget(filled)
        assert b"InvalidAuthentication" in call.answer().body
        assert traces(filled, GONE) == []


@pytest.mark.whole
def test_readers_are_waited_for(filled: Folder) -> None:
    done = threading.Event()

    def forget_it() -> None:
        forget(filled)
        done.set()

    with filled.lake.incoming() as incoming:
        (incoming.folder / "sent" / "stat_day=2026-03-09").mkdir(parents=True)
        source = next(path for path in filled.lake.paths("sent") if GONE in str(duckdb.sql(f"from '{path}'")))
        shutil.copy(source, incoming.folder / "sent" / "stat_day=2026-03-09" / "a.parquet")
        thread = threading.Thread(target=forget_it)
        thread.start()
        assert not done.wait(1)
        filled.lake.add(incoming)  # an import that was on its way
    thread.join(SOON)
    assert done.is_set()
    assert traces(filled, GONE) == []


@pytest.mark.whole
def test_a_worker_is_waited_for_and_no_worker_is_no_obstacle(filled: Folder) -> None:
    with filled.lake.working(lambda: False) as working:
        assert working
        with filled.lake.working(lambda: True) as another:
            assert not another
        thread = threading.Thread(target=forget, args=(filled,))
        thread.start()
        time.sleep(0.7)
        assert thread.is_alive()
        for path in filled.settings.inbox.iterdir():
            path.unlink()
        thread.join(SOON)
    assert traces(filled, GONE) == []


@pytest.mark.whole
def test_what_dead_and_unfinished_imports_left_goes(filled: Folder) -> None:
    for place in ("incoming/dead", "unfinished/abc/parts/0"):
        left = filled.lake.root / place / "sent" / "stat_day=2026-03-09"
        left.mkdir(parents=True)
        for path in filled.lake.paths("sent"):
            shutil.copy(path, left)
    (filled.lake.root / "unfinished" / "abc" / "source.json").write_text(GONE)
    forget(filled)
    assert traces(filled, GONE) == []


@pytest.mark.whole
def test_a_file_of_facts_that_lies_anywhere_is_asked_like_those_of_the_lake(filled: Folder) -> None:
    """As a merge of files that goes on meanwhile writes one."""
    source = next(path for path in filled.lake.paths("sent") if GONE in str(duckdb.sql(f"from '{path}'")))
    left = filled.path / "merged.parquet"
    shutil.copy(source, left)
    result = run(filled, "forget", "--corp", GONE, "--yes")
    assert result.exit_code == 1
    assert f"it is still in {left}" in result.output
    left.unlink()
    assert run(filled, "forget", "--corp", GONE, "--yes").exit_code == 0
    assert traces(filled, GONE) == []


@pytest.mark.whole
def test_backups_that_still_hold_it_are_named(filled: Folder, tmp_path: Path) -> None:
    for name in ("first", "second", "removed"):
        assert run(filled, "backup", tmp_path / name).exit_code == 0
    shutil.rmtree(tmp_path / "removed")
    assert forget(filled, "--user", "user-0-x")["backups"] == [str(tmp_path / "first"), str(tmp_path / "second")]
    result = run(filled, "forget", "--corp", GONE, "--yes")
    assert str(tmp_path / "second") in result.output
    assert str(tmp_path / "removed") not in result.output
    assert traces(filled, GONE) == []
    assert run(filled, "backup", tmp_path / "after").exit_code == 0
    shutil.rmtree(tmp_path / "first")
    assert forget(filled)["backups"] == [str(tmp_path / "second")]
    assert run(Folder(tmp_path / "after"), "forget", "--corp", GONE, "--yes").exit_code == 0


@pytest.mark.whole
def test_what_is_still_there_is_said_and_fails(filled: Folder) -> None:
    (filled.path / "notes.json").write_text(f'{{"corp":"{GONE}"}}')
    result = run(filled, "forget", "--corp", GONE, "--yes")
    assert result.exit_code == 1
    assert f"it is still in {filled.path / 'notes.json'}" in result.output
    (filled.path / "notes.json").unlink()
    copy = filled.path / "elsewhere" / "sent"
    copy.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(f"copy (select '{GONE}' as corp_id) to '{copy / 'a.parquet'}' (format parquet)")
    assert str(copy / "a.parquet") in run(filled, "forget", "--corp", GONE, "--yes").output
    (copy / "a.parquet").write_bytes(b"PAR1")
    assert "cannot be asked" in run(filled, "forget", "--corp", GONE, "--yes").output


@pytest.mark.whole
def test_an_id_within_longer_ones_is_no_trace_but_is_told(filled: Folder) -> None:
    longer = f"{GONE}-2"
    filled.add_organisation(longer, "Africa/Cairo")
    files = write(filled.path.parent / "longer", [Sent(longer, "r", "u", AT)], "csv", "iso", {longer: ZONES[GONE]})
    filled.import_(*(path for path, _ in files))
    filled.add_app(OTHERS[0], name=f"instead of {GONE}")
    done = forget(filled)
    assert any("organisations.corp_id" in place for place in done["withinOthers"])
    assert any("apps.name" in place for place in done["withinOthers"])
    assert filled.days()[longer, "20260309"] == (1, 1, 0)


@pytest.mark.whole
def test_nothing_is_forgotten_without_a_yes(filled: Folder) -> None:
    arguments = ["forget", "--corp", GONE, "--data", str(filled.path)]
    assert CliRunner().invoke(cli, arguments, input="n\n").exit_code == 1
    assert traces(filled, GONE)
    assert CliRunner().invoke(cli, arguments, input="y\n").exit_code == 0
    assert traces(filled, GONE) == []


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.parametrize("stride", every(48))
@pytest.mark.parametrize("user", [(), ("--user", "user-1-x")], ids=["organisation", "person"])
def test_forgetting_that_is_killed_is_finished_by_another_run(
    pristine: Path, tmp_path: Path, user: tuple[str, ...], stride: int
) -> None:
    others = [fact for corp_id in OTHERS for fact in facts_of(corp_id)]
    own = [fact for fact in facts_of(GONE) if user and getattr(fact, "user_id", "") != "user-1-x"]
    path, killed = tmp_path / "data", 0
    command = ["forget", "--corp", GONE, *user, "--yes", "--json", "--data", path]
    with forking(tmp_path / "forks") as forks:
        shutil.copytree(pristine, path)
        steps = forks.steps_of(*command)[::stride]
        for number, step in enumerate(steps):
            shutil.rmtree(path)
            shutil.copytree(pristine, path)
            try:
                ended = forks.run(*command, before=step)
                killed += ended.killed
                left = Folder(path)
                if number % 2:
                    refresh_days(left)
                days = {key: value for key, value in left.days().items() if key[0] != GONE}
                assert days == days_of(others, ZONES)
                if ended.killed:
                    forget(left, *user)
                assert user or traces(left, GONE) == []
                assert left.days() == days_of([*others, *own], ZONES)
                assert refresh_days(left, first_day="20000101").changed == 0
                assert LocalLake(left.settings.lake).replaced() == []
                left.store.close()
            except BaseException as error:
                error.add_note(f"killed before {step}")
                raise
    assert killed > len(steps) * 3 // 4
