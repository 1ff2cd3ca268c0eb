"""Compare-and-set of days: a writer names the fingerprints that it read."""

from __future__ import annotations

from collections.abc import Mapping

from reportdata.errors import Overtaken


def require_standing(expected: Mapping[str, str | None] | None, found: Mapping[str, str]) -> None:
    """:raises Overtaken: unless each day's fingerprint is the expected one."""
    for day, fingerprint in (expected or {}).items():
        if found.get(day) != fingerprint:
            raise Overtaken(f"somebody else computed {day} meanwhile, perhaps from more", "nothing was changed")
