"""Many small files in one import: each by itself, at the cost of what is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportdata.pipeline.importing import import_files
from reportdata.pipeline.imports import Options
from tests.support.contents import facts_in
from tests.support.folders import Folder
from tests.support.oracle import Sent
from tests.support.services import working

CORP = "ding1"
DESCRIPTORS = Path("/proc/self/fd")


def _files(folder: Path, number: int) -> list[Path]:
    """A file a day, with two reports of two people each; the ids of the reports differ."""
    paths = []
    for day in range(1, number + 1):
        rows = (f"r{day}-{user},u{user},2026-09-{day:02d} 18:00:00\n" for user in range(2))
        paths.append(folder / f"day-{day}.csv")
        paths[-1].write_text("report_id,user_id,sent_at\n" + "".join(rows))
    return paths


@pytest.mark.whole
@pytest.mark.skipif(not DESCRIPTORS.exists(), reason="this machine does not tell which files are open")
def test_as_many_files_are_open_however_many_are_imported(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation(CORP)
    opened: list[int] = []

    def count(what: str, _done: int, _of: int) -> None:
        if what.startswith("reading"):
            opened.append(len(list(DESCRIPTORS.iterdir())))

    with working(folder) as work:
        done = import_files(work, _files(tmp_path, 12), Options(corp_id=CORP), count)
    assert (done.added, done.failures) == (24, [])
    assert opened[-1] <= opened[0] + 8, "a file that was staged keeps a descriptor or two"


@pytest.mark.whole
def test_files_that_fail_among_others_leave_nothing_and_the_others_are_whole(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation(CORP)
    files = _files(tmp_path, 5)
    good = [path.read_text() for path in files]
    files[1].write_text(good[1] + "r9,u9,no time at all\n")
    files[3].write_text("report_id,user_id,sent_at\n" + "r8,u8,2026-09-04 09:00:00\n" * 3 + "r7,,2026-09-04 09:00:00\n")
    done = folder.import_(*files, corp_id=CORP)
    refused = [error.message.partition(",")[0].partition(":")[0] for error in done.failures]
    assert refused == [str(files[1]), str(files[3])]
    kept = {fact.report_id for fact in facts_in(folder) if isinstance(fact, Sent)}
    assert kept == {f"r{day}-{user}" for day in (1, 3, 5) for user in (0, 1)}
    files[1].write_text(good[1])
    files[3].write_text(good[3])
    again = folder.import_(*files, corp_id=CORP)
    assert (again.added, again.known, again.failures) == (4, 6, [])


@pytest.mark.whole
def test_of_many_files_those_whose_ids_are_told_in_two_ways_are_named(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation(CORP)
    files = _files(tmp_path, 6)
    files[4].write_text(files[4].read_text() + "r2-0,u7,2026-09-05 09:00:00\n")
    notes = [note for note in folder.import_(*files, corp_id=CORP).notes if " of sent facts " in note]
    assert [note.partition(": ")[0] for note in notes] == [str(files[4])]
    assert "r2-0 of ding1, by u0 on 20260902 and by u7 on 20260905" in notes[0]
