"""What OpenAPI says of a service of the contract."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from reportdata.api.admission import Demand
from reportdata.api.asking import DAMAGED, TOO_LONG, TOO_MANY
from reportdata.api.contract import wire
from reportdata.api.openapi import BY_THE_STORE, DAY, TEXT, Json, Sample, answer, object_of, operation, parameter
from reportdata.http.answers import Fault
from reportdata.services import Relayed, Service
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
_OF_PERIODS: tuple[Json, ...] = (
    {
        "description": "The first and the last day of the period, like 2021-06-14/2021-06-20.",
        "required": True,
        "schema": TEXT | {"pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
    },
    {
        "description": "Over how many of its days the KPI is counted that has the fewest, like 5/7.",
        "required": True,
        "schema": TEXT | {"pattern": "^[0-9]+/[0-9]+$"},
    },
)
_ORIGIN: Json = {
    "description": "official: these are DingTalk's own figures; absent where the numbers were counted.",
    "schema": TEXT | {"enum": ["official"]},
}
HEADERS = {
    wire.ORIGIN_HEADER: _ORIGIN,
    **dict(zip((*wire.STATE_HEADERS, *wire.PERIOD_HEADERS), (*_DESCRIBED, *_OF_PERIODS), strict=True)),
}
"""The headers of the answer for a day or a period."""
ASKED = (wire.PARTIAL_HEADER.decode(), wire.CLIENT_TOKEN_HEADER.decode())
"""Headers that browsers may send."""
_PARTIAL = (
    "include: numbers of a period of which not all days are counted, too, over those that are. Otherwise they are left "
    "out of the row, and a row without numbers out of the list."
)


_CLIENT_TOKEN = "The same client token for another request within a day is refused."  # noqa: S105
_PARAMETERS = [
    parameter("query", "statDate", "The day as yyyyMMdd. Its absence is an error of its own.", DAY)
    | {"example": _SAMPLE_ROW[1]},
    parameter("query", wire.CLIENT_TOKEN_PARAMETER, _CLIENT_TOKEN),
    parameter("header", wire.CLIENT_TOKEN_HEADER.decode(), _CLIENT_TOKEN),
]


def named(path: str) -> str:
    """The name of an operation at a path."""
    words = re.findall("[A-Za-z0-9]+", re.sub(r"^/v[\d.]+/", "", path))
    return "get" + "".join(word[0].upper() + word[1:] for word in words)


def described(service: Service, period: str = "day") -> Json:
    """The call of a service.

    :param period: what its numbers are of: the day, or the week or the month that holds it.
    """
    whole = period != "day"
    headers = (*wire.STATE_HEADERS, *(wire.PERIOD_HEADERS if whole else (wire.ORIGIN_HEADER,)))
    counting: Sequence[Fault | Sample] = (Sample(TOO_MANY, waits=True), TOO_LONG, DAMAGED) if whole else ()
    rows = (
        f"They are exact counts over the whole {period} that holds the day (weeks are those of ISO 8601), and stand in "
        f"the row of that day: counted once each, not summed. A {period} of which a day is not covered has no row."
        if whole
        else "A row has the numbers that are known: the facts that they are counted from were observed that day. A day "
        "without any has no row."
    )
    partial = [parameter("header", wire.PARTIAL_HEADER.decode(), _PARTIAL)] if whole else []
    return operation(
        named(service.path),
        f"The numbers of a {period}: {'、'.join(kpi.name for kpi in service.kpis)}",
        answer(_day(service), {f"a covered {period}": _sample(service)}, *headers),
        (*Demand(service.path, (service.scope,)).samples(), *_BY_A_SERVICE, *counting),
        description=f"{service.title}. {rows} The token says of which organisation the numbers are; its app needs the "
        f"scope {service.scope}.",
        security=[{"token": []}],
        parameters=[*_PARAMETERS, *partial],
    )


def described_relayed(service: Relayed) -> Json:
    """The call of a service whose KPIs come with its answers."""
    meta = object_of(dict.fromkeys(("unit", "period", "kpiId", "kpiCaliber", "kpiName"), TEXT))
    row: Json = {"type": "object", "required": ["stat_date", "corp_id"], "additionalProperties": True}
    lists = {"metaList": {"type": "array", "items": meta}, "dataList": {"type": "array", "items": row, "maxItems": 1}}
    return operation(
        named(service.path),
        f"Figures of DingTalk's own: {service.title}",
        answer(object_of(lists), None, *wire.STATE_HEADERS, wire.ORIGIN_HEADER),
        (*Demand(service.path, (service.scope,)).samples(), *_BY_A_SERVICE),
        description=f"{service.title}. What DingTalk answered for the day, where that was brought: no document tells "
        f"its KPIs, metaList does. The app needs the scope {service.scope}.",
        security=[{"token": []}],
        parameters=_PARAMETERS,
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
