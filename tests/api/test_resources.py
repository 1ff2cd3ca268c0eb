"""A new resource of the API is one module and one line: it is served, described, admitted, limited and counted."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from hashlib import sha256
from http.client import HTTPConnection
from typing import NamedTuple

import pytest
from starlette.requests import Request
from starlette.responses import Response

from reportdata.api.admission import REFUSALS, ClientToken, Demand
from reportdata.api.application import RESOURCES, build_app
from reportdata.api.intake import Intake
from reportdata.api.openapi import TEXT, answer, object_of, operation, parameter
from reportdata.api.resource import Context, Operation, Resource
from reportdata.errors import Reason
from reportdata.http.connections import Connections
from reportdata.http.limits import LARGEST_BODY, BodyLimit
from reportdata.http.request_metrics import RequestMetrics
from reportdata.http.routes import json_response
from reportdata.http.server import Listener, Server
from reportdata.http.sockets import bind
from reportdata.services import read_services
from reportdata.store.sqlite import SQLiteStore
from tests.support.calling import CORP, add_sample
from tests.support.folders import Folder
from tests.support.scopes import REPORT_READ

# What a new resource is: this function, in a module of its own.

PATH = "/v1/greetings/{name}"


def greetings(context: Context) -> Resource:
    """A made-up resource: who calls greets somebody."""
    demand = Demand(PATH, (REPORT_READ,))

    async def greet(request: Request) -> Response:
        now = context.clock()
        app, corp_id = await context.admission.caller(demand, request, now)
        body = await request.body()
        if key := request.headers.get("x-once"):
            await context.admission.claim(app, ClientToken(key, b"greet"), sha256(body).hexdigest(), now)
        return json_response({"from": corp_id, "to": request.path_params["name"], "bytes": len(body)})

    reply = object_of({"from": TEXT, "to": TEXT, "bytes": {"type": "integer"}})
    described = operation(
        "greet", "Greet somebody", answer(reply), demand.samples(), parameters=[parameter("path", "name", "Whom.")]
    )
    described["parameters"][0]["required"] = True
    call = Operation("POST", PATH, lambda: described, greet, body=BodyLimit(2 * LARGEST_BODY, 20))
    return Resource("greetings", [call], asked=("x-once",))


class Greeting(NamedTuple):
    """A server with the new resource."""

    address: tuple[str, int]
    context: Context
    folder: Folder

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(HTTPConnection(*self.address, timeout=300)) as connection:
            connection.request(method, path, body, names)
            found = connection.getresponse()
            return found.status, {name.lower(): value for name, value in found.getheaders()}, found.read()

    def greet(self, token: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, object]]:
        status, _, found = self.ask("POST", "/v1/greetings/a", body, x_acs_dingtalk_access_token=token, **headers)
        return status, json.loads(found)


@contextmanager
def serving_greetings(folder: Folder) -> Iterator[Greeting]:
    with ExitStack() as opened:
        reader, writer = (opened.enter_context(closing(SQLiteStore(folder.settings.store))) for _ in range(2))
        context = Context(
            services=read_services(),
            reader=reader,
            writer=writer,
            clock=time.time,
            metrics=RequestMetrics(),
            connections=Connections(100),
            note=lambda *_: None,
            intake=Intake(lambda _: pytest.fail("nothing is pushed"), lambda: 0, lambda: 1 << 40),
            read_push=lambda *_: pytest.fail("nothing is pushed"),
        )
        app = build_app(context, (*RESOURCES, greetings))  # and this is the line
        listener = Listener(bind("127.0.0.1", 0), app, app.direct, app.body_limit)
        server = opened.enter_context(Server(listener, connections=context.connections))
        thread = threading.Thread(target=server.run)
        thread.start()
        opened.callback(thread.join)
        opened.callback(server.stop)
        yield Greeting(server.address, context, folder)


@pytest.fixture
def greeting(folder: Folder) -> Iterator[Greeting]:
    add_sample(folder)
    with serving_greetings(folder) as found:
        yield found


def test_it_is_served_beside_all_others(greeting: Greeting) -> None:
    token = greeting.folder.token(greeting.folder.add_app(CORP)[0])
    assert greeting.greet(token, b"hello") == (200, {"from": CORP, "to": "a", "bytes": 5})
    assert greeting.ask("GET", "/healthz")[0] == 200
    assert greeting.ask("GET", "/v1/greetings/a")[0] == 404


def test_it_is_described(greeting: Greeting) -> None:
    from schemathesis.specs.openapi.definitions import OPENAPI_30_VALIDATOR  # takes long

    _, _, body = greeting.ask("GET", "/openapi.json")
    document = json.loads(body)
    OPENAPI_30_VALIDATOR.validate(document)
    call = document["paths"][PATH]["post"]
    assert call["tags"] == ["greetings"]
    assert {"name": "greetings"} in document["tags"]
    details = [
        example["value"].get("accessdenieddetail")
        for example in call["responses"]["403"]["content"]["application/json"]["examples"].values()
    ]
    assert {"requiredScopes": [REPORT_READ]} in details


def test_its_callers_are_admitted_as_everywhere(greeting: Greeting) -> None:
    folder = greeting.folder
    refused = {
        Reason.TOKEN_MISSING: "",
        Reason.TOKEN_INVALID: "0" * 32,
        Reason.ADDRESS: folder.token(folder.add_app(CORP, allow_list=("192.0.2.0/24",))[0]),
        Reason.SCOPE: folder.token(folder.add_app(CORP, scopes=())[0]),
        Reason.NO_ORGANISATION: folder.token(folder.add_app(None)[0]),
    }
    for reason, token in refused.items():
        status, body = greeting.greet(token)
        assert (status, body["code"]) == (REFUSALS[reason].status, REFUSALS[reason].code)
        wanted = {"requiredScopes": [REPORT_READ]} if reason is Reason.SCOPE else None
        assert body.get("accessdenieddetail") == wanted
    limited = folder.token(folder.add_app(CORP, rate=1)[0])
    codes = {greeting.greet(limited)[1].get("code") for _ in range(50)}
    assert codes == {None, REFUSALS[Reason.RATE].code}


def test_its_client_tokens_are_its_own(greeting: Greeting) -> None:
    token = greeting.folder.token(greeting.folder.add_app(CORP)[0])
    assert greeting.greet(token, b"a", x_once="k")[0] == 200
    assert greeting.greet(token, b"a", x_once="k")[0] == 200
    status, body = greeting.greet(token, b"b", x_once="k")
    assert (status, body["code"]) == (400, "IdempotentParameterMismatch")
    status, _, _ = greeting.ask(
        "GET", "/v1.0/datacenter/reportData?statDate=20210620", x_acs_dingtalk_access_token=token, x_client_token="k"
    )
    assert status == 200


def test_its_bodies_have_their_own_limit_and_it_is_counted(greeting: Greeting) -> None:
    token = greeting.folder.token(greeting.folder.add_app(CORP)[0])
    assert greeting.greet(token, b" " * (2 * LARGEST_BODY))[0] == 200
    assert greeting.greet(token, b" " * (2 * LARGEST_BODY + 1))[0] == 413
    end = time.monotonic() + 300
    while (PATH, "ok") not in greeting.context.metrics.answers:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_browsers_may_send_its_headers_and_those_of_all_others(greeting: Greeting) -> None:
    status, headers, body = greeting.ask("OPTIONS", "/v1/greetings/a")
    assert (status, body) == (200, b"{}")
    allowed = headers["access-control-allow-headers"].split(", ")
    assert {"x-once", "Idempotency-Key", "x-acs-dingtalk-access-token"} <= set(allowed)
