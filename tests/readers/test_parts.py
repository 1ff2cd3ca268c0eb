"""A file that is taken apart: its parts are the file."""

from __future__ import annotations

import csv
import gzip
import tempfile
import time
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reportdata.readers.parts import LineCounts, Part, read_parts
from reportdata.readers.tables import read_heading, read_part_of_table, read_table
from reportdata.records import Line
from tests.support.examples import tried_with
from tests.support.services import KINDS

_CELLS = st.text(st.sampled_from(list('a,"\n\r\t 日')), max_size=5)


def plain(line: Line) -> tuple[Any, ...]:
    """A line without its position, with its error as a text."""
    return (line.number, line.record, str(line.error))


@tried_with(30, 400)
def test_parts_of_a_table_are_the_table(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(
        st.lists(st.lists(_CELLS, min_size=2, max_size=2), max_size=12), st.integers(1, 40), st.booleans(), st.data()
    )
    def check(rows: list[list[str]], size: int, packed: bool, data: st.DataObject) -> None:
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary, "table.csv.gz" if packed else "table.csv")
            with (gzip.open if packed else open)(path, "wt", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator=data.draw(st.sampled_from(["\n", "\r\n"]))).writerows(
                    [["report_id", "user_id", "sent_at"], *([*row, "1"] for row in rows)]
                )
            heading = read_heading(path, KINDS)
            assert heading is not None
            counts = LineCounts(path)
            found: list[tuple[Any, ...]] = []
            parts: list[Part] = []
            for part in read_parts(path, size, Path(temporary), quoted=True):
                parts.append(part)
                found += map(plain, read_part_of_table(path, part, heading, counts))
            assert found == list(map(plain, read_table(path, KINDS)))
            assert [part.start for part in parts[1:]] == [part.end for part in parts[:-1]]
            for part in parts:
                assert LineCounts(path).before(part) == counts.before(part)

    check()


def test_a_part_is_there_while_the_next_one_is_written(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text("".join(f"{number}\n" for number in range(2000)))
    texts: list[str] = []
    for part in read_parts(path, 100, tmp_path, quoted=False):
        time.sleep(0.002)
        texts.append(part.text.read_text())
    assert "".join(texts) == path.read_text()
    assert len(texts) > 50
