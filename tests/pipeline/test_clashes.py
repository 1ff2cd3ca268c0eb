"""One id of a record that is told in two ways: it is said, with both, and the numbers stay by the rule."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.examples import tried_with
from tests.support.folders import Folder, run

CORP = "ding1"


@pytest.fixture
def known(folder: Folder) -> Folder:
    folder.add_organisation(CORP)
    return folder


Row = tuple[str, str, str]
"""A report's id, its sender and its day."""
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, *rows: Row) -> Path:
        return _written(tmp_path / name, *rows)

    return written


def _written(path: Path, *rows: Row) -> Path:
    path.write_text("report_id,user_id,sent_at\n" + "".join(f"{r},{u},{day} 09:00:00\n" for r, u, day in rows))
    return path


def notes(folder: Folder, *files: Path) -> list[str]:
    """What is said of ids at an import."""
    done = folder.import_(*files, corp_id=CORP)
    assert not done.failures
    return [note for note in done.notes if " of sent facts " in note]


def found_by_doctor(folder: Folder) -> tuple[str, str]:
    checks = json.loads(run(folder, "doctor", "--json").stdout)["checks"]
    (found,) = (check for check in checks if check["check"] == "identities")
    return found["state"], found["found"]


A, B, C = ("r1", "u1", "2026-09-21"), ("r1", "u1", "2026-09-22"), ("r1", "u2", "2026-09-21")


@pytest.mark.whole
@pytest.mark.parametrize(
    ("one", "other", "words", "numbers"),
    [
        (A, B, "r1 of ding1, by u1 on 20260921 and by u1 on 20260922", [(2, 2, 0), (1, 1, 0)]),
        (A, C, "r1 of ding1, by u1 on 20260921 and by u2 on 20260921", [(2, 3, 0)]),
    ],
)
@pytest.mark.parametrize("way", ["one file", "two files", "two imports"])
def test_an_id_that_is_told_in_two_ways_is_said_and_counts_as_before(
    known: Folder, write: Write, one: Row, other: Row, words: str, numbers: list[object], way: str
) -> None:
    rest = ("r2", "u3", "2026-09-21")
    if way == "one file":
        (note,) = notes(known, path := write("a.csv", one, other, rest))
    else:
        first, path = write("b.csv", one, rest), write("a.csv", other)
        if way == "two imports":
            assert notes(known, first) == []
            (note,) = notes(known, path)
        else:
            (note,) = notes(known, first, path)
    assert note == f"{path}: 1 id of sent facts is of two people or two days: {words}: all of them count"
    assert found_by_doctor(known) == ("warn", f"1 id of sent facts is of two people or two days: {words}")
    assert [found for _, found in sorted(known.days().items())] == numbers
    assert notes(known, path) == [], "what is there already is not said again"


def test_the_same_record_again_and_others_are_no_clash(known: Folder, write: Write) -> None:
    assert notes(known, write("a.csv", A, A, ("r2", "u1", "2026-09-21"))) == []
    known.add_organisation("ding2")
    path = write("b.csv", B)
    assert not known.import_(path, corp_id="ding2").failures
    assert found_by_doctor(known) == ("ok", "all ids are told in one way")


def test_a_name_and_an_id_of_one_report_are_no_clash(known: Folder, write: Write, tmp_path: Path) -> None:
    sheet = tmp_path / "a.csv"
    sheet.write_text("日志ID,发送人,提交时间\nr1,张一,2026/9/21 9:00\n")
    assert notes(known, sheet) == []
    assert notes(known, write("b.csv", A)) == []
    assert found_by_doctor(known)[0] == "ok"


_ROWS = st.lists(
    st.tuples(
        st.sampled_from(["r1", "r2", "r3"]),
        st.sampled_from(["u1", "u2"]),
        st.sampled_from(["2026-09-21", "2026-09-22", "2026-09-23"]),
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.whole
@tried_with(3, 30)
def test_all_clashes_are_counted(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(st.lists(_ROWS, min_size=1, max_size=3))
    def check(files: list[list[Row]]) -> None:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Folder(Path(temporary) / "data")
            folder.add_organisation(CORP)
            ways: dict[str, set[Row]] = {}
            for number, rows in enumerate(files):
                new = set(rows) - {row for known in ways.values() for row in known}
                for row in rows:
                    ways.setdefault(row[0], set()).add(row)
                clashing = {row[0] for row in new if len(ways[row[0]]) > 1}
                said = notes(folder, _written(Path(temporary) / f"{number}.csv", *rows))
                assert [int(note.split(": ")[1].split()[0]) for note in said] == ([len(clashing)] if clashing else [])
            clashing = {id_ for id_, known in ways.items() if len(known) > 1}
            assert (found_by_doctor(folder)[0] == "warn") == bool(clashing)
            folder.store.close()

    check()
