"""Facts in an inbox."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from reportdata.facts import Fact
from reportdata.inbox import Inbox, facts_of

SOON = 10
"""Seconds after which what should have happened has not."""


def fact(number: int) -> Fact:
    return Fact(
        kind="sent", corp_id="c1", report_id=f"r{number}", user_id="u", at=number, stat_day="20260921", template="日报"
    )


def lines(*numbers: int) -> bytes:
    return msgspec.json.Encoder().encode_lines([fact(number) for number in numbers])


def numbers(_inbox: Inbox, paths: Sequence[Path]) -> list[int]:
    """Which facts lie in segments, each as it was written."""
    found = [found for path in paths for found in facts_of(path)]
    assert found == [fact(one.at) for one in found]
    return [one.at for one in found]


def waited(inbox: Inbox, count: int) -> Sequence[Path]:
    """The finished segments, once there are that many."""
    end = time.monotonic() + SOON
    while len(inbox.ready()) < count:
        assert time.monotonic() < end
        time.sleep(0.005)
    return inbox.ready()
