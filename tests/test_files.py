"""Durable writes are atomic: killed before any of their steps, they leave the old file or the new one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from reportdata.files import (
    ASIDE,
    append,
    files_within,
    has_line,
    made,
    make,
    move,
    read,
    reading,
    remove,
    rewrite,
    second_name,
    sync,
    write,
)
from reportdata.leases import FileLeases, folder_of_own, folders_of_dead
from reportdata.locks import locked
from tests.support.steps import killed_at, moments_of


def test_a_write_replaces_the_whole_content_and_is_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(path, b"long content")
    write(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "file"
    os.mkfifo(pipe)
    for use in (read, reading, lambda path: append(path, b"line\n"), lambda path: rewrite(path, bool), sync):
        with pytest.raises(OSError, match=r"no regular file|Invalid argument|No such device"):
            use(pipe)
    with pytest.raises(IsADirectoryError):
        read(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "there")
    (tmp_path / "there").write_bytes(b"content")
    assert read(tmp_path / "link") == b"content"


def test_nothing_is_made_where_what_it_lies_in_is_gone(tmp_path: Path) -> None:
    within, file = tmp_path / "data" / "lake", tmp_path / "file"
    file.write_bytes(b"content")
    for use in (
        lambda: make(within / "log", within),
        lambda: made(within / "a" / "b", within),
        lambda: move({file: within / "a" / "file"}, within / "a"),
    ):
        with pytest.raises(FileNotFoundError):
            use()
        assert list(tmp_path.iterdir()) == [file]
    within.mkdir(parents=True)
    assert made(within / "a" / "b", within) == [within / "a", within / "a" / "b"]
    assert made(within / "a" / "b", within) == []
    move({file: within / "c" / "file"}, within)
    assert (within / "c" / "file").read_bytes() == b"content"


def test_a_new_file_replaces_none(tmp_path: Path) -> None:
    write(tmp_path / "file", b"first", new=True)
    with pytest.raises(FileExistsError):
        write(tmp_path / "file", b"second", new=True)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"first"]


def test_of_writers_of_the_same_new_file_one_succeeds(tmp_path: Path) -> None:
    won: list[int] = []

    def try_it(number: int) -> None:
        try:
            write(tmp_path / "file", b"%d" % number, new=True)
            won.append(number)
        except FileExistsError:
            pass

    threads = [threading.Thread(target=try_it, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (number,) = won
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"%d" % number]


@pytest.mark.parametrize("left", [b"", b"half of what", b"more than what is written by far"])
def test_what_a_killed_writer_left_aside_is_overwritten(tmp_path: Path, left: bytes) -> None:
    (tmp_path / f"file{ASIDE}").write_bytes(left)
    write(tmp_path / "file", b"what is written")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"what is written"]


def test_a_write_that_fails_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "file", b"old")

    def fail(_descriptor: int) -> None:
        raise OSError("no space")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        write(tmp_path / "file", b"new")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def _replaces(place: Path) -> None:
    write(place / "file", b"new content")


def _rewrites(place: Path) -> None:
    rewrite(place / "file", lambda line: line == b"old")


@pytest.mark.whole
@pytest.mark.parametrize(
    ("done", "old", "new"),
    [(_replaces, b"old\nlines\n", b"new content"), (_rewrites, b"old\nlines\n", b"lines\n")],
    ids=["write", "rewrite"],
)
def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(
    tmp_path: Path, done: Callable[[Path], None], old: bytes, new: bytes
) -> None:
    seen = set()
    (tmp_path / "counted").mkdir()
    (tmp_path / "counted" / "file").write_bytes(old)
    number = moments_of(lambda: done(tmp_path / "counted"))
    assert number >= 3
    for moment in range(1, number + 1):
        place = tmp_path / str(moment)
        place.mkdir()
        (place / "file").write_bytes(old)
        assert killed_at(moment, lambda place=place: done(place))  # type: ignore[misc]
        seen.add((place / "file").read_bytes())
        done(place)
        assert [path.read_bytes() for path in place.iterdir()] == [new]
    assert seen == {old, new}


def test_files_come_to_their_places_and_folders_are_made_for_them(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"1")
    two.write_bytes(b"2")
    base = tmp_path / "base"
    move({one: base / "a" / "b" / "one", two: base / "c" / "two"}, base)
    assert (base / "a" / "b" / "one").read_bytes() == b"1"
    assert (base / "c" / "two").read_bytes() == b"2"
    with pytest.raises(FileNotFoundError):
        move({one: base / "again"}, base)


def test_all_that_a_move_makes_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: set[int] = set()
    really = os.fsync

    def noting(descriptor: int) -> None:
        synced.add(os.fstat(descriptor).st_ino)
        really(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    (tmp_path / "file").write_bytes(b"1")
    place = tmp_path / "base" / "a" / "b" / "file"
    move({tmp_path / "file": place}, tmp_path / "base")
    for path in (place, place.parent, tmp_path / "base" / "a", tmp_path / "base", tmp_path):
        assert path.stat().st_ino in synced, path


def test_lines_are_appended_after_one_that_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    append(path, b"one\n")
    with path.open("ab") as file:
        file.write(b"cut o")
    append(path, b"two\nthree\n", durable=False)
    assert [line for line in path.read_bytes().splitlines() if line] == [b"one", b"cut o", b"two", b"three"]
    assert has_line(path, lambda line: line == b"two")
    assert not has_line(tmp_path / "other", bool)


def test_what_others_append_while_lines_are_removed_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"gone\nkept\n")
    turns = 0

    def concerned(line: bytes) -> bool:
        nonlocal turns
        turns += 1
        if turns == 3:  # while the file is written anew
            append(path, b"later\n")
        return line == b"gone"

    assert rewrite(path, concerned) == 1
    assert [line for line in path.read_bytes().splitlines() if line] == [b"kept", b"later"]
    assert rewrite(path, concerned) == 0


def test_files_are_removed_whether_they_are_there_or_not(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    remove([tmp_path / "file", tmp_path / "file", tmp_path / "gone" / "other"])
    assert list(tmp_path.iterdir()) == []


def test_a_second_name_outlives_the_first(tmp_path: Path) -> None:
    path, place = tmp_path / "file", tmp_path / "second"
    path.write_bytes(b"content")
    assert second_name(path, place) == place
    path.unlink()
    assert place.read_bytes() == b"content"
    assert second_name(path, tmp_path / "third") is None


HOLDING = """
import sys, time
from pathlib import Path
from reportdata.locks import locked
lock = locked(Path(sys.argv[1]), wait=True)
print("held", flush=True)
time.sleep(600)
"""


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen([sys.executable, "-c", HOLDING, path], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        for shared in (False, True):
            with pytest.raises(BlockingIOError):
                locked(path, wait=False, shared=shared)
        holder.kill()
    held = [locked(path, wait=True, shared=True) for _ in range(2)]
    with pytest.raises(BlockingIOError):
        locked(path, wait=False)
    for lock in held:
        os.close(lock)


OWNING = """
import sys, time
from pathlib import Path
from reportdata.leases import FileLeases, folder_of_own
root = Path(sys.argv[1])
with folder_of_own(root, sys.argv[2], FileLeases(root, of_folders=sys.argv[3] == "folders"), "own-") as folder:
    (folder / "content").touch()
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize(("name", "of"), [("place", "files"), (".", "folders")])
def test_a_folder_of_ones_own_goes_with_its_owner_or_with_the_next_one(tmp_path: Path, name: str, of: str) -> None:
    (tmp_path / "unconcerned").mkdir()
    leases = FileLeases(tmp_path, of_folders=of == "folders")
    command = [sys.executable, "-c", OWNING, str(tmp_path), name, of]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as dead,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as living,
    ):
        assert dead.stdout is not None
        assert living.stdout is not None
        left, held = Path(dead.stdout.readline().strip()), Path(living.stdout.readline().strip())
        dead.kill()
        dead.wait()
        assert folders_of_dead(tmp_path, name, leases, "own-") == [left]
        with folder_of_own(tmp_path, name, leases, "own-") as own:
            assert not left.exists()
            assert (held / "content").exists()
            assert folders_of_dead(tmp_path, name, leases, "own-") == []
        assert not own.exists()
        living.kill()
    assert (tmp_path / "unconcerned").exists()
    assert of == "files" or not list(tmp_path.rglob("lock"))


def test_syncing_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sync(tmp_path / "file")


def test_a_folder_that_goes_away_while_files_are_looked_for_is_passed_over(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    found = files_within(tmp_path)
    first = next(found)
    gone = next(place for place in tmp_path.iterdir() if place != first.parent)
    shutil.rmtree(gone)
    left = {tmp_path / name / "file" for name in "abc"} - {gone / "file"}
    assert {first, *found} == left
