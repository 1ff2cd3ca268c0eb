"""Whether days still stand as they did."""

from __future__ import annotations

from collections.abc import Mapping

from reportdata.errors import Overtaken


def require_standing(was: Mapping[str, str | None] | None, found: Mapping[str, str]) -> None:
    """:raises Overtaken: when a day has another fingerprint than it was said to have."""
    for day, fingerprint in (was or {}).items():
        if found.get(day) != fingerprint:
            raise Overtaken(f"somebody else computed {day} meanwhile, perhaps from more", "nothing was changed")
