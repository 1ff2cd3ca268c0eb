"""The description at ``/openapi.json`` says what is served and answered: all of it, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, NamedTuple

import pytest
from jsonschema_rs import Draft4Validator

import reportdata.api
import reportdata.http
from reportdata.api.faults import missing_parameter
from reportdata.http.answers import Fault
from reportdata.services import read_services
from tests.support.calling import CORP, PATH, Answer, Call, add_sample, connected, import_organisation
from tests.support.causes import CAUSES, Cause, all_arranged
from tests.support.folders import Folder
from tests.support.paths import DATA
from tests.support.periods import DEPARTMENTS_PATH, ORGANISATION_PATH, PATHS, SCOPES
from tests.support.serving import Serving, serving
from tests.support.unreadable import UNREADABLE

ISSUE, OLD_ISSUE, DESCRIPTION = "/v1.0/oauth2/accessToken", "/gettoken", "/openapi.json"
Json = dict[str, Any]
Said = tuple[int, str, str]
"""What an error says: status, code, message without who called."""


class Described(NamedTuple):
    """A server and its description."""

    served: Serving
    folder: Folder
    document: Json


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Described]:
    folder = Folder(tmp_path_factory.mktemp("described"))
    with closing(folder.store), serving(folder) as served:
        add_sample(folder)
        yield Described(served, folder, description(served.address))


def get(address: tuple[str, int], target: str) -> Answer:
    return send(address, f"GET {target} HTTP/1.1\r\nHost: h\r\n\r\n".encode())


def send(address: tuple[str, int], request: bytes) -> Answer:
    with connected(address) as ask:
        return ask(request)


def post(address: tuple[str, int], body: bytes) -> Answer:
    return send(
        address, b"POST %b HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % (ISSUE.encode(), len(body)) + body
    )


def description(address: tuple[str, int]) -> Json:
    """The description that a server gives of itself."""
    document: Json = json.loads(get(address, DESCRIPTION).body)
    return document


def assert_as_described(document: Json, path: str, answer: Answer, method: str | None = None) -> None:
    """The answer's status, headers and body are described, and an error is one of the examples."""
    status = int(answer.status.split()[1])
    response = operation(document, path, method)["responses"][str(status)]
    for name, reference in response["headers"].items():
        header = resolved(document, reference["$ref"])
        if name in answer.headers or header.get("required"):
            value = answer.headers[name]
            schema = header["schema"]
            Draft4Validator(schema).validate(int(value) if schema["type"] == "integer" else value)
    if "content" not in response:
        assert answer.body == b""
        return
    content = response["content"]["application/json"]
    body = json.loads(answer.body)
    Draft4Validator(_with_null(content["schema"])).validate(body)
    if status != 200:
        examples = [example["value"] for example in content["examples"].values()]
        found = [example for example in examples if said(status, example) == said(status, body)]
        assert [list(example) for example in found] == [list(body)]
        assert found[0].get("accessdenieddetail") == body.get("accessdenieddetail")


def _with_null(schema: Any) -> Any:
    """A schema of OpenAPI as one of JSON Schema, which says in another way that a value may be null."""
    if not isinstance(schema, dict):
        return schema
    found = {name: _with_null(value) for name, value in schema.items()}
    return found | {"type": [found["type"], "null"]} if found.get("nullable") is True else found


def operation(document: Json, path: str, method: str | None = None) -> Json:
    """The operation of a method, or the only one of a path."""
    methods = document["paths"][path]
    (found,) = methods.values() if method is None else [methods[method]]
    return dict(found)


def operations(document: Json) -> list[Json]:
    """All operations."""
    return [found for methods in document["paths"].values() for found in methods.values()]


def resolved(document: Json, reference: str) -> Json:
    assert reference.startswith("#/")
    found = document
    for part in reference[2:].split("/"):
        found = found[part]
    return found


def said(status: int, body: Json) -> Said:
    return status, body["code"], re.sub(r",request ip=\S+ appKey\(\w+\)$", "", body["message"])


@pytest.mark.whole
def test_it_is_valid_openapi(described: Described) -> None:
    import schemathesis  # takes long; other processes of the tests do not need it
    from schemathesis.core.result import Ok
    from schemathesis.specs.openapi.definitions import OPENAPI_30_VALIDATOR

    OPENAPI_30_VALIDATOR.validate(described.document)
    schema = schemathesis.openapi.from_dict(described.document)
    schema.validate()
    known = list(schema.get_all_operations())
    assert all(isinstance(found, Ok) for found in known)
    assert {found.ok().path for found in known if isinstance(found, Ok)} == set(described.document["paths"])


def test_what_is_served_is_described_and_nothing_else(described: Described) -> None:
    app: Any = described.served.server.listeners[0].app
    paths = described.document["paths"].items()
    assert app.described == {(path, method.upper()) for path, methods in paths for method in methods}


def test_every_described_path_answers_as_described(described: Described) -> None:
    for path, methods in described.document["paths"].items():
        for method in methods:
            request = f"{method.upper()} {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n".encode()
            answer = send(described.served.address, request)
            assert "404" not in answer.status
            assert_as_described(described.document, path, answer, method)


def test_all_errors_are_described_and_no_others(described: Described) -> None:
    packages = (reportdata.api, reportdata.http)
    found = [module for package in packages for module in walk_packages(package.__path__, f"{package.__name__}.")]
    modules = [import_module(module.name) for module in found]
    values = [value for module in modules for value in vars(module).values()]
    values += [inner for value in values if isinstance(value, dict) for inner in value.values()]
    faults = {value for value in values if isinstance(value, Fault)}
    faults |= {missing_parameter(name) for name in ("appKey", "appSecret", "link")}
    assert _examples(described.document) == {(fault.status, fault.code, fault.message) for fault in faults}


def _examples(document: Json) -> set[Said]:
    """What the errors of all examples say; each is as its schema says."""
    found = set()
    for found_operation in operations(document):
        for status, response in found_operation["responses"].items():
            if "content" not in response:
                continue
            content = response["content"]["application/json"]
            for example in content.get("examples", {}).values():
                Draft4Validator(_with_null(content["schema"])).validate(example["value"])
                if status != "200":
                    found.add(said(int(status), example["value"]))
    return found


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Call]]:
    """The calls that run into causes, each with a server of its own."""
    with all_arranged(tmp_path_factory.mktemp("causes"), {cause.name: (cause,) for cause in CAUSES}) as found:
        yield found


@pytest.mark.whole
@pytest.mark.parametrize("cause", CAUSES, ids=[cause.name for cause in CAUSES])
def test_each_cause_is_answered_as_described(calls: dict[str, Call], cause: Cause) -> None:
    call = calls[cause.name]
    assert_as_described(description(call.address), PATH, call.answer())


@pytest.mark.whole
def test_good_answers_are_as_described(folder: Folder) -> None:
    corp_id, rows = import_organisation(folder, "sample")
    app, secret = folder.add_app(corp_id)
    with serving(folder) as served:
        document = description(served.address)
        for day in rows:
            assert_as_described(document, PATH, Call(served.address, folder.token(app), day).answer())
        body = json.dumps({"appKey": app.app_key, "appSecret": secret}).encode()
        assert_as_described(document, ISSUE, post(served.address, body))
        answer = get(served.address, f"{OLD_ISSUE}?appkey={app.app_key}&appsecret={secret}")
        assert b'"errcode":0,' in answer.body
        assert_as_described(document, OLD_ISSUE, answer)


def test_answers_of_more_calls_for_the_same_numbers_are_as_described(described: Described) -> None:
    folder, served, document = described.folder, described.served, described.document
    token = folder.token(folder.add_app(CORP, scopes=SCOPES)[0])
    include = {"x-reportdata-partial": "include"}
    for path in PATHS.values():
        for day in ("20210620", "20210601", "20210701", "2021", ""):
            for headers in ({}, include):
                assert_as_described(document, path, Call(served.address, token, day, headers, path=path).answer())
    for path in (DEPARTMENTS_PATH, ORGANISATION_PATH):
        for day in ("20210620", "20210701", "2021", "%20"):
            for query in ("nextToken=0&maxResults=10", "nextToken=x"):
                call = Call(served.address, token, None, path=path.format(day), more_query=query)
                assert_as_described(document, path.format("{dataId}"), call.answer())


def test_refusals_of_tokens_are_as_described(described: Described) -> None:
    app, _ = described.folder.add_app(CORP)
    wrong = json.dumps({"appKey": app.app_key, "appSecret": "x"}).encode()
    answers = [post(described.served.address, body) for body in (b"", b"{", b"{}", b'{"appKey":"a"}', *[wrong] * 7)]
    assert "retry-after" in answers[-1].headers
    for answer in answers:
        assert_as_described(described.document, ISSUE, answer)
    for query in ("", "?appkey=a", "?appkey=a&appsecret=b", "?corpid=a&corpsecret=b"):
        assert_as_described(described.document, OLD_ISSUE, get(described.served.address, OLD_ISSUE + query))


@pytest.mark.parametrize("request_", [request for request, _, _ in UNREADABLE.values()], ids=UNREADABLE)
def test_what_cannot_be_read_is_answered_as_described(described: Described, request_: bytes) -> None:
    path = ISSUE if request_.startswith(b"POST") else PATH
    assert_as_described(described.document, path, send(described.served.address, request_))


def test_tools_that_import_openapi_find_what_they_need(described: Described) -> None:
    document = described.document
    assert document["openapi"] == "3.0.3"
    assert document["servers"] == [{"url": "/"}]
    every = operations(document)
    assert len({found["operationId"] for found in every}) == len(every)
    tags = {tag["name"] for tag in document["tags"]}
    for found in every:
        assert re.fullmatch("[A-Za-z][A-Za-z0-9]*", found["operationId"])
        assert found["summary"]
        assert found["responses"]
        assert set(found["tags"]) <= tags
        assert all(response["description"] for response in found["responses"].values())
    newer = {"const", "$schema", "$defs", "$id", "if", "prefixItems", "patternProperties", "unevaluatedProperties"}
    for found in _objects(document):
        assert not newer & found.keys()
        if "$ref" in found:
            assert resolved(document, found["$ref"])
        if "properties" in found:
            assert found["type"] == "object"
            assert "examples" not in found


def _objects(value: object) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(inner)


@pytest.mark.whole
def test_another_service_is_described_by_its_data(tmp_path: Path) -> None:
    folder = Folder(tmp_path, services=(DATA / "services" / "lessons",))
    with closing(folder.store), serving(folder) as served:
        document = json.loads(get(served.address, DESCRIPTION).body)
    from schemathesis.specs.openapi.definitions import OPENAPI_30_VALIDATOR

    OPENAPI_30_VALIDATOR.validate(document)
    services = read_services(*folder.settings.services)
    for service in services:
        assert operation(document, service.path)["responses"]["200"]
        assert service.title in operation(document, service.path)["description"]
    pushed = document["paths"]["/v1/facts"]["post"]
    scopes = sorted({service.push_scope for service in services if service.push_scope})
    assert {"DataCenter.Lesson.Write", "DataCenter.Report.Write"} <= set(scopes)
    assert f"The app needs the scope {' or '.join(scopes)}." in pushed["description"]
    (content,) = pushed["requestBody"]["content"].values()
    assert {"sent_at", "attended_at", "minutes", "fee"} <= content["schema"]["items"]["properties"].keys()


@pytest.mark.whole
def test_it_is_the_same_at_every_start_and_names_no_software(tmp_path: Path, described: Described) -> None:
    folder = Folder(tmp_path)
    with closing(folder.store), serving(folder) as served:
        first, second = (get(found.address, DESCRIPTION).body for found in (served, described.served))
    assert first == second
    assert described.document["info"]["version"] == "1.0"
    assert reportdata.__version__.encode() not in first
