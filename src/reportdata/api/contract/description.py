"""What OpenAPI says of a service of the contract."""

from __future__ import annotations

import re

import msgspec

from reportdata.api.admission import Demand
from reportdata.api.contract import wire
from reportdata.api.openapi import BY_THE_STORE, DAY, TEXT, Json, answer, object_of, operation, parameter
from reportdata.services import Service
from reportdata.states import State

_BY_A_SERVICE = (wire.SERVICE_IS_NULL, wire.META_IS_NULL, wire.DATE_IS_NULL, wire.DATE_FORMAT, *BY_THE_STORE)
_SAMPLE_ROW = ("ding32xxx", "20210620")  # the organisation and the day of the document's sample

_DESCRIBED: tuple[Json, ...] = (
    {
        "description": "How certain the numbers are: the least certain of them.",
        "required": True,
        "schema": TEXT | {"enum": [state.value for state in State]},
    },
    {
        "description": "How certain each KPI is, when they differ, for example 4100=final,4102=partial.",
        "schema": TEXT,
    },
    {
        "description": "When all of the numbers were last looked at, in the organisation's time zone; "
        "absent when one never was, or when nobody knows.",
        "schema": TEXT | {"format": "date-time"},
    },
)
HEADERS = dict(zip(wire.STATE_HEADERS, _DESCRIBED, strict=True))
"""The headers of a day's answer."""


def described(service: Service) -> Json:
    """The call of a service."""
    words = re.findall("[A-Za-z0-9]+", re.sub(r"^/v[\d.]+/", "", service.path))
    client_token = "The same client token for another request within a day is refused."  # noqa: S105
    return operation(
        "get" + "".join(word[0].upper() + word[1:] for word in words),
        f"The numbers of a day: {'、'.join(kpi.name for kpi in service.kpis)}",
        answer(_day(service), {"a covered day": _sample(service)}, *wire.STATE_HEADERS),
        (*Demand(service.path, (service.scope,)).samples(), *_BY_A_SERVICE),
        description=f"{service.title}. A row has the numbers that are known: the facts that they are counted from were "
        f"observed that day. A day without any has no row. The token says of which organisation the "
        f"numbers are; its app needs the scope {service.scope}.",
        security=[{"token": []}],
        parameters=[
            parameter("query", "statDate", "The day as yyyyMMdd. Its absence is an error of its own.", DAY)
            | {"example": _SAMPLE_ROW[1]},
            parameter("query", wire.CLIENT_TOKEN_PARAMETER, client_token),
            parameter("header", wire.CLIENT_TOKEN_HEADER.decode(), client_token),
        ],
    )


def _day(service: Service) -> Json:
    """The schema of a good answer."""
    meta = _sample(service)["metaList"]
    fields = {name: TEXT | {"enum": list(dict.fromkeys(kpi[name] for kpi in meta))} for name in meta[0]}
    row = {"stat_date": TEXT | {"pattern": "^[0-9]{8}$"}, "corp_id": TEXT}
    for kpi in service.kpis:
        number: Json = {"type": "number"} if kpi.may_be_broken else {"type": "integer", "format": "int64", "minimum": 0}
        row[kpi.key] = number | {"description": f"{kpi.name}：{kpi.caliber}"}
    items = object_of({key: row[key] for key in service.row}) | {"required": ["stat_date", "corp_id"]}
    return object_of(
        {
            "metaList": {"type": "array", "items": object_of(fields), "minItems": len(meta), "maxItems": len(meta)},
            "dataList": {"type": "array", "items": items, "maxItems": 1},
        }
    )


def _sample(service: Service) -> Json:
    return msgspec.json.decode(wire.Body(service).of_day(*_SAMPLE_ROW, {kpi.id: 0 for kpi in service.kpis}), type=Json)
