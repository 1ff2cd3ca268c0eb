"""With what a command exits, so that a script knows what has happened."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from reportdata.errors import BudgetSpent, ReportDataError, Unavailable


class NotKnownYet(ReportDataError):
    """Numbers are less certain than was required; they were printed."""


class Exit(IntEnum):
    """The exit codes."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_KNOWN_YET = 3
    NOT_NOW = 4
    INTERRUPTED = 130


MEANINGS: Mapping[Exit, str] = {
    Exit.DONE: "Done.",
    Exit.FAILED: "Refused or failed: standard error says what, and what to do. `doctor` and `repair`: something does "
    "not work or is damaged.",
    Exit.USAGE: "The command is written wrongly: an option that there is not, or a value that cannot be.",
    Exit.NOT_KNOWN_YET: "Not known yet: `query --require` printed the numbers, and some are less certain.",
    Exit.NOT_NOW: "DingTalk cannot be asked now, or the month's calls are spent: the same command goes on later.",
    Exit.INTERRUPTED: "Ended by Ctrl+C; the same command does what is left. Commands that run until then exit with 0.",
}
"""What each tells."""


def exit_of(error: ReportDataError) -> Exit:
    """With what a command exits that an error ends."""
    if isinstance(error, NotKnownYet):
        return Exit.NOT_KNOWN_YET
    return Exit.NOT_NOW if isinstance(error, Unavailable | BudgetSpent) else Exit.FAILED
