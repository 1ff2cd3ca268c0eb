"""What OpenAPI says of the closed calls, and their errors as DingTalk's documents have them."""

from __future__ import annotations

from reportdata.api.admission import REFUSALS, Demand
from reportdata.api.asking import DAMAGED, TOO_LONG, TOO_MANY
from reportdata.api.contract import wire
from reportdata.api.contract.description import named
from reportdata.api.openapi import DAY, TEXT, Json, Sample, answer, object_of, operation, parameter
from reportdata.errors import Reason
from reportdata.http.answers import Fault
from reportdata.services import Service
from reportdata.services.service import Closed

ILLEGAL = Fault(400, "param.illegal", "参数不合法", by_service=True)
NULL = Fault(400, "param.null", "参数不能为空", by_service=True)
BUSY = Fault(500, "system.busy", "系统内部错误", by_service=True)

_LONG: Json = {"type": "integer", "format": "int64"}
_REFUSALS = [reason for reason in REFUSALS if reason is not Reason.CLIENT_TOKEN]


def described(service: Service, call: Closed) -> Json:
    """One call."""
    words = {word: TEXT | {"description": service.kpi(kpi).caliber} for word, kpi in call.numbers.items()}
    day = parameter("path", "dataId", "The day as yyyyMMdd.", DAY) | {"required": True, "example": "20210801"}
    own: list[Fault | Sample]
    if call.by_department:
        item = object_of({"deptName": TEXT | {"description": "Empty for facts that name no department."}, **words})
        item["required"] = ["deptName"]
        rows: Json = {"type": "array", "items": item}
        schema = object_of({"data": rows, "nextToken": _LONG, "hasMore": {"type": "boolean"}})
        parameters = [
            day,
            parameter("query", "nextToken", "The row to begin at, from 0. It is needed.", _LONG | {"minimum": 0}),
            parameter("query", "maxResults", "How many rows at most. It is needed.", _LONG | {"minimum": 1}),
        ]
        of = "of each department that has any, by name; deptId is left out, since facts name departments without ids"
        own = [ILLEGAL, BUSY, Sample(TOO_MANY, waits=True), TOO_LONG, DAMAGED]
    else:
        schema = object_of(words) | {"required": []}
        parameters = [day]
        of = "of the organisation; what is not known is left out"
        own = [NULL, ILLEGAL, BUSY]
    scope = service.scope_of(call)
    return operation(
        named(call.path),
        f"The numbers of a day {'by department' if call.by_department else 'of the organisation'}: "
        + "、".join(service.kpi(kpi).name for kpi in call.numbers.values()),
        answer(_without_required(schema), None, *wire.STATE_HEADERS),
        [*Demand(call.path, (scope,)).samples(_REFUSALS), *own],
        description=f"{call.title}. The numbers {of}. The app needs the scope {scope}.",
        security=[{"token": []}],
        parameters=parameters,
    )


def _without_required(schema: Json) -> Json:
    """A schema as version 3.0 wants it: a list of what is required is not empty."""
    return {key: value for key, value in schema.items() if key != "required" or value}
