"""Checks of what would bring the numbers back."""

from __future__ import annotations

from collections.abc import Iterator

from reportdata.cli.doctor.findings import Examined, Finding, ok, warn
from reportdata.cli.local_times import local_text
from reportdata.pipeline.known_backups import newest_backup

_OLD = 2 * 86400
"""Seconds after which a newer backup is due: it is taken once a day."""
_TAKE = "take one each day, like deploy/systemd/reportdata-backup.timer does: `reportdata backup FOLDER`"


def backups(examined: Examined) -> Iterator[Finding]:
    """The newest whole backup is not old."""
    newest = newest_backup(examined.settings.data)
    if newest is None:
        yield ok("none is there; `reportdata backup FOLDER` takes one")
        return
    found = f"the newest is from {local_text(newest, examined.zone)}"
    yield warn(found, _TAKE) if newest < examined.now - _OLD else ok(found)
