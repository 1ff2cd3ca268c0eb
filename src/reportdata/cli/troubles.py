"""Errors that last: each is logged once, then once an hour while it lasts, and its end is logged."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from reportdata.errors import ReportDataError

AGAIN = 3600.0
"""Seconds after which an error that lasts is logged again."""


class Troubles:
    """What keeps the parts of a program from working.

    :param log: takes the errors.
    :param clock: tells seconds that only grow.
    """

    def __init__(self, log: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._clock = clock
        self._told: dict[str, tuple[str, float]] = {}

    def tell(self, part: str, error: Exception) -> None:
        """Log why a part does not work, unless the last hour's log has it."""
        said = str(error)
        if isinstance(error, ReportDataError):
            said = f"{error.message}; {error.hint}" if error.hint else error.message
        before = self._told.get(part)
        if before is not None and before[0] == said and self._clock() < before[1] + AGAIN:
            return
        self._told[part] = said, self._clock()
        self._log.error("%s", said)

    def over(self, part: str, what: str = "") -> None:
        """A part works; ``what`` is logged when it did not before."""
        if self._told.pop(part, None) is not None and what:
            self._log.info("%s", what)
