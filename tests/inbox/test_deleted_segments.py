"""Segments that are deleted before they are taken up: their second names bring them back."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reportdata.inbox.folder import FolderInbox, FolderWriter
from tests.support.folders import Folder, run
from tests.support.inboxes import lines, numbers, waited
from tests.support.mounts import mounted
from tests.support.services import fact, lines_of
from tests.support.waiting import SOON


@pytest.fixture
def inbox(tmp_path: Path) -> FolderInbox:
    return FolderInbox(tmp_path / "data" / "inbox")


@pytest.fixture
def links(inbox: FolderInbox) -> Path:
    return inbox.folder.with_name("inbox-links")


@pytest.fixture
def writer(inbox: FolderInbox) -> Iterator[FolderWriter]:
    """One that finishes no segment by itself."""
    with closing(FolderWriter(inbox.folder, time.time, age=SOON * 10, longest=SOON * 10)) as made:
        yield made


def held(inbox: FolderInbox) -> bytes:
    return b"".join(content for _, content in inbox.contents())


@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize("all_of_it", [True, False])
def test_what_was_deleted_comes_back(
    inbox: FolderInbox, links: Path, writer: FolderWriter, finished: bool, all_of_it: bool
) -> None:
    writer.append(lines(1, 2)).result(SOON)
    if finished:
        writer.close()
    (segment,) = inbox.folder.iterdir()
    if all_of_it:
        shutil.rmtree(inbox.folder)
    else:
        segment.unlink()
    assert (inbox.deleted(), inbox.holds(lambda line: b"r2" in line)) == ([links / segment.stem], True)
    assert b"r1" in held(inbox)
    if not finished:  # its writer has it still, and goes on
        assert inbox.ready() == []
        writer.append(lines(3)).result(SOON)
        writer.close()
    found = inbox.ready()
    assert numbers(found) == [1, 2, *([] if finished else [3])]
    assert inbox.deleted() == []
    inbox.remove(found)
    assert (list(inbox.folder.iterdir()), list(links.iterdir()), inbox.ready()) == ([], [], [])


def test_what_was_deleted_and_whose_writer_died_meanwhile_comes_back(inbox: FolderInbox, writer: FolderWriter) -> None:
    writer.append(lines(1)).result(SOON)
    (segment,) = inbox.folder.iterdir()
    segment.unlink()
    writer.close()  # it finds nothing to finish
    assert numbers(inbox.ready()) == [1]


def test_second_names_are_not_needed(inbox: FolderInbox, links: Path, writer: FolderWriter) -> None:
    writer.append(lines(1)).result(SOON)
    shutil.rmtree(links)
    writer.close()
    found = inbox.ready()
    assert (numbers(found), inbox.deleted()) == ([1], [])
    inbox.remove(found)
    assert inbox.ready() == []


def test_a_second_name_of_nothing_goes(inbox: FolderInbox, links: Path) -> None:
    links.mkdir(parents=True)
    (links / "0001-x").touch()
    assert (inbox.ready(), inbox.deleted(), list(links.iterdir())) == ([], [], [])


def test_what_is_dropped_or_set_aside_has_no_second_name(inbox: FolderInbox, links: Path) -> None:
    for number in (1, 2, 3):
        with closing(FolderWriter(inbox.folder, time.time)) as writer:
            writer.append(lines(number, 7)).result(SOON)
    first, second, third = waited(inbox, 3)
    assert inbox.drop(lambda line: b'"r2"' in line) == 1
    inbox.set_aside(third)
    assert [path.name for path in links.iterdir()] == [first.stem]
    assert numbers([second]) == [7]
    assert numbers(inbox.ready()) == [1, 7, 7]


@pytest.mark.tool
def test_a_full_disk_leaves_no_second_name_that_says_something(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=64k,nr_inodes=6") as disk:
        inbox = FolderInbox(disk / "inbox")
        with closing(FolderWriter(inbox.folder, time.time, largest=1)) as writer:
            done = []
            for number in range(20):
                future = writer.append(lines(number))
                if future.exception(SOON) is None:
                    done.append(number)
        assert 0 < len(done) < 20
        assert numbers(inbox.ready()) == done
        assert inbox.deleted() == []


def test_the_doctor_names_what_was_deleted_and_the_worker_counts_it(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    folder.add_organisation("c1")
    pushed = fact("sent", "c1", 1_700_000_000_000_000, "20231115", report_id="r", user_id="u")
    with closing(FolderWriter(folder.settings.inbox, time.time)) as writer:
        writer.append(lines_of([pushed])).result(SOON)
    shutil.rmtree(folder.settings.inbox)
    said = run(folder, "doctor", "--thorough").output
    assert "was deleted before it was taken up" in " ".join(said.split())
    assert run(folder, "work", "--once").exit_code == 0
    assert folder.days() == {("c1", "20231115"): (1, 1, 0)}
    assert "was deleted" not in run(folder, "doctor", "--thorough").output
    folder.store.close()
