"""The explorer in a browser: every call and every documented error, once through the page."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from reportdata.api.contract.entry import Entry, entry_of
from reportdata.services import Service
from tests.support.browsers import expect
from tests.support.browsing import add_link
from tests.support.explored import CORP, DAY, HOSTILE, SCOPES, Explored, Explorer, explored, filled
from tests.support.sample import NOW
from tests.support.serving import serving
from tests.support.waiting import becomes

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

LOOKS = [
    (language, scheme, width) for language in ("zh", "en") for scheme in ("light", "dark") for width in (1280, 390)
]
REPORT = "getDatacenterReportData"
ANYWHERE = {"404 InvalidAction.NotFound", "414 InvalidRequest.UrlTooLong", "431 InvalidRequest.HeadersTooLarge"}
"""Errors that are the same for all calls, and brought about once."""

Explore = Callable[..., Explorer]


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explored]:
    with explored(tmp_path_factory.mktemp("explored")) as found:
        yield found


@pytest.fixture
def explore(browser: Browser, organisation: Explored) -> Iterator[Explore]:
    """Opens the page. All that a page may not do is looked at when the test has ended."""
    opened: list[Explorer] = []

    def open_one(url: str = "", **look: Any) -> Explorer:
        found = Explorer(browser, url or organisation.served.url, **look)
        opened.append(found)
        return found

    yield open_one
    assert [said for found in opened for said in found.close()] == []


def calls(organisation: Explored) -> dict[str, dict[str, Any]]:
    """What is described, by operation."""
    paths = organisation.ask("/openapi.json")["paths"]
    return {
        told["operationId"]: told | {"method": method.upper(), "path": path}
        for path, methods in paths.items()
        for method, told in methods.items()
    }


def test_every_call_is_sent_and_shown(explore: Explore, organisation: Explored) -> None:
    found = explore()
    found.open()
    found.sign_in(organisation.app, organisation.secret)
    for name, told in calls(organisation).items():
        found.choose(name)
        good = next(status for status in told["responses"] if status.startswith("2"))
        if name == "uploadFile":
            found.page.locator("#field-body").set_input_files(organisation.folder.path.parent / "reports.csv")
        if name == "getToken":
            found.page.locator("#field-appkey").fill(organisation.app.app_key)
            found.page.locator("#field-appsecret").fill(organisation.secret)
        if name in ("getAccessToken", "beginSession"):
            both = {"appKey": organisation.app.app_key, "appSecret": organisation.secret}
            found.page.locator("#field-body").fill(json.dumps(both))
        said = found.press("send")
        if {one["name"] for one in told.get("parameters", ()) if one["in"] == "path"} <= {"dataId"}:
            assert f"{good} " in said, name
        else:  # there is no such thing as its path names
            assert "404 " in said or f"{good} " in said, name
        assert organisation.secret not in said, name
        assert organisation.secret not in found.page.url, name
        if name in ("getAccessToken", "getToken"):
            token = json.loads(found.body()).get("accessToken") or json.loads(found.body())["access_token"]
            assert (len(token), token[-1]) == (7, "…")
        expect(found.page.locator("#answer")).to_contain_text(
            f"{told['method']} {told['path'].split('{')[0]}", use_inner_text=True
        )
    found.choose(REPORT)
    expect(found.page.locator("#answer")).not_to_be_visible()
    found.press("send")
    assert json.loads(found.body()) == organisation.ask(f"/v1.0/datacenter/reportData?statDate={DAY.replace('-', '')}")


def test_all_is_said_in_chinese(explore: Explore, organisation: Explored) -> None:
    found = explore()
    found.open()
    told = found.page.evaluate(
        """async () => {
          const at = new URL(document.querySelector('script[src]').src);
          const { calls, fields } = await import(new URL('calls.js', at));
          const { isTold, described } = await import(new URL('meanings.js', at));
          const { reason } = await import(new URL('reasons.js', at));
          const all = await calls();
          return [
            ...all.filter((call) => !isTold(call)).map((call) => call.id),
            ...all.flatMap((call) => fields(call.answer)).map((one) => described(one.description))
              .filter((text) => /[a-z]{3,} [a-z]{2,} [a-z]/.test(text)),
            ...all.flatMap((call) => call.faults).filter((one) => !reason(one.status, one.code)).map((one) => one.code),
          ];
        }"""
    )
    assert told == []


def test_every_error_that_a_request_can_bring_about(explore: Explore, organisation: Explored) -> None:
    found = explore()
    found.open()
    found.sign_in(organisation.app, organisation.secret)
    seen: set[str] = set()
    kinds: set[str] = set()
    sent = 0
    for name, told in calls(organisation).items():
        kind = f"{told['tags']} {[one['name'] for one in told.get('parameters', ())]} {told['responses'].keys()}"
        if kind in kinds:  # a call like one before
            continue
        kinds.add(kind)
        found.choose(name)
        found.page.locator("#tab-errors").click()
        items = found.page.evaluate(
            """() => [...document.querySelectorAll('.faults li')].map((one) => [
              one.dataset.code, one.querySelector('[data-key^=try]') !== null, one.querySelectorAll('p').length,
              one.querySelector('details code')?.textContent ?? ''])"""
        )
        for code, has_button, sentences, sample in items:
            assert sentences >= 1, (name, code)
            if not has_button:
                assert json.loads(sample)["code"] == code.partition(" ")[2]
            if (code in seen and code in ANYWHERE) or not has_button or sentences > 1:  # more is needed: the next tests
                continue
            seen.add(code)
            sent += 1
            said = found.press(f"try-{code}")
            if code == "uncovered":
                assert "200" in said
                assert "这一天没有采集过" in said
            else:
                status, _, word = code.partition(" ")
                assert f"{status} " in said, (name, said)
                assert word in said, (name, said)
                assert "如期得到这个错误" in said, (name, said)
    assert len(seen) >= 25
    assert sent >= 60


def test_errors_that_need_another_app(explore: Explore, organisation: Explored) -> None:
    found = explore()
    found.open(REPORT, "errors")
    add = organisation.folder.add_app
    for code, (app, secret) in {
        "403 Forbidden.AccessDenied.IpNotInWhiteList": add(CORP, allow_list=("192.0.2.0/24",)),
        "403 Forbidden.AccessDenied.AccessTokenPermissionDenied": add(CORP, scopes=()),
        "403 Forbidden.AccessDenied.QpsLimitForAppkeyAndApi": add(CORP, rate=3),
        "500 orgId.is.null": add(None),
    }.items():
        missed = "" if "Qps" in code else found.press(f"try-{code}")
        assert "如期得到" not in missed
        found.sign_in(app, secret)
        said = found.press(f"try-{code}")
        assert "如期得到" in said, said
        assert code.split()[1] in said
    found.sign_in(organisation.app, organisation.secret)
    said = found.press("try-500 orgId.is.null")
    assert "这次没有得到 orgId.is.null" in said
    assert "需要一个练习用的应用" in said
    found.page.locator("[data-key=back]").click()
    becomes(lambda: found.page.evaluate("document.activeElement.dataset.key"), "try-500 orgId.is.null")


def test_errors_of_sessions(explore: Explore, organisation: Explored) -> None:
    found = explore()
    found.open("getCoverage", "errors")
    assert "如期得到" in found.press("try-401 AuthenticationFailed.SessionEnded")
    folder = organisation.folder
    some, some_secret = add_link(folder, CORP, departments=("研发",))
    ended, ended_secret = add_link(folder, CORP)
    app, secret = folder.add_app(CORP, scopes=SCOPES)
    until_then = int(NOW.timestamp())
    for proof, change, call, code in (
        ({"link": some_secret}, lambda: None, "getChanges", "403 Forbidden.AccessDenied.SomeDepartments"),
        (
            {"link": some_secret},
            lambda: folder.store.revoke_link(some.link_id, NOW.timestamp()),
            "getCoverage",
            "401 AuthenticationFailed.LinkRevoked",
        ),
        (
            {"appKey": app.app_key, "appSecret": secret},
            lambda: folder.store.change_app(app.app_key, lambda one: msgspec.structs.replace(one, disabled=True)),
            "getSession",
            "401 AuthenticationFailed.AppDisabled",
        ),
    ):
        found.open("beginSession")
        found.page.locator("#field-body").fill(json.dumps(proof))
        assert "200 " in found.press("send")
        change()
        found.choose(call)
        found.page.locator("#tab-errors").click()
        if found.page.locator("[data-key=as-session]").count():
            found.page.locator("[data-key=as-session]").check()
        assert "如期得到" in found.press(f"try-{code}"), code
    assert ended.until is None
    link, link_secret = add_link(folder, CORP, until=until_then)
    found.choose("beginSession")
    found.page.locator("#field-body").fill(json.dumps({"link": link_secret}))
    found.page.locator("#tab-errors").click()
    assert "如期得到" in found.press("try-401 AuthenticationFailed.LinkEnded"), link.link_id
    assert ended_secret not in found.page.content()


def _no_id(_service: Service) -> Entry:
    return entry_of(_service)._replace(service=None, has_id=False)


def _no_meta(service: Service) -> Entry:
    return entry_of(service)._replace(service=None)


@pytest.mark.parametrize(
    ("code", "entry", "harm"),
    [
        ("serviceId.is.null", _no_id, ""),
        ("service.meta.isNull", _no_meta, ""),
        ("systemError", entry_of, "drop table kpis"),
        ("unknownError", entry_of, "update organisations set time_zone = 'Nowhere/Nowhere'"),
    ],
)
def test_errors_of_the_server_itself_are_explained(
    explore: Explore, tmp_path: Path, code: str, entry: Callable[[Service], Entry], harm: str
) -> None:
    folder = filled(tmp_path)
    with closing(folder.store), serving(folder, clock=NOW.timestamp, entry=entry) as served:
        app, secret = folder.add_app(CORP)
        found = explore(served.url)
        found.open(REPORT)
        found.sign_in(app, secret)
        if harm:
            with closing(sqlite3.connect(folder.settings.store)) as store, store:
                store.execute(harm)
        said = found.press("send")
        assert f"500 Internal Server Error {code}" in " ".join(said.split())
        assert found.page.locator("#answer .why").inner_text() != ""


@pytest.mark.parametrize(("language", "scheme", "width"), LOOKS)
def test_every_look_is_quiet_and_accessible(
    explore: Explore, organisation: Explored, language: str, scheme: str, width: int
) -> None:
    found = explore(language=language, scheme=scheme, width=width)
    found.open("getStatistics", department=HOSTILE)
    found.sign_in(organisation.app, organisation.secret)
    found.press("send")
    for tab in ("document", "errors", "code"):
        found.page.locator(f"#tab-{tab}").click()
        assert found.visit.faults() == []
        assert found.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_hostile_values_are_text(explore: Explore, organisation: Explored) -> None:
    found = explore()
    found.open("getStatistics", "code", **{"department": HOSTILE, "from": "<img src=x onerror=alert(1)>"})
    found.sign_in(organisation.app, organisation.secret)
    said = found.press("send")
    assert "400 " in said
    found.page.locator("#field-from").fill(DAY)
    found.page.locator("#field-range").fill("")
    found.page.locator("#field-by").fill("department")
    found.page.locator("#field-department").fill("<img src=x onerror=alert(1)>")
    found.press("send")
    assert [row["department"] for row in json.loads(found.body())["data"]] == ["<img src=x onerror=alert(1)>"]
    expect(found.page.locator("main img, main script")).to_have_count(0)
    assert organisation.secret not in found.page.content()


def test_the_session_of_the_dashboard_calls(explore: Explore, organisation: Explored) -> None:
    found = explore()
    found.visit.sign_in(organisation.app.app_key, organisation.secret)
    found.page.locator("[data-key=explorer]").click()
    found.page.locator("#send").wait_for()
    found.choose("getStatistics")
    found.page.get_by_text(f"test（{CORP}）").wait_for()
    assert found.page.locator("[data-key=as-session]").is_checked()
    assert "200 OK" in found.press("send")
    expect(found.page.locator("#answer")).to_contain_text("cookie: reportdata_session=…", use_inner_text=True)
    assert json.loads(found.body())["data"][-1]["reports"] == 3
    found.choose(REPORT)  # which takes no session
    found.page.locator("#send").click()
    found.page.get_by_text("先取得 token").wait_for()
    found.page.locator("[data-key=dashboard]").click()
    found.page.locator(".card").first.wait_for()
    found.visit.settled()


def test_by_keyboard_alone(explore: Explore, organisation: Explored) -> None:
    found = explore()
    found.open()
    page = found.page

    def walk(key: str) -> None:
        for _ in range(200):
            if page.evaluate("document.activeElement.dataset.key") == key:
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {key}")

    walk("find")
    page.keyboard.type("日历节假日")
    page.get_by_text("没有这样的接口").wait_for()
    page.keyboard.press("Control+A")
    page.keyboard.type("reportData")
    walk(f"call-{REPORT}")
    page.keyboard.press("Enter")
    becomes(lambda: page.evaluate("document.activeElement.id"), "call-title")
    walk("key")
    page.keyboard.type(organisation.app.app_key)
    page.keyboard.press("Tab")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    page.get_by_text("AppKey 或 AppSecret 不对").wait_for()
    becomes(lambda: page.evaluate("document.activeElement.name"), "secret")
    page.keyboard.type(organisation.secret)
    page.keyboard.press("Enter")
    page.locator("[data-key=forget]").wait_for()
    becomes(lambda: page.evaluate("document.activeElement.id"), "send")
    page.keyboard.press("Enter")
    page.locator("#answer .outcome").wait_for()
    becomes(lambda: page.evaluate("document.activeElement.id"), "answer-title")
    assert '"4100_DAY": 3' in found.body()
    walk("tab-document")
    page.keyboard.press("ArrowRight")
    becomes(lambda: page.evaluate("document.activeElement.id"), "tab-errors")
    walk("try-500 statDate.is.null")
    page.keyboard.press("Enter")
    page.get_by_text("如期得到").wait_for()
    walk("back")
    page.keyboard.press("Enter")
    becomes(lambda: page.evaluate("document.activeElement.dataset.key"), "try-500 statDate.is.null")
    page.keyboard.press("Shift+Tab")
    walk("try-500 statDate.format.iserror")
    page.locator("#tab-code").focus()
    page.keyboard.press("Enter")
    walk("tongue-go")
    page.keyboard.press("Enter")
    becomes(lambda: page.evaluate("document.activeElement.dataset.key"), "tongue-go")
    assert page.url.endswith("tab=code&code=go")
    assert found.program()["file"] == "sample.go"


def test_behind_a_path(explore: Explore, tmp_path: Path) -> None:
    with explored(tmp_path, base_path="/a/b") as behind:
        found = explore(f"{behind.served.url}/a/b")
        found.open(REPORT, "code")
        found.sign_in(behind.app, behind.secret)
        assert "200 OK" in found.press("send")
        assert f"{behind.served.url}/a/b/v1.0/oauth2/accessToken" in found.program()["text"]
        found.page.locator("[data-key=dashboard]").click()
        found.page.get_by_label("AppKey").wait_for()
