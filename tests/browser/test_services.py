"""A page for every service, and all of them together: their numbers are those of the API, for who may see them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reportdata.days import from_date
from reportdata.pipeline.mirroring import keep_export
from reportdata.store import Official
from tests.support.browsers import Visit, expect
from tests.support.browsing import add_link
from tests.support.family import SERVICES
from tests.support.pages import LOOKS, YESTERDAY, Open, Site, cells, rows_of
from tests.support.sample import NOW
from tests.support.waiting import becomes, until

pytestmark = pytest.mark.browser

OVERVIEW = "/v1/services/overview"
PERCENT = {"4003", "4008", "4025", "4087"}
"""Ratios without a unit."""


def written(kpi: str, value: float | None) -> str:
    """A number as the page writes it."""
    if value is None:
        return "–"
    shown = f"{round(value * 100, 2):,.2f}" if kpi in PERCENT else f"{value:,.3f}"
    return shown.rstrip("0").rstrip(".") + ("%" if kpi in PERCENT else "")


def numbers(found: Visit, place: str = "") -> list[str]:
    """The numbers of the cards, without their units."""
    texts = found.page.locator(f"{place} .card .number").all_inner_texts()
    return [text.split()[0] for text in texts]


def go(found: Visit, address: str) -> None:
    found.page.goto(f"{found.url}/{address}")
    found.page.locator(".card, .dayhead, .empty").first.wait_for()
    found.settled()


def test_from_all_services_to_the_numbers_of_one(visit_house: Open, house: Site, tmp_path: Path) -> None:
    found = visit_house("?view=overview")
    page = found.page
    newest = {one["service"]: one for one in house.ask(OVERVIEW)["data"]}
    assert set(newest) == {
        "reportData", "activeUserData", "approvalData", "checkinData", "employeeTypeData", "onlineUserData",
        "singleMessagerData",
    }  # fmt: skip
    expect(page.locator(".family .card")).to_have_count(len(newest))
    for name, one in newest.items():
        card = page.locator(f"[data-service={name}]")
        assert card.locator(".number").inner_text().split()[0] == written(one["metric"], one["value"]), name
        expect(card.locator(".state")).to_have_text({"final": "最终"}[one["state"]], use_inner_text=True)
        expect(card).to_contain_text({"official": "钉钉官方数字", "computed": "按记录计算"}[one["origin"]])
        assert card.locator(".spark path").get_attribute("d").count("L") >= len(one["days"]) - 8
    expect(page.locator(".names li")).to_have_count(len(list(SERVICES)) - len(newest))
    page.locator("[data-key=service-onlineUserData]").click()
    found.settled()
    assert page.url.endswith("?service=onlineUserData")
    expect(page.locator("#brand")).to_have_text("用户在线统计")
    online = [kpi.id for kpi in SERVICES.service("onlineUserData").kpis]
    (row,) = house.ask(**{"from": YESTERDAY}, by="day", service="onlineUserData")["data"]
    assert numbers(found) == [written(kpi, row[kpi]) for kpi in online]
    for name in ("departments", "templates", "hours"):
        expect(page.locator(f"#{name}")).to_be_hidden()
    expect(page.locator("[data-name=departments], .spans")).to_have_count(0)
    rows = {line[0][:8]: line[2:-1] for line in cells(found, ".daily")}
    answer = house.ask(range="30d", by="day", service="onlineUserData")["data"]
    for line in answer[-10:]:
        assert rows[line["period"].replace("-", "")] == [written(kpi, line[kpi]) for kpi in online]
    with page.expect_download() as saving:
        page.get_by_role("button", name="下载 CSV").click()
    assert saving.value.suggested_filename.startswith("用户在线统计 ")
    saving.value.save_as(tmp_path / "a.csv")
    assert [line["4003"] for line in rows_of(tmp_path / "a.csv")] == [
        "" if line["4003"] is None else str(line["4003"]) for line in reversed(answer)
    ], "files have all digits"
    page.locator("[data-key=trend-kpi]").select_option("4003")
    found.settled()
    assert page.url.endswith("?service=onlineUserData&kpi=4003")
    expect(page.locator("#trend .key li")).to_have_count(2)
    page.locator(f".daily a[data-day='{YESTERDAY}']").click()
    found.settled()
    assert numbers(found, ".opened") == [written(kpi, row[kpi]) for kpi in online]
    said = page.locator("#why .body > p").all_inner_texts()
    assert len(said) == len(online)
    assert f"登录在线人数为 {row['4002']}" in said[2]
    expect(page.locator("#records")).to_be_hidden()
    page.go_back()
    page.go_back()
    page.go_back()
    expect(page.locator(".family h1")).to_have_text("全部服务")


def test_a_service_of_which_nothing_is_known_says_what_to_do(visit_house: Open) -> None:
    found = visit_house("?service=driveData", language="en")
    expect(found.page.locator(".empty .command").first).to_contain_text("--service driveData")
    expect(found.page.locator("#brand")).to_have_text("Statistics: Drive")
    assert found.faults() == []
    go(found, "?service=employeeTypeData")
    assert found.page.locator(".card").count() == 13
    go(found, f"?service=employeeTypeData&day={YESTERDAY}")
    expect(found.page.locator(".opened")).to_contain_text("No official figures were brought of this day")


def test_what_is_counted_has_departments_and_spans(visit_house: Open, house: Site) -> None:
    found = visit_house("?service=checkinData")
    (row,) = house.ask(**{"from": YESTERDAY}, by="day", service="checkinData")["data"]
    assert numbers(found) == [written(kpi, row[kpi]) for kpi in ("4090", "4091")]
    (month,) = house.ask(**{"from": f"{YESTERDAY[:7]}-01", "to": YESTERDAY}, service="checkinData")["data"]
    assert found.page.locator(".card .spans dd:last-of-type b").all_inner_texts() == [
        f"{month[kpi]:,}" for kpi in ("4090", "4091")
    ]
    hours = house.ask(range="30d", by="hour", service="checkinData")["data"]
    go(found, "?service=checkinData&tables=hours")
    shown = [line[1] for line in cells(found, "#hours")]
    assert shown == [f"{line['4090']:,}" for line in hours]
    departments = house.ask(range="30d", by="topDepartment", service="checkinData")["data"]
    assert len(cells(found, "#departments .ranked", "tr:not(.lower)")) == len(departments)
    expect(found.page.locator("#templates")).to_be_hidden()
    go(found, "?service=approvalData&kpi=4092")
    expect(found.page.locator("#departments")).to_be_hidden()
    go(found, "?service=onlineUserData&by=week")
    expect(found.page.locator("#trend .none")).to_have_text("这个指标只有单日的数字，不能合成多日")
    go(found, "?service=approvalData&by=week")
    weeks = {line["period"]: line for line in house.ask(range="30d", by="week", service="approvalData")["data"]}
    for line in cells(found, ".daily"):
        assert line[2:4] == [written(kpi, weeks[line[0].split()[0]][kpi]) for kpi in ("4092", "4093")]


@pytest.mark.parametrize(("language", "scheme", "width"), LOOKS)
def test_every_look_is_quiet_and_accessible(visit_house: Open, language: str, scheme: str, width: int) -> None:
    found = visit_house("?view=overview", language=language, scheme=scheme, width=width)
    day = f"?service=approvalData&day={YESTERDAY}&tables=hours"
    others = [day] if (language, scheme, width) in (("zh", "light", 390), ("en", "dark", 1280)) else []
    for address in ("", "?service=onlineUserData", *others):
        if address:
            go(found, address)
        assert found.faults() == [], address
        assert found.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def test_by_keyboard_alone(visit_house: Open) -> None:
    found = visit_house()
    page = found.page
    assert not [url for url in found.requests if "/v1/services" in url], "the page of reports needs none of it"
    found.walk("services")
    page.keyboard.press("Enter")
    expect(page.locator(".family h1")).to_be_focused()
    found.walk("service-singleMessagerData")
    page.keyboard.press("Enter")
    expect(page.locator("#brand")).to_have_text("单聊统计")
    found.settled()
    becomes(lambda: page.evaluate("document.activeElement.id"), "main")
    page.locator(".empty, #status button").first.wait_for()
    found.walk("trend-kpi")
    page.keyboard.press("End")
    found.settled()
    assert page.url.endswith("kpi=4029")
    found.walk("trend")
    page.keyboard.press("t")
    found.settled()
    assert found.focused() == "trend-table"


def test_who_may_see_some_is_shown_these(visit_house: Open, house: Site) -> None:
    _, secret = add_link(house.folder, house.corp_id, scopes=("Statistics.Checkin.Read", "DataCenter.Contact.Read"))
    found = visit_house(signed_in=False)
    page = found.page
    page.goto(f"{found.url}/#link={secret}")
    page.locator(".family .card").first.wait_for()
    assert page.url.endswith("?view=overview")
    seen = page.locator(".family .card").evaluate_all("all => all.map(one => one.dataset.service)")
    assert seen == ["activeUserData", "checkinData", "onlineUserData"]
    go(found, "?service=employeeTypeData")
    expect(page.locator(".empty h1")).to_have_text("不能查看这个服务")
    assert found.faults() == []
    page.locator("[data-key=to-all]").click()
    page.locator(".family .card").first.wait_for()
    some = visit_house(signed_in=False, language="en")
    scopes = SERVICES.scopes_to_ask
    _, secret = add_link(house.folder, house.corp_id, scopes=scopes, departments=("nobody",))
    some.page.goto(f"{some.url}/?view=overview#link={secret}")
    some.page.locator(".family .card").first.wait_for()
    seen = some.page.locator(".family .card").evaluate_all("all => all.map(one => one.dataset.service)")
    assert seen == ["reportData", "approvalData", "checkinData"]
    go(some, "?service=approvalData")
    kpis = some.page.locator(".whole .card").evaluate_all("all => all.map(one => one.dataset.kpi)")
    assert kpis == ["4095", "4096", "4097", "4098", "4099"]
    expect(some.page.locator("#changes")).to_contain_text("whole organisation")


def test_records_of_a_service_are_those_of_its_main_number(visit_house: Open, house: Site) -> None:
    found = visit_house(f"?service=checkinData&day={YESTERDAY}")
    (row,) = house.ask(**{"from": YESTERDAY}, by="day", service="checkinData")["data"]
    expect(found.page.locator("#records h2")).to_have_text("记录：签到次数")
    until(lambda: len(cells(found, "#records")) == row["4090"])
    lines = cells(found, "#records")
    assert len({line[1] for line in lines}) == row["4091"]
    assert found.faults() == []
    go(found, f"?service=approvalData&day={YESTERDAY}")
    (row,) = house.ask(**{"from": YESTERDAY}, by="day", service="approvalData")["data"]
    expect(found.page.locator("#records thead")).to_contain_text("approval_id")
    until(lambda: len(cells(found, "#records")) == row["4095"])
    _, secret = add_link(house.folder, house.corp_id, scopes=("Statistics.Checkin.Read",))
    other = visit_house(signed_in=False, language="en")
    other.page.goto(f"{other.url}/?service=checkinData&day={YESTERDAY}#link={secret}")
    other.page.locator(".dayhead").wait_for()
    other.settled()
    expect(other.page.locator("#records")).to_be_hidden()
    assert "u1" not in other.page.content()


def test_what_comes_while_somebody_looks_is_shown(visit_house: Open, house: Site) -> None:
    found = visit_house("?view=overview")
    page = found.page
    expect(page.locator("[data-service=healtheUserData]")).to_have_count(0)
    day = from_date(NOW.date() - timedelta(days=1))
    figures = [Official(house.corp_id, day, {"4082": 1234}, int(NOW.timestamp() * 1000) - 1)]
    keep_export(house.folder.store, SERVICES.service("healtheUserData"), figures)

    def shown() -> Any:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        return page.locator("[data-service=healtheUserData] .number").all_inner_texts() == ["1,234 人"]

    until(shown)
