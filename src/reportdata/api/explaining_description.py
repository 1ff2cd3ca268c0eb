"""What OpenAPI says of what changed, and of what a number is made of."""

from __future__ import annotations

from reportdata.api.asking import DAMAGED, TOO_LONG, TOO_MANY
from reportdata.api.openapi import COUNT, TEXT, Json, Sample, answer, object_of, operation
from reportdata.api.statistics_description import (
    BAD_QUESTION,
    DATE,
    MEDIA_TYPES,
    NUMBER,
    OTHERS,
    SECURITY,
    STATE,
    faults_of,
    parameter_of,
)
from reportdata.services import Service
from reportdata.statistics.changes import CHANGES_PARAMETERS, CHANGES_PATH
from reportdata.statistics.explained import EXPLAIN_PARAMETERS, EXPLAIN_PATH
from reportdata.statistics.named import COLUMN as NAME
from reportdata.statistics.question import FORMATS

CHANGES_QUERIES = (
    "since=2021-06-20",
    "since=2021-06-20T08:00:00%2B08:00&metrics=reports&pageSize=100",
    "since=20210601&from=2021-06-01&to=2021-06-30&format=csv&bom=0",
)
"""What the description shows of changes."""
EXPLAIN_QUERIES = (
    "metric=reports&day=2021-06-20",
    "metric=senders&from=2021-06-01&to=2021-06-30&department=研发部&children=true&lang=zh",
    "metric=commenters&day=2021-06-20&than=day%3D2021-06-19",
    "metric=reports&day=2021-06-20&than=asOf%3D2021-06-20T12:00:00%2B08:00&pageSize=100",
    "metric=reports&range=7d&format=csv",
)
"""What the description shows of explanations."""
_OPTIONAL: Json = TEXT | {"nullable": True}
_PAGES: Json = {"totalRows": COUNT, "page": COUNT, "pageSize": COUNT, "nextPage": _OPTIONAL, "emptyReason": _OPTIONAL}


def described_changes(service: Service) -> Json:
    """The call that says what changed, of a service unless another one is named."""
    scopes = service.scopes_to_ask
    row = object_of(
        {
            "day": DATE,
            "metric": TEXT,
            "was": NUMBER,
            "is": NUMBER,
            "when": _OPTIONAL,
            "cause": TEXT,
            "state": STATE,
        }
    )
    said = {"since": TEXT, "nextSince": _OPTIONAL, **_PAGES}
    meta: Json = {"type": "object", "properties": said, "required": list(said)}
    return operation(
        "getChanges",
        "Numbers of days that changed since a moment, and what changed them",
        _answer(object_of({"data": {"type": "array", "items": row}, "meta": meta})),
        faults_of(CHANGES_PATH, scopes, BAD_QUESTION, Sample(TOO_MANY, waits=True), TOO_LONG),
        description="Causes, with commas between them: import ID file N, push, collection, withdrawal by one of these, "
        "unimport ID, forgetting, repair, figures, definition, coverage, unknown. Asked again with the last nextSince "
        "as since, whatever was committed meanwhile is told, and once. Numbers that came to be known or are not "
        f"known any more are changes, too. {OTHERS} Examples: "
        + "; ".join(f"`{CHANGES_PATH}?{query}`" for query in CHANGES_QUERIES),
        security=SECURITY,
        parameters=[parameter_of(name, meaning) for name, meaning in CHANGES_PARAMETERS.items()],
    )


def described_explain(service: Service) -> Json:
    """The call that explains a number, of a service unless another one is named."""
    scopes = service.scopes_to_ask
    record = {
        "set": TEXT | {"enum": ["new", "gone", "both"]},
        "item": TEXT,
        "report": TEXT | {"nullable": True, "description": "null: of a report that the link does not show"},
        "user": TEXT,
        NAME: _OPTIONAL,
        "time": TEXT,
        "day": DATE,
        "template": TEXT,
        "departments": TEXT,
        "origin": _OPTIONAL,
        "knownAt": _OPTIONAL,
    }
    required = [name for name in record if name not in ("set", "report", "user", NAME)]
    change = object_of({"when": _OPTIONAL, "was": NUMBER, "is": NUMBER, "cause": TEXT})
    value: Json = {"value": NUMBER, "sentence": TEXT, "state": STATE, "from": DATE, "to": DATE}
    than: Json = {"type": "object", "nullable": True, "properties": value, "required": list(value)}
    meta: Json = {
        **value,
        "metric": TEXT,
        "definition": {"type": "object"},
        "history": {"type": "array", "items": change},
        "counted": COUNT | {"nullable": True},
        "sets": {"type": "object", "nullable": True},
        "than": than,
        **_PAGES,
    }
    items = object_of(record) | {"required": required, "additionalProperties": True}  # columns of other kinds of facts
    rows = {"type": "array", "items": items}
    body = object_of({"data": rows, "meta": {"type": "object", "properties": meta, "required": list(meta)}})
    return operation(
        "explainStatistics",
        "What a number is made of: a sentence, its definition, its history, and its records",
        _answer(body),
        faults_of(EXPLAIN_PATH, scopes, BAD_QUESTION, Sample(TOO_MANY, waits=True), TOO_LONG, DAMAGED),
        description="A row is a record; the number counts the different items of all rows. With than=, rows and "
        "meta.sets tell what is new in the one number, gone from the other, and in both. "
        f"Records, user= and names= need the scope {scopes[-1]}; without it data is empty, and all else is answered. "
        "A link of some departments is told of these, and no history. Figures that were brought have no records. "
        f"{OTHERS} "
        "Examples: " + "; ".join(f"`{EXPLAIN_PATH}?{query}`" for query in EXPLAIN_QUERIES),
        security=SECURITY,
        parameters=[parameter_of(name, meaning) for name, meaning in EXPLAIN_PARAMETERS.items()],
    )


def _answer(body: Json) -> Json:
    found = answer(body, None, "link")
    found["content"] |= {
        MEDIA_TYPES[name]: {"schema": TEXT | {"format": "binary"}} for name in FORMATS if name != "json"
    }
    return found
