"""Tools over HTTP: who may come in, and that nobody gets what is another's."""

from __future__ import annotations

import base64
import http.client
import json
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.days import to_date
from reportdata.statistics.question import CYCLES, DIMENSIONS, PERIODS
from tests.support.asked import ANOTHER, CONTRACT, RECORDS, TOTALS, Asked
from tests.support.assisted import MODES, calling, door_to, over_http, text_of
from tests.support.examples import tried_with
from tests.support.ports import free_ports
from tests.support.serving import serving
from tests.support.waiting import SOON

BOTH = pytest.mark.parametrize("mode", MODES)


@pytest.fixture(scope="module")
def door(sample: Asked) -> Iterator[str]:
    with door_to(sample.served.url) as url:
        yield url


def bearer(text: str) -> dict[str, str]:
    return {"authorization": f"Bearer {text}"}


def post(url: str, headers: dict[str, str], method: str = "POST", body: dict[str, Any] | None = None) -> Any:
    """The answer to one request, as status, headers and JSON."""
    parts = urlsplit(url)
    discover = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }
    with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SOON)) as connection:
        own = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
        connection.request(method, parts.path, json.dumps(body or discover).encode(), {**own, **headers})
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, dict(answer.headers), json.loads(content) if content else None


@pytest.mark.whole
@BOTH
def test_tools_are_called_over_http(sample: Asked, door: str, mode: str) -> None:
    asked = calling("statistics", from_=sample.first, to=sample.last, by="day")
    found = over_http(door, asked, mode, bearer(sample.key(TOTALS)))
    assert not found.is_error
    with sample.client() as client:
        expected = [(row.period, row.reports) for row in client.statistics(sample.first, sample.last, by="day")]
    assert [(row["period"], row["reports"]) for row in found.structured_content["rows"]] == expected
    wrong = over_http(door, calling("statistics", range="x"), mode, bearer(sample.key(TOTALS)))
    assert wrong.is_error
    assert "there are month, lastMonth" in text_of(wrong)


@pytest.mark.whole
def test_every_way_to_sign_in(sample: Asked, door: str) -> None:
    token = sample.folder.token(sample.apps[TOTALS][0])
    basic = base64.b64encode(sample.key(TOTALS).encode()).decode()
    for headers in (
        bearer(sample.key(TOTALS)),
        bearer(token),
        {"authorization": f"Basic {basic}"},
        {"x-acs-dingtalk-access-token": token},
    ):
        status, _, answer = post(door, headers)
        assert status == 200, answer
        assert answer["result"]["serverInfo"]["name"] == "reportdata"
        found = over_http(door, calling("coverage"), headers=headers)
        assert found.structured_content["rows"]


@pytest.mark.whole
def test_who_may_not_come_in(sample: Asked, door: str) -> None:
    key, secret = sample.key(TOTALS).split(":")
    none, _ = sample.folder.add_app(sample.corp_id, scopes=())
    for headers in ({}, bearer(""), bearer(":"), {"authorization": "Basic !"}, {"authorization": f"Digest {key}"}):
        status, found, answer = post(door, headers)
        assert (status, answer["code"]) == (401, "AuthenticationFailed.NotSignedIn"), headers
        assert found["www-authenticate"].startswith("Bearer")
        assert answer["requestid"] == found["x-acs-request-id"]
    for headers in (bearer(f"{key}:wrong"), bearer("0123"), bearer(f"ding:{secret}"), bearer(f"x{secret}")):
        status, _, answer = post(door, headers)
        assert status == 401, answer
    assert post(door, bearer(sample.folder.token(none)))[0] == 403
    assert post(door, bearer(sample.key(TOTALS)), "GET")[0] == 405
    assert post(door, bearer(sample.key(TOTALS)), "DELETE")[0] == 405
    for path in ("", "/mcp/x", "/other", f"/mcp/{sample.key(TOTALS)}"):
        assert post(door.removesuffix("/mcp") + path, bearer(sample.key(TOTALS)))[0] == 404, path


@pytest.mark.whole
def test_who_may_ask_about_other_services_alone_is_told_which(sample: Asked, door: str) -> None:
    app, secret = sample.folder.add_app(sample.corp_id, scopes=("DataCenter.Health.Read",))
    headers = bearer(f"{app.app_key}:{secret}")
    refused = over_http(door, calling("coverage"), headers=headers)
    assert refused.is_error
    assert "Name another service: one of healtheUserData." in text_of(refused)
    named = over_http(door, calling("coverage", service="healtheUserData"), headers=headers)
    assert (named.is_error, named.structured_content["rows"]) == (False, [])


@pytest.mark.whole
def test_no_server_of_an_address_is_published_that_would_issue_keys(sample: Asked, door: str) -> None:
    for path in ("/.well-known/oauth-protected-resource", "/.well-known/oauth-authorization-server"):
        assert post(door.removesuffix("/mcp") + path, {}, "GET")[0] == 404


@pytest.mark.whole
def test_keys_in_the_path_where_that_was_chosen(sample: Asked) -> None:
    with door_to(sample.served.url, keys_in_path=True) as url:
        secret = f"{url}/{quote(sample.key(TOTALS), safe=':')}"
        assert over_http(secret, calling("coverage")).structured_content["rows"]
        assert post(f"{url}/{sample.key(TOTALS)[:-1]}", {})[0] == 401
        assert post(f"{url}/a%0d%0ab:c", {})[0] == 401
        assert post(url, {})[0] == 401
        assert post(f"{url}/a/b", {})[0] == 404


def test_a_door_without_its_server(sample: Asked) -> None:
    with door_to(f"http://127.0.0.1:{free_ports(1)[0]}") as url:
        status, _, answer = post(url, bearer("a:b"))
    assert (status, answer["code"]) == (503, "ServiceUnavailable")


@pytest.mark.whole
def test_an_app_that_is_disabled_gets_nothing_more(sample: Asked, door: str) -> None:
    app, secret = sample.folder.add_app(sample.corp_id, scopes=(TOTALS,))
    headers = bearer(f"{app.app_key}:{secret}")
    assert not over_http(door, calling("coverage"), headers=headers).is_error
    sample.folder.store.change_app(app.app_key, lambda found: msgspec.structs.replace(found, disabled=True))
    found = over_http(
        door, calling("coverage"), headers=headers
    )  # the door trusts it for a minute, the server does not
    assert found.is_error
    assert "ask the user for a valid one" in text_of(found)


@pytest.mark.whole
def test_addresses_of_callers_are_judged(sample: Asked) -> None:
    app, secret = sample.folder.add_app(sample.corp_id, scopes=(TOTALS,), allow_list=("192.0.2.0/24",))
    trusted = ("127.0.0.1",)
    with serving(sample.folder, proxies=trusted) as served, door_to(served.url, proxies=trusted) as url:
        for address, expected in (("192.0.2.7", 200), ("198.51.100.1", 403), ("192.0.2.7, 198.51.100.1", 403)):
            headers = bearer(f"{app.app_key}:{secret}") | {"x-forwarded-for": address}
            status, _, answer = post(url, headers)
            assert status == expected, answer
            if expected == 403:
                assert "198.51.100.1" in answer["message"]


@pytest.mark.whole
@tried_with(4, 30)
def test_no_key_gets_a_row_of_another_organisation_nor_a_totals_key_an_id(
    sample: Asked, door: str, examples: int
) -> None:
    with sample.client() as client:
        users = {str(row.user) for row in client.statistics(sample.first, sample.last, by="user")}
    groupings = st.lists(st.sampled_from((*CYCLES, *DIMENSIONS)), unique=True, max_size=2)
    one = st.fixed_dictionaries(
        {
            "from": st.just(to_date(sample.first).isoformat()),
            "to": st.just(to_date(sample.last).isoformat()),
            "by": st.tuples(st.sampled_from(PERIODS), groupings).map(lambda by: [by[0], *by[1]]),
        },
        optional={
            "user": st.sampled_from(sorted(users)[:2]),
            "department": st.sampled_from(("研发部", ["研发部", ""])),
            "departments": st.sampled_from(("now", "then")),
            "pageSize": st.sampled_from((1, 200)),
            "corp": st.just(sample.corp_id),
        },
    )

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(one, st.sampled_from(list(MODES)))
    def check(arguments: dict[str, Any], mode: str) -> None:
        names_users = "user" in arguments or "user" in arguments["by"]
        for app in (TOTALS, RECORDS, ANOTHER):
            found = over_http(door, calling("statistics", **arguments), mode, bearer(sample.key(app)))
            refused = "corp" in arguments or (names_users and app == TOTALS)
            assert found.is_error == refused, text_of(found)
            if app == TOTALS:
                said = text_of(found) + json.dumps(found.structured_content, ensure_ascii=False)
                assert not [user for user in users if re.search(rf"\b{re.escape(user)}\b", said)]
            if app == ANOTHER and not refused:
                assert found.structured_content["rows"] == []
                assert found.structured_content["totalRows"] == 0
            if app == RECORDS:
                continue
            cell = {"metric": "senders", "from": sample.first, "to": sample.last} | {
                name: value for name, value in arguments.items() if name in ("user", "department")
            }
            explained = over_http(door, calling("explain", **cell), mode, bearer(sample.key(app)))
            others = users - {arguments.get("user")}  # who was asked for is told again
            assert not [user for user in others if re.search(rf"\b{re.escape(user)}\b", text_of(explained))]
            assert explained.is_error if "user" in cell and app == TOTALS else not explained.structured_content["rows"]
        for tool, some in (("coverage", {}), ("changes", {"since": "2020-01-01"})):
            nothing = over_http(door, calling(tool, **some), mode, bearer(sample.key(ANOTHER)))
            assert nothing.structured_content["rows"] == []

    check()


@pytest.mark.whole
def test_the_contract_scope_alone_does_not_open_it(sample: Asked, door: str) -> None:
    contract = sample.folder.add_app(sample.corp_id)
    assert post(door, bearer(f"{contract[0].app_key}:{contract[1]}"))[0] == 403
    assert post(door, bearer(sample.key(CONTRACT)))[0] == 200
