"""Ids that went through spreadsheets, databases and data frames are the ids that they were."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdata.errors import BadField
from reportdata.identifiers import NOTHING, is_nothing, read_id, read_text

WHOLE = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ('="0042"', "0042"),
        ("'0042", "0042"),
        ("`0042", "0042"),
        ("'0042'", "0042"),
        ('"0042"', "0042"),
        ("“0042”", "0042"),
        ("００４２", "0042"),
        ("0042\ufe0f", "0042"),
        ("1,001,234", "1001234"),
        ("10001.0", "10001"),
        (10001.0, "10001"),
        (10001, "10001"),
        (Decimal("10001.00"), "10001"),
        (Decimal(12345678901234567890), "12345678901234567890"),
        (b"u1", "u1"),
        (UUID(WHOLE), str(UUID(WHOLE))),
        ("\ufeff张一\u200b", "张一"),
        ("\u3000u1\xa0", "u1"),
        ("user.name", "user.name"),
        ("Jose\u0301", "Jos\u00e9"),
        ("1.5", "1.5"),
    ],
)
def test_an_id_is_what_it_was(value: object, meant: str) -> None:
    assert read_id("user_id", value) == meant


@pytest.mark.parametrize("word", sorted(NOTHING))
def test_a_word_for_nothing_is_nothing(word: str) -> None:
    assert is_nothing(f" {word.upper()} ")
    assert read_text("template", word) is None
    with pytest.raises(BadField, match="is missing"):
        read_id("user_id", word)


@pytest.mark.parametrize("value", [None, float("nan"), Decimal("nan"), '=""', "'null"])
def test_what_has_no_value_is_missing(value: object) -> None:
    with pytest.raises(BadField, match="is missing"):
        read_id("user_id", value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("4.2E+15", "was shortened by a spreadsheet program"),
        (1.5, "is not a whole number"),
        (1e18, "has lost its last digits"),
        (Decimal("1.5"), "is not a whole number"),
        (b"\xff", "is binary and no text"),
        (True, "is true or false"),
        ([1], "is a list"),
        ({"id": 1}, "is a JSON object"),
        ("a\x00b", "has control characters"),
        ("x" * 129, "has 129 characters"),
        (10**400, "too many digits"),
    ],
)
def test_what_cannot_be_told_is_refused(value: object, reason: str) -> None:
    with pytest.raises(BadField, match=reason):
        read_id("user_id", value)


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zs", "Zl", "Zp")), min_size=1))
def test_cleaning_is_idempotent_whatever_is_wrapped_around(text: str) -> None:
    try:
        meant = read_id("user_id", text[:100])
    except BadField:
        return
    if meant[0] in "='`’‘":
        return
    assert read_id("user_id", meant) == meant
    assert read_id("user_id", f'="{meant.replace(chr(34), chr(34) * 2)}"') == meant
    assert read_id("user_id", f"\u200b {meant}\ufeff") == meant


def test_a_text_on_which_no_number_depends_is_never_refused_for_its_signs() -> None:
    assert read_text("departments", "研发部\n测试部\x00") == "研发部 测试部"
    assert read_text("template", 42) == "42"


def test_ids_of_mongodb_are_read() -> None:
    assert read_id("user_id", {"$numberLong": "42"}) == "42"
    assert read_id("report_id", {"$oid": "65a0c0ffee"}) == "65a0c0ffee"
