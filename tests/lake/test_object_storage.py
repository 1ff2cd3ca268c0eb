"""The lake in object storage: shared by machines, with a bounded cache, and through trouble."""

from __future__ import annotations

import itertools
import random
import shutil
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from reportdata.coverage import Coverage
from reportdata.errors import LakeError
from reportdata.lake import DAY
from reportdata.lake.s3 import S3Lake
from reportdata.lake.s3.objects import Objects, several
from tests.support.lakes import Later, add, contents, read, replace, sweep
from tests.support.storage import Trouble, client, keys


@pytest.fixture
def machines(tmp_path: Path, storage: str) -> tuple[S3Lake, S3Lake, Later]:
    """The same lake as two machines see it."""
    clock = Later()
    one, other = (S3Lake(tmp_path / name / "lake", storage, clock=clock) for name in ("one", "other"))
    return one, other, clock


def test_what_one_machine_acknowledged_all_see(machines: tuple[S3Lake, S3Lake, Later]) -> None:
    one, other, clock = machines
    for number in range(3):
        add(one, ("sent", "20240101", b"%d" % number))
        assert len(other.paths("sent")) == number + 1
        other.observe([Coverage("c1", "20240101", f"2024010{number + 1}")])
        assert len(one.coverage()) == number + 1
    with other.reading():
        old = other.paths("sent")
        merged = replace(one, one.paths("sent"), b"all")
        assert merged is not None
        # One listing holds until the reader is done, and what it names can be read for a day.
        assert other.paths("sent") == old
        assert sweep(one) == 0
        assert sorted(read(other, old)) == [b"0", b"1", b"2"]
    assert contents(other, other.files("sent")) == {"20240101": [b"all"]}
    with pytest.raises(LakeError, match="another machine merged them"):
        replace(other, old, b"more")
    clock.ahead = DAY + 60
    assert sweep(one) == 3
    assert sweep(other) == 0
    assert [path.name for path in (other.root / "copies").rglob("*.parquet")] == [merged.name]
    with other.reading(), pytest.raises(LakeError, match="was removed meanwhile"):
        read(other, old)
    assert contents(other, other.files("sent")) == {"20240101": [b"all"]}


def test_what_a_dead_import_uploaded_never_counts_and_goes_after_a_day(
    machines: tuple[S3Lake, S3Lake, Later], storage: str, storage_server: str
) -> None:
    one, other, clock = machines
    add(one, ("sent", "20240101", b"one"))
    with one.incoming() as incoming:
        place = incoming.folder / "sent" / "stat_day=2024-01-02"
        place.mkdir(parents=True)
        (place / "a.parquet").write_bytes(b"never finished")
        one._place.bring({place / "a.parquet": "sent/stat_day=2024-01-02/left.parquet"})
    left = "sent/stat_day=2024-01-02/left.parquet"
    assert sweep(other) == 0
    assert left in keys(storage_server, storage)
    assert (list(other.files("sent")), other.size()) == (["20240101"], 3)
    clock.ahead = DAY + 60
    assert sweep(other) == 0
    assert left not in keys(storage_server, storage)
    assert contents(one, one.files("sent")) == {"20240101": [b"one"]}


def test_the_cache_is_bounded_and_nothing_that_is_read_leaves_it(tmp_path: Path, storage: str) -> None:
    lake = S3Lake(tmp_path / "lake", storage, cache=4000)
    for number in range(10):
        add(lake, ("sent", f"202401{number + 10}", b"%d" % number * 1000))

    def kept() -> int:
        return sum(path.stat().st_size for path in (tmp_path / "lake" / "copies").rglob("*") if path.is_file())

    assert kept() <= 4000
    paths = lake.paths("sent")
    parts = [list(part) for part in lake.parts(paths)]
    assert list(itertools.chain(*parts)) == list(paths)
    assert max(map(len, parts)) == 1
    with ExitStack() as held:
        places = [held.enter_context(lake.located([path]))[0] for path in paths]
        assert kept() <= 4000
        assert [place.read_bytes() for place in places] == [b"%d" % number * 1000 for number in range(10)]
    # What was used last is what stays.
    read(lake, paths[:1])
    read(lake, paths[5:7])
    assert {path.name for path in (tmp_path / "lake" / "copies").rglob("*.parquet")} >= {
        path.name for path in (*paths[:1], *paths[5:7])
    }


@pytest.mark.parametrize("damage", [b"ones", b"oni", b"", None])
def test_an_object_that_is_not_what_was_added_is_refused(
    tmp_path: Path, storage: str, storage_server: str, damage: bytes | None
) -> None:
    lake = S3Lake(tmp_path / "lake", storage)
    add(lake, ("sent", "20240101", b"one"))
    shutil.rmtree(lake.root / "copies")
    (path,) = lake.paths("sent")
    bucket, _, key = lake.uri(path).removeprefix("s3a://").partition("/")
    if damage is None:
        client(storage_server).delete_object(Bucket=bucket, Key=key)
    else:
        client(storage_server).put_object(Bucket=bucket, Key=key, Body=damage)
    with pytest.raises(LakeError, match=r"is not (what was added|there)"):
        read(lake, [path])
    assert lake.damaged() == ([] if damage == b"oni" else [f"s3://{bucket}/{key}"])
    assert not list((lake.root / "copies").rglob("*.parquet"))


@pytest.mark.parametrize("actions", [["500", "503", "cut", "lose"], ["half", "slow"]])
def test_trouble_that_passes_is_not_noticed(
    tmp_path: Path, storage: str, storage_server: str, monkeypatch: pytest.MonkeyPatch, actions: list[str]
) -> None:
    rng = random.Random(5)

    tries: Counter[str] = Counter()

    def next_action(method: str, path: str) -> str:
        tries[path] += 1
        action = rng.choice([*actions, "pass"]) if tries[path] % 3 else "pass"  # each passes soon
        if action == "slow":
            time.sleep(rng.uniform(0, 0.1))
        return "pass" if action == "slow" or (action == "half" and method != "GET") else action

    with Trouble(storage_server, next_action) as trouble:
        monkeypatch.setenv("AWS_ENDPOINT_URL", trouble.endpoint)
        lake = S3Lake(tmp_path / "lake", storage)
        for number in range(4):
            add(lake, ("sent", "20240101", b"%d" % number * 1000), ("commented", "20240101", b"c%d" % number))
        lake.observe([Coverage("c1", "20240101", "20240102")])
        replace(lake, lake.paths("sent"), b"all")
        shutil.rmtree(lake.root / "copies")
        expected = {"20240101": [b"all"]}, {"20240101": [b"c0", b"c1", b"c2", b"c3"]}
        assert (contents(lake, lake.files("sent")), contents(lake, lake.files("commented"))) == expected
        assert lake.coverage() == {Coverage("c1", "20240101", "20240102")}
    assert all(trouble.seen[action] for action in actions if action != "slow")


@pytest.mark.parametrize("action", ["500", "503", "cut", "lose", "403"])
def test_trouble_that_stays_is_a_clear_error_and_nothing_acknowledged_is_lost(
    tmp_path: Path, storage: str, storage_server: str, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    troubled: list[str] = []

    def next_action(method: str, path: str) -> str:
        return action if troubled and troubled[0] in f"{method} {path}" else "pass"

    with Trouble(storage_server, next_action) as trouble:
        monkeypatch.setenv("AWS_ENDPOINT_URL", trouble.endpoint)
        lake, hasty = S3Lake(tmp_path / "lake", storage), S3Lake(tmp_path / "lake", storage, patience=0.3)
        add(lake, ("sent", "20240101", b"one"))
        for place in ("PUT /facts/", "log/"):
            troubled[:] = [place]
            with pytest.raises(LakeError, match=r"s3://facts/.* cannot be (written|listed|read): ") as caught:
                add(hasty, ("sent", "20240101", b"two"))
            assert "\n" not in caught.value.message
            assert "AWS_" in caught.value.hint
            assert "Debug" not in caught.value.message
            troubled.clear()
            # A write whose answer was lost may be there: facts are a set, so that it does no harm.
            assert b"one" in contents(lake, lake.files("sent"))["20240101"]
        add(lake, ("sent", "20240101", b"two"))
        assert set(contents(lake, lake.files("sent"))["20240101"]) == {b"one", b"two"}


def test_a_bucket_that_is_not_there_is_named(tmp_path: Path, storage: str) -> None:
    lake = S3Lake(tmp_path / "lake", "s3://nowhere/prefix", patience=2.0)
    with pytest.raises(LakeError, match=r"s3://nowhere/prefix cannot be listed: .*NoSuchBucket") as caught:
        lake.files("sent")
    assert "make the bucket" in caught.value.hint


def test_machines_that_add_and_merge_at_once_lose_nothing(tmp_path: Path, storage: str) -> None:
    """Without any lock between them."""
    over = threading.Event()
    failed: list[BaseException] = []

    def adding(name: str) -> None:
        lake = S3Lake(tmp_path / name, storage)
        for number in range(12):
            add(lake, ("sent", "20240101", f"{name}-{number}\n".encode()))

    def merging(name: str) -> None:
        lake = S3Lake(tmp_path / name, storage)
        while not over.is_set():
            with lake.reading():
                files = lake.paths("sent")[:4]
                if len(files) < 2:
                    continue
                lines = {line for content in read(lake, files) for line in content.splitlines(keepends=True)}
                try:
                    replace(lake, files, b"".join(sorted(lines)))
                except LakeError as error:
                    assert "another machine" in error.message  # noqa: PT017

    def noting(work: Any, name: str) -> None:
        try:
            work(name)
        except BaseException as error:
            failed.append(error)

    writers = [threading.Thread(target=noting, args=(adding, f"w{number}")) for number in range(3)]
    mergers = [threading.Thread(target=noting, args=(merging, f"m{number}")) for number in range(2)]
    for thread in (*writers, *mergers):
        thread.start()
    for thread in writers:
        thread.join()
    over.set()
    for thread in mergers:
        thread.join()
    assert not failed
    lake = S3Lake(tmp_path / "reader", storage)
    found = {line for content in read(lake, lake.paths("sent")) for line in content.decode().splitlines()}
    assert found == {f"w{writer}-{number}" for writer in range(3) for number in range(12)}


def test_a_listing_has_more_objects_than_fit_a_page(storage: str) -> None:
    objects = Objects(storage)
    keys = [f"many/{number:04}" for number in range(1_001)]
    with several() as pool:
        list(pool.map(lambda key: objects.put(key, b""), keys))
    assert objects.keys("many") == keys
