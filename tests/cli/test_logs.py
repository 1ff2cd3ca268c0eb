"""A line of the log is what this program wrote, whatever a request brings."""

from __future__ import annotations

import io
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdata.cli.logs import configure_log

FORGED = "20260901\n2026-11-28 00:00:00,000 ERROR forged\x1b[31m\x00\x9b2J\u2028\u202e"
STEERING = {*map(chr, range(32)), *map(chr, range(127, 160)), *"\u2028\u2029\u202e"}


def written(form: str, message: str, error: Exception | None = None, **extra: object) -> str:
    """What the log says, whole."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        configure_log(form)
        (handler,) = root.handlers
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(io.StringIO())
        logging.getLogger("reportdata.test").error("%s", message, exc_info=error, extra=extra)
        found: str = handler.stream.getvalue()
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    return found


@pytest.mark.parametrize("form", ["readable", "json"])
@given(st.text() | st.just(FORGED), st.text() | st.just(FORGED))
def test_a_line_stays_one_line_without_characters_that_steer(form: str, message: str, value: str) -> None:
    found = written(form, message, stat_date=value)
    assert found.endswith("\n")
    assert not STEERING & set(found[:-1])


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_keeps_what_was_said(message: str) -> None:
    fields = json.loads(written("json", message, stat_date=message))
    assert (fields["message"], fields["stat_date"]) == (message, message)


@pytest.mark.parametrize("form", ["readable", "json"])
def test_the_message_of_an_error_forges_no_line(form: str) -> None:
    found = written(form, "it failed", ValueError(FORGED))
    first, *others = found.splitlines()
    assert "it failed" in first
    assert all(line.startswith("  ") for line in others)
    assert "\x1b" not in found
    assert "\x00" not in found


def test_a_readable_line_says_what_it_said() -> None:
    assert written("readable", "a request", request_id="7", app_key="ding").endswith(
        " ERROR a request request_id=7 app_key=ding\n"
    )
