"""What a page of another origin may send and read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPMessage

import pytest

from tests.support.calling import CORP, DAY, PATH, add_sample
from tests.support.folders import Folder
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
