"""How questions reach the processes that compute answers: the protocol, and what is answered when they cannot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from reportdata.http.answers import Failed, Fault
from reportdata.http.request_metrics import GOOD, Times
from reportdata.services import REPORTS
from reportdata.statistics.changes import Changes
from reportdata.statistics.explained import Explained
from reportdata.statistics.newest import Newest
from reportdata.statistics.question import Question
from reportdata.statistics.spans import Span

TOO_MANY = Fault(503, "ServiceUnavailable.TooManyQuestions", "Too many questions are being answered. Try again later.")
TOO_LONG = Fault(
    504, "ServiceUnavailable.QuestionTooLong", "The answer took too long. Ask for a shorter range or fewer groupings."
)
LATER = {"retry-after": "2"}


def damaged(days: str) -> Fault:
    """What is answered to a question that needs damaged files, with facts of these days; of all days, when none are
    named."""
    return Fault(
        500,
        "DataDamaged",
        f"The answer needs files that are damaged or gone, with facts of {days or 'all days'}. Whoever runs the server "
        "brings them back by `reportdata repair`; questions that do not need them are answered.",
    )


DAMAGED = damaged("2021-06-20")
BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Seconds that divide the times of questions."""
CANCELLED, FAILED, KEPT = "cancelled", "failed", "kept"
"""What becomes of questions whose client left, of those whose process ended, and of those that were answered with what
was computed for one before; the others are `GOOD` (the answer may
be that it cannot be answered as it was asked) or the code of a fault."""
OUTCOMES = (GOOD, TOO_MANY.code, TOO_LONG.code, CANCELLED, FAILED, KEPT)


class Questions:
    """How the processes that answer questions do: those that wait for one, and those that are being answered; what
    became of all others since this process began, and how long those took that were answered, the wait included."""

    def __init__(self) -> None:
        self.waiting = 0
        self.running = 0
        self.outcomes = dict.fromkeys(OUTCOMES, 0)
        self.times = Times(BOUNDS)


class Job(msgspec.Struct, frozen=True):
    """What is asked about an organisation at a time, in seconds since 1970: a question, what changed, what a number is
    made of, with its records or without, the newest numbers of some services, or a span of days, whose
    `reportdata.statistics.spans.Counts` are wanted; nothing of these for what is covered. ``target`` is the file for
    the answer. ``within`` are the departments that whoever asks may be told of, as `Question.within`; changes are not
    narrowed to them, and not told. ``busy`` is how many jobs are being done at once, this one included: they share the
    cores. ``service`` is the id of the service that it is about, but for a span and for
    newest numbers, which name their own."""

    corp_id: str
    now: float
    question: Question | None = None
    changes: Changes | None = None
    explained: Explained | None = None
    with_records: bool = False
    target: str = ""
    busy: int = 1
    span: Span | None = None
    within: tuple[str, ...] = ()
    service: str = REPORTS
    newest: tuple[Newest, ...] | None = None


class Reply(msgspec.Struct, frozen=True):
    """What came of a job: why it is refused, for people, or why there is no answer; or that its file is there, where
    the next page is, and since what to ask for later changes."""

    refused: str | None = None
    next_page: str | None = None
    next_since: str | None = None
    error: str | None = None
    """What went wrong on this side."""
    damaged: str | None = None
    """The days of facts that are needed and are in damaged files; empty for all days."""
    lacks: bool = False
    """Whether the answer leaves out what needs damaged files: once they are whole again it is another one."""

    @property
    def has_file(self) -> bool:
        """Whether there is an answer, in the job's file."""
        return self.refused is None and self.error is None and self.damaged is None


Ask = Callable[[Job], Awaitable[tuple[Reply, Path]]]
"""Has a job done. Who is cancelled meanwhile ends the work. The file is the caller's, to be removed.

:raises Failed: `TOO_MANY` or `TOO_LONG`.
"""


async def nobody(_job: Job) -> tuple[Reply, Path]:
    """Where no process answers."""
    raise Failed(TOO_MANY, headers=LATER)
