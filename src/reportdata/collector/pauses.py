"""What is not asked for until a time, because it was refused: kept, so that another process does not ask either."""

from __future__ import annotations

from reportdata.collector.ledger import Ledger

REPORTS, COMMENTS, ALL = "reports", "comments", "all"
"""What may pause."""
_MINUTE = 60_000
_LONGEST = 30
"""Minutes of the longest of pauses that grow."""


class Pauses:
    """The pauses of one source: of its ``reports``, of its ``comments``, or of ``all``."""

    def __init__(self, ledger: Ledger, source: int) -> None:
        self._ledger = ledger
        self._source = source
        self._minutes = 0.5

    def until(self, what: str, now: int) -> int:
        """When the pause is over, in milliseconds since 1970; 0 when there is none."""
        until = self._ledger.number("select until from pauses where source = ? and what = ?", (self._source, what))
        return until if until > now else 0

    def pause(self, what: str, now: int, *, minutes: float = 1.0, growing: bool = False) -> None:
        """Pause, each time for longer when it is ``growing``."""
        if growing:
            self._minutes = minutes = min(2 * self._minutes, _LONGEST)
        self._ledger.write(
            "insert into pauses values (?, ?, ?) on conflict do update set until = excluded.until",
            (self._source, what, now + int(minutes * _MINUTE)),
        )

    def worked(self) -> None:
        """An answer came: the next pause is short again."""
        self._minutes = 0.5

    def end(self) -> None:
        """End all pauses."""
        self._ledger.write("delete from pauses where source = ?", (self._source,))
