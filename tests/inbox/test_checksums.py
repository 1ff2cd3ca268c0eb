"""What is at rest in an inbox's folder: what changes there is noticed, and an unfinished batch is harmless."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdata.errors import BadSegment
from reportdata.inbox import facts_of, lines_of
from reportdata.inbox.checksums import is_checksum, summed
from reportdata.inbox.folder import FolderInbox, FolderWriter
from tests.support.inboxes import lines, numbers
from tests.support.services import KINDS
from tests.support.waiting import SOON

BATCHES = ((1, 2), (3,), (4, 5, 6))
ALL = [1, 2, 3, 4, 5, 6]


def written(folder: Path, *batches: tuple[int, ...]) -> Path:
    """A finished segment with these batches."""
    inbox = FolderInbox(folder / "inbox")
    with closing(FolderWriter(inbox.folder, time.time, age=SOON)) as writer:
        for batch in batches:
            writer.append(lines(*batch)).result(SOON)
    return max(inbox.ready())


def content_of(name: str) -> tuple[bytes, list[int]]:
    """A segment of that name, and where its batches end."""
    content, ends = b"", []
    for batch in BATCHES:
        content += summed(name, len(content), lines(*batch))
        ends.append(len(content))
    return content, ends


def test_the_facts_are_read_without_their_checksums(tmp_path: Path) -> None:
    path = written(tmp_path, *BATCHES)
    assert path.read_bytes() == content_of(path.stem)[0]
    assert numbers([path]) == ALL
    assert lines_of(path) == lines(*ALL)
    assert sum(map(is_checksum, path.read_bytes().splitlines())) == len(BATCHES)


@given(st.data())
def test_any_byte_that_changes_in_a_segment_is_noticed_finished_or_not(data: st.DataObject) -> None:
    with TemporaryDirectory() as place:
        path = Path(place) / "0001-x.jsonl"
        content, _ = content_of(path.stem)
        at, other = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(1, 255))
        changed = content[:at] + bytes([other if content[at] != other else 10]) + content[at + 1 :]
        path.with_suffix(data.draw(st.sampled_from([".open", ".jsonl"]))).write_bytes(changed)
        assert FolderInbox(Path(place)).ready() == [path]
        if changed != content:
            with pytest.raises(BadSegment, match=r"0001-x\.jsonl, line"):
                list(facts_of(path, KINDS))


@given(st.data())
def test_a_finished_segment_that_was_cut_within_a_batch_is_noticed(data: st.DataObject) -> None:
    with TemporaryDirectory() as place:
        path = Path(place) / "0001-x.jsonl"
        content, ends = content_of(path.stem)
        size = data.draw(st.integers(0, len(content)).filter(lambda size: size not in ends))
        path.write_bytes(content[:size])
        with pytest.raises(BadSegment):
            list(facts_of(path, KINDS))


@given(st.data())
def test_a_batch_that_was_not_wholly_written_is_left_out_and_those_before_it_stay(data: st.DataObject) -> None:
    with TemporaryDirectory() as place:
        path = Path(place) / "0001-x.open"
        content, ends = content_of(path.stem)
        size = data.draw(st.integers(ends[0], len(content)))
        hole = data.draw(st.integers(0, 100))
        end = max(end for end in ends if end <= size)
        torn = content[end:size]
        if torn and hole:
            torn = bytes(min(hole, len(torn))) + torn[hole:]
        path.write_bytes(content[:end] + torn)
        (ready,) = FolderInbox(Path(place)).ready()
        assert numbers([ready]) == ALL[: (2, 3, 6)[ends.index(end)]]


def test_a_segment_in_place_of_another_is_noticed(tmp_path: Path) -> None:
    one, other = written(tmp_path, (1,)), written(tmp_path, (2,))
    assert one != other
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    for path in (one, other):
        with pytest.raises(BadSegment, match="its checksum differs"):
            list(facts_of(path, KINDS))


def test_a_segment_without_checksums_is_read_as_before(tmp_path: Path) -> None:
    path = tmp_path / "0001-x.jsonl"
    path.write_bytes(lines(1, 2))
    assert numbers([path]) == [1, 2]
    assert lines_of(path) == lines(1, 2)


def test_what_is_left_after_lines_were_dropped_has_a_checksum_and_damage_stays_damage(tmp_path: Path) -> None:
    inbox = FolderInbox(tmp_path / "inbox")
    path = written(tmp_path, *BATCHES)
    assert inbox.drop(lambda line: line + b"\n" in (lines(2), lines(4))) == 2
    assert numbers([path]) == [1, 3, 5, 6]
    assert is_checksum(path.read_bytes().splitlines()[0])
    path.write_bytes(path.read_bytes().replace(b'"r3"', b'"r9"'))
    assert inbox.drop(lambda line: line + b"\n" == lines(1)) == 1
    with pytest.raises(BadSegment):
        list(facts_of(path, KINDS))
    assert inbox.drop(lambda _: True) == 3
    other = written(tmp_path, (7,))
    assert inbox.drop(lambda line: line + b"\n" == lines(7)) == 1
    assert not other.exists()
