"""Errors that last are in the log once an hour."""

from __future__ import annotations

import logging

import pytest

from reportdata.cli.troubles import AGAIN, Troubles
from reportdata.errors import LakeError


def test_an_error_is_told_once_then_each_hour_and_when_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    troubles = Troubles(logging.getLogger("reportdata.test"), lambda: now[0])
    lost = LakeError("the lake is gone", "bring it back")
    with caplog.at_level("INFO", "reportdata.test"):
        for second in range(0, int(2.5 * AGAIN), 300):
            now[0] = float(second)
            troubles.tell("lake", lost)
        assert caplog.messages == ["the lake is gone; bring it back"] * 3
        troubles.tell("lake", OSError("another"))
        troubles.tell("store", lost)
        assert caplog.messages[3:] == ["another", "the lake is gone; bring it back"]
        troubles.over("lake", "working again")
        troubles.over("lake", "working again")
        troubles.over("store")
        assert caplog.messages[5:] == ["working again"]
        troubles.tell("lake", lost)
        assert caplog.messages[6:] == ["the lake is gone; bring it back"], "it is a new one"
