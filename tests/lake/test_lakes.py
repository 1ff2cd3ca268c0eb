"""What every lake owes of files: they come in whole, are found by kind and day, and never change."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportdata.days import Coverage
from reportdata.lake import DayFiles, Lake
from tests.support.lakes import add, contents, put, read


def test_a_lake_that_is_not_there_is_empty(lake: Lake) -> None:
    assert (lake.days(), lake.files("sent"), lake.withdrawals(), lake.coverage(), lake.size()) == ({}, {}, (), set(), 0)
    assert not lake.root.exists()


def test_files_are_there_once_they_are_added_and_not_before(lake: Lake) -> None:
    with lake.incoming() as incoming:
        put(incoming, "sent", "20240102", b"two")
        put(incoming, "sent", "20240101", b"one")
        put(incoming, "commented", "20240101", b"comment")
        put(incoming, "withdrawn", "20230101", b"gone")
        assert (lake.days(), lake.size()) == ({}, 0)
        lake.add(incoming)
        assert contents(lake, lake.files("sent")) == {"20240101": [b"one"], "20240102": [b"two"]}
    assert list(lake.days()) == ["20240101", "20240102"]
    assert lake.days()["20240102"].commented == ()
    assert read(lake, lake.withdrawals()) == [b"gone"]
    assert lake.size() == len(b"twoonecommentgone")
    assert [path.name for path in (lake.root / "incoming").iterdir()] == ["lock"]


def test_what_an_import_writes_is_gone_when_it_fails(lake: Lake) -> None:
    def fail() -> None:
        with lake.incoming() as incoming:
            put(incoming, "sent", "20240102", b"two")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert lake.days() == {}
    assert [path.name for path in (lake.root / "incoming").iterdir()] == ["lock"]


def test_files_of_one_day_never_replace_each_other(lake: Lake) -> None:
    for number in range(5):
        add(lake, ("sent", "20240101", b"%d" % number), ("sent", "20240101", b"x%d" % number))
    assert len(contents(lake, lake.files("sent"))["20240101"]) == 10


def test_a_fingerprint_names_the_files_and_the_definition_in_any_order() -> None:
    one, two, three = (Path(f"{number}.parquet") for number in range(3))
    fingerprint = DayFiles((one, two), (three,)).fingerprint("d")
    assert DayFiles((two, one), (three,)).fingerprint("d") == fingerprint
    others = [DayFiles((one,), (three,)), DayFiles((one, two), ()), DayFiles((one,), (two, three))]
    assert (
        len({fingerprint, DayFiles((one, two), (three,)).fingerprint("e"), *(o.fingerprint("d") for o in others)}) == 5
    )


def test_what_was_left_before_its_lock_was_made_is_removed(lake: Lake) -> None:
    left = lake.root / "incoming" / "left"
    (left / "sent" / "stat_day=2024-01-01").mkdir(parents=True)
    with lake.incoming():
        assert not left.exists()


def test_observing_what_is_known_adds_nothing(lake: Lake) -> None:
    wide, other = Coverage("c1", "20240101", "20240131"), Coverage("c2", "20240101", "20240101")
    lake.observe([wide, other, wide])
    files = lake.observations()
    lake.observe([wide, other, Coverage("c1", "20240102", "20240130")])
    lake.observe([])
    assert lake.observations() == files
    assert len(files) == 1
    assert lake.coverage() == {wide, other}
    lake.observe([Coverage("c1", "20240131", "20240201"), wide])
    assert lake.coverage() == {wide, other, Coverage("c1", "20240131", "20240201")}


def test_named_days_are_listed_alone(lake: Lake) -> None:
    days = ["20240101", "20240102", "20240103"]
    add(lake, *(("sent", day, day.encode()) for day in days), ("commented", days[1], b"comment"))
    assert list(lake.days([])) == list(lake.days(["20250101"])) == []
    assert list(lake.days([days[1], "20250101", days[0]])) == days[:2]
    assert lake.days([days[1]])[days[1]] == lake.days()[days[1]]
    assert lake.files("sent", [days[2]]) == {days[2]: lake.files("sent")[days[2]]}
    assert contents(lake, {"": lake.paths("sent")}) == {"": [day.encode() for day in days]}
