"""How much tests try."""

from __future__ import annotations

import os

FULL = bool(os.environ.get("REPORTDATA_TESTS_FULL"))
"""Whether every case is tried, in place of those that find most. Tests clean the environment, so it is read here."""

QUICK = bool(os.environ.get("REPORTDATA_TESTS_QUICK"))
"""Whether little is tried, as at each change."""


def tried(usually: int, in_full: int) -> int:
    """How many cases are tried."""
    return in_full if FULL else usually


def examples(usually: int) -> int:
    """How many examples of a property are tried."""
    return -(-usually // 4) if QUICK else usually
