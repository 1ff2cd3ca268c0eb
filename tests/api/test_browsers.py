"""What a page of another origin may send and read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPMessage
from typing import Any
from urllib.request import urlopen

import pytest

from tests.support.asked import TOTALS
from tests.support.calling import CORP, DAY, PATH, add_sample
from tests.support.folders import Folder
from tests.support.scopes import REPORT_READ
from tests.support.serving import Serving, serving


@pytest.fixture
def token(folder: Folder) -> str:
    add_sample(folder)
    return folder.token(folder.add_app(CORP)[0])


@pytest.fixture
def served(folder: Folder, token: str) -> Iterator[Serving]:
    with serving(folder) as found:
        yield found


def headers_of(served: Serving, method: str, path: str, **headers: str) -> HTTPMessage:
    with closing(HTTPConnection(*served.address, timeout=300)) as connection:
        connection.request(method, path, None, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        answer.read()
        return answer.headers


def exposed(headers: HTTPMessage) -> set[str]:
    """Lists of several lines add up."""
    return {name.strip() for line in headers.get_all("access-control-expose-headers", []) for name in line.split(",")}


@pytest.mark.parametrize("client_token", [{}, {"x_client_token": "a"}], ids=["direct", "by the application"])
def test_a_page_may_read_how_certain_the_numbers_are(served: Serving, token: str, client_token: dict[str, str]) -> None:
    found = headers_of(served, "GET", f"{PATH}?statDate={DAY}", x_acs_dingtalk_access_token=token, **client_token)
    ours = {name for name in found if name.startswith("x-reportdata-")}
    assert ours
    assert ours <= {"x-reportdata-state", "x-reportdata-states", "x-reportdata-as-of"} <= exposed(found)
    assert {"x-acs-request-id", "x-acs-trace-id", "retry-after"} <= exposed(found)
    assert found["access-control-allow-origin"] == "*"


def test_a_page_may_read_the_ids_of_an_error(served: Serving) -> None:
    for path in (PATH, "/v1/facts", "/nowhere"):
        assert {"x-acs-request-id", "x-acs-trace-id"} <= exposed(headers_of(served, "GET", path))


def test_a_page_may_push_with_a_key(served: Serving) -> None:
    found = headers_of(served, "OPTIONS", "/v1/facts")
    allowed = {name.strip().lower() for name in found["access-control-allow-headers"].split(",")}
    assert {"idempotency-key", "x-acs-dingtalk-access-token", "content-type"} <= allowed


def described(served: Serving) -> dict[str, Any]:
    """The description of the API."""
    with urlopen(f"http://{served.endpoint}/openapi.json") as answer:
        document: dict[str, Any] = json.load(answer)
    return document


def test_a_page_may_send_every_header_and_method_that_is_described(served: Serving) -> None:
    document = described(served)
    schemes = document["components"]["securitySchemes"].values()
    headers = {scheme.get("name", "authorization") for scheme in schemes if scheme.get("in") != "cookie"}
    methods = set()
    for operations in document["paths"].values():
        for method, operation in operations.items():
            methods.add(method.upper())
            headers |= {asked["name"] for asked in operation.get("parameters", []) if asked["in"] == "header"}
    found = headers_of(served, "OPTIONS", PATH)
    assert {"authorization", "x-acs-dingtalk-access-token", "x-client-token", "if-none-match"} <= headers
    assert {name.lower() for name in headers} <= names(found["access-control-allow-headers"])
    assert {name.lower() for name in methods} <= names(found["access-control-allow-methods"])


def names(text: str) -> set[str]:
    """The names of a list in a header."""
    return {name.strip().lower() for name in text.split(",")}


READ = {
    f"{PATH}?statDate={DAY}": "x-reportdata-state",
    "/v1/statistics?from=2021-06-01&to=2021-06-30&by=day&pageSize=1": "link",
    "/v1/statistics/changes?since=2021-01-01&format=csv": "x-reportdata-next-since",
    "/v1/statistics/coverage": "etag",
}
"""Questions, and a header that the answer has."""


@pytest.mark.whole
def test_a_page_may_read_every_header_that_is_described(folder: Folder) -> None:
    add_sample(folder)
    token = folder.token(folder.add_app(CORP, scopes=(REPORT_READ, TOTALS))[0])
    with serving(folder, answering=1) as served:
        known = {
            name
            for operations in described(served)["paths"].values()
            for operation in operations.values()
            for answer in operation["responses"].values()
            for name in answer.get("headers", {})
        } | {"x-reportdata-next-since"}
        for path, has in READ.items():
            found = headers_of(served, "GET", path, x_acs_dingtalk_access_token=token)
            given = {name.lower() for name in found} & known
            assert has in given, (path, found.items())
            assert given <= exposed(found), path
