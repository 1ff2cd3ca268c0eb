"""Statistics over HTTP: the description's examples are answered as described."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from jsonschema_rs import Draft4Validator

from reportdata.api.explaining_description import CHANGES_QUERIES, EXPLAIN_QUERIES
from reportdata.api.statistics_description import QUERIES
from tests.support.asked import TOTALS, Asked


@pytest.mark.whole
def test_examples_of_the_description_are_answered_as_described(server: Asked) -> None:
    document = server.ask("", "/openapi.json").json
    for path, queries in (("", QUERIES), ("/changes", CHANGES_QUERIES), ("/explain", EXPLAIN_QUERIES)):
        operation = document["paths"][f"/v1/statistics{path}"]["get"]
        schema = _draft4(operation["responses"]["200"]["content"]["application/json"]["schema"])
        for query in queries:
            assert query in operation["description"]
            answer = server.ask(_quoted(query), f"/v1/statistics{path}", authorization=server.basic())
            assert answer.status == 200, (query, answer.body)
            if "format=csv" not in query:
                Draft4Validator(schema).validate(answer.json)
                totals = server.ask(_quoted(query), f"/v1/statistics{path}", authorization=server.basic(TOTALS))
                Draft4Validator(schema).validate(totals.json)
    coverage = document["paths"]["/v1/statistics/coverage"]["get"]["responses"]["200"]["content"]["application/json"]
    found = server.ask("", "/v1/statistics/coverage", authorization=server.basic()).json
    Draft4Validator(_draft4(coverage["schema"])).validate(found)


def _quoted(query: str) -> str:
    return quote(query, safe="=&,-%")


def _draft4(schema: Any) -> Any:
    """A schema of OpenAPI 3.0 as JSON Schema has it."""
    if isinstance(schema, list):
        return [_draft4(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _draft4(value) for key, value in schema.items() if key != "nullable"}
    if schema.get("nullable"):
        found["type"] = [found["type"], "null"]
    return found
