"""What OpenAPI says of files that people bring, until they are imported."""

from __future__ import annotations

from collections.abc import Sequence

from reportdata.api.admission import Demand
from reportdata.api.bringing import (
    BAD_CHOICES,
    BAD_NAME,
    LARGEST,
    LONGEST_NAME,
    NO_ROOM,
    RUNNING,
    TOO_MANY_FILES,
    TOO_MANY_RUNS,
    UNKNOWN_UPLOAD,
    UPLOAD_TOO_LARGE,
)
from reportdata.api.faults import GONE
from reportdata.api.openapi import BY_THE_STORE, COUNT, TEXT, Json, Sample, answer, object_of, operation, parameter
from reportdata.api.sign_in import SAMPLES
from reportdata.errors import Reason
from reportdata.http.answers import BODY_TOO_LARGE, Fault

IMPORTS = "/v1/imports"
UPLOADS = f"{IMPORTS}/uploads"
UPLOAD = f"{UPLOADS}/{{upload}}"
PREVIEW = f"{UPLOAD}/preview"
IMPORT = f"{UPLOAD}/import"

SAMPLE_UPLOAD: Json = {
    "upload": "0123456789abcdef0123456789abcdef",
    "files": [{"name": "日志.xlsx", "size": 48_213}],
    "run": {
        "what": "preview",
        "state": "running",
        "step": "reading 日志.xlsx",
        "done": 0,
        "total": 0,
        "result": None,
        "error": None,
    },
}
_ANY: Json = {"type": "object", "nullable": True}
_RUN = object_of(
    {
        "what": TEXT | {"enum": ["preview", "import", "undo"]},
        "state": TEXT | {"enum": ["waiting", "running", "done", "failed", "interrupted"]},
        "step": TEXT,
        "done": COUNT,
        "total": COUNT,
        "result": _ANY | {"description": "What `reportdata import` prints with --json, with --dry-run for a preview."},
        "error": object_of({"message": TEXT, "hint": TEXT}) | {"nullable": True},
    }
) | {"nullable": True}
UPLOAD_SCHEMA = object_of(
    {
        "upload": TEXT,
        "files": {"type": "array", "items": object_of({"name": TEXT, "size": COUNT})},
        "run": _RUN,
    }
)
_SAID: Json = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **dict.fromkeys(("kind", "sheet", "timesIn", "format", "from", "to", "exportedAt"), TEXT | {"nullable": True}),
        "columns": {"type": "object", "additionalProperties": TEXT},
        "covers": {"type": "array", "items": TEXT},
        "skipBad": {"type": "boolean"},
        "lang": TEXT
        | {
            "enum": ["zh", "en"],
            "default": "en",
            "description": "The language of notes, failures, hints, reasons of skipped records, and errors.",
        },
    },
}
_BODY: Json = {
    "required": False,
    "content": {
        "application/json": {"schema": _SAID, "example": {"kind": "sent", "columns": {"user_id": "工号"}}},
    },
}
_ORDER = (
    Reason.TOKEN_INVALID,
    Reason.ADDRESS,
    Reason.SCOPE,
    Reason.RATE,
    Reason.NO_ORGANISATION,
)
_SECURITY: list[Json] = [{name: []} for name in ("token", "bearer", "basic", "session")]


def described(
    name: str, summary: str, good: Json, scopes: Sequence[str], *faults: Fault | Sample, **more: object
) -> Json:
    """A call about imports, with what it may be answered."""
    more.setdefault("description", "")
    more["description"] = f"{more['description']} The caller needs the scope {' or '.join(scopes)}.".strip()
    refusals = Demand(IMPORTS, tuple(scopes)).samples(_ORDER)
    return operation(name, summary, good, (*SAMPLES, *refusals, *faults, *BY_THE_STORE), security=_SECURITY, **more)


def in_path(name: str) -> Json:
    """A parameter in the path."""
    return parameter("path", name, "Which.") | {"required": True}


def described_upload(scopes: Sequence[str]) -> Json:
    """The call that takes a file."""
    name = parameter("query", "name", f"The file's name, up to {LONGEST_NAME} bytes.") | {"required": True}
    into = parameter("query", "upload", "The upload that gets the file; a new one without it.")
    modified = parameter("query", "modified", "When it was last written, in milliseconds since 1970.", COUNT)
    return described(
        "uploadFile",
        "Bring a file to be imported",
        answer(UPLOAD_SCHEMA, {"uploaded": SAMPLE_UPLOAD | {"run": None}}),
        scopes,
        BAD_NAME,
        TOO_MANY_FILES,
        UNKNOWN_UPLOAD,
        RUNNING,
        UPLOAD_TOO_LARGE,
        BODY_TOO_LARGE,
        Sample(NO_ROOM, waits=True),
        GONE,
        description="The body is the file. All files of an upload are imported together; they have "
        f"{LARGEST >> 20} MiB at most, and are removed after the import, or half an hour after the last call.",
        parameters=[name, into, modified],
        requestBody={
            "required": True,
            "content": {"application/octet-stream": {"schema": TEXT | {"format": "binary"}}},
        },
    )


def described_state(scopes: Sequence[str]) -> Json:
    """The call that says how an upload stands."""
    good = answer(UPLOAD_SCHEMA, {"running": SAMPLE_UPLOAD})
    return described("getUpload", "How an upload stands", good, scopes, UNKNOWN_UPLOAD, parameters=[in_path("upload")])


def described_removal(scopes: Sequence[str]) -> Json:
    """The call that removes an upload or a file of it."""
    name = parameter("query", "name", "The only file that is removed.")
    found = described(
        "removeUpload",
        "Remove an upload",
        answer({}),
        scopes,
        BAD_NAME,
        RUNNING,
        parameters=[in_path("upload"), name],
    )
    good: Json = {key: value for key, value in answer({}, status=204).items() if key != "content"}
    found["responses"] = {"204": good} | {key: value for key, value in found["responses"].items() if key != "200"}
    return found


def _described_run(name: str, summary: str, scopes: Sequence[str], description: str) -> Json:
    return described(
        name,
        summary,
        answer(UPLOAD_SCHEMA, {"begun": SAMPLE_UPLOAD}),
        scopes,
        BAD_CHOICES,
        UNKNOWN_UPLOAD,
        RUNNING,
        BODY_TOO_LARGE,
        Sample(TOO_MANY_RUNS, waits=True),
        GONE,
        description=description,
        parameters=[in_path("upload")],
        requestBody=_BODY,
    )


def described_preview(scopes: Sequence[str]) -> Json:
    """The call that begins a preview."""
    return _described_run(
        "previewUpload",
        "Say what an import would do",
        scopes,
        "What is said of the files is what the options of `reportdata import` say. A preview ends the one before it.",
    )


def described_import(scopes: Sequence[str]) -> Json:
    """The call that begins an import."""
    return _described_run(
        "importUpload",
        "Import an upload",
        scopes,
        "Records of other organisations are refused, and of services for which the caller has no scope to write. When "
        "one file cannot be imported, none is. The same call again begins nothing, and says how it stands.",
    )
