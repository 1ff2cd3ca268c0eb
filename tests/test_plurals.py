"""Counts of one are told of one, in every message."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reportdata.plurals import count_of
from tests.support.paths import ROOT
from tests.support.texts import is_count, texts

SOURCE = ROOT / "src" / "reportdata"
NOUNS = (
    "people|reports|records|facts|files|names|ids|calls|rows|lines|departments|copies|links|apps|entries|objects|segments|"
    "values|sources|changes|holes|cells|organisations|days|minutes|imports or backups"
)
BEFORE = "more|new|bad|other|such|damaged|merged|killed"
COUNTED = re.compile(rf" (?:(?:{BEFORE}) )*(?:{NOUNS}) (?:are|were|have|wait|rest|keep|may|left|that)\b")

OTHERS = ("{kind.name}", "{kind}", "{month.calls:,}", "{len(named)}", "{people}")
"""Kinds of facts, and what is always more than one."""


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 days are"), (1, "1 day is"), (2, "2 days are"), (1234, "1,234 days are")]
)
def test_a_count_stands_before_the_word_for_it(number: int, said: str) -> None:
    assert count_of(number, "day is", "days are") == said


def told(path: Path) -> Iterator[tuple[str, str]]:
    """The values in texts of a module that are no counts of one or more, and what follows each."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.JoinedStr):
            for value, after in itertools.pairwise(node.values):
                is_value = isinstance(value, ast.FormattedValue) and not is_count(value.value)
                if is_value and isinstance(after, ast.Constant):
                    yield (
                        f"{path.relative_to(SOURCE)}:{value.lineno}: {ast.unparse(ast.JoinedStr([value]))[2:-1]}",
                        str(after.value),
                    )


def test_no_message_tells_of_one_as_of_several() -> None:
    found = (one for path in sorted(SOURCE.rglob("*.py")) for one in told(path))
    wrong = {place + after for place, after in found if COUNTED.match(after) and not place.endswith(OTHERS)}
    assert wrong == set()


def test_both_forms_are_messages() -> None:
    text = "f\"{name}: {count_of(len(found), f'file of {name} is', f'files of {name} are')} gone, {len(found)}\""
    assert texts(ast.parse(text, mode="eval").body) == [
        "{name}: {count:,} file of {name2} is gone, {count2:d}",
        "{name}: {count:,} files of {name2} are gone, {count2:d}",
    ]
