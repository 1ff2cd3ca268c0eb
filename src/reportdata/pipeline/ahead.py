"""Looks at days that are noted for a time after now: the clock that gave it was wrong, or this one is.

While their time has not come they make nothing final (see `reportdata.store.standing`), and where this clock was the
wrong one they hold again as soon as it is set. Where the other one was, their time comes one day though nobody looked
then. So a look that is still ahead an hour after that was seen first is written anew, as one that was no later than the
beginning of its days, in the lake and in the store: its numbers stay, and are provisional until somebody looks again.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path

from reportdata.coverage import Observation, believed
from reportdata.lake import Lake
from reportdata.lake.looks import apart, fewest
from reportdata.pipeline.observed import told_by_kind
from reportdata.pipeline.workspace import Workspace

log = logging.getLogger("reportdata.worker")

TOLERANCE = 300
"""Seconds by which clocks of several machines may differ."""
PATIENCE = 3600
"""Seconds for which this machine's clock may be the wrong one: until a network has set it."""


def settle(work: Workspace, looks: Iterable[Observation], now: float) -> int:
    """Write looks anew that have been ahead of the clock for an hour; returns how many. Who calls this holds the lease
    for refreshing.

    :param looks: what lake and store tell.
    :param now: the present, in seconds since 1970.
    """
    lake, note = work.lake, work.lake.root / "ahead"
    places = {(look.corp_id, look.kind) for look in _ahead(looks, now)}
    if not places:
        note.unlink(missing_ok=True)
        return 0
    if not note.exists() or note.stat().st_mtime > now:
        note.touch()
        os.utime(note, (now, now))
    if note.stat().st_mtime > now - PATIENCE:
        return 0
    count = 0
    for path in (*lake.observations(), *lake.repeated_observations()):
        if ahead := _ahead(lake.observed([path]), now):
            _write_anew(lake, path, now)
            count += len(ahead)
    observed: dict[tuple[str, str], list[Observation]] = {place: [] for place in places}
    for look in told_by_kind(lake.observed(), work.kinds):
        if (look.corp_id, look.kind) in places:
            observed[look.corp_id, look.kind].append(look)
    work.store.replace_coverage(observed)
    note.unlink()
    log.warning("%d looks at days were noted for a time after now: their days are provisional", count)
    return count


def _ahead(looks: Iterable[Observation], now: float) -> list[Observation]:
    limit = (now + TOLERANCE) * 1000
    return [look for look in looks if look.at > limit]


def _write_anew(lake: Lake, path: Path, now: float) -> None:
    limit = (now + TOLERANCE) * 1000
    looks = fewest(believed(look, now) if look.at > limit else look for look in lake.observed([path]))
    lake.replace_looks([path], *((looks, []) if path in lake.repeated_observations() else apart(looks)))
