"""The errors of this package, one tree::

    ReportDataError              anything this package raises on purpose
    ├── InputError               what was handed in cannot be used
    │   ├── BadValue             one value: a day, a time zone, an address, a scope
    │   │   └── BadDay           a text that stands for a stat day and is none
    │   ├── BadField             one field of a record: its name and what is wrong with it
    │   ├── BadRecord            the same, with its file and line
    │   └── BadFile              a whole file: unreadable, of an unknown format, without needed columns
    ├── NotKnown                 an organisation or an app that does not exist
    ├── AlreadyKnown             an organisation or an app that exists with other properties
    ├── Refused                  a caller who may not have what was asked; says why in ``reason``
    ├── StoreError               the store cannot answer: locked, damaged, of a newer version
    │   └── Overtaken            somebody else stored a newer state meanwhile
    ├── LakeError                the lake cannot be read or written
    │   └── Damaged              files of it are gone, or are not what was added; names them
    ├── EngineError              the engine cannot be started or reached, or gave up
    ├── InboxError               the inbox cannot be read or written
    │   └── BadSegment           a file of the inbox holds something that is no fact
    ├── FolderGone               a folder that was opened is not where it was any more
    ├── LedgerError              what the collector keeps cannot be read or written
    └── SourceError              a suite, where an organisation is collected from, cannot be asked, or refuses
        ├── Unavailable          no use of an answer after several tries; it may be there later
        ├── BadAnswer            one answer that cannot be used: of one list, or of one report
        ├── BadCredentials       the app key or its secret is wrong, or the secret is not there
        ├── NotPermitted         the app lacks a permission, or its address is not allowed
        ├── BudgetSpent          the month's calls are spent
        └── Rejected             the answer says that the request itself cannot be answered

An error carries a message for people and, where there is one, a hint that names the next step. It never carries
an HTTP status: the packages that speak a protocol map errors to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum


class ReportDataError(Exception):
    """Anything this package raises on purpose."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(ReportDataError):
    """What was handed in cannot be used."""


class BadValue(InputError):
    """One value that cannot be used."""


class BadDay(BadValue, ValueError):
    """A text that stands for a stat day and is none."""


class BadField(InputError):
    """A field of a record that cannot be used; the reader of the file turns it into a `BadRecord`."""

    def __init__(self, field: str, reason: str, hint: str = "") -> None:
        super().__init__(f"{field}: {reason}", hint)
        self.field = field
        self.reason = reason


class BadRecord(InputError):
    """A record that cannot be used: its file, its line (from 1), the field and the reason. ``others`` are further ones
    of the file, and ``more`` is how many there are besides."""

    others: Sequence[BadRecord] = ()
    more: int = 0

    def __init__(self, file: str, line: int, field: str, reason: str, hint: str = "") -> None:
        super().__init__(f"{file}, line {line}: {field}: {reason}", hint)
        self.file = file
        self.line = line
        self.field = field
        self.reason = reason


class BadFile(InputError):
    """A file that cannot be used as a whole; because of a ``line``, when there is one."""

    def __init__(self, file: str, reason: str, hint: str = "", line: int | None = None) -> None:
        super().__init__(f"{file}: {reason}" if line is None else f"{file}, line {line}: {reason}", hint)
        self.file = file
        self.reason = reason
        self.line = line


class NotKnown(ReportDataError):
    """An organisation or an app that does not exist."""


class AlreadyKnown(ReportDataError):
    """An organisation or an app that exists with other properties."""


class Reason(Enum):
    """Why a caller is refused, in the order in which it is checked."""

    CREDENTIALS = "the app key or the secret is wrong"
    TOKEN_MISSING = "no token was sent"  # noqa: S105
    TOKEN_INVALID = "the token is unknown or expired, or its app is disabled"  # noqa: S105
    ADDRESS = "the caller's address is not in the app's allow-list"
    SCOPE = "the app does not have the scope"
    RATE = "the app is over its rate"
    NO_ORGANISATION = "the app belongs to no organisation"
    CLIENT_TOKEN = "the client token was used for another request"  # noqa: S105


class Refused(ReportDataError):
    """A caller who may not have what was asked."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class StoreError(ReportDataError):
    """The store cannot answer."""


class Overtaken(StoreError):
    """Somebody else stored a newer state than the one that was computed; nothing was changed."""


class LakeError(ReportDataError):
    """The lake cannot be read or written."""


class Damaged(LakeError):
    """Files of the lake are gone, or are not what was added; ``files`` are their names."""

    def __init__(self, message: str, hint: str = "", files: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.files = files


class EngineError(ReportDataError):
    """The engine cannot be started or reached, or gave up."""


class InboxError(ReportDataError):
    """The inbox cannot be read or written."""


class BadSegment(InboxError):
    """A file of the inbox holds something that is no fact."""


class FolderGone(ReportDataError):
    """A folder that was opened was moved, unmounted or replaced."""


class LedgerError(ReportDataError):
    """What the collector keeps cannot be read or written."""


class SourceError(ReportDataError):
    """A suite, where an organisation is collected from, cannot be asked, or refuses."""


class Unavailable(SourceError):
    """No use of an answer after several tries; it may be there later."""


class BadAnswer(SourceError):
    """One answer that cannot be used, though it came: of one list, or of one report. Others are not concerned."""


class BadCredentials(SourceError):
    """The app key or its secret is wrong, or the secret is not there."""


class NotPermitted(SourceError):
    """The app lacks a permission, whose code is in ``scope`` when the answer told it, or its address is not allowed."""

    def __init__(self, message: str, hint: str = "", scope: str = "") -> None:
        super().__init__(message, hint)
        self.scope = scope


class BudgetSpent(SourceError):
    """The month's calls are spent."""


class Rejected(SourceError):
    """The answer says that the request itself cannot be answered; ``code`` is the suite's."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code
