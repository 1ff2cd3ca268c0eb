"""Schemathesis calls every operation of a served description. It takes long to import, so that only processes do that
need it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import schemathesis
from schemathesis.checks import CheckContext
from schemathesis.engine import events, from_schema

from tests.support.causes import DOCUMENTED, ERRORS

CHECKS = (
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "a_server_error_is_documented",
)
"""What is held against each answer. The others expect of an API what the contract does differently: a 401 without a
token, a 405 for a wrong method, no 500 for a wrong date."""

BY_CALLERS = {code for code in DOCUMENTED if ERRORS[code].status == 500} - {"systemError", "unknownError"}


@schemathesis.check
def a_server_error_is_documented(
    _ctx: CheckContext, response: schemathesis.Response, _case: schemathesis.Case[Any]
) -> None:
    """The contract answers some mistakes of callers with 500; no request causes any other."""
    if response.status_code >= 500:
        assert response.status_code == 500
        assert json.loads(response.content)["code"] in BY_CALLERS


def explore(
    url: str, token: str | None, examples: int, without: Sequence[str] = ()
) -> tuple[list[str], dict[str, Counter[int]]]:
    """Run all of Schemathesis; gives what it found wrong, and how often each operation answered with each status.

    :param examples: generated requests for each operation, besides those that are derived from the description.
    :param without: paths that are left out.
    """
    config = {
        "headers": {} if token is None else {"x-acs-dingtalk-access-token": token},
        "generation": {"mode": "all", "max-examples": examples, "database": "none"},
        "checks": {"enabled": False} | {name: {"enabled": True} for name in CHECKS},
    }
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", config=schemathesis.Config.from_dict(config))
    chosen = schema.exclude(path=list(without)) if without else schema
    wrong: list[str] = []
    statuses: dict[str, Counter[int]] = {}
    for event in from_schema(chosen).execute():
        if isinstance(event, events.ScenarioFinished):
            recorder = event.recorder
            answers = [found.response for found in recorder.interactions.values() if found.response is not None]
            statuses.setdefault(recorder.label, Counter()).update(answer.status_code for answer in answers)
            found = [check for checks in recorder.checks.values() for check in checks if check.failure_info is not None]
            wrong += [f"{recorder.label}: {check.name}: {check.failure_info}" for check in found]
        elif isinstance(event, events.NonFatalError | events.FatalError):
            wrong.append(repr(event))
    return wrong, statuses
