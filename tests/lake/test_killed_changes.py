"""Every lake, killed inside a change: who comes after sees all of it or nothing, and doing it again ends it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reportdata.coverage import Coverage
from reportdata.errors import LakeError
from reportdata.files import ASIDE
from reportdata.lake import Lake
from reportdata.lake.local import LocalLake
from tests.support.changing import ACTIONS, DAYS, LOOKS, Changing, changing, opened
from tests.support.changing import add as add_all
from tests.support.effort import tried
from tests.support.lakes import add, all_paths, contents, replace
from tests.support.paths import DATA
from tests.support.services import NAMES as KINDS
from tests.support.services import SENT
from tests.support.storage import environment

Seen = tuple[dict[tuple[str, str], frozenset[bytes]], frozenset[Coverage]]


@pytest.fixture(scope="module")
def killing() -> Iterator[Changing]:
    """Changes lakes and dies; a fork of a process that object storage is asked from only in forks."""
    with changing() as made:
        yield made


@pytest.fixture(scope="module")
def killing_objects(storage_server: str) -> Iterator[Changing]:
    """The same, whose settings name the server."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in environment(storage_server).items():
            patched.setenv(name, value)
        with changing() as made:
            yield made


def seen(lake: Lake) -> Seen:
    """What who comes now sees. Facts are a set, and so are contents."""
    found: dict[tuple[str, str], frozenset[bytes]] = {}
    for kind in (*KINDS, SENT.repeats):
        for day, files in contents(lake, lake.files(kind)).items():
            found[kind, day] = frozenset(files)
    assert lake.damaged() == [] or isinstance(lake, LocalLake)  # these contents are no Parquet
    return {key: files for key, files in found.items() if files}, frozenset(lake.coverage())


def fill(lake: Lake) -> None:
    """Some facts before, in several entries, one of which is replaced already."""
    for number in range(3):
        add(lake, ("sent", DAYS[0], b"%d" % number), ("commented", DAYS[1], b"c%d" % number))
    lake.observe([Coverage("c0", DAYS[0], DAYS[0])])
    replace(lake, lake.files("commented")[DAYS[1]], b"all comments")


def after(before: Seen, action: str) -> Seen:
    """What is to be seen afterwards, told without a lake."""
    facts, coverage = dict(before[0]), before[1]
    if action == "add":
        for day in DAYS:
            facts["sent", day] = facts.get(("sent", day), frozenset()) | {f"added {day}".encode()}
            facts["commented", day] = facts.get(("commented", day), frozenset()) | {f"comments {day}".encode()}
        facts["withdrawn", DAYS[1]] = frozenset({b"withdrawn"})
        coverage |= {look.coverage for look in LOOKS}
    elif action == "replace all":
        facts["sent", DAYS[0]] = frozenset({b"merged"})
        facts[SENT.repeats, DAYS[0]] = frozenset({b"repeated"})
        facts["commented", DAYS[1]] = frozenset()
        coverage = frozenset(look.coverage for look in LOOKS)
    elif action in ("replace", "empty"):
        facts["sent", DAYS[0]] = frozenset({b"merged"} if action == "replace" else ())
    return {key: files for key, files in facts.items() if files}, coverage


def kill_and_recover(
    killing: Changing, made: Callable[[int], tuple[Path, str]], action: str, rounds: int, seed: int
) -> set[bool]:
    """Kill an action at random moments; whether it was then done or not."""
    rng = random.Random(seed)
    place = made(0)
    moments = killing.moments(place, action)
    before = seen(opened(*made(1)))
    done = after(before, action)
    assert seen(opened(*place)) == done
    outcomes = set()
    for number in range(rounds):
        place = made(number + 2)
        moment = rng.randrange(1, moments + 1)
        try:
            killing.kill(place, action, moment)
            lake = opened(*place)
            found = seen(lake)
            assert found in (before, done)
            outcomes.add(found == done)
            if found == before:
                ACTIONS[action](lake)
            assert seen(opened(*place)) == done
            with lake.refreshing():
                lake.sweep(wait=True)
            assert lake.replaced() == []
            assert seen(opened(*place)) == done
            if isinstance(lake, LocalLake):
                live = set(all_paths(lake))
                folders = (*KINDS, SENT.repeats, "coverage")
                there = {path for kind in folders for path in (lake.root / kind).rglob("*.*")}
                assert {path for path in there if path.is_file()} == live
                assert not list(lake.root.rglob(f"*{ASIDE}"))
        except BaseException as error:
            error.add_note(f"round {number} of {action}, seed {seed}, killed at moment {moment} of {moments}")
            raise
    return outcomes


@pytest.mark.whole
@pytest.mark.parametrize("action", ACTIONS)
def test_a_change_in_a_folder_is_atomic_whenever_it_is_killed(killing: Changing, tmp_path: Path, action: str) -> None:
    fill(LocalLake(tmp_path / "base" / "lake"))

    def made(number: int) -> tuple[Path, str]:
        return Path(shutil.copytree(tmp_path / "base", tmp_path / str(number))) / "lake", ""

    outcomes = kill_and_recover(killing, made, action, tried(12, 200), 20261128)
    assert outcomes == ({True} if action == "sweep" else {True, False})


@pytest.mark.s3
@pytest.mark.parametrize("action", ACTIONS)
def test_a_change_in_object_storage_is_atomic_whenever_it_is_killed(
    killing_objects: Changing, tmp_path: Path, storage: str, action: str
) -> None:
    def made(number: int) -> tuple[Path, str]:
        place = tmp_path / str(number) / "lake", f"{storage}/{number}"
        fill(opened(*place))
        return place

    outcomes = kill_and_recover(killing_objects, made, action, tried(3, 200), 20261128)
    assert outcomes <= ({True} if action == "sweep" else {True, False})


def first_release(place: Path) -> Path:
    """A lake from before there was a log, with a note of files that another one replaces."""
    lake = Path(shutil.copytree(DATA / "first-release" / "lake", place))
    folder = lake / "sent" / "stat_day=2025-01-03"
    (old,) = folder.iterdir()
    for name in ("one", "two"):
        shutil.copy(old, folder / f"{name}.parquet")
    shutil.copy(old, folder / "unfinished.parquet")
    (lake / "replaced").mkdir()
    paths = [f"sent/stat_day=2025-01-03/{name}.parquet" for name in ("one", "two", "gone")]
    (lake / "replaced" / "a.json").write_text(
        str({"by": f"sent/stat_day=2025-01-03/{old.name}", "files": paths}).replace("'", '"')
    )
    (lake / "replaced" / "b.json").write_text(
        '{"by":"sent/stat_day=2025-01-03/never.parquet","files":["coverage/x.jsonl"]}'
    )
    return lake


def test_a_folder_from_before_the_log_is_read_as_it_is_and_taken_over_by_who_changes_it(tmp_path: Path) -> None:
    lake = LocalLake(first_release(tmp_path / "lake"))
    listed = {kind: lake.paths(kind) for kind in KINDS}
    assert {path.name for path in lake.replaced()} == {"one.parquet", "two.parquet"}
    assert len(lake.files("sent")["20250103"]) == 2
    assert not (lake.root / "log").exists()
    with lake.refreshing():
        assert lake.sweep() == 2
    assert {kind: LocalLake(lake.root).paths(kind) for kind in KINDS} == listed
    assert not (lake.root / "replaced").exists()
    assert [added for added in lake.membership()[0].values() if len(added.sha256) != 64] == []
    shutil.copy(listed["sent"][0], listed["sent"][0].with_name("later.parquet"))  # the log does not name it
    assert LocalLake(lake.root).paths("sent") == listed["sent"]


@pytest.mark.whole
def test_a_folder_is_taken_over_at_once_whoever_does_it_and_whenever_it_is_killed(
    killing: Changing, tmp_path: Path
) -> None:
    base = first_release(tmp_path / "base")
    old = {kind: {path.name for path in LocalLake(base).paths(kind)} for kind in KINDS}
    moments = killing.moments((Path(shutil.copytree(base, tmp_path / "counted")), ""), "add")
    rng = random.Random(4)
    for number in range(tried(12, 200)):
        root = Path(shutil.copytree(base, tmp_path / str(number)))
        killing.kill((root, ""), "add", rng.randrange(1, moments + 1))
        lake = LocalLake(root)
        found = {kind: {path.name for path in lake.paths(kind)} for kind in KINDS}
        added = {kind: len(found[kind] - old[kind]) for kind in KINDS}
        assert all(found[kind] >= old[kind] for kind in KINDS)
        assert added in ({"sent": 0, "commented": 0, "withdrawn": 0}, {"sent": 3, "commented": 3, "withdrawn": 1})
        add_all(lake)
        assert {path.name for path in LocalLake(root).paths("sent")} >= old["sent"]


def test_a_file_that_counts_and_is_gone_or_cut_short_is_named_and_is_no_zero(tmp_path: Path) -> None:
    lake = LocalLake(tmp_path / "lake")
    fill(lake)
    lake.observe([Coverage("c9", DAYS[0], DAYS[0])])
    (first, *_) = lake.files("sent")[DAYS[0]]
    content = first.read_bytes()
    for damage in (None, content[:-1], content + b"x"):
        first.unlink(missing_ok=True)
        if damage is not None:
            first.write_bytes(damage)
        assert first in LocalLake(lake.root).files("sent")[DAYS[0]]
        assert lake.lost(lake.paths("sent")) == [str(first)]
        assert str(first) in lake.damaged()
        with pytest.raises(LakeError, match=str(first)), lake.located(lake.paths("sent")):
            pass
        with pytest.raises(LakeError, match=str(first)):
            lake.uri(first)
    (path, *_) = lake.observations()
    path.write_bytes(path.read_bytes().replace(b"20240101", b"20240102"))
    with pytest.raises(LakeError, match=path.name):
        lake.observed()


@pytest.mark.parametrize("name", [".", "lake", "./lake/..", "lake//it's [1]*"])
def test_a_lake_may_be_named_from_where_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / "lake").mkdir()
    monkeypatch.chdir(tmp_path)
    lake = LocalLake(Path(name))
    fill(lake)
    replace(lake, lake.files("sent")[DAYS[0]], b"all")
    assert seen(lake)[0]["sent", DAYS[0]] == {b"all"}
    lake.paths("sent")[0].unlink()
    with pytest.raises(LakeError, match="is gone"):
        seen(lake)
