"""The API in OpenAPI, served at ``/openapi.json``.

What the code knows is taken from it: paths, KPIs and rows from the catalogue, errors from each `Fault`, so that the
description says what is answered. `tests/api/test_description.py` compares it with real answers. The version is 3.0.3,
which every tool imports.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reportdata.api import push_body as records
from reportdata.api import pushes, tokens
from reportdata.api.contract import wire
from reportdata.catalogue import Catalogue, Service
from reportdata.errors import Reason
from reportdata.http import answers
from reportdata.http.answers import JSON, Fault, missing_parameter
from reportdata.identity import REPORT_WRITE, TOKEN_LIFETIME
from reportdata.states import State

Json = dict[str, Any]

PATH = "/openapi.json"

_ABOUT = """\
The statistics of work reports (日志) under the contract of DingTalk's datacenter API, the calls that issue tokens, and
one that takes the reports as they are sent.

Every answer is JSON and has the ids of the call in its headers. `HEAD` is answered like `GET` without the body,
`OPTIONS` with what browsers ask for; other methods and paths are not found. What is not described is ignored."""

_ANYWHERE = (
    answers.NOT_FOUND,
    answers.MALFORMED,
    answers.TOO_SLOW,
    answers.URL_TOO_LONG,
    answers.HEADERS_TOO_LARGE,
    answers.TOO_BUSY,
)
"""What may be answered whatever is called: where the path, the method or the request itself is wrong."""
_BY_THE_STORE = (answers.SYSTEM_ERROR, answers.UNKNOWN_ERROR)
_BY_A_SERVICE = (
    *wire.REFUSALS.values(),
    wire.SERVICE_IS_NULL,
    wire.META_IS_NULL,
    wire.DATE_IS_NULL,
    wire.DATE_FORMAT,
    *_BY_THE_STORE,
)
_BY_ACCESS_TOKEN = (
    answers.MISSING_BODY,
    answers.INVALID_BODY,
    missing_parameter("appKey"),
    missing_parameter("appSecret"),
    answers.WRONG_CREDENTIALS,
    answers.BODY_TOO_LARGE,
    *_BY_THE_STORE,
)
_BY_A_PUSH = (
    *wire.REFUSALS.values(),
    pushes.OVERFULL,
    records.UNKNOWN_CODING,
    records.WRONG_CODING,
    answers.BODY_TOO_LARGE,
    records.TOO_MANY_RECORDS,
    answers.MISSING_BODY,
    answers.INVALID_BODY,
    *_BY_THE_STORE,
)
_OF_A_DAY = ("x-reportdata-state", "x-reportdata-states", "x-reportdata-as-of")
_WITH_A_WAIT = {answers.WRONG_CREDENTIALS, pushes.OVERFULL}

_TEXT: Json = {"type": "string"}
_DAY: Json = _TEXT | {"pattern": "^[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$"}
_REQUEST_ID: Json = _TEXT | {"pattern": "^[0-9A-F]{8}-[0-9A-F]{4}-7[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$"}
_HEX: Json = _TEXT | {"pattern": "^[0-9a-f]{32}$"}

_STATE: Json = _TEXT | {"enum": [state.value for state in State]}

_SAMPLE_ID = "019EABB0-7C00-7000-8000-000000000000"
_SAMPLE_TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - opens nothing
_SAMPLE_ROW = ("ding32xxx", "20210620")  # the organisation and the day of the document's sample
_SAMPLE_CALLER = ("192.0.2.7", "ding0123456789abcdef")


class Description:
    """Serves the description of a catalogue's services and of all other calls."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._body = msgspec.json.encode(describe(catalogue))

    def routes(self) -> list[Route]:
        """Where it is served."""
        return [Route(PATH, self._description, methods=["GET"])]

    async def _description(self, _request: Request) -> Response:
        return Response(self._body, media_type=JSON)


def describe(catalogue: Catalogue) -> Json:
    """The description as an OpenAPI document."""
    return {
        "openapi": "3.0.3",
        "info": {"title": "reportdata", "version": "1.0", "description": _ABOUT},  # the contract's version
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in ("statistics", "tokens", "facts", "health", "description")],
        "paths": {
            **{service.path: {"get": _numbers(service)} for service in catalogue.services},
            "/v1.0/oauth2/accessToken": {"post": _access_token()},
            "/gettoken": {"get": _gettoken()},
            pushes.PATH: {"post": _push()},
            "/healthz": {"get": _health("healthz", "ok")},
            "/readyz": {"get": _health("readyz", "ready", answers.STOPPING, *_BY_THE_STORE)},
            PATH: {"get": _operation("openapi", "description", "This description", _answer({"type": "object"}))},
        },
        "components": {
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": wire.TOKEN_HEADER.decode()}},
            "headers": {
                "x-acs-request-id": {"required": True, "schema": _REQUEST_ID},
                "x-acs-trace-id": {"required": True, "schema": _HEX},
                "x-reportdata-state": {
                    "description": "How certain the numbers are: the least certain of them.",
                    "required": True,
                    "schema": _STATE,
                },
                "x-reportdata-states": {
                    "description": "How certain each KPI is, when they differ, for example 4100=final,4102=partial.",
                    "schema": _TEXT,
                },
                "x-reportdata-as-of": {
                    "description": "When all of the numbers were last looked at, in the organisation's time zone; "
                    "absent when one never was, or when nobody knows.",
                    "schema": _TEXT | {"format": "date-time"},
                },
                "retry-after": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
            },
        },
    }


def _numbers(service: Service) -> Json:
    """A service of the contract; one without an id or KPIs has only errors."""
    words = re.findall("[A-Za-z0-9]+", re.sub(r"^/v[\d.]+/", "", service.path))
    client_token = "The same client token for another request within a day is refused."  # noqa: S105
    return _operation(
        "get" + "".join(word[0].upper() + word[1:] for word in words),
        "statistics",
        f"The numbers of a day: {'、'.join(kpi.name for kpi in service.kpis)}",
        _answer(_day(service), {"a covered day": _sample(service)}, *_OF_A_DAY)
        if service.id and service.kpis
        else None,
        _BY_A_SERVICE,
        scope=service.scope,
        description=f"{service.title}. A day that is not covered has no row. The token says of which organisation the "
        f"numbers are; its app needs the scope {service.scope}.",
        security=[{"token": []}],
        parameters=[
            _parameter("query", "statDate", "The day as yyyyMMdd. Its absence is an error of its own.", _DAY)
            | {"example": _SAMPLE_ROW[1]},
            _parameter("query", wire.CLIENT_TOKEN_PARAMETER, client_token),
            _parameter("header", wire.CLIENT_TOKEN_HEADER.decode(), client_token),
        ],
    )


def _day(service: Service) -> Json:
    """The schema of a good answer."""
    meta = _sample(service)["metaList"]
    fields = {name: _TEXT | {"enum": list(dict.fromkeys(kpi[name] for kpi in meta))} for name in meta[0]}
    row = {"stat_date": _TEXT | {"pattern": "^[0-9]{8}$"}, "corp_id": _TEXT}
    for kpi in service.kpis:
        row[kpi.key] = {"type": "integer", "format": "int64", "minimum": 0, "description": f"{kpi.name}：{kpi.caliber}"}
    return _object(
        {
            "metaList": {"type": "array", "items": _object(fields), "minItems": len(meta), "maxItems": len(meta)},
            "dataList": {"type": "array", "items": _object({key: row[key] for key in service.row}), "maxItems": 1},
        }
    )


def _sample(service: Service) -> Json:
    return msgspec.json.decode(wire.Body(service).of_day(*_SAMPLE_ROW, {}), type=Json)


def _access_token() -> Json:
    given = {name: _TEXT | {"minLength": 1} for name in ("appKey", "appSecret")}
    body = {"type": "object", "properties": given, "required": list(given)}
    issued = {"expireIn": TOKEN_LIFETIME, "accessToken": _SAMPLE_TOKEN}
    schema = _object({"expireIn": _exactly(TOKEN_LIFETIME), "accessToken": _HEX})
    return _operation(
        "getAccessToken",
        "tokens",
        "Issue a token to an app",
        _answer(schema, {"issued": issued}),
        _BY_ACCESS_TOKEN,
        requestBody={"required": True, "content": {"application/json": {"schema": body}}},
    )


def _gettoken() -> Json:
    issued: Json = {"errcode": 0, "access_token": _SAMPLE_TOKEN, "errmsg": "ok", "expires_in": TOKEN_LIFETIME}
    refused: list[Json] = [*(wrong for _, wrong in tokens.NAMES), tokens.MISSING]
    bodies = [{name: _exactly(value) for name, value in body.items()} for body in (issued, *refused)]
    bodies[0]["access_token"] = _HEX
    named = [(" with ".join(names), name) for names, _ in tokens.NAMES for name in names]
    samples = {"issued": issued} | {str(body["errcode"]): body for body in refused}
    return _operation(
        "getToken",
        "tokens",
        "Issue a token to an app, as older programs ask for it",
        _answer({"oneOf": [_object(body) for body in bodies]}, samples, "retry-after"),
        _BY_THE_STORE,
        description="The status is 200 even for a refusal; errcode tells.",
        parameters=[_parameter("query", name, pair) for pair, name in named],
    )


def _push() -> Json:
    time = {"oneOf": [_TEXT, {"type": "integer", "format": "int64"}], "description": "When: ISO 8601, or since 1970."}
    fields = ("report_id", "user_id", "sent_at", "commented_at", "withdrawn_at", "corp_id", "template")
    values: Json = {name: time if name.endswith("_at") else _TEXT for name in fields}
    values["departments"] = {"oneOf": [_TEXT, {"type": "array", "items": _TEXT}]}
    content: Json = {"schema": {"type": "array", "items": {"type": "object", "properties": values}}}
    refused = _object({"record": {"type": "integer", "minimum": 0}, "field": _TEXT, "reason": _TEXT})
    count = {"type": "integer", "minimum": 0}
    sample = {"report_id": "r1", "user_id": "u1", "sent_at": "2026-09-21 17:05:00"}
    said = {"record": 17, "field": "sent_at", "reason": "is not a time"}
    return _operation(
        "pushFacts",
        "facts",
        "Push reports, comments and withdrawals",
        _answer(
            _object({"added": count, "refused": count, "records": {"type": "array", "items": refused}}),
            {"some refused": {"added": 998, "refused": 1, "records": [said]}},
        ),
        _BY_A_PUSH,
        scope=REPORT_WRITE,
        description="Records as imports read them, in an array, alone, or on lines; gzip is understood. What is "
        f"answered is durable; records that are not named are taken. The app needs the scope {REPORT_WRITE}.",
        security=[{"token": []}],
        parameters=[
            _parameter("header", pushes.CLAIM_HEADER, "The same key with another body within a day is refused.")
        ],
        requestBody={"required": True, "content": {"application/json": content | {"example": [sample]}}},
    )


def _health(name: str, status: str, *faults: Fault) -> Json:
    return _operation(name, "health", f"Is it {status}?", _answer(_object({"status": _exactly(status)})), faults)


def _operation(
    name: str, tag: str, summary: str, good: Json | None, faults: Iterable[Fault] = (), scope: str = "", **more: object
) -> Json:
    """A call, with all that it may be answered; ``scope`` is what an error names."""
    by_status: dict[int, list[Fault]] = {}
    for fault in (*faults, *_ANYWHERE):
        by_status.setdefault(fault.status, []).append(fault)
    responses = {"200": good} if good is not None else {}
    responses |= {str(status): _error(status, by_status[status], scope) for status in sorted(by_status)}
    return {"operationId": name, "tags": [tag], "summary": summary, "security": [], **more, "responses": responses}


def _error(status: int, faults: list[Fault], scope: str) -> Json:
    """All errors of one status, each with an example of its own."""
    examples: Json = {}
    for fault in faults:
        name = fault.code if fault.code not in examples else f"{fault.code} ({fault.message})"
        examples[name] = _body_of(fault, scope)
    codes = list(dict.fromkeys(fault.code for fault in faults))
    schema = _object({"code": _TEXT | {"enum": codes}, "requestid": _REQUEST_ID, "message": _TEXT})
    if wire.REFUSALS[Reason.SCOPE] in faults:
        schema["properties"]["accessdenieddetail"] = _object({"requiredScopes": {"type": "array", "items": _TEXT}})
    more = ["retry-after"] if _WITH_A_WAIT & set(faults) else []
    return _answer(schema, examples, *more, status=status)


def _body_of(fault: Fault, scope: str) -> Json:
    if fault is wire.REFUSALS[Reason.ADDRESS]:
        fault = wire.address_refused(*_SAMPLE_CALLER)
    detail = {"requiredScopes": [scope]} if fault is wire.REFUSALS[Reason.SCOPE] else None
    return msgspec.json.decode(fault.body(_SAMPLE_ID, detail), type=Json)


def _answer(schema: Json, samples: Mapping[str, Json] | None = None, *more_headers: str, status: int = 200) -> Json:
    examples = {"examples": {name: {"value": value} for name, value in samples.items()}} if samples else {}
    headers = ("x-acs-request-id", "x-acs-trace-id", *more_headers)
    return {
        "description": HTTPStatus(status).phrase,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        "content": {"application/json": {"schema": schema, **examples}},
    }


def _parameter(place: str, name: str, description: str, schema: Json = _TEXT) -> Json:
    return {"name": name, "in": place, "description": description, "schema": schema}


def _object(properties: Json) -> Json:
    """An object that has these and nothing else."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _exactly(value: str | int) -> Json:
    return {"type": "integer" if isinstance(value, int) else "string", "enum": [value]}
