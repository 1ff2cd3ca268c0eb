"""Quotes after blanks, which DuckDB reads otherwise than others, are found wherever blocks of a file end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportdata.readers import tables

TEXTS = st.lists(st.sampled_from(['"', ' "', "  ", "a", ",", "\n", "\r\n", "，", '"",', ' ,"']), max_size=40).map(
    "".join
)


@settings(deadline=None)
@given(TEXTS, st.integers(1, 9))
def test_they_are_found_in_blocks_of_any_size(tmp_path_factory: pytest.TempPathFactory, text: str, block: int) -> None:
    path = tmp_path_factory.getbasetemp() / "padded.csv"
    path.write_bytes(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "_BLOCK", block)
        found = tables.has_padded_quotes(path, ",")
    assert found == (re.search(r'(^|[\r\n,]) +"', text) is not None)


def test_a_quote_that_ends_a_block_is_found(tmp_path: Path) -> None:
    path = tmp_path / "padded.csv"
    for length in range((1 << 18) - 4, (1 << 18) + 4):
        path.write_bytes(b"x" * length + b', "a"\n')
        assert tables.has_padded_quotes(path, ",")
        path.write_bytes(b"x" * length + b',"a" ""\n')
        assert not tables.has_padded_quotes(path, ",")
