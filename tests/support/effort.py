"""How much tests try."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

FULL = bool(os.environ.get("REPORTDATA_TESTS_FULL"))
"""Whether every case is tried, in place of those that find most. Tests clean the environment, so it is read here."""


def tried(usually: int, in_full: int) -> int:
    """How many cases are tried."""
    return in_full if FULL else usually


def examples(usually: int, in_full: int) -> settings:
    """How many examples a property that takes its time is tried with."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
    return settings(max_examples=tried(usually, in_full), deadline=None, suppress_health_check=slow)
