"""The dashboard in a browser: what it shows is what the API answers, for everybody, by every way."""

from __future__ import annotations

import random
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from python_calamine import load_workbook

from tests.support.browsers import Visit, expect
from tests.support.browsing import add_link
from tests.support.pages import DAYS, HOSTILE, LOOKS, YESTERDAY, Open, Site, cells, rows_of
from tests.support.sample import NOW
from tests.support.waiting import becomes, until

pytestmark = pytest.mark.browser

KPIS = ("reports", "senders", "commenters")


def shown(value: int | None) -> str:
    """A number as the page writes it."""
    return "–" if value is None else f"{value:,}"


def daily(site: Site, **filters: Any) -> dict[str, dict[str, Any]]:
    return {row["periodStart"]: row for row in site.ask(by="day", **filters)["data"]}


def test_from_sign_in_to_a_file_and_a_day(visit: Open, site: Site, tmp_path: Path) -> None:
    found = visit()
    page = found.page
    numbers = page.locator(".card .number a").all_inner_texts()
    row = site.ask(**{"from": YESTERDAY}, by="day")["data"][0]
    assert numbers == [shown(row[kpi]) for kpi in KPIS]
    expect(page.locator(".card .state").first).to_have_text("最终", use_inner_text=True)
    department = cells(found, "#departments .ranked")[0][0].lstrip("▸▾ \n")
    page.locator("#departments .ranked th a").first.click()
    found.settled()
    expect(page.locator("[data-name=departments] summary")).to_have_text(f"部门: {department}", use_inner_text=True)
    with page.expect_download() as saving:
        page.get_by_role("button", name="下载 CSV").click()
    assert re.fullmatch(r"日志统计 2026-10-29 2026-11-27\.csv", saving.value.suggested_filename)
    saving.value.save_as(tmp_path / "a.csv")
    page.locator("[data-key=daily-all]").click()
    table = cells(found, ".daily")
    saved = rows_of(tmp_path / "a.csv")
    assert [line[0][:8] for line in table] == [line["periodStart"].replace("-", "") for line in saved]
    assert [line[2:5] for line in table] == [[shown(int(line[kpi])) for kpi in KPIS] for line in saved]
    page.locator(f".daily a[data-day='{YESTERDAY}']").click()
    found.settled()
    assert page.url.endswith(f"day={YESTERDAY}")
    row = site.ask(**{"from": YESTERDAY}, by="day", department=department, children="true")["data"][0]
    assert page.locator(".opened .card .number").first.inner_text().split() == [shown(row["reports"]), "份"]
    becomes(lambda: page.evaluate("document.activeElement.id"), "day-title")
    page.go_back()
    found.settled()
    expect(page.locator("#daily .daily")).to_be_visible()


@pytest.mark.parametrize(("language", "scheme", "width"), LOOKS)
def test_every_look_is_quiet_and_accessible(visit: Open, language: str, scheme: str, width: int) -> None:
    found = visit(language=language, scheme=scheme, width=width)
    assert found.faults() == []
    assert found.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found.page.goto(f"{found.url}/?day={YESTERDAY}&tables=trend,calendar,hours")
    found.page.locator(".dayhead").wait_for()
    found.settled()
    assert found.faults() == []
    found.page.goto(f"{found.url}/?tables=trend,calendar,hours&by=week&kpi=senders")
    found.page.locator(".card").first.wait_for()
    found.settled()
    assert found.faults() == []
    assert found.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_numbers_of_a_month_say_whether_they_may_change(visit: Open, site: Site) -> None:
    found = visit()
    (month,) = site.ask(**{"from": f"{YESTERDAY[:7]}-01", "to": YESTERDAY})["data"]
    told = dict(one.split("=") for one in (month["states"] or "").split(",") if one)
    states = [told.get(kpi, month["state"]) for kpi in KPIS]
    assert set(states) == {"final", "provisional"}
    for kpi, state in zip(KPIS, states, strict=True):
        marks = found.page.locator(f".card[data-kpi={kpi}] .spans dd:last-of-type > span:not(.quiet) .state")
        expect(marks).to_have_count(0 if state == "final" else 1)
        if state != "final":
            expect(marks).to_have_text("暂定")


def test_a_day_says_why(visit: Open, site: Site) -> None:
    found = visit(f"?day={YESTERDAY}")
    said = found.page.locator("#why .body > p").all_inner_texts()
    row = site.ask(**{"from": YESTERDAY}, by="day")["data"][0]
    assert len(said) == 3, said
    assert [f" {row[kpi]}" in text for kpi, text in zip(KPIS, said, strict=True)] == [True] * 3
    expect(found.page.locator("#records table")).to_have_count(0)
    app, secret = site.folder.add_app(site.corp_id, scopes=("Statistics.Report.Records",))
    found = visit(signed_in=False)
    found.sign_in(app.app_key, secret, f"?day={YESTERDAY}")
    assert len(cells(found, "#records")) == row["reports"]
    assert found.faults() == []


def test_by_keyboard_alone(visit: Open, site: Site, tmp_path: Path) -> None:
    found = visit(signed_in=False)
    page = found.page
    page.goto(found.url)
    page.get_by_label("AppKey").wait_for()
    becomes(lambda: page.evaluate("document.activeElement.name"), "key")
    page.keyboard.type(site.app_key)
    page.keyboard.press("Tab")
    page.keyboard.type(site.secret)
    page.keyboard.press("Enter")
    page.locator(".card").first.wait_for()
    found.settled()
    found.walk("range-7d")
    page.keyboard.press("Enter")
    found.settled()
    assert page.url.endswith("?range=7d")
    assert found.focused() == "range-7d"  # the focus stays where it was
    found.walk("menu-days")
    page.keyboard.press("Enter")
    found.walk("days-from")
    page.keyboard.press("Control+A")
    page.keyboard.type("2026-11-30")
    page.keyboard.press("Enter")
    assert page.locator("#days-wrong").inner_text().startswith("请写成")
    page.keyboard.press("Escape")
    assert found.focused() == "menu-days"
    found.walk("download-xlsx")
    with page.expect_download() as saving:
        page.keyboard.press("Enter")
    saving.value.save_as(tmp_path / "a.xlsx")
    headings = load_workbook(tmp_path / "a.xlsx").get_sheet_by_index(0).to_python()[0]
    assert "发送日志数" in headings
    assert not any(str(heading).isascii() for heading in headings)
    found.walk("trend")
    page.keyboard.press("t")
    found.settled()
    assert len(cells(found, "#trend")) == 7
    assert found.focused() == "trend-table"
    page.keyboard.press("t")
    found.settled()
    found.walk("trend")
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".tip")).to_contain_text("11月26日", use_inner_text=True)
    found.walk("day-2026-11-27")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    assert found.focused() == "day-2026-11-19"
    page.keyboard.press("Enter")
    found.settled()
    assert page.url.endswith("range=7d&day=2026-11-19")
    expect(page.locator("#day-title")).to_have_text("2026年11月19日 周四", use_inner_text=True)


def test_the_numbers_are_those_of_the_api(visit: Open, site: Site) -> None:
    numbers = random.Random(5)
    names = [row["department"] for row in site.ask(range=f"{DAYS}d", by="department")["data"]]
    names = [name for name in names if name and name not in HOSTILE]
    found = visit()
    for number in range(5):
        first = NOW.date() - timedelta(days=numbers.randrange(DAYS + 20))
        last = min(NOW.date(), first + timedelta(days=numbers.randrange(60)))
        by = numbers.choice(("day", "week", "month"))
        filters: dict[str, Any] = {"department": numbers.sample(names, 2)} if number % 2 else {}
        if number > 2:
            filters["template"] = "日报"
        question = {"from": f"{first}", "to": f"{last}", "by": by} | filters
        query = "&".join(
            f"{name}={one}" for name, of in question.items() for one in ([of] if isinstance(of, str) else of)
        )
        found.page.goto(f"{found.url}/?{query}&tables=trend,calendar,hours")
        found.page.locator(".card").first.wait_for()
        found.settled()
        if filters.get("department"):
            filters["children"] = "true"
        compare(found, site, first, last, by, filters)


def compare(found: Visit, site: Site, first: date, last: date, by: str, filters: dict[str, Any]) -> None:
    """The tables of a page say what the API answers."""
    days = {"from": f"{first}", "to": f"{last}"}
    rows = site.ask(**days, by=by, **filters)["data"]
    known = [[shown(row[kpi]) for kpi in KPIS] for row in rows]
    assert [line[1:4] for line in cells(found, "#trend") if line[1] != "–"] == known
    if rows:
        more = found.page.locator("[data-key=daily-all][aria-expanded=false]")
        if more.count():
            more.click()
        assert [line[2:5] for line in cells(found, ".daily")] == known[::-1]
        hours = site.ask(**days, by="hour", **filters)["data"]
        assert [line[1:4] for line in cells(found, "#hours")] == [[shown(row[kpi]) for kpi in KPIS] for row in hours]
    templates = {row["template"]: row for row in site.ask(**days, by="template", metrics="reports", **filters)["data"]}
    shown_templates = {line[0]: line[2] for line in cells(found, "#templates .ranked")}
    assert (
        shown_templates.items()
        <= {(name or "（无模板）"): shown(row["reports"]) for name, row in templates.items()}.items()
    )
    assert len(shown_templates) == min(8, len(templates))
    own = {name: of for name, of in filters.items() if name == "template"}
    each = {row["department"]: row for row in site.ask(**days, by="department", metrics="reports", **filters)["data"]}
    for line in cells(found, "#departments .ranked", "tr:not(.lower)"):
        name = line[0].lstrip("▸▾ \n").replace("（无部门）", "")
        if name and not filters.get("department"):
            (row,) = site.ask(**days, department=name, children="true", **own)["data"]
        else:
            row = each[name]
        assert line[2] == shown(row["reports"])
    year = daily(site, **{"from": "2025-11-24", "to": f"{NOW:%Y-%m-%d}"}, **filters)
    calendar = {line[0][:10]: line[1] for line in cells(found, "#calendar")}
    assert {day: value for day, value in calendar.items() if value != "–"} == {
        day: shown(row["reports"]) for day, row in year.items()
    }


def test_names_are_text_whatever_they_are(visit: Open, site: Site) -> None:
    found = visit(f"?from={YESTERDAY}&to={YESTERDAY}")
    for kind in ("departments", "templates"):
        if found.page.locator(f"[data-key={kind}-all]").count():
            found.page.locator(f"[data-key={kind}-all]").click()
    asked = site.ask(**{"from": YESTERDAY}, by="template", metrics="reports")
    known = {row["template"] for row in asked["data"]}
    assert len(known & set(HOSTILE)) >= len(HOSTILE) - 1  # marks of direction are taken out of names when they are read
    assert {line[0] for line in cells(found, "#templates .ranked")} == {name or "（无模板）" for name in known}
    departments = {line[0].lstrip("▸▾ \n") for line in cells(found, "#departments .ranked", "tr:not(.lower)")}
    assert {name.split("/")[0] for name in known & set(HOSTILE)} <= departments
    expect(found.page.locator("main img, main script")).to_have_count(0)
    found.page.locator("#templates .ranked a", has_text="<img").click()
    found.settled()
    expect(found.page.locator("[data-name=templates] summary")).to_have_text(f"模板: {HOSTILE[0]}", use_inner_text=True)
    expect(found.page.locator(".card .number a").first).to_have_text("1", use_inner_text=True)
    found.page.locator("[data-name=departments] summary").click()
    found.page.get_by_role("searchbox").fill("onerror")
    found.page.get_by_role("checkbox").click()
    found.settled()
    found.page.get_by_role("checkbox", checked=True).wait_for()
    assert found.focused() == f"departments:{HOSTILE[0]}"  # one more can be chosen at once
    expect(found.page.locator(".card .number a").first).to_have_text("1", use_inner_text=True)
    assert found.faults() == []


def test_who_is_not_signed_in_is_told_what_to_do(visit: Open, site: Site) -> None:
    found = visit(signed_in=False)
    found.page.goto(found.url + f"/?range=7d&day={YESTERDAY}")
    found.page.get_by_label("AppKey").fill(site.app_key)
    found.page.get_by_label("AppSecret").fill("wrong")
    found.page.keyboard.press("Enter")
    found.page.get_by_text("AppKey 或 AppSecret 不对").wait_for()
    assert found.faults() == []
    found.page.get_by_label("AppSecret").fill(site.secret)
    found.page.keyboard.press("Enter")
    found.page.locator(".dayhead").wait_for()
    found.settled()
    assert found.page.url.endswith(f"?range=7d&day={YESTERDAY}")  # the address leads where it said
    found.page.reload()
    found.page.locator(".dayhead").wait_for()
    found.settled()
    expect(found.page.locator("#day-title")).to_be_visible()
    found.page.get_by_role("button", name="English").click()
    found.settled()
    expect(found.page.locator("#day-title")).to_have_text("Thu 26 November 2026", use_inner_text=True)
    found.page.get_by_role("button", name="Sign out").click()
    found.page.get_by_text("You are signed out.").wait_for()
    found.page.reload()
    found.page.get_by_label("App key").wait_for()
    assert [text.split(":")[0] for text in found.said] == ["error"]  # the browser notes the wrong secret
    found.said.clear()


def test_the_page_follows_the_numbers(visit: Open, site: Site) -> None:
    found = visit("?range=7d&kpi=senders")
    page = found.page
    page.evaluate("scrollTo(0, 400)")
    calendar = page.locator(".year").evaluate("at => at.scrollLeft")
    before = [line[:5] for line in cells(found, ".daily")]
    token = "document.dispatchEvent(new Event('visibilitychange'))"
    site.folder.import_(
        more_reports(site), first_day="20261127", last_day="20261127", exported_at=int(NOW.timestamp() * 1000)
    )
    page.evaluate(token)
    until(lambda: page.wait_for_timeout(50) or [line[:5] for line in cells(found, ".daily")] != before)
    found.settled()
    after = [line[:5] for line in cells(found, ".daily")]
    row = site.ask(**{"from": "2026-11-27"}, by="day")["data"][0]
    assert after[1:] == before[1:]
    assert after[0] != before[0]
    assert after[0][2:] == [shown(row[kpi]) for kpi in KPIS]
    assert page.evaluate("scrollY") == 400
    assert page.locator(".year").evaluate("at => at.scrollLeft") == calendar
    page.reload()
    found.settled()

    def followed() -> list[str]:
        return [parse_qs(urlsplit(url).query)["since"][0] for url in found.requests if "/changes?" in url]

    # Each answer says where the next request begins, for the next visit, too.
    until(lambda: page.wait_for_timeout(50) or len(set(followed()[1:])) >= 2)
    first, *later = followed()
    assert first == "2026-11-26"  # a browser that was never shown a change begins with yesterday
    assert all(re.fullmatch(r"c\d+\.[0-9a-f]{8}", since) for since in later)


def more_reports(site: Site) -> Path:
    path = site.folder.path.parent / "more.jsonl"
    path.write_text(
        "".join(
            f'{{"corp_id": "{site.corp_id}", "report_id": "more{number}", "user_id": "more{number}", '
            '"sent_at": "2026-11-27T15:00:00+08:00"}\n'
            for number in range(3)
        )
    )
    return path


def test_a_link_shows_its_departments_until_it_is_revoked(visit: Open, site: Site) -> None:
    department = next(
        name
        for row in site.ask(range="30d", by="department")["data"]
        if "/" in (name := row["department"]) and name[0] > "z"
    )
    link, secret = add_link(site.folder, site.corp_id, departments=(department,))
    found = visit(signed_in=False)
    found.page.goto(f"{found.url}/?range=30d#link={secret}")
    found.page.locator(".card").first.wait_for()
    found.settled()
    assert secret not in found.page.url
    expect(found.page.locator("#organisation")).to_contain_text(department, use_inner_text=True)
    (row,) = site.ask(range="30d", department=department, children="true")["data"]
    assert [line[2] for line in cells(found, "#departments .ranked", "tr:not(.lower)")] == [shown(row["reports"])]
    site.folder.store.revoke_link(link.link_id, NOW.timestamp())
    found.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    found.page.get_by_text("登录已结束或已被撤销").wait_for()
    expect(found.page.locator(".card")).to_have_count(0)
    assert {text.partition(":")[0] for text in found.said} <= {"error"}  # the browser notes what was refused
    found.said.clear()


def test_a_long_name_is_folded_and_read_whole(visit: Open) -> None:
    found = visit(width=390)
    whole = found.page.evaluate(
        """() => {
          const name = document.querySelector('#departments .named a');
          name.textContent = '华东大区-上海分公司-浦东新区-企业客户部';
          return [name.scrollWidth <= name.clientWidth, name.scrollHeight <= name.clientHeight];
        }"""
    )
    assert whole == [True, True]
