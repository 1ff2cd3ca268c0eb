"""The log of a lake in object storage: what writers did, in any order, folded and removed, is never lost."""

from __future__ import annotations

import random
import threading
from importlib import import_module
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdata.errors import BadValue, LakeError
from reportdata.lake.folding import HOUR
from reportdata.lake.log import Log
from reportdata.lake.membership import Added, Entry, State
from reportdata.lake.objects import Missing
from reportdata.lake.place import Found
from reportdata.lake.s3.objects import Objects, read_address
from tests.support.lakes import Later
from tests.support.waiting import SOON

MANY, BATCH = 16, 8
"""Entries after which a log is folded, and that are read at once: few, so that a long log is soon made."""
KEYS = [f"sent/stat_day=2024-01-0{number}/a.parquet" for number in range(1, 7)]
entries = st.builds(
    lambda adds, replaces, gone: Entry(
        adds={key: Added(1, "d", 0.0) for key in adds}, replaces=dict.fromkeys(replaces, 1.0), gone=tuple(sorted(gone))
    ),
    st.sets(st.sampled_from(KEYS)),
    st.sets(st.sampled_from(KEYS)),
    st.sets(st.sampled_from(KEYS)),
)


@given(st.lists(entries), st.randoms())
def test_entries_say_the_same_in_any_order_and_how_often_they_are_read(done: list[Entry], rng: random.Random) -> None:
    again = [*done, *rng.sample(done, rng.randrange(len(done) + 1))]
    rng.shuffle(again)
    state = State()
    while again:
        step = rng.randrange(1, len(again) + 1)
        state, again = state.after(again[:step]), again[step:]
    whole = State().after(done)
    added, replaced = {key for e in done for key in e.adds}, {key for e in done for key in e.replaces}
    assert whole.live.keys() == added - replaced
    # What was replaced before it was added is not the lake's either.
    assert (state.live.keys(), state.replaced, state.gone) == (whole.live.keys(), whole.replaced, whole.gone)


@pytest.fixture(autouse=True)
def _short_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("reportdata.lake.log")
    monkeypatch.setattr(module, "MANY", MANY)
    monkeypatch.setattr(module, "_BATCH", BATCH)


@pytest.fixture
def clock() -> Later:
    return Later()


@pytest.fixture
def objects(storage: str) -> Objects:
    return Objects(storage, 30)


@pytest.fixture
def writers(objects: Objects, clock: Later) -> list[Log]:
    """Several writers, as on several machines."""
    return [Log(objects, clock) for _ in range(3)]


def entries_of(found: list[Found]) -> list[Found]:
    """The entries of a listing, each of which is two objects."""
    return [one for one in found if one.key.endswith(".json")]


def entries_in(objects: Objects) -> list[Found]:
    return entries_of(objects.list("log"))


def adding(*names: object) -> Entry:
    return Entry(adds={f"sent/{name}": Added(1, "d", 0.0) for name in names})


def live(log: Log) -> set[str]:
    return {key.removeprefix("sent/") for key in log.state().live}


def test_a_long_log_is_folded_and_what_was_folded_goes_an_hour_later(
    writers: list[Log], objects: Objects, clock: Later
) -> None:
    one, other, fresh = writers
    for number in range(MANY + 1):
        one.append(adding(number))
    one.append(Entry(replaces={"sent/0": clock()}))
    expected = {str(number) for number in range(1, MANY + 1)}
    assert live(one) == live(other) == expected
    before = entries_in(objects)
    one.tidy()
    assert len(entries_in(objects)) == len(before) + 1
    assert entries_in(objects)[:-1] == before  # what stands for others sorts after them
    other.append(adding("later"))
    clock.ahead = HOUR + 60
    assert live(other) == expected | {"later"}
    other.tidy()
    assert len(entries_in(objects)) <= 2
    assert live(one) == live(other) == live(fresh) == expected | {"later"}


def test_two_writers_fold_at_once_and_neither_loses_what_the_other_wrote(
    writers: list[Log], objects: Objects, clock: Later
) -> None:
    one, other, fresh = writers
    for number in range(MANY + 1):
        one.append(adding(number))
    assert live(one) == live(other)
    really, between = objects.list, threading.Barrier(2, timeout=SOON)

    def fold(log: Log, name: str) -> None:
        state = log.state()
        names = [found.key for found in entries_of(really("log"))]
        between.wait()  # both have read, and know nothing of what the other writes
        log.append(adding(name))
        log._write(log._folded(state, names), 0)

    threads = [threading.Thread(target=fold, args=(log, name)) for log, name in ((one, "a"), (other, "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {*map(str, range(MANY + 1)), "a", "b"}
    assert live(fresh) == expected
    clock.ahead = HOUR + 60
    for log in (one, other, fresh, one, other):
        assert live(log) == expected
        log.tidy()
    assert live(fresh) == live(one) == expected


def test_what_was_folded_is_neither_read_nor_folded_again(
    writers: list[Log], objects: Objects, clock: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, fresh = writers
    for turn in range(3):
        for number in range(MANY + 1):
            one.append(adding(f"{turn}-{number}"))
        one.state()
        one.tidy()
        one.tidy()
        clock.ahead += 600
    assert len(entries_in(objects)) == 3 * (MANY + 2)  # nothing was removed yet
    asked: list[str] = []
    really = objects.get

    def getting(key: str) -> bytes:
        asked.append(key)
        return really(key)

    monkeypatch.setattr(objects, "get", getting)
    expected = {f"{turn}-{number}" for turn in range(3) for number in range(MANY + 1)}
    assert live(fresh) == expected
    assert len(asked) <= BATCH
    clock.ahead = HOUR + 300  # an hour after the first was folded, before that of the second
    other.state()
    other.tidy()
    assert len(entries_in(objects)) == 2 * (MANY + 2) + 1
    clock.ahead = 2 * HOUR
    other.state()
    other.tidy()
    assert len(entries_in(objects)) == 1
    for log in writers:
        assert live(log) == expected


def test_a_name_that_was_replaced_is_forgotten_once_nobody_can_add_it_again(
    writers: list[Log], objects: Objects, clock: Later
) -> None:
    one, other, _ = writers
    one.append(adding("old", "kept"))
    one.append(Entry(replaces={"sent/old": clock()}))
    one.append(Entry(gone=("sent/old",)))
    for ahead, known in ((HOUR, {"sent/old"}), (50 * HOUR, set())):
        clock.ahead = ahead
        for number in range(MANY + 1):
            one.append(Entry(adds={f"coverage/{number}": Added(1, "d", 0.0)}))
        one.state()
        one.tidy()
        clock.ahead = ahead + HOUR + 60
        one.state()
        one.tidy()
        state = other.state()
        assert "sent/kept" in state.live
        assert "sent/old" not in state.live
        assert state.replaced.keys() == known


def test_who_listed_entries_that_are_removed_meanwhile_lists_again(
    writers: list[Log], objects: Objects, clock: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, reader = writers
    for number in range(MANY + 1):
        one.append(adding(number))
    really = objects.list
    listed: list[int] = []

    def listing(folder: str) -> list[Found]:
        found = really(folder)
        if not listed:
            listed.append(len(entries_of(found)))
            other.state()
            other.tidy()
            clock.ahead = HOUR + 60
            other.state()
            other.tidy()
        return found

    other_objects = Objects(objects.address, 30)
    monkeypatch.setattr(other, "_objects", other_objects)
    monkeypatch.setattr(objects, "list", listing)
    assert live(reader) == {str(number) for number in range(MANY + 1)}
    assert listed == [MANY + 1]
    assert len(entries_of(really("log"))) == 1


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"adds":{"a":1}}', b"\xff", b'{"format":2}'])
def test_an_entry_that_cannot_be_read_is_a_lake_error(writers: list[Log], objects: Objects, content: bytes) -> None:
    objects.put("log/00000000000001-x.json", content)
    with pytest.raises(LakeError, match=r"log/00000000000001-x.json"):
        writers[0].state()


def test_an_entry_is_a_small_object_that_says_what_was_done(objects: Objects, writers: list[Log]) -> None:
    writers[0].append(adding("a"))
    (found,) = entries_in(objects)
    assert msgspec.json.decode(objects.get(found.key)) == {"adds": {"sent/a": [1, "d", 0.0]}}
    assert [objects.get(one.key) for one in objects.list("log")] == [objects.get(found.key)] * 2


@pytest.mark.parametrize(
    "address", ["", "s3:/a/b", "s3://", "https://a/b", "s3:///b", "s3://a/b?c=d", "s3://u@a/b", "a/b"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(BadValue, match="is not an address"):
        read_address(address)


def test_addresses_have_a_bucket_and_perhaps_a_prefix() -> None:
    assert read_address("s3://bucket") == read_address("s3://bucket/") == ("bucket", "")
    assert read_address("s3://bucket/a b/组织/") == ("bucket", "a b/组织")


def test_objects_may_lie_anywhere(storage: str, tmp_path: Path) -> None:
    objects, whole = Objects(f"{storage}/a b/it's [1]/组织"), Objects(storage)
    objects.put("sent/stat_day=2024-01-01/x.parquet", b"content")
    (found,) = objects.list("sent")
    assert found.key == "sent/stat_day=2024-01-01/x.parquet"
    assert objects.get(found.key) == b"content"
    assert objects.list("sen") == []
    assert [inner.size for inner in whole.list("a b")] == [7]
    objects.fetch(found.key, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"content"
    objects.remove([found.key, found.key])
    with pytest.raises(Missing, match="is not there"):
        objects.get(found.key)
