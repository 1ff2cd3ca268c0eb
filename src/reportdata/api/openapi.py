"""Pieces of an OpenAPI description, version 3.0.3, which every tool imports. They know no resource."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

from reportdata.http import answers
from reportdata.http.answers import Fault

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
DAY: Json = TEXT | {"pattern": "^[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$"}
HEX: Json = TEXT | {"pattern": "^[0-9a-f]{32}$"}
COUNT: Json = {"type": "integer", "minimum": 0}
_REQUEST_ID: Json = TEXT | {"pattern": "^[0-9A-F]{8}-[0-9A-F]{4}-7[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$"}
_SAMPLE_ID = "019EABB0-7C00-7000-8000-000000000000"
SAMPLE_TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - opens nothing

HEADERS: Json = {
    "x-acs-request-id": {"required": True, "schema": _REQUEST_ID},
    "x-acs-trace-id": {"required": True, "schema": HEX},
    "retry-after": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
}
"""Headers that the answers of any call may have."""

ANYWHERE = (
    answers.NOT_FOUND,
    answers.MALFORMED,
    answers.TOO_SLOW,
    answers.URL_TOO_LONG,
    answers.HEADERS_TOO_LARGE,
    answers.TOO_BUSY,
)
"""What may be answered whatever is called: where the path, the method or the request itself is wrong."""
BY_THE_STORE = (answers.SYSTEM_ERROR, answers.UNKNOWN_ERROR)
"""What a call that reads or writes may be answered."""


class Sample(NamedTuple):
    """An error as it is answered: with its detail, and whether with a time to wait."""

    fault: Fault
    detail: Mapping[str, object] | None = None
    waits: bool = False


def operation(
    name: str, summary: str, good: Json | None, faults: Iterable[Fault | Sample] = (), **more: object
) -> Json:
    """A call, with all that it may be answered.

    :param good: what is answered when all is well; None when that never is.
    """
    by_status: dict[int, list[Sample]] = {}
    for fault in (*faults, *ANYWHERE):
        sample = fault if isinstance(fault, Sample) else Sample(fault)
        by_status.setdefault(sample.fault.status, []).append(sample)
    responses = {"200": good} if good is not None else {}
    responses |= {str(status): _error(status, by_status[status]) for status in sorted(by_status)}
    return {"operationId": name, "summary": summary, "security": [], **more, "responses": responses}


def answer(schema: Json, samples: Mapping[str, Json] | None = None, *more_headers: str, status: int = 200) -> Json:
    """An answer in JSON; its samples by their names."""
    examples = {"examples": {name: {"value": value} for name, value in samples.items()}} if samples else {}
    headers = ("x-acs-request-id", "x-acs-trace-id", *more_headers)
    return {
        "description": HTTPStatus(status).phrase,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        "content": {"application/json": {"schema": schema, **examples}},
    }


def not_modified(good: Json) -> Json:
    """That what would be answered is what the client has."""
    return {"description": HTTPStatus(304).phrase, "headers": good["headers"]}


def parameter(place: str, name: str, description: str, schema: Json = TEXT) -> Json:
    """A parameter in the ``query``, the ``header`` or the ``path``."""
    return {"name": name, "in": place, "description": description, "schema": schema}


def object_of(properties: Json) -> Json:
    """An object that has these and nothing else."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def exactly(value: str | int) -> Json:
    """That value and no other."""
    return {"type": "integer" if isinstance(value, int) else "string", "enum": [value]}


def _error(status: int, samples: list[Sample]) -> Json:
    """All errors of one status, each with an example of its own."""
    examples: Json = {}
    for fault, detail, _ in samples:
        name = fault.code if fault.code not in examples else f"{fault.code} ({fault.message})"
        examples[name] = msgspec.json.decode(fault.body(_SAMPLE_ID, detail), type=Json)
    codes = list(dict.fromkeys(sample.fault.code for sample in samples))
    schema = object_of({"code": TEXT | {"enum": codes}, "requestid": _REQUEST_ID, "message": TEXT})
    details = [name for sample in samples for name in sample.detail or ()]
    if details:
        lists: Json = {name: {"type": "array", "items": TEXT} for name in details}
        schema["properties"]["accessdenieddetail"] = object_of(lists)
    more = ["retry-after"] if any(sample.waits for sample in samples) else []
    return answer(schema, examples, *more, status=status)
