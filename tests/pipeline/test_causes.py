"""What changed a number is told rightly after imports, pushes, collections, withdrawals and compaction, and after what
takes facts away again."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings

import reportdata.services
from reportdata.cli import cli
from reportdata.errors import BadValue, Damaged
from reportdata.pipeline.changed import changed
from reportdata.pipeline.compacting import merge_day
from reportdata.pipeline.repairing import repair
from reportdata.statistics.explained import read_changes
from reportdata.store import Store
from reportdata.store.replay import Change, changes_of
from reportdata.store.standing import standing
from tests.support import postgres
from tests.support.examples import tried_with
from tests.support.folders import Folder, run
from tests.support.oracle import Commented, Sent, Withdrawn
from tests.support.services import KINDS, SERVICE, working
from tests.support.taking_back import (
    FIRST,
    LAST,
    NOW,
    START,
    ZONES,
    Bring,
    Import,
    Played,
    Step,
    Tidy,
    Undo,
    play,
    steps,
)
from tests.support.verbs import compact_all

CORP, OTHER = "c1", "c2"
SERVICE_FOLDER = Path(reportdata.services.__file__).parent / "reports"


def changes_in(store: Store, corp_id: str = CORP) -> list[Change]:
    story = store.story(SERVICE.id, corp_id, FIRST, LAST)
    return changes_of(story, SERVICE, store.computed(SERVICE.id))


def told(store: Store, kpi_id: str = "4100", corp_id: str = CORP) -> list[tuple[Any, Any, str]]:
    """What the numbers of all days were and are, and why."""
    found = [change for change in changes_in(store, corp_id) if change.kpi_id == kpi_id]
    return [(change.was, change.now, ", ".join(change.causes)) for change in found]


def sent(number: int, corp_id: str = CORP) -> Sent:
    return Sent(corp_id, f"r{number}", f"u{number}", START, "日报", ())


@pytest.fixture
def played(folder: Folder, tmp_path: Path) -> Any:
    """Does steps, and tells the ids of imports by the numbers of the steps."""

    def do(*sequence: Step) -> Played:
        return play(folder, sequence, tmp_path / "files", after=lambda _number, _done: None)

    return do


@pytest.mark.whole
def test_an_import_with_its_file_a_push_a_collection_and_withdrawals(folder: Folder, played: Any) -> None:
    done = played(
        Import([[sent(1), sent(1, OTHER)], [sent(2)]]),
        Bring([sent(3)], pushed=True),
        Bring([sent(4)], pushed=False),
        Bring([Withdrawn(CORP, "r1", START)], pushed=True),
        Import([[Withdrawn(CORP, "r2", START)]]),
        Import([[sent(5), sent(6, OTHER)]]),
        Import([[sent(5)]]),  # that was known
    )
    one, two, three = (done.ids[number] for number in (0, 4, 5))
    assert told(folder.store) == [
        (None, 2, f"import {one} file 1, import {one} file 2"),
        (2, 3, "push"),
        (3, 4, "collection"),
        (4, 3, "withdrawal by push"),
        (3, 2, f"withdrawal by import {two} file 1"),
        (2, 3, f"import {three} file 1"),
    ]
    assert told(folder.store, corp_id=OTHER) == [(None, 1, f"import {one} file 1"), (1, 2, f"import {three} file 1")]


def test_an_import_that_is_taken_back(folder: Folder, played: Any) -> None:
    done = played(
        Import([[sent(1), sent(2)]]),
        Import([[sent(2), sent(3)]]),
        Bring([Withdrawn(CORP, "r1", START)], pushed=True),
        Import([[Withdrawn(CORP, "r3", START)]]),
        Undo(2),
        Undo(1),
        Undo(0),
    )
    first, second, third = (done.ids[number] for number in (0, 1, 3))
    assert told(folder.store)[4:] == [
        (1, 2, f"unimport {third}"),
        (2, 1, f"unimport {second}"),
        (1, None, f"unimport {first}"),
    ]
    assert folder.store.story(SERVICE.id, CORP, FIRST, LAST).known[-1].cause == f"unimport {first}"


def test_compaction_and_refreshes_change_nothing(folder: Folder, played: Any, tmp_path: Path) -> None:
    done = played(Import([[sent(1)], [sent(2)]]), Bring([sent(3)], pushed=True), Tidy("all"), Tidy("refresh"))
    before = changes_in(folder.store)
    assert told(folder.store)[-1] == (2, 3, "push")
    # A merge whose note got lost lets the day be computed anew, with a push that came meanwhile.
    with working(folder) as work:
        assert merge_day(work, KINDS["sent"], f"{START:%Y%m%d}", folder.lake.paths("sent"), same=False)
    folder.refresh()
    assert changes_in(folder.store) == before
    play(folder, [Bring([sent(4)], pushed=True)], tmp_path / "more")
    compact_all(folder)
    with working(folder) as work:
        merge_day(work, KINDS["sent"], f"{START:%Y%m%d}", folder.lake.paths("sent"), same=False)
    play(folder, [Bring([sent(5)], pushed=False)], tmp_path / "again")
    assert [causes for _, _, causes in told(folder.store)[2:]] == ["push", "collection"]
    assert done.ids


def test_a_person_who_is_forgotten(folder: Folder, played: Any) -> None:
    played(Import([[sent(1), sent(2), sent(2, OTHER)]]))
    before = told(folder.store, corp_id=OTHER)
    assert run(folder, "forget", "--corp", CORP, "--user", "u2", "--yes").exit_code == 0
    assert told(folder.store)[-1] == (2, 1, "forgetting")
    assert told(folder.store, corp_id=OTHER) == before
    assert folder.store.mentions("u2") == {}


def test_a_file_that_is_given_up(folder: Folder, played: Any) -> None:
    played(Import([[sent(1)]]), Bring([sent(2)], pushed=True))
    lost = max(folder.lake.paths("sent"), key=lambda path: folder.lake.info(path).added)
    lost.unlink()
    with working(folder) as work:
        repair(work, give_up=[folder.lake.name(lost)])
    folder.refresh()
    assert told(folder.store)[-1] == (2, None, "repair")


def explained(folder: Folder, metric: str, *options: object) -> dict[str, Any]:
    """What an explanation says of the day, to someone who may see records."""
    found = run(folder, "explain", metric, f"{START:%Y%m%d}", "--corp", CORP, "--format", "json", *options)
    assert found.exit_code == 0, found.output
    answer = json.loads(found.stdout)
    meta: dict[str, Any] = answer["meta"]
    return meta | {"rows": answer["data"]}


def newest(folder: Folder) -> Path:
    return max(folder.lake.paths("sent"), key=lambda path: (folder.lake.info(path).added, path.name))


@pytest.mark.whole
def test_a_damaged_day_changes_once_it_is_whole_again_and_by_what_came_meanwhile(
    folder: Folder, played: Any, tmp_path: Path
) -> None:
    done = played(Import([[sent(1)]]), Bring([sent(2)], pushed=True))
    before = changes_in(folder.store)
    assert run(folder, "backup", tmp_path / "backup").exit_code == 0
    lost = newest(folder)
    lost.unlink()
    with pytest.raises(Damaged):
        play(folder, [Bring([sent(3), sent(3, OTHER)], pushed=False)], tmp_path / "more")
    with working(folder) as work:
        repair(work)
    assert changes_in(folder.store) == before, "a damaged day keeps its number"
    found = explained(folder, "reports")
    assert (found["value"], found["state"]) == (2, "damaged")
    assert [version["cause"] for version in found["history"]] == [f"import {done.ids[0]} file 1", "push"]
    assert any("damaged files" in note for note in found["notes"])
    assert (found["counted"], found["rows"]) == (None, [])
    assert found["emptyReason"] == "the records are in files that are gone or damaged"
    assert told(folder.store, corp_id=OTHER) == []
    assert run(folder, "repair", "--from", tmp_path / "backup").exit_code == 0
    folder.refresh()
    assert told(folder.store)[1:] == [(1, 2, "push"), (2, 3, "collection")]
    assert told(folder.store, corp_id=OTHER) == [(None, 1, "collection")]
    found = explained(folder, "reports")
    assert (found["value"], found["counted"], found["history"][-1]["cause"]) == (3, 3, "collection")
    assert not any("damaged files" in note for note in found["notes"])


@pytest.mark.whole
def test_a_damaged_file_that_is_given_up_and_brought_again(folder: Folder, played: Any, tmp_path: Path) -> None:
    done = played(Import([[sent(1)]]), Bring([sent(2)], pushed=True))
    lost = newest(folder)
    lost.unlink()
    assert run(folder, "repair", "--give-up", folder.lake.name(lost)).exit_code == 0
    folder.refresh()
    again = play(folder, [Import([[sent(2)]])], tmp_path / "again").ids[0]
    causes = [f"import {done.ids[0]} file 1", "push", "repair", f"import {again} file 1"]
    assert told(folder.store) == [(None, 1, causes[0]), (1, 2, causes[1]), (2, None, causes[2]), (None, 2, causes[3])]
    found = explained(folder, "senders")
    assert [version["cause"] for version in found["history"]] == causes
    assert (found["value"], found["counted"]) == (2, 2)


@pytest.fixture
def redefined(tmp_path: Path) -> Path:
    """The service of reports, in which comments on one's own reports do not count."""
    place = tmp_path / "services" / "reports"
    shutil.copytree(SERVICE_FOLDER, place)
    text = (place / "service.toml").read_text("utf-8")
    kpi = text.index('relation = "commented"\ndistinct = "user_id"\ncalibre')
    text = text[:kpi] + text[kpi:].replace('relation = "commented"', 'relation = "commented_by_others"', 1)
    text = text.replace('calibre = "comment-day,distinct,with-own"', 'calibre = "comment-day,distinct,without-own"')
    (place / "service.toml").write_text(text, "utf-8")
    return place


def test_a_number_that_is_defined_otherwise(folder: Folder, played: Any, tmp_path: Path, redefined: Path) -> None:
    own, others = (Commented(CORP, "r1", user, START) for user in ("u1", "u2"))
    played(Bring([sent(1), own, others], pushed=True))
    assert told(folder.store, "4102") == [(None, 2, "push")]
    assert run(folder, "refresh", "--services", redefined).exit_code == 0
    assert told(folder.store, "4102") == [(None, 2, "push"), (2, 1, "definition")]
    assert told(folder.store) == [(None, 1, "push")], "that of the others stays"
    found = explained(folder, "commenters", "--services", redefined)
    assert [version["cause"] for version in found["history"]] == ["push", "definition"]
    assert (found["value"], found["counted"], [row["user"] for row in found["rows"]]) == (1, 1, ["u2"])
    assert found["definition"]["calibre"] == "comment-day,distinct,without-own"
    # Facts come, and before they are counted the old definition is there again: both change the number.
    facts = tmp_path / "more.jsonl"
    comment = {"corp_id": CORP, "report_id": "r1", "user_id": "u3", "commented_at": START.isoformat()}
    facts.write_text(json.dumps(comment) + "\n", "utf-8")
    done = folder.import_(facts, refresh=False)
    assert not done.failures
    folder.refresh()
    assert told(folder.store, "4102")[2:] == [(1, 3, f"import {done.id} file 1, definition")]
    assert told(folder.store) == [(None, 1, "push")]


def test_numbers_from_before_causes_were_kept_say_so(folder: Folder, played: Any) -> None:
    played(Import([[sent(1)]]))
    with closing(sqlite3.connect(folder.settings.store)) as store, store:
        store.execute("update kpis set causes = null")
        store.execute("update coverage_history set changed_at = 0, change = 0")
        store.execute("update computations set change = 0")
    played(Bring([sent(2)], pushed=True))
    assert [causes for _, _, causes in told(folder.store)] == ["unknown", "push"]


def test_a_store_that_is_made_anew_from_the_lake_knows_them_again(folder: Folder, played: Any, tmp_path: Path) -> None:
    done = played(Import([[sent(1)], [sent(1, OTHER)]]), Bring([sent(2)], pushed=True), Tidy("all"))
    folder.store.close()
    folder.settings.store.unlink()
    with closing(Folder(folder.path).store) as store:
        for corp_id in ZONES:
            Folder(folder.path).add_organisation(corp_id)
        Folder(folder.path).refresh()
        assert told(store) == [(None, 2, f"import {done.ids[0]} file 1, push")]
        assert told(store, corp_id=OTHER) == [(None, 1, f"import {done.ids[0]} file 2")]


def test_a_backup_keeps_them(folder: Folder, played: Any, tmp_path: Path) -> None:
    played(Import([[sent(1)]]), Bring([sent(2)], pushed=True))
    assert run(folder, "backup", tmp_path / "backup").exit_code == 0
    restored = CliRunner().invoke(cli, ["restore", str(tmp_path / "backup"), "--data", str(tmp_path / "restored")])
    assert restored.exit_code == 0, restored.output
    with closing(Folder(tmp_path / "restored").store) as store:
        assert changes_in(store) == changes_in(folder.store)


@pytest.mark.postgres
def test_a_copy_in_postgresql_tells_the_same(folder: Folder, played: Any) -> None:
    played(Import([[sent(1)]]), Bring([sent(2)], pushed=True), Undo(0))
    address = postgres.address()
    copied = CliRunner().invoke(cli, ["store", "copy", str(folder.path), address])
    assert copied.exit_code == 0, copied.output
    shared = Folder(folder.path, address)
    with closing(shared.store):
        assert changes_in(shared.store) == changes_in(folder.store)
        play(shared, [Bring([sent(3)], pushed=False)], folder.path.parent / "more")
        assert told(shared.store)[-1][2] == "collection"
        assert told(shared.store)[:-1] == told(folder.store)


def test_changes_come_in_pages_that_fit_together(folder: Folder, played: Any) -> None:
    played(Import([[sent(1)]]), *(Bring([sent(n)], pushed=True) for n in range(2, 7)))
    ask = {"since": "2026-09-21", "pageSize": "5"}
    rows: list[dict[str, Any]] = []
    now = time.time()
    while ask:
        found = changed(folder.store, SERVICE, CORP, read_changes(ask.items(), SERVICE), now)
        rows += found.data
        now += 100
        following = found.meta["nextPage"]
        ask = dict(_parameters(following)) if following else {}
    assert [row["is"] for row in rows if row["metric"] == "reports"] == [1, 2, 3, 4, 5, 6]
    assert all(row["state"] != "missing" for row in rows)
    late = changed(folder.store, SERVICE, CORP, read_changes({"since": "2030-01-01"}.items(), SERVICE), 2e9)
    assert (late.data, late.meta["emptyReason"]) == ([], "no number changed since then")


def test_changes_are_asked_for_since_the_first_day_of_all_and_since_the_last_answer(
    folder: Folder, played: Any
) -> None:
    """Which may have come from a machine whose clock is ahead; the next answer goes on from there."""
    played(Import([[sent(1)]]))
    whole = changed(folder.store, SERVICE, CORP, read_changes({"since": "2000-01-01"}.items(), SERVICE), NOW + 600)
    assert [row["is"] for row in whole.data if row["metric"] == "reports"] == [1]
    again = read_changes({"since": whole.meta["asOf"]}.items(), SERVICE)
    none = changed(folder.store, SERVICE, CORP, again, NOW + 597)
    assert (none.data, none.meta["asOf"]) == ([], whole.meta["asOf"])
    with pytest.raises(BadValue, match="lies ahead"):
        changed(folder.store, SERVICE, CORP, again, NOW - 3_600)
    for day in ("19991231", "2100-01-01"):
        with pytest.raises(BadValue, match="none of the days that facts may have"):
            read_changes({"since": day}.items(), SERVICE)


def _parameters(address: str) -> list[tuple[str, str]]:
    return parse_qsl(address.partition("?")[2])


def test_commands_tell_the_same(folder: Folder, played: Any) -> None:
    played(Import([[sent(1)]]), Bring([sent(2)], pushed=True))
    day = f"{START:%Y%m%d}"
    found = run(folder, "changes", "--since", "2026-01-01", "--corp", CORP, "--format", "json")
    assert [row["is"] for row in json.loads(found.stdout)["data"] if row["metric"] == "reports"] == [1, 2]
    place = json.loads(found.stdout)["meta"]["nextSince"]
    later = run(folder, "changes", "--since", place, "--corp", CORP)
    assert "no number changed since then" in later.stdout
    assert later.stdout.endswith(f"Later changes: --since {place}\n")
    csv = run(folder, "changes", "--since", place, "--corp", CORP, "--format", "csv")
    assert (csv.stdout.count("\n"), csv.stderr) == (1, f"Later changes: --since {place}\n")
    table = run(folder, "changes", "--since", "2026-01-01", "--corp", CORP).stdout
    assert "push" in table
    explained = run(folder, "explain", "senders", day, "--corp", CORP, "--format", "json")
    answer = json.loads(explained.stdout)
    assert [row["user"] for row in answer["data"]] == ["u1", "u2"]
    assert [row["cause"] for row in answer["meta"]["history"]][1:] == ["push"]
    chinese = run(
        folder, "explain", "reports", day, "--corp", CORP, "--lang", "zh", "--than", f"asOf={START.isoformat()}"
    )
    assert "推送" in chinese.stdout
    assert "2 new, 0 gone, 0 both" in chinese.stdout
    assert run(folder, "explain", "colour", day, "--corp", CORP).exit_code == 1
    assert run(folder, "explain", "reports", "--corp", CORP).exit_code == 1


@pytest.mark.whole
@tried_with(3, 150)
def test_whatever_happens_each_change_has_its_cause(examples: int) -> None:
    """And the last value of each number is what is served."""

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps)
    def check(sequence: list[Step]) -> None:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Folder(Path(temporary) / "data")
            before: dict[str, list[Change]] = {corp_id: [] for corp_id in ZONES}

            def after(number: int, done: Played) -> None:
                for corp_id in ZONES:
                    found = changes_in(folder.store, corp_id)
                    assert found[: len(before[corp_id])] == before[corp_id]
                    new = found[len(before[corp_id]) :]
                    _check(sequence, number, done, Path(temporary) / "files", corp_id, new)
                    _check_values(folder.store, corp_id, found)
                    before[corp_id] = found

            with closing(folder.store):
                play(folder, sequence, Path(temporary) / "files", after=after)

    check()


def _check(
    sequence: Sequence[Step], number: int, done: Played, files: Path, corp_id: str, new: Sequence[Change]
) -> None:
    step = sequence[number]
    if isinstance(step, Tidy):
        assert new == []
        return
    for change in new:
        assert change.was != change.now
        assert change.causes, change
        for cause in change.causes:
            assert cause in _causes(sequence, number, done, files, (corp_id, change.stat_day)), (cause, step)


def _causes(sequence: Sequence[Step], number: int, done: Played, files: Path, place: tuple[str, str]) -> set[str]:
    """What may have changed an organisation's day, which is the place, at a step."""
    corp_id, day = place
    step = sequence[number]
    if isinstance(step, Undo):
        order = [before for before, one in enumerate(sequence[:number]) if isinstance(one, Import)]
        return {f"unimport {done.ids[order[step.number % len(order)]]}"} if order else set()
    origins = [("push" if step.pushed else "collection", step.facts)] if isinstance(step, Bring) else []
    if isinstance(step, Import):
        folders = (files / str(number) / str(of) for of in range(len(step.files)))
        contents = [facts for facts, of in zip(step.files, folders, strict=True) for _ in of.iterdir()]
        origins = [(f"import {done.ids[number]} file {of}", facts) for of, facts in enumerate(contents, 1)]
    found = {"coverage"}
    for origin, facts in origins:
        own = [fact for fact in facts if fact.corp_id == corp_id]
        if any(isinstance(fact, Withdrawn) for fact in own):
            found.add(f"withdrawal by {origin}")
        if any(
            isinstance(fact, Sent | Commented) and f"{fact.at.astimezone(ZONES[corp_id]):%Y%m%d}" == day for fact in own
        ):
            found.add(origin)
    return found


def _check_values(store: Store, corp_id: str, found: Sequence[Change]) -> None:
    last: dict[tuple[str, str], Any] = {}
    for change in found:
        assert last.get((change.stat_day, change.kpi_id)) == change.was
        last[change.stat_day, change.kpi_id] = change.now
    for day in standing(store, SERVICE, corp_id, FIRST, LAST, NOW + 1e6):
        for kpi in SERVICE.kpis:
            assert last.get((day.stat_day, kpi.id)) == day.values.get(kpi.id), (day.stat_day, kpi.id)
