"""What every lake owes of files that stand in for others."""

from __future__ import annotations

from pathlib import Path

from reportdata.coverage import Coverage
from reportdata.lake import Lake
from reportdata.lake.s3 import S3Lake
from tests.support.lakes import add, contents, read, replace, sweep_later


def test_a_file_stands_in_for_others_at_once_and_they_go_when_nobody_reads(lake: Lake) -> None:
    add(lake, ("sent", "20240101", b"one"), ("sent", "20240101", b"two"), ("sent", "20240102", b"other"))
    old = lake.files("sent")["20240101"]
    with lake.reading():
        place = replace(lake, old, b"both")
        assert place is not None
        assert contents(lake, lake.files("sent")) == {"20240101": [b"both"], "20240102": [b"other"]}
        assert lake.files("sent", ["20240101"]) == {"20240101": (place,)}
        assert lake.size() == len(b"bothother")
        assert set(lake.replaced()) == set(old)
        assert sweep_later(lake) is None
        assert sorted(read(lake, old)) == [b"one", b"two"]
        with lake.snapshot() as kept:
            assert place.name in [Path(name).name for name in kept]
            assert len(kept) == 2
        assert replace(lake, [place], b"all") is not None
    assert sweep_later(lake) == 3
    assert sweep_later(lake) == 0
    assert lake.replaced() == []
    assert contents(lake, lake.files("sent")) == {"20240101": [b"all"], "20240102": [b"other"]}
    assert sorted(path.name for path in lake.root.rglob("*.*") if path.suffix == ".unfinished") == []


def test_files_may_be_replaced_by_none(lake: Lake) -> None:
    add(lake, ("sent", "20240101", b"one"), ("withdrawn", "20240102", b"gone"))
    lake.observe([Coverage("c1", "20240101", "20240101")])
    for files in (lake.paths("sent"), lake.paths("withdrawn"), lake.observations()):
        with lake.reading():
            assert replace(lake, files, None) is None
            assert lake.replaced() == list(files)
        assert sweep_later(lake) == 1
    assert not any(lake.files("sent").values())
    assert (lake.paths("withdrawn"), lake.coverage(), lake.size()) == ((), set(), 0)
    assert isinstance(lake, S3Lake) or list((lake.root / "withdrawn").iterdir()) == []
    add(lake, ("withdrawn", "20240102", b"gone"))
    assert len(lake.paths("withdrawn")) == 1


def test_withdrawals_of_several_days_stand_at_each_of_them(lake: Lake) -> None:
    for day in ("20240102", "20240105", "20240109"):
        add(lake, ("withdrawn", day, day.encode()))
    first, second, third = lake.paths("withdrawn")
    merged = replace(lake, [first, second], b"merged")
    sweep_later(lake)
    assert merged is not None
    files = lake.files("withdrawn")
    assert sorted(day for day, paths in files.items() if paths == (merged,)) == [f"2024010{n}" for n in range(2, 6)]
    assert files["20240109"] == (third,)
    assert lake.files("withdrawn", ["20240101", "20240103"]) == {"20240103": (merged,)}
    assert set(lake.paths("withdrawn")) == {merged, third}
    both = replace(lake, [merged, third], b"all")
    sweep_later(lake)
    assert lake.files("withdrawn", ["20240109", "20240102"]) == {"20240102": (both,), "20240109": (both,)}
