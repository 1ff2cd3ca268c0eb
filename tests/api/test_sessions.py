"""Sessions: how they begin and end, what their cookie opens, and who is not let in by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from reportdata.api.admission import Demand
from reportdata.api.cookies import COOKIE, is_own, sessions_in
from reportdata.api.intake import Intake
from reportdata.api.resource import Context
from reportdata.api.sessions_description import BODIES, TOLD
from reportdata.api.sign_in import SOME_DEPARTMENTS, Caller, SignIn
from reportdata.audit import Audit
from reportdata.errors import BadValue
from reportdata.http.answers import Failed
from reportdata.http.connections import Connections
from reportdata.http.request_metrics import RequestMetrics
from reportdata.identity import hash_of, rotated
from reportdata.limits import Guesses
from reportdata.services import read_services
from tests.support.browsing import IMPORT, RECORDS, SESSION, TOTALS, Browser, add_link
from tests.support.calling import NOW
from tests.support.clocks import Clock
from tests.support.folders import Folder
from tests.support.serving import serving

CORP = "dingsessions"
STATISTICS = "/v1/statistics/coverage"


@pytest.fixture
def clock() -> Clock:
    """The server's clock."""
    return Clock(NOW)


@pytest.fixture
def browser(folder: Folder, clock: Clock) -> Iterator[Browser]:
    """A browser of a server of an organisation without facts."""
    folder.add_organisation(CORP, "Asia/Tokyo")
    with serving(folder, clock=clock) as found:
        yield Browser(found.address)


@pytest.mark.whole
def test_an_app_signs_in_and_out(folder: Folder, browser: Browser) -> None:
    app, secret = folder.add_app(CORP, name="报表", scopes=(RECORDS, IMPORT, "DataCenter.Report.Read"))
    begun = browser.sign_in(appKey=app.app_key, appSecret=secret)
    assert begun.status == 200
    assert {**begun.json, "expiresAt": None} == {
        "kind": "app",
        "name": "报表",
        "organisation": CORP,
        "organisationName": None,
        "timeZone": "Asia/Tokyo",
        "scopes": ["totals", "records", "import"],
        "services": ["reportData"],
        "departments": None,
        "expiresAt": None,
    }
    assert datetime.fromisoformat(begun.json["expiresAt"]).timestamp() == int(NOW + 12 * 3600)
    value, *rest = begun.headers["set-cookie"].split("; ")
    assert rest == ["Path=/", "Max-Age=43200", "HttpOnly", "SameSite=Strict"]
    assert browser.get(SESSION).json == begun.json
    assert browser.get(STATISTICS).status == 200
    ended = browser.call("DELETE", SESSION)
    assert (ended.status, ended.body) == (204, b"")
    assert "Max-Age=0" in ended.headers["set-cookie"]
    assert browser.get(SESSION).json["code"] == "AuthenticationFailed.NotSignedIn"
    browser.cookie = value
    assert browser.get(STATISTICS).json["code"] == "AuthenticationFailed.SessionEnded"
    assert browser.call("DELETE", SESSION).status == 204


@pytest.mark.whole
def test_a_link_signs_in_and_is_audited_by_its_name(folder: Folder, browser: Browser) -> None:
    link, secret = add_link(folder, CORP, departments=("研发", "市场"), until=int(NOW) + 60)
    begun = browser.sign_in(link=secret).json
    assert (begun["kind"], begun["name"], begun["scopes"]) == ("link", "人事部", ["totals"])
    assert begun["departments"] == ["研发", "市场"]
    assert datetime.fromisoformat(begun["expiresAt"]).timestamp() == link.until
    assert browser.get(STATISTICS).status == 200
    assert browser.get("/v1/statistics?range=7d&by=user").json["code"].endswith("PermissionDenied")
    browser.call("DELETE", SESSION)
    folder.store.revoke_link(link.link_id, NOW)


@pytest.mark.whole
def test_reads_are_in_the_audit_under_the_links_name(folder: Folder, clock: Clock) -> None:
    folder.add_organisation(CORP)
    link, secret = add_link(folder, CORP)
    with serving(folder, clock=clock) as served:
        browser = Browser(served.address)
        browser.sign_in(link=secret)
        browser.get(STATISTICS)
    reads = [(read.app_key, read.corp_id, read.stat_date) for read in Audit(folder.settings.audit).read()]
    assert reads == [(f"人事部 ({link.link_id})", CORP, what) for what in ("sign-in", "coverage")]


def test_revoking_and_ends_count_with_the_next_call_and_are_told(
    folder: Folder, browser: Browser, clock: Clock
) -> None:
    link, secret = add_link(folder, CORP)
    ending, short = add_link(folder, CORP, until=int(NOW) + 60)
    app, app_secret = folder.add_app(CORP, scopes=(TOTALS,))
    other = Browser(browser.address)
    owner = Browser(browser.address)
    assert browser.sign_in(link=secret).status == other.sign_in(link=short).status == 200
    assert owner.sign_in(appKey=app.app_key, appSecret=app_secret).status == 200
    folder.store.revoke_link(link.link_id, NOW)
    folder.store.change_app(app.app_key, lambda found: type(found)(**{**_fields(found), "disabled": True}))
    clock.now += 60
    for path in (SESSION, STATISTICS, "/v1/statistics?range=7d"):
        for who, code in ((browser, "LinkRevoked"), (other, "LinkEnded"), (owner, "AppDisabled")):
            answer = who.get(path)
            assert (answer.status, answer.json["code"]) == (401, f"AuthenticationFailed.{code}")
            assert "www-authenticate" not in answer.headers
    for text, code in ((secret, "LinkRevoked"), (short, "LinkEnded")):
        assert browser.sign_in(link=text).json["code"] == f"AuthenticationFailed.{code}"
    assert ending.until is not None


def _fields(found: Any) -> dict[str, Any]:
    return {name: getattr(found, name) for name in found.__struct_fields__}


def test_a_session_ends_after_its_hours_and_with_a_new_secret(folder: Folder, browser: Browser, clock: Clock) -> None:
    app, secret = folder.add_app(CORP, scopes=(TOTALS,))
    for end in ("hours", "rotation"):
        browser.cookie = None
        browser.sign_in(appKey=app.app_key, appSecret=secret)
        assert browser.get(SESSION).status == 200
        if end == "hours":
            clock.now += 12 * 3600
        else:
            folder.store.change_app(app.app_key, lambda found: rotated(found, hash_of("new"), 0, clock.now))
        assert browser.get(SESSION).json["code"] == "AuthenticationFailed.SessionEnded"


@pytest.mark.whole
def test_a_header_goes_before_a_cookie(folder: Folder, browser: Browser) -> None:
    app, secret = folder.add_app(CORP, scopes=(TOTALS,))
    browser.sign_in(appKey=app.app_key, appSecret=secret)
    assert browser.get(STATISTICS).status == 200
    for header in ({"authorization": "Bearer 0123"}, {"x_acs_dingtalk_access_token": "0123"}):
        assert browser.get(STATISTICS, **header).json["code"] == "InvalidAuthentication"
    assert browser.get(STATISTICS, authorization="Basic !").json["code"] == "AuthenticationFailed.WrongSecret"
    token = folder.token(app, NOW)
    unknown = f"{COOKIE}=unknown"
    assert browser.get(STATISTICS, x_acs_dingtalk_access_token=token, cookie=unknown).status == 200
    assert browser.get(STATISTICS, cookie=f"{unknown}; {browser.cookie}").status == 200, "of another path of the host"


@pytest.mark.whole
def test_other_sites_are_refused(folder: Folder, browser: Browser) -> None:
    app, secret = folder.add_app(CORP, scopes=(TOTALS,))
    body = {"appKey": app.app_key, "appSecret": secret}
    browser.sign_in(**body)
    for site in ({"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}, {"origin": "https://evil.example"}):
        for answer in (
            browser.get(STATISTICS, **site),
            browser.get(SESSION, **site),
            browser.call("POST", SESSION, body, **site),
            browser.call("DELETE", SESSION, **site),
        ):
            assert (answer.status, answer.json["code"]) == (403, "Forbidden.CrossSite")
            assert "set-cookie" not in answer.headers
    host, port = browser.address
    for site in ({"sec_fetch_site": "same-origin"}, {"sec_fetch_site": "none"}, {"origin": f"http://{host}:{port}"}):
        assert browser.get(STATISTICS, **site).status == 200
    token = folder.token(app, NOW)
    elsewhere = browser.get(STATISTICS, x_acs_dingtalk_access_token=token, sec_fetch_site="cross-site")
    assert elsewhere.status == 200, "a token is no cookie"


@pytest.mark.parametrize(
    ("origin", "host", "own"),
    [
        ("https://h", "h", True),
        ("https://h:443", "h", True),
        ("https://h", "h:443", True),
        ("https://H.example", "h.example", True),
        ("https://h:8443", "h:8443", True),
        ("https://[::1]:1", "[::1]:1", True),
        ("https://h:8443", "h", False),
        ("https://h", "h:8443", False),
        ("https://h.evil", "h", False),
        ("https://h@evil", "h", False),
        ("null", "h", False),
        ("", "h", False),
        ("file://", "h", False),
        ("https://h:x", "h", False),
        ("ftp://h", "h", False),
        ("https://h", "", False),
    ],
)
def test_whose_page_it_is_is_told_by_its_origin(origin: str, host: str, own: bool) -> None:
    assert is_own(_request(("host", host), ("origin", origin))) is own


@given(st.lists(st.tuples(st.sampled_from(["cookie", "x"]), st.text(st.characters(max_codepoint=255))), max_size=5))
def test_whatever_cookies_look_like(headers: list[tuple[str, str]]) -> None:
    found = sessions_in(_request(*headers, ("cookie", f"a=b; {COOKIE}=right")))
    assert found[-1] == "right"


def _request(*headers: tuple[str, str]) -> Request:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return Request({"type": "http", "headers": raw, "method": "GET", "path": "/", "query_string": b""})


def test_guessing_is_slowed_for_keys_and_links_alike(folder: Folder, browser: Browser) -> None:
    app, secret = folder.add_app(CORP, scopes=(TOTALS,))
    link, right = add_link(folder, CORP)
    for wrong, good in (
        ({"appKey": app.app_key, "appSecret": "wrong"}, {"appKey": app.app_key, "appSecret": secret}),
        ({"link": f"{link.link_id}.wrong"}, {"link": right}),
        ({"link": "link0.wrong"}, {"link": "link0.right"}),
    ):
        answers = [browser.sign_in(**wrong) for _ in range(Guesses.FREE + 2)]
        assert {answer.status for answer in answers} == {401}
        assert len({answer.json["message"] for answer in answers}) == 1
        assert "retry-after" not in answers[0].headers
        assert "retry-after" in answers[-1].headers
        assert browser.sign_in(**good).status == 401
    assert browser.cookie is None


def test_who_may_not_is_told_why(folder: Folder, browser: Browser) -> None:
    nothing, secret = folder.add_app(CORP)
    refused = browser.sign_in(appKey=nothing.app_key, appSecret=secret)
    assert refused.status == 403
    assert refused.json["accessdenieddetail"] == {"requiredScopes": [*read_services().scopes_to_ask, IMPORT]}
    away, secret = folder.add_app(CORP, scopes=(TOTALS,), allow_list=("192.0.2.7",))
    assert browser.sign_in(appKey=away.app_key, appSecret=secret).status == 403
    nobodys, secret = folder.add_app(None, scopes=(TOTALS,))
    assert browser.sign_in(appKey=nobodys.app_key, appSecret=secret).json["code"] == "orgId.is.null"
    for body, code in (
        ({}, "MissingappKey"),
        ({"appKey": "a"}, "MissingappSecret"),
        ({"appKey": 1, "appSecret": "b"}, "MissingappKey"),
        ({"link": ""}, "Missinglink"),
        ({"link": "a", "appKey": "b"}, "InvalidParameter"),
        ([], "Invalidbody"),
        (None, "Missingbody"),
    ):
        assert browser.call("POST", SESSION, body).json["code"] == code
    assert browser.cookie is None


@pytest.mark.whole
def test_the_examples_of_the_description_are_what_is_answered(folder: Folder, browser: Browser) -> None:
    methods = browser.get("/openapi.json").json["paths"][SESSION]
    examples = methods["post"]["requestBody"]["content"]["application/json"]["examples"]
    assert {name: example["value"] for name, example in examples.items()} == BODIES
    app, secret = folder.add_app(CORP, scopes=(TOTALS,))
    _, link = add_link(folder, CORP, departments=("研发",))
    for name, fields in (("app", {"appKey": app.app_key, "appSecret": secret}), ("link", {"link": link})):
        assert fields.keys() == BODIES[name].keys()
        told = browser.sign_in(**fields).json
        assert list(told) == list(TOLD)
    same = ("kind", "name", "organisationName", "scopes", "departments")
    assert {key: told[key] for key in same} == {key: TOLD[key] for key in same}


def test_a_cookie_is_for_tls_alone_where_a_trusted_proxy_says_so(folder: Folder) -> None:
    folder.add_organisation(CORP)
    _, secret = add_link(folder, CORP)
    for proxies, secure in (((), False), (("192.0.2.0/24",), False), (("127.0.0.1",), True)):
        with serving(folder, proxies=proxies) as served:
            begun = Browser(served.address, x_forwarded_proto="https").sign_in(link=secret)
            assert begun.headers["set-cookie"].endswith("; Secure") is secure


@pytest.mark.whole
def test_under_a_path_whether_a_proxy_takes_it_off_or_not(folder: Folder) -> None:
    folder.add_organisation(CORP)
    _, secret = add_link(folder, CORP)
    with serving(folder, base_path="/a/b") as served:
        for base in ("/a/b", ""):
            browser = Browser(served.address)
            begun = browser.call("POST", f"{base}{SESSION}", {"link": secret})
            assert "; Path=/a/b;" in begun.headers["set-cookie"]
            assert browser.get(f"{base}{SESSION}").status == 200
            assert browser.get(f"{base}/openapi.json").json["servers"] == [{"url": "/a/b"}]
            answer = browser.get(f"{base}/v1/statistics?from=20210601&to=20210603&by=day&pageSize=1")
            assert answer.status == 200
            assert (
                browser.get(f"{base}/v1.0/datacenter/reportData?statDate=20210601").json["code"].endswith("Parameter")
            )
        moved = browser.get("/a/b")
        assert (moved.status, moved.headers["location"]) == (308, "/a/b/")
        assert browser.get("/a/bc/v1/session").status == 404


@pytest.mark.whole
def test_the_next_page_is_under_the_path(folder: Folder) -> None:
    folder.add_organisation(CORP)
    folder.cover(CORP, "20210601", "20210603")
    _, secret = add_link(folder, CORP)
    with serving(folder, base_path="/a") as served:
        browser = Browser(served.address)
        browser.sign_in(link=secret)
        address = "/v1/statistics?from=20210601&to=20210603&by=day&pageSize=1"
        days = []
        while address:
            answer = browser.get(address)
            days += [row["period"] for row in answer.json["data"]]
            address = answer.json["meta"]["nextPage"]
            assert answer.headers.get("link") == (f'<{address}>; rel="next"' if address else None)
            assert not address or address.startswith("/a/v1/statistics?")
    assert days == ["2021-06-01", "2021-06-02", "2021-06-03"]


@pytest.mark.parametrize("base_path", ["a", "/", "/a/", "/a//b", "/..", "/a;b", "/ü", "/a b", "/v1", "/v1/session"])
def test_a_base_path_that_cannot_be_one_is_refused(folder: Folder, base_path: str) -> None:
    with pytest.raises(BadValue), serving(folder, base_path=base_path):
        pass


def test_without_web_there_are_no_sessions(folder: Folder) -> None:
    folder.add_organisation(CORP)
    _, secret = add_link(folder, CORP)
    with serving(folder) as served:
        browser = Browser(served.address)
        browser.sign_in(link=secret)
    with serving(folder, web=False) as served:
        there = Browser(served.address)
        there.cookie = browser.cookie
        assert there.sign_in(link=secret).status == 404
        assert there.get(STATISTICS).json["code"] == "AuthenticationFailed.NotSignedIn"
        assert SESSION not in there.get("/openapi.json").json["paths"]


def test_all_servers_of_a_store_know_a_session(folder: Folder) -> None:
    folder.add_organisation(CORP)
    link, secret = add_link(folder, CORP)
    with serving(folder) as one, serving(folder) as another:
        browser, other = Browser(one.address), Browser(another.address)
        browser.sign_in(link=secret)
        other.cookie = browser.cookie
        assert other.get(SESSION).json == browser.get(SESSION).json
        folder.store.revoke_link(link.link_id, NOW)
        assert {who.get(SESSION).json["code"] for who in (browser, other)} == {"AuthenticationFailed.LinkRevoked"}


def test_a_link_of_some_departments_is_refused_by_calls_that_do_not_tell_them_apart(folder: Folder) -> None:
    folder.add_organisation(CORP)
    link, _ = add_link(folder, CORP, departments=("研发",))
    whole, _ = add_link(folder, CORP)
    context = Context(
        services=read_services(),
        reader=folder.store,
        writer=folder.store,
        clock=lambda: NOW,
        metrics=RequestMetrics(),
        connections=Connections(1),
        note=lambda *_: None,
        intake=Intake(lambda _: pytest.fail("nothing is pushed"), lambda: 0, lambda: 0),
        read_push=lambda *_: pytest.fail("nothing is pushed"),
    )
    sign_in = SignIn(context)
    narrow, wide = (Demand("/v1/other", (TOTALS,), by_department=knows) for knows in (True, False))
    callers = [Caller(one.as_app(), "", "127.0.0.1", one) for one in (link, whole)]
    admitted = [sign_in.admitted(demand, caller, NOW) for demand, caller in ((narrow, callers[0]), (wide, callers[1]))]
    assert [(caller.corp_id, caller.departments) for caller in admitted] == [(CORP, ("研发",)), (CORP, ())]
    with pytest.raises(Failed) as raised:
        sign_in.admitted(wide, callers[0], NOW)
    assert raised.value.fault == SOME_DEPARTMENTS
