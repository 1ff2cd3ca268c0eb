"""Times for people: what clocks show where the organisations are. Programs get times with an offset."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from reportdata.days import DEFAULT_TIME_ZONE, time_zone
from reportdata.identity import Organisation


def shared_zone(organisations: Iterable[Organisation]) -> str:
    """The time zone that all organisations have; UTC where they have several."""
    zones = {one.time_zone for one in organisations} or {DEFAULT_TIME_ZONE}
    return zones.pop() if len(zones) == 1 else "UTC"


def moment_text(moment: str) -> str:
    """A moment as programs get it, like ``2026-11-29T17:36:18+08:00``, as clocks show it where its offset holds."""
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M:%S}"


def local_text(seconds: float, zone: str) -> str:
    """A time, in seconds since 1970, like ``2026-11-29 17:36:18``; the number itself, where damage made it no time."""
    try:
        return f"{datetime.fromtimestamp(seconds, time_zone(zone)):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.0f}"


def noted_text(moment: str, zone: str) -> str:
    """A moment as our own files note it, as `local_text` has it; as it stands, where damage made it none."""
    try:
        return local_text(datetime.fromisoformat(moment).timestamp(), zone)
    except (ValueError, OverflowError):
        return moment
