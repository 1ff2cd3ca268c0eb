"""A suite that is made up: pages by cursors that are texts, no comments, no departments, and calls that are few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from reportdata.collector.suite import (
    Access,
    Answer,
    Calls,
    Capabilities,
    CommentPage,
    Endpoint,
    Kind,
    Limits,
    Notes,
    Report,
    ReportPage,
    Suite,
    Trouble,
)
from reportdata.errors import (
    BadCredentials,
    BudgetSpent,
    NotPermitted,
    Rejected,
    SourceError,
    Unavailable,
)

PAGE = 3
SECRET = "madeup secret"
_ERRORS: dict[Trouble, type[SourceError]] = {
    Trouble.CREDENTIALS: BadCredentials,
    Trouble.SPENT: BudgetSpent,
    Trouble.PERMISSION: NotPermitted,
}


class Memo(NamedTuple):
    """A report of the made-up suite; withdrawn at 0 means never."""

    report_id: str
    user_id: str
    sent_at: int
    withdrawn_at: int = 0

    def seen_at(self, now: int) -> bool:
        """Whether it is there at a time."""
        return self.sent_at <= now and not 0 < self.withdrawn_at <= now


@dataclass
class Office:
    """What there is in the made-up suite, and what is the matter with it."""

    memos: list[Memo] = field(default_factory=list)
    trouble: Trouble = Trouble.NONE
    calls: list[str] = field(default_factory=list)

    def kind(self) -> Kind:
        """The suite as it is registered."""
        return Kind(
            name="madeup",
            title="the made-up suite",
            limits=Limits(calls=20_000, per_second=50.0, page=PAGE, time_zone="UTC"),
            capabilities=Capabilities(comments=False, departments=False, names=False),
            endpoints=(Endpoint("office", "https://office.example", "Where the office is."),),
            needs="The app needs nothing.",
            check=lambda _: None,
            open=self.open,
        )

    def open(self, access: Access, calls: Calls, notes: Notes) -> Suite:
        """A connection."""
        return Madeup(self, access, calls, notes)


class Madeup:
    """See `reportdata.collector.suite.Suite`."""

    def __init__(self, office: Office, access: Access, calls: Calls, notes: Notes) -> None:
        self._office = office
        self._access = access
        self._calls = calls
        self._notes = notes

    @property
    def kind(self) -> Kind:
        """Which suite it is."""
        return self._office.kind()

    def reports(self, first_at: int, last_at: int, cursor: str = "", user_id: str | None = None) -> ReportPage:
        """A page of reports, the newest first; a cursor is the id of the last report before it."""
        self._ask("reports")
        now = int(self._calls.now() * 1000)
        there = sorted(
            (memo.sent_at, memo.report_id, memo.user_id)
            for memo in self._office.memos
            if memo.seen_at(now) and first_at <= memo.sent_at <= last_at and user_id in (None, memo.user_id)
        )[::-1]
        if cursor:
            time, _, report_id = cursor.removeprefix("after ").partition(" ")
            there = [memo for memo in there if memo[:2] < (int(time), report_id)]
        page = [Report(report_id, user, at, "周报", None) for at, report_id, user in there[:PAGE]]
        more = f"after {page[-1].sent_at} {page[-1].report_id}" if len(there) > PAGE else None
        return ReportPage(page, more)

    def comments(self, report_id: str, offset: int = 0) -> CommentPage:
        """Not told."""
        raise AssertionError(f"the comments of {report_id} were asked for, from {offset} on")

    def departments(self) -> Mapping[str, str]:
        """Not told."""
        raise AssertionError("departments were asked for")

    def departments_of(self, user_id: str) -> Sequence[str]:
        """Not told."""
        raise AssertionError(f"the departments of {user_id} were asked for")

    def names(self) -> Mapping[str, str]:
        """Not told."""
        raise AssertionError("names of people were asked for")

    def hello(self) -> None:
        """It tells no time."""

    def close(self) -> None:
        """Nothing to let go of."""

    def _ask(self, api: str) -> None:
        answer = self._calls.answered(api, self._send)
        if answer.trouble is not Trouble.NONE:
            error = _ERRORS.get(answer.trouble, Unavailable)
            if answer.trouble is Trouble.REJECTED:
                raise Rejected(f"{api}: {answer.trouble.value}", answer.code)
            raise error(f"{api}: {answer.trouble.value}")

    def _send(self) -> Answer:
        trouble = self._office.trouble
        if self._access.secret != SECRET:
            trouble = Trouble.CREDENTIALS
        self._office.calls.append(trouble.name)
        return Answer(trouble, trouble.name, counted=trouble not in (Trouble.BUSY, Trouble.CROWDED, Trouble.SPENT))
