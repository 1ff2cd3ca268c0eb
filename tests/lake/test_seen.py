"""Files that were found whole are not read for that again, for as long as they are needed."""

from __future__ import annotations

import os
from pathlib import Path

from reportdata.lake.local import FolderPlace
from reportdata.lake.membership import Added
from reportdata.lake.place import Wanted
from reportdata.lake.seen import Seen, content_of


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
