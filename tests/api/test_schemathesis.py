"""Schemathesis calls every operation of the served description with valid and invalid data: nothing is answered that is
not described."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple

import pytest
import schemathesis
from schemathesis.checks import CheckContext
from schemathesis.engine import events, from_schema

from tests.support.calling import CORP, PATH, add_sample
from tests.support.causes import DOCUMENTED, ERRORS
from tests.support.folders import Folder
from tests.support.serving import serving

EXAMPLES = int(os.environ.get("REPORTDATA_TESTS_EXAMPLES", "100"))
"""Generated requests for each operation and token, besides those that are derived from the description."""

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


class Target(NamedTuple):
    """A running server of the sample organisation, and a token for it."""

    url: str
    token: str


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = Folder(tmp_path_factory.mktemp("schemathesis"))
    add_sample(folder)
    token = folder.token(folder.add_app(CORP)[0])
    with closing(folder.store), serving(folder) as served:
        yield Target(served.url, token)


def explore(target: Target, token: str | None) -> tuple[list[str], dict[str, Counter[int]]]:
    """Run all of Schemathesis; gives what it found wrong, and how often each operation answered with each status."""
    config = {
        "headers": {} if token is None else {"x-acs-dingtalk-access-token": token},
        "generation": {"mode": "all", "max-examples": EXAMPLES, "database": "none"},
        "checks": {"enabled": False} | {name: {"enabled": True} for name in CHECKS},
    }
    schema = schemathesis.openapi.from_url(f"{target.url}/openapi.json", config=schemathesis.Config.from_dict(config))
    wrong: list[str] = []
    statuses: dict[str, Counter[int]] = {}
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            recorder = event.recorder
            answers = [found.response for found in recorder.interactions.values() if found.response is not None]
            statuses.setdefault(recorder.label, Counter()).update(answer.status_code for answer in answers)
            found = [check for checks in recorder.checks.values() for check in checks if check.failure_info is not None]
            wrong += [f"{recorder.label}: {check.name}: {check.failure_info}" for check in found]
        elif isinstance(event, events.NonFatalError | events.FatalError):
            wrong.append(repr(event))
    return wrong, statuses


@pytest.mark.slow
@pytest.mark.parametrize("which", ["good", "wrong", None])
def test_nothing_is_answered_that_is_not_described(target: Target, which: str | None) -> None:
    wrong, statuses = explore(target, target.token if which == "good" else which)
    assert not wrong
    assert len(statuses) == 6
    numbers = statuses[f"GET {PATH}"]
    assert numbers[400] > 1
    assert which != "good" or (numbers[200] > 1 and numbers[500] > 1)
