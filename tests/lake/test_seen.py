"""Files that were found whole are not read for that again, for as long as they are needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from reportdata.errors import Damaged, LakeError
from reportdata.lake import Lake
from reportdata.lake.local import FolderPlace
from reportdata.lake.membership import Added
from reportdata.lake.place import Wanted
from reportdata.lake.s3 import S3Lake
from reportdata.lake.seen import Seen, content_of
from reportdata.leases import FileLeases
from tests.support.damaging import Objects
from tests.support.lakes import add, read, replace, sweep
from tests.support.storage import client


def flip(path: Path) -> None:
    """Change a byte so that neither size nor times tell of it."""
    stat = path.stat()
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    with path.open("r+b") as file:
        file.write(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def added(path: Path) -> Added:
    content = content_of(path)
    return Added(content.size, content.sha256, 0.0)


def test_what_is_needed_no_more_is_forgotten(tmp_path: Path) -> None:
    seen, paths = Seen(), [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        path.write_bytes(b"content")
    was = added(paths[0])
    assert all(seen.is_whole(path.name, path, was) for path in paths)
    for path in paths:
        flip(path)
    assert all(seen.is_whole(path.name, path, was) for path in paths), "they are not read again"
    seen.keep_only({"a"})
    assert [seen.is_whole(path.name, path, was) for path in paths] == [True, False]


def test_a_lakes_folder_forgets_what_was_swept(tmp_path: Path) -> None:
    place, file = FolderPlace(tmp_path), tmp_path / "sent" / "a.parquet"
    file.parent.mkdir()
    file.write_bytes(b"content")
    wanted = Wanted("sent/a.parquet", added(file))
    assert place.lost([wanted]) == []
    flip(file)
    assert place.lost([wanted]) == []
    place.swept(())
    assert place.lost([wanted]) == [str(file)]


def test_who_never_sweeps_forgets_once_half_of_what_is_remembered_may_be_needed_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reportdata.lake.seen.ROOM", 2)
    place = FolderPlace(tmp_path)
    files = [tmp_path / name for name in "abcdefghi"]
    for file in files:
        file.write_bytes(b"content")
    wanted = [Wanted(file.name, added(file)) for file in files]

    def remembered(count: int) -> list[str]:
        """Of so many files, those that are not read again though they have changed."""
        for file in files[:count]:
            flip(file)
        lost = place.lost(wanted[:count])
        for file in files[:count]:
            flip(file)
        return [file.name for file in files[:count] if str(file) not in lost]

    assert place.lost(wanted[:3]) == []
    place.tidy(lambda: {"a", "b"})
    assert remembered(3) == ["a", "b"]
    for count, left in ((6, "abcdef"), (7, "g")):  # what is needed takes twice its room, and two files more
        place = FolderPlace(tmp_path)
        assert place.lost(wanted[:3]) == []
        place.tidy(lambda: {"a", "b"})
        assert place.lost(wanted[:count]) == []
        place.tidy(lambda: {"g"})
        assert remembered(count) == list(left)


class Noting(FolderPlace):
    """Notes the keys that are said to be needed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.needed: list[Collection[str]] = []

    def tidy(self, needed: Callable[[], Collection[str]]) -> None:
        self.needed.append(set(needed()))
        super().tidy(needed)


def test_whoever_reads_a_lake_says_what_is_needed(tmp_path: Path, local: Lake) -> None:
    add(local, ("sent", "20240101", b"one"), ("sent", "20240102", b"two"))
    one, two = local.paths("sent")
    leases = FileLeases(local.root)
    place = Noting(local.root)
    reader = Lake(local.root, place, leases, leases)
    with reader.reading():
        assert read(reader, [one, two]) == [b"one", b"two"]
        with reader.reading():
            reader.files("sent")
        assert not place.needed
    merged = replace(local, [one], b"merged")
    assert merged is not None
    for _ in range(2):
        with reader.reading():
            reader.files("sent")
        sweep(local)
    assert place.needed == [{local.key(path) for path in of} for of in ((one, two), (one, two, merged), (two, merged))]


def test_damage_that_shows_only_while_a_file_is_read_is_named(local: Lake) -> None:
    add(local, ("sent", "20240101", b"one"), ("sent", "20240102", b"two"))
    paths = local.paths("sent")
    assert read(local, paths) == [b"one", b"two"]
    flip(paths[1])
    with pytest.raises(Damaged) as caught, local.located(paths):
        raise LakeError("it cannot be computed from")
    assert caught.value.files == (str(paths[1]),)
    with pytest.raises(LakeError, match="of something else"), local.located(paths[:1]):
        raise LakeError("of something else")


@pytest.mark.s3
def test_a_copy_that_is_damaged_while_it_is_read_is_fetched_anew(tmp_path: Path, storage: str) -> None:
    lake = S3Lake(tmp_path / "objects", storage)
    add(lake, ("sent", "20240101", b"one"))
    (path,) = lake.paths("sent")
    assert read(lake, [path]) == [b"one"]
    flip(path)
    with pytest.raises(LakeError, match="cannot be computed"), lake.located([path]):
        raise LakeError("it cannot be computed from")
    assert read(lake, [path]) == [b"one"]
    flip(path)
    Objects(client(os.environ["AWS_ENDPOINT_URL"]), storage).write(lake.key(path), b"own")
    with pytest.raises(Damaged) as caught, lake.located([path]):
        raise LakeError("it cannot be computed from")
    assert caught.value.files == (lake.name(path),)
