"""The protocol of a suite: what a collector needs of the place where an organisation's people send their reports.

A suite is a folder of `reportdata.suites` that gives a `Kind`, and a line in that package's registry. A collector knows
it by this module only, and a suite knows no more of a collector. What goes wrong is told by the errors of
`reportdata.errors`, and what the collector does then depends on nothing else:

| error | what the collector does |
|---|---|
| `BadAnswer`, `Rejected` | leaves that list, or that report, alone for a while, ever longer; all else goes on |
| `NotPermitted` | leaves lists alone for 6 hours, or comments for a day; the other goes on |
| `BudgetSpent` | asks nothing until the next month |
| `Unavailable` | asks nothing for a while, ever longer |
| any other `SourceError` | asks nothing for half an hour |

Times are milliseconds since 1970, unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

# What is read of a suite.


class Unusable(NamedTuple):
    """A record that cannot be used: ids, as far as there are any, its time (None when there is none), and the reason,
    which quotes nothing but ids and times."""

    report_id: str
    user_id: str
    at: int | None
    reason: str


class Report(NamedTuple):
    """A report as a list has it: its departments are names with commas between them."""

    report_id: str
    user_id: str
    sent_at: int
    template: str
    departments: str | None


class Comment(NamedTuple):
    """A comment: by whom, and when, in microseconds since 1970."""

    user_id: str
    at: int


class ReportPage(NamedTuple):
    """A page of reports; ``cursor`` is where the next one begins, None when there is none."""

    reports: Sequence[Report]
    cursor: str | None
    unusable: Sequence[Unusable] = ()


class CommentPage(NamedTuple):
    """A page of comments; ``offset`` is where the next one begins, None when there is none."""

    comments: Sequence[Comment]
    offset: int | None
    unusable: Sequence[Unusable] = ()


class Suite(Protocol):
    """A suite, asked as one app of one organisation. One thread at a time may use it.

    :raises SourceError: from every method; see the module's text.
    """

    @property
    def kind(self) -> Kind:
        """Which suite it is."""

    def reports(self, first_at: int, last_at: int, cursor: str = "", user_id: str | None = None) -> ReportPage:
        """A page of the reports that were sent from ``first_at`` to ``last_at``, both included, in any order.

        :param cursor: where the page begins; empty for the first one.
        :param user_id: only this person's.
        """

    def comments(self, report_id: str, offset: int = 0) -> CommentPage:
        """A page of a report's comments. Asked only where the suite tells comments.

        :raises Rejected: when there is no such report (any more).
        """

    def departments(self) -> Mapping[str, str]:
        """The names of all departments, by id. Asked only where the suite tells departments."""

    def departments_of(self, user_id: str) -> Sequence[str]:
        """The ids of a person's departments.

        :raises Rejected: when there is no such person (any more).
        """

    def names(self) -> Mapping[str, str]:
        """The names of all people, by id. Asked only where the suite tells names, and only for an organisation that has
        turned them on."""

    def hello(self) -> None:
        """Ask what costs no call, so that `Calls.heard` is told the suite's time; nothing where it tells none."""

    def close(self) -> None:
        """Let go of connections."""


# What a suite is.


class Limits(NamedTuple):
    """What a suite allows when nothing else is said: calls a month, by the months of a zone, and a second; and how many
    reports or comments a page holds."""

    calls: int
    per_second: float
    page: int
    time_zone: str


class Capabilities(NamedTuple):
    """What a suite tells besides reports."""

    comments: bool
    departments: bool
    names: bool


class Endpoint(NamedTuple):
    """An address of a suite: its name, where it is when nothing is said, and what it is."""

    name: str
    default: str
    help: str


class Access(NamedTuple):
    """Who asks, and where: addresses by the names of endpoints."""

    app_key: str
    secret: str
    endpoints: Mapping[str, str]


@dataclass(frozen=True)
class Kind:
    """A suite as it is registered.

    ``needs`` says which permissions an app must have. ``check`` raises `reportdata.errors.BadValue` for addresses that
    cannot be used; ``open`` makes the connection.
    """

    name: str
    title: str
    limits: Limits
    capabilities: Capabilities
    endpoints: Sequence[Endpoint]
    needs: str
    check: Callable[[Access], object]
    open: Callable[[Access, Calls, Notes], Suite]


# What a suite is given.


class Trouble(Enum):
    """What is the matter with an answer, by what has to be done about it."""

    NONE = "it is answered"
    TOKEN = "the token is not valid any more"  # noqa: S105
    CREDENTIALS = "the app key or the secret is wrong"
    BUSY = "too many calls in this second"
    CROWDED = "too many calls in this minute"
    SPENT = "the organisation's calls of this month are spent"
    PERMISSION = "the app lacks a permission"
    ADDRESS = "this machine's address is not in the app's allow-list"
    BANNED = "this machine's address is banned for some minutes"
    FAULT = "the server could not answer"
    SETTINGS = "the machine's settings are in the way: its proxy, or the certificates it trusts"
    REJECTED = "the server rejects the request"


class Answer(NamedTuple):
    """An answer: its trouble, the code and the text that tell of it, and the result where there is one.

    ``wait`` is how many seconds a ban lasts, or how many a server asks to wait that could not answer, ``scope`` the
    permission that is lacking, where it is told; ``counted`` whether the call counts by the month.
    """

    trouble: Trouble
    code: str = "0"
    text: str = ""
    result: bytes = b""
    wait: float = 0.0
    scope: str = ""
    counted: bool = True


class Calls(Protocol):
    """Sends a suite's calls: within its budget and at its pace, and again where waiting helps."""

    def now(self) -> float:
        """Seconds since 1970."""

    def answered(self, api: str, send: Callable[[], Answer], *, free: bool = False) -> Answer:
        """Send a call until it is answered, or known to be useless for now; the last answer tells which.

        :param api: what the call is booked as.
        :param free: it does not count by the month.
        :raises BudgetSpent: when the month has no call left; nothing is sent then.
        """

    def heard(self, at: float) -> None:
        """The suite says that it is this time, in seconds since 1970."""


class Notes(Protocol):
    """What a suite remembers of one source, durably: texts by name."""

    def read(self, name: str) -> str:
        """A text; empty when there is none."""

    def write(self, name: str, text: str) -> None:
        """Keep a text."""
