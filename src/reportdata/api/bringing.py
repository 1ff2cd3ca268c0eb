"""How files that people bring reach the processes that read them: the protocol, and what is answered when they cannot.

Files lie in an upload until they are imported or it ends. A run is what is done with them, a preview or an import, or
the undoing of an import; it is computed in a process of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Mapping
from itertools import product
from typing import Any, Literal, Protocol, get_args

import msgspec

from reportdata.http.answers import Failed, Fault
from reportdata.http.request_metrics import GOOD

LARGEST = 256 << 20
"""Bytes of all files of an upload."""
MOST_FILES = 20
LONGEST_NAME = 200
"""Bytes of a file's name in UTF-8."""
SECONDS = 600
"""Seconds that a file may take to come."""

UNKNOWN_UPLOAD = Fault(
    404,
    "Import.UnknownUpload",
    "There is no such upload here. It has ended, or lies on another node. Send the files again.",
)
UNKNOWN_IMPORT = Fault(404, "Import.Unknown", "The organisation has no such import.")
RUNNING = Fault(409, "Import.Running", "The files are being imported. Wait until that has ended.")
TOO_MANY_FILES = Fault(400, "Import.TooManyFiles", f"An upload has at most {MOST_FILES} files. Pack them into a .zip.")
UPLOAD_TOO_LARGE = Fault(
    413, "Import.TooLarge", f"An upload has at most {LARGEST >> 20} MiB. `reportdata import` takes larger files."
)
BAD_NAME = Fault(400, "InvalidParameter", f"name: give the file's name, 1 to {LONGEST_NAME} bytes that can be shown")
BAD_CHOICES = Fault(400, "InvalidParameter", "Object contains unknown field `kinds`")
"""What is said of the files cannot be read; the message says why."""
TOO_MANY_RUNS = Fault(503, "ServiceUnavailable.TooManyImports", "Too many files are being read. Try again later.")
NO_ROOM = Fault(503, "ServiceUnavailable.NoRoom", "There is no room for the file. Try again later.")
LATER = {"retry-after": "5"}

What = Literal["preview", "import", "undo"]
Lang = Literal["zh", "en"]
States = Literal["waiting", "running", "done", "failed", "interrupted"]


REFUSED, FAILED, INTERRUPTED = "refused", "failed", "interrupted"
"""What becomes of runs of which a file is refused, of those that came to nothing, and of those in whose place something
else was asked for, or whose server stopped; of the others `GOOD`."""
RUNS = tuple(product(get_args(What), (GOOD, REFUSED, FAILED, INTERRUPTED)))
"""What is done, with each of its outcomes."""


class Brought:
    """What was brought since this process began: bytes of files, whole or not; and how many runs ended, by what was
    done and how."""

    def __init__(self) -> None:
        self.bytes = 0
        self.runs: dict[tuple[str, str], int] = dict.fromkeys(RUNS, 0)

    def note(self, run: Run) -> None:
        """A run has ended."""
        done = REFUSED if (run.result or {}).get("failures") else GOOD
        self.runs[run.what, {"done": done, "failed": FAILED}.get(run.state, INTERRUPTED)] += 1


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """What a person says of the files, as the options of `reportdata import` of these names have it, and the language
    of what the person is told."""

    kind: str | None = None
    columns: dict[str, str] = {}
    sheet: str | None = None
    times_in: str | None = None
    format: str | None = None
    first_day: str | None = msgspec.field(default=None, name="from")
    last_day: str | None = msgspec.field(default=None, name="to")
    covers: tuple[str, ...] = ()
    exported_at: str | None = None
    skip_bad: bool = False
    lang: Lang = "en"


class Wrong(msgspec.Struct, frozen=True):
    """Why a run failed, and what to do."""

    message: str
    hint: str = ""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """How a run stands: what is being done of it and how much, 0 for not known; and what came of it."""

    what: What
    state: States
    step: str = ""
    done: int = 0
    total: int = 0
    result: dict[str, Any] | None = None
    error: Wrong | None = None


class Stored(msgspec.Struct, frozen=True):
    """A file of an upload, and its bytes."""

    name: str
    size: int


class Upload(msgspec.Struct, frozen=True):
    """An upload: its files, and its latest run."""

    upload: str
    files: tuple[Stored, ...] = ()
    run: Run | None = None


class Bringing(Protocol):
    """Keeps uploads and runs what is asked of them. All of it is of one organisation, and unknown to others."""

    @property
    def brought(self) -> Brought:
        """What was brought."""

    async def take(
        self, corp_id: str, upload: str | None, file: tuple[str, int | None], content: AsyncIterable[bytes]
    ) -> Upload:
        """Add a file to an upload, a new one where none is named; a file of the same name is replaced. A file that did
        not come whole is not kept.

        :param file: its name, and when it was last written, in milliseconds since 1970.
        :raises Failed: `BAD_NAME`, `UNKNOWN_UPLOAD`, `TOO_MANY_FILES`, `UPLOAD_TOO_LARGE`, `RUNNING` or `NO_ROOM`.
        """

    def found(self, corp_id: str, upload: str) -> Upload:
        """An upload as it stands.

        :raises Failed: `UNKNOWN_UPLOAD`.
        """

    def remove(self, corp_id: str, upload: str, name: str | None) -> None:
        """Remove an upload, or one of its files; nothing happens when it is not there.

        :raises Failed: `RUNNING`.
        """

    def run(self, corp_id: str, upload: str, what: What, said: Said, kinds: tuple[str, ...]) -> Upload:
        """Preview or import the files of an upload; facts of other ``kinds`` are refused. A preview ends the one before
        it. An import that was begun is not begun again: the same call says how it stands.

        :raises Failed: `UNKNOWN_UPLOAD`, `RUNNING` or `TOO_MANY_RUNS`.
        """

    def undo(self, corp_id: str, import_id: str, kinds: tuple[str, ...], lang: Lang) -> Upload:
        """Take an import back, unless it brought facts of other ``kinds``; when that is being done, say how it stands.

        :param lang: the language of what goes wrong.
        :raises Failed: `TOO_MANY_RUNS`.
        """


class Nobody:
    """Where no process reads files."""

    def __init__(self) -> None:
        self.brought = Brought()

    async def take(
        self, _corp_id: str, _upload: str | None, _file: tuple[str, int | None], _content: AsyncIterable[bytes]
    ) -> Upload:
        """See `Bringing`."""
        raise Failed(NO_ROOM, headers=LATER)

    def found(self, _corp_id: str, _upload: str) -> Upload:
        """See `Bringing`."""
        raise Failed(UNKNOWN_UPLOAD)

    def remove(self, _corp_id: str, _upload: str, _name: str | None) -> None:
        """See `Bringing`."""

    def run(self, _corp_id: str, _upload: str, _what: What, _said: Said, _kinds: tuple[str, ...]) -> Upload:
        """See `Bringing`."""
        raise Failed(UNKNOWN_UPLOAD)

    def undo(self, _corp_id: str, _import_id: str, _kinds: tuple[str, ...], _lang: Lang) -> Upload:
        """See `Bringing`."""
        raise Failed(TOO_MANY_RUNS, headers=LATER)


def read_said(body: bytes) -> Said:
    """What a request's body says of the files; an empty one says nothing.

    :raises Failed: `BAD_CHOICES`, with the reason.
    """
    try:
        return msgspec.json.decode(body, type=Said) if body.strip() else Said()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Failed(BAD_CHOICES._replace(message=str(error)[:200])) from None


def read_lang(text: str) -> Lang:
    """The language that a request asks for, English where it names none that there is."""
    return "zh" if text == "zh" else "en"


def as_json(value: Upload) -> Mapping[str, Any]:
    """An upload as the API tells it."""
    return {"upload": value.upload, "files": value.files, "run": value.run}
