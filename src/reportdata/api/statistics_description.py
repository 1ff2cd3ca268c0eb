"""What OpenAPI says of statistics."""

from __future__ import annotations

from collections.abc import Sequence

from reportdata.api.admission import Demand
from reportdata.api.asking import DAMAGED, TOO_LONG, TOO_MANY
from reportdata.api.openapi import (
    BY_THE_STORE,
    COUNT,
    TEXT,
    Json,
    Sample,
    answer,
    not_modified,
    object_of,
    operation,
    parameter,
)
from reportdata.api.sign_in import SAMPLES
from reportdata.errors import Reason
from reportdata.http.answers import Fault
from reportdata.services import Service
from reportdata.states import State
from reportdata.statistics.named import COLUMN as NAME
from reportdata.statistics.question import FORMATS
from reportdata.statistics.words import PARAMETERS, PATH, SERVICE

COVERAGE = f"{PATH}/coverage"
BAD_QUESTION = Fault(400, "InvalidParameter", "the parameter 'form' is not known; there are from, to, range, …")
"""A question that cannot be answered as it is asked; the message says why, and what can be asked."""
ASKED = ("authorization", "if-none-match")
"""Headers that browsers may send."""
NEXT_SINCE = "x-reportdata-next-since"
"""The header with what to ask for later changes since: files have no other place for it."""
HEADERS: Json = {
    "etag": {"description": "The version: send it in if-none-match to be answered 304 while it holds.", "schema": TEXT},
    "link": {"description": "The address of the next page, with rel=next.", "schema": TEXT},
    NEXT_SINCE: {"description": "The since that gives the changes after these, of changes.", "schema": TEXT},
    "www-authenticate": {"description": "How key and secret may be sent.", "schema": TEXT},
}
MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
QUERIES = (
    "from=2021-06-01&to=2021-06-30&by=week",
    "range=lastMonth&by=department&order=-reports",
    "from=20210601&to=20210630&by=day,template&metrics=reports&pageSize=100&page=1",
    "from=2021-06-01&to=2021-06-30&department=研发部&children=true&asOf=2021-07-01T00:10:00%2B08:00",
    "range=year&by=month&format=csv&bom=0",
)
"""Questions that the description shows."""
OTHERS = (
    "With service=, as in service=onlineUserData&range=30d&by=day, it is about another service, with ids of KPIs for "
    "words, and needs that one's scopes: where facts are counted Statistics.Checkin.Read and the like, else the "
    "scope to read. Figures that were brought are of single days: over several days what adds up is summed, what is "
    "stated as of a day is that of the last one, a ratio is that of its parts, and anything else is null."
)
NUMBER: Json = {"type": "number", "minimum": 0, "nullable": True, "description": "null: not known"}
STATE: Json = TEXT | {"enum": [state.value for state in State]}
_ORDER = (
    Reason.TOKEN_INVALID,
    Reason.ADDRESS,
    Reason.SCOPE,
    Reason.RATE,
    Reason.NO_ORGANISATION,
)


def described(service: Service) -> Json:
    """The call that answers questions, about a service unless another one is named."""
    scopes = service.scopes_to_ask
    number: Json = COUNT | {"nullable": True, "description": "null: not known"}
    row: Json = {
        "period": TEXT,
        "periodStart": DATE,
        "periodEnd": DATE,
        "weekday": {"type": "integer", "minimum": 1, "maximum": 7},
        "hour": {"type": "integer", "minimum": 0, "maximum": 23},
        "department": TEXT,
        "topDepartment": TEXT,
        "template": TEXT,
        "user": TEXT,
        NAME: TEXT | {"nullable": True, "description": "null: no name is kept"},
        **{kpi.name_of_column: number for kpi in service.kpis},
        "state": STATE,
        "states": TEXT | {"nullable": True},
        "asOf": TEXT | {"nullable": True},
        "coveredDays": COUNT,
        "days": COUNT,
    }
    always = ("period", "periodStart", "periodEnd", "state", "states", "asOf", "coveredDays", "days")
    items = object_of(row) | {"required": list(always), "additionalProperties": NUMBER}
    rows = {"type": "array", "items": items}
    good = answer(object_of({"data": rows, "meta": {"type": "object"}}), None, "link")
    good["content"] |= {
        MEDIA_TYPES[name]: {"schema": TEXT | {"format": "binary"}} for name in FORMATS if name != "json"
    }
    return operation(
        "getStatistics",
        f"Counts of any range of days: {', '.join(kpi.name_of_column for kpi in service.kpis)}",
        good,
        faults_of(PATH, scopes, BAD_QUESTION, Sample(TOO_MANY, waits=True), TOO_LONG, DAMAGED),
        description="Every cell is an exact count over its own days; cells do not add up. Covered periods without "
        "facts are rows of zeros, uncovered ones are absent. Of one covered in part, the covered days are counted, "
        "coveredDays and days say how many these are, and the state is partial. "
        f"The app needs the scope {scopes[0]}, and {scopes[-1]} for by=user, for user= and for names=. {OTHERS} "
        "Examples: " + "; ".join(f"`{PATH}?{query}`" for query in QUERIES),
        security=SECURITY,
        parameters=[parameter_of(name, meaning) for name, meaning in PARAMETERS.items()],
    )


def described_coverage(service: Service) -> Json:
    """The call that says what is covered, of a service unless another one is named."""
    scopes = service.scopes_to_ask
    states = {kpi.name_of_column: STATE for kpi in service.kpis}
    always: Json = {"from": DATE, "to": DATE, "days": COUNT, "state": STATE}
    piece = object_of(always | states) | {"required": list(always), "additionalProperties": STATE}
    day: Json = DATE | {"nullable": True}
    meta = {
        "from": day,
        "to": day,
        "timeZone": TEXT,
        "state": STATE,
        "asOf": TEXT,
        "newestDay": day,
        "newestFinalDay": day,
        "coveredDays": COUNT,
        "emptyReason": TEXT | {"nullable": True},
        "columns": {"type": "array", "items": {"type": "object"}},
    }
    good = answer(object_of({"data": {"type": "array", "items": piece}, "meta": object_of(meta)}), None, "etag")
    found = operation(
        "getCoverage",
        "The days that are covered, and how certain they are",
        good,
        faults_of(COVERAGE, scopes, BAD_QUESTION, Sample(TOO_MANY, waits=True), TOO_LONG),
        description="Days that follow each other and stand alike are one piece. Days that no piece has are not known. "
        "The entity tag changes whenever a number of the organisation may have changed: who watches sends it in "
        "if-none-match, and is answered 304 at once while all is as it was.",
        security=SECURITY,
        parameters=[
            parameter_of(SERVICE, PARAMETERS[SERVICE]),
            parameter("header", "if-none-match", "The entity tag of the answer that the client has."),
        ],
    )
    found["responses"]["304"] = not_modified(good)
    return found


DATE: Json = TEXT | {"pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
SECURITY: list[Json] = [{"token": []}, {"bearer": []}, {"basic": []}, {"session": []}]


def faults_of(path: str, scopes: Sequence[str], *own: Fault | Sample) -> list[Fault | Sample]:
    """All refusals of a call, with its own."""
    demand = Demand(path, tuple(scopes))
    return [*SAMPLES, *demand.samples(_ORDER), *own, *BY_THE_STORE]


def parameter_of(name: str, meaning: str) -> Json:
    """A parameter of a question."""
    found = parameter("query", name, meaning)
    if name in ("department", "template", "user"):
        found["schema"] = {"type": "array", "items": TEXT}
    return found
