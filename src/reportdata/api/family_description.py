"""What OpenAPI says of the list of services and of their newest numbers."""

from __future__ import annotations

from collections.abc import Sequence

from reportdata.api.asking import DAMAGED, TOO_LONG, TOO_MANY
from reportdata.api.openapi import COUNT, TEXT, Json, Sample, answer, not_modified, object_of, operation, parameter
from reportdata.api.statistics_description import BAD_QUESTION, DATE, NUMBER, SECURITY, STATE, faults_of
from reportdata.services.grouping import WAYS
from reportdata.statistics.newest import COMPUTED, OFFICIAL
from reportdata.statistics.newest import DAMAGED as DAMAGED_SERVICES

PATH = "/v1/services"
OVERVIEW = f"{PATH}/overview"
_SEVERAL = ("counted", "sum", "last", "ratio")
_KPI = object_of(
    {
        "metric": TEXT,
        "kpiId": TEXT,
        "kpiName": TEXT,
        "kpiNameEn": TEXT,
        "unit": TEXT,
        "kpiCaliber": TEXT,
        "type": TEXT | {"enum": ["integer", "number"]},
        "isRatio": {"type": "boolean"},
        "several": TEXT
        | {
            "enum": [*_SEVERAL, None],
            "nullable": True,
            "description": "What the number of several days is: counted over them, the sum of the days, that of the "
            "last day, the ratio of its parts over them; null: it is known of single days alone.",
        },
        "groupings": {"type": "array", "items": TEXT | {"enum": list(WAYS)}},
        "isExplained": {"type": "boolean"},
    }
)
_DAY: Json = DATE | {"nullable": True}
_ORIGIN: Json = TEXT | {
    "enum": [COMPUTED, OFFICIAL],
    "description": "Whether statistics are counted from facts, or DingTalk's own figures.",
}
_SERVICE = object_of(
    {
        "service": TEXT,
        "path": TEXT,
        "name": TEXT,
        "nameEn": TEXT,
        "origin": _ORIGIN,
        "main": TEXT | {"description": "The metric that stands for the service where there is room for one."},
        "records": {"type": "boolean", "description": "Whether the caller may be told of single people."},
        "firstDay": _DAY,
        "newestDay": _DAY,
        "kpis": {"type": "array", "items": _KPI, "minItems": 1},
    }
)
_META = object_of({"totalRows": COUNT})
_DAMAGED = {"description": "The services whose numbers need files that are damaged or gone: nothing is told of them."}
_META_OF_NEWEST = object_of({"totalRows": COUNT, DAMAGED_SERVICES: {"type": "array", "items": TEXT} | _DAMAGED})
_OF_DAY = object_of({"day": DATE, "value": NUMBER, "state": STATE})
_NEWEST = object_of(
    {
        "service": TEXT,
        "metric": TEXT,
        "origin": _ORIGIN,
        "day": DATE,
        "value": NUMBER,
        "state": STATE,
        "asOf": TEXT | {"nullable": True},
        "days": {"type": "array", "items": _OF_DAY, "minItems": 1},
    }
)


def described_services(scopes: Sequence[str]) -> Json:
    """The call that lists services."""
    good = answer(object_of({"data": {"type": "array", "items": _SERVICE}, "meta": _META}), None, "etag")
    found = operation(
        "listServices",
        "The services that the caller may ask about, with their KPIs",
        good,
        faults_of(PATH, scopes, BAD_QUESTION),
        description="Those whose scope to ask for statistics the app or link has. A link of some departments is told "
        "of KPIs alone that can be told apart by department. firstDay and newestDay bound the days of which a number "
        "may be known; null when nothing is known. The entity tag changes whenever a number may have changed.",
        security=SECURITY,
        parameters=[parameter("header", "if-none-match", "The entity tag of the answer that the client has.")],
    )
    found["responses"]["304"] = not_modified(good)
    return found


def described_overview(scopes: Sequence[str]) -> Json:
    """The call that gives the newest numbers of all services."""
    return operation(
        "getOverview",
        "The newest numbers of all services, one KPI of each",
        answer(object_of({"data": {"type": "array", "items": _NEWEST}, "meta": _META_OF_NEWEST})),
        faults_of(OVERVIEW, scopes, BAD_QUESTION, Sample(TOO_MANY, waits=True), TOO_LONG, DAMAGED),
        description="Of each service that GET /v1/services lists and of which something is known: a KPI, its number of "
        "the newest known day before today, and those of the 30 days up to then, as GET /v1/statistics has them. It "
        "is the main KPI, or the first one that is known where that is not. Days without a number are left out. "
        "A service whose numbers need damaged files is named in meta; where there is nothing else, that is the answer.",
        security=SECURITY,
    )
