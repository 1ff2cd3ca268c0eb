"""What OpenAPI says of imports, and of taking them back."""

from __future__ import annotations

from collections.abc import Sequence

from reportdata.api.bringing import TOO_MANY_RUNS, UNKNOWN_IMPORT, UNKNOWN_UPLOAD
from reportdata.api.openapi import COUNT, TEXT, Json, Sample, answer, object_of, parameter
from reportdata.api.uploads_description import IMPORTS, SAMPLE_UPLOAD, UPLOAD_SCHEMA, described, in_path

UNDO = f"{IMPORTS}/{{import}}/undo"
_DAY: Json = TEXT | {"nullable": True}
_LISTED = object_of(
    {
        "import": TEXT,
        "at": COUNT,
        "files": {"type": "array", "items": object_of({"digest": TEXT, "size": COUNT})},
        **dict.fromkeys(("read", "added", "alreadyKnown", "skipped"), COUNT),
        "firstDay": _DAY,
        "lastDay": _DAY,
        "reversible": {"type": "boolean"},
        "takenBackAt": COUNT | {"nullable": True},
    }
)
_UNDOING: Json = {"upload": "undo-k3v9x0pq", "files": [], "run": {**SAMPLE_UPLOAD["run"], "what": "undo"}}


def described_list(scopes: Sequence[str]) -> Json:
    """The call that lists imports."""
    sample = {
        "import": "k3v9x0pq",
        "at": 1_790_000_000_000,
        "files": [{"digest": "0123456789abcdef0123456789abcdef", "size": 48_213}],
        "read": 1_204,
        "added": 1_198,
        "alreadyKnown": 6,
        "skipped": 0,
        "firstDay": "20260901",
        "lastDay": "20260930",
        "reversible": True,
        "takenBackAt": None,
    }
    schema = object_of({"imports": {"type": "array", "items": _LISTED}})
    return described(
        "listImports",
        "The organisation's imports, the latest first",
        answer(schema, {"imports": {"imports": [sample]}}),
        scopes,
        description="Imports of several organisations together, and those by older releases, are not among them.",
    )


def described_undo(scopes: Sequence[str]) -> Json:
    """The call that takes an import back."""
    return described(
        "undoImport",
        "Take an import back",
        answer(UPLOAD_SCHEMA, {"begun": _UNDOING}),
        scopes,
        UNKNOWN_IMPORT,
        Sample(TOO_MANY_RUNS, waits=True),
        parameters=[
            in_path("import"),
            parameter("query", "lang", "The language of errors.", TEXT | {"enum": ["zh", "en"], "default": "en"}),
        ],
    )


def described_undoing(scopes: Sequence[str]) -> Json:
    """The call that says how the undoing of an import stands."""
    return described(
        "getUndoing",
        "How the undoing of an import stands",
        answer(UPLOAD_SCHEMA, {"running": _UNDOING}),
        scopes,
        UNKNOWN_IMPORT,
        UNKNOWN_UPLOAD,
        parameters=[in_path("import")],
    )
