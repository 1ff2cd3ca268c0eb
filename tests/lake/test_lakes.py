"""What every lake owes of files: they come in whole, are found by kind and day, and never change."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportdata.coverage import Coverage
from reportdata.lake import Lake
from reportdata.pipeline.day_files import DayFiles, files_of_days
from tests.support.lakes import add, contents, put, read


def days_of(lake: Lake, days: list[str] | None = None) -> dict[str, DayFiles]:
    return files_of_days(lake, ("sent", "commented"), days)


def test_a_lake_that_is_not_there_is_empty(lake: Lake) -> None:
    assert (days_of(lake), lake.files("sent"), lake.paths("withdrawn"), lake.coverage(), lake.size()) == (
        {},
        {},
        (),
        set(),
        0,
    )
    assert not lake.root.exists()


def test_files_are_there_once_they_are_added_and_not_before(lake: Lake) -> None:
    with lake.incoming() as incoming:
        put(incoming, "sent", "20240102", b"two")
        put(incoming, "sent", "20240101", b"one")
        put(incoming, "commented", "20240101", b"comment")
        put(incoming, "withdrawn", "20230101", b"gone")
        assert (days_of(lake), lake.size()) == ({}, 0)
        lake.add(incoming)
        assert contents(lake, lake.files("sent")) == {"20240101": [b"one"], "20240102": [b"two"]}
    assert list(days_of(lake)) == ["20240101", "20240102"]
    assert days_of(lake)["20240102"].kinds.get("commented", ()) == ()
    assert read(lake, lake.paths("withdrawn")) == [b"gone"]
    assert lake.size() == len(b"twoonecommentgone")
    assert [path.name for path in (lake.root / "incoming").iterdir()] == ["lock"]


def test_what_an_import_writes_is_gone_when_it_fails(lake: Lake) -> None:
    def fail() -> None:
        with lake.incoming() as incoming:
            put(incoming, "sent", "20240102", b"two")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert days_of(lake) == {}
    assert [path.name for path in (lake.root / "incoming").iterdir()] == ["lock"]


def test_files_of_one_day_never_replace_each_other(lake: Lake) -> None:
    for number in range(5):
        add(lake, ("sent", "20240101", b"%d" % number), ("sent", "20240101", b"x%d" % number))
    assert len(contents(lake, lake.files("sent"))["20240101"]) == 10


def test_a_fingerprint_names_the_files_and_the_definition_in_any_order() -> None:
    one, two, three = (Path(f"{number}.parquet") for number in range(3))

    def print_(sent: tuple[Path, ...], commented: tuple[Path, ...], definition: str = "d") -> str:
        return DayFiles({"sent": sent, "commented": commented}).fingerprint(definition)

    assert print_((two, one), (three,)) == print_((one, two), (three,))
    others = [print_((one,), (three,)), print_((one, two), ()), print_((one,), (two, three))]
    assert len({print_((one, two), (three,)), print_((one, two), (three,), "e"), *others}) == 5
    assert (
        DayFiles({"sent": (one,)}).names() == DayFiles({"sent": (one,), "commented": ()}).names() == {"sent/0.parquet"}
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
    assert list(days_of(lake, [])) == list(days_of(lake, ["20250101"])) == []
    assert list(days_of(lake, [days[1], "20250101", days[0]])) == days[:2]
    assert days_of(lake, [days[1]])[days[1]] == days_of(lake)[days[1]]
    assert lake.files("sent", [days[2]]) == {days[2]: lake.files("sent")[days[2]]}
    assert contents(lake, {"": lake.paths("sent")}) == {"": [day.encode() for day in days]}
