"""What OpenAPI says of sessions."""

from __future__ import annotations

from collections.abc import Sequence

from reportdata.api.admission import Demand
from reportdata.api.faults import INVALID_BODY, MISSING_BODY, missing_parameter
from reportdata.api.openapi import BY_THE_STORE, TEXT, Json, Sample, answer, object_of, operation
from reportdata.api.sign_in import CROSS_SITE, ENDINGS, NOT_SIGNED_IN, SOME_DEPARTMENTS, WRONG_SECRET
from reportdata.errors import Reason
from reportdata.http.answers import BODY_TOO_LARGE, Fault
from reportdata.links import Ending

PATH = "/v1/session"
WRONG_LINK = Fault(401, "AuthenticationFailed.WrongLink", "There is no such link. See that its address is whole.")
BOTH_GIVEN = Fault(400, "InvalidParameter", "give appKey and appSecret, or link; not both")
HEADERS: Json = {
    "set-cookie": {"description": "The cookie of the session, which scripts cannot read.", "schema": TEXT},
}
BODIES: Json = {
    "app": {"appKey": "ding0123456789abcdef", "appSecret": "…"},
    "link": {"link": "link0123456789abcdef.…"},
}
"""What may be sent."""
TOLD: Json = {
    "kind": "link",
    "name": "人事部",
    "organisation": "ding0123456789",
    "organisationName": None,
    "timeZone": "Asia/Shanghai",
    "scopes": ["totals"],
    "services": ["reportData"],
    "departments": ["研发"],
    "expiresAt": "2026-09-22T21:00:00+08:00",
}
"""What a page is told of its session."""
_SESSION = object_of(
    {
        "kind": TEXT | {"enum": ["app", "link"]},
        "name": TEXT,
        "organisation": TEXT,
        "organisationName": TEXT | {"nullable": True},
        "timeZone": TEXT,
        "scopes": {"type": "array", "items": TEXT | {"enum": ["totals", "records", "import"]}},
        "services": {"type": "array", "items": TEXT},
        "departments": {"type": "array", "items": TEXT, "nullable": True},
        "expiresAt": TEXT | {"format": "date-time"},
    }
)
_ORDER = (Reason.ADDRESS, Reason.SCOPE, Reason.RATE, Reason.NO_ORGANISATION)


def described_beginning(scopes: Sequence[str]) -> Json:
    """The call that begins a session."""
    by_app = object_of({name: TEXT | {"minLength": 1} for name in ("appKey", "appSecret")})
    by_link = object_of({"link": TEXT | {"minLength": 1}})
    examples = {name: {"value": body} for name, body in BODIES.items()}
    return operation(
        "beginSession",
        "Begin a session, for a page",
        answer(_SESSION, {"begun": TOLD}, "set-cookie"),
        (
            MISSING_BODY,
            INVALID_BODY,
            *map(missing_parameter, ("appKey", "appSecret", "link")),
            BOTH_GIVEN,
            Sample(WRONG_SECRET, waits=True),
            Sample(WRONG_LINK, waits=True),
            *(ENDINGS[ending] for ending in (Ending.REVOKED, Ending.LINK)),
            CROSS_SITE,
            SOME_DEPARTMENTS,
            *Demand(PATH, tuple(scopes)).samples(_ORDER),
            BODY_TOO_LARGE,
            *BY_THE_STORE,
        ),
        description="With an app's key and secret, or with the secret of a view link, which stands after `#link=` in "
        "its address. The answer sets a cookie that the calls for statistics accept; scopes are about reports, "
        "services may be asked about; departments are all that the link shows, with those below them, and null for the "
        "whole organisation.",
        requestBody={
            "required": True,
            "content": {"application/json": {"schema": {"oneOf": [by_app, by_link]}, "examples": examples}},
        },
    )


def described_session(scopes: Sequence[str]) -> Json:
    """The call that says whose the session is."""
    return operation(
        "getSession",
        "Whose the session is",
        answer(_SESSION, {"session": TOLD}),
        [
            NOT_SIGNED_IN,
            *ENDINGS.values(),
            CROSS_SITE,
            *Demand(PATH, tuple(scopes)).samples(_ORDER),
            *BY_THE_STORE,
        ],
        security=[{"session": []}],
    )


def described_end() -> Json:
    """The call that ends the session."""
    found = operation("endSession", "End the session", None, (CROSS_SITE, *BY_THE_STORE), security=[{"session": []}])
    good: Json = {key: value for key, value in answer({}, None, "set-cookie", status=204).items() if key != "content"}
    found["responses"] = {"204": good} | found["responses"]
    return found
