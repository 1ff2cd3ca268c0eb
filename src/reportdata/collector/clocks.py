"""This machine's clock beside a suite's, as its answers tell it.

While the two differ nobody knows which is wrong. The present is the earlier of them then, so that nothing is taken for
over that may go on, and nothing that was seen is judged: a day of which a suite in the past knows no report is no zero.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from reportdata.collector.clock import Clock
from reportdata.collector.ledger import Ledger
from reportdata.collector.sources import SourceNotes, sources
from reportdata.collector.suite import Notes
from reportdata.errors import SourceError

log = logging.getLogger("reportdata.collector")

DIFFER = 300.0
"""Seconds by which the clocks may differ."""
FRESH = 240.0
"""Seconds for which a comparison holds."""
NOTE = "clock"
"""The note that holds how many seconds this machine's clock is ahead; empty while the clocks agree."""


class ComparedClock:
    """A clock that is compared with the one of a source's suite; see `reportdata.collector.clock.Clock`.

    :param notes: keep how far they differ, for those who ask, and for the next process.
    :param name: the name of the source.
    """

    def __init__(self, clock: Clock, notes: Notes, name: str) -> None:
        self._clock = clock
        self._notes = notes
        self._name = name
        self._compared_at: float | None = None
        self._ahead = ahead_of(notes)

    @property
    def differ(self) -> bool:
        """Whether the clocks differ by too much."""
        return abs(self._ahead) > DIFFER

    def now(self) -> float:
        """Seconds since 1970; by the earlier clock while they differ."""
        return self._clock.now() - (self._ahead if self._ahead > DIFFER else 0.0)

    def sleep(self, seconds: float) -> None:
        """Let that many seconds pass."""
        self._clock.sleep(seconds)

    def heard(self, at: float) -> None:
        """The suite says that it is this time, in seconds since 1970."""
        self._compared_at = self._clock.now()
        differed, was = self.differ, self._ahead
        self._ahead = self._compared_at - at
        if self.differ != differed or (differed and abs(self._ahead - was) > DIFFER):
            self._notes.write(NOTE, f"{self._ahead:.0f}" if self.differ else "")
            if self.differ:
                log.warning(
                    "%s: %s; what is collected makes no day certain until they agree", self._name, said(self._ahead)
                )
            else:
                log.info("%s: the clocks agree again", self._name)

    def agree(self, hello: Callable[[], None]) -> bool:
        """Whether the clocks agree now. They are compared unless they were lately; of a suite that tells no time, this
        machine's clock is believed.

        :param hello: asks the suite something that costs nothing.
        """
        now = self._clock.now()
        if self._compared_at is None or not self._compared_at <= now < self._compared_at + FRESH:
            try:
                hello()
            except SourceError:
                if self._compared_at is None or not self._compared_at <= now <= self._clock.now():
                    return False
        return not self.differ


def ahead_of(notes: Notes) -> float:
    """How many seconds this machine's clock is ahead of a source's suite, negative when it is behind; 0 while they
    agree."""
    try:
        return float(notes.read(NOTE) or 0)
    except ValueError:
        return 0.0


def differing(ledger: Ledger) -> dict[str, float]:
    """How far this machine's clock is ahead, by the names of those sources where the clocks differ."""
    found = {source.name: ahead_of(SourceNotes(ledger, source.id)) for source in sources(ledger)}
    return {name: ahead for name, ahead in found.items() if ahead}


def said(ahead: float) -> str:
    """How far the clocks differ, in words."""
    distance = abs(ahead)
    amount = (
        f"{distance / 86_400:.0f} days"
        if distance >= 172_800
        else f"{distance / 3600:.0f} hours"
        if distance >= 7200
        else f"{distance / 60:.0f} minutes"
    )
    return f"this machine's clock is {amount} {'ahead of' if ahead > 0 else 'behind'} the suite's"
