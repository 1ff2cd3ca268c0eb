"""The records of a day: page by page, with names for who keeps them, and of the departments of a link alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from reportdata.cli.places import names_of
from tests.support.browsers import Visit, expect
from tests.support.browsing import RECORDS, TOTALS, add_link
from tests.support.pages import MANY, Open, Site, cells
from tests.support.sample import NOW
from tests.support.serving import serving
from tests.support.waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

MARKUP = "<b onmouseover=alert(1)>李四</b>"


def said(found: Visit) -> str:
    text: str = found.page.locator("#records .sub").inner_text()
    return text


def turned(page: Page, key: str, text: str) -> None:
    page.locator(f"[data-key={key}]").click()
    until(lambda: page.wait_for_timeout(50) or text in page.locator("#records .sub").inner_text())


def key_of(page: Page) -> str | None:
    found: str | None = page.evaluate("document.activeElement.dataset.key ?? document.activeElement.className")
    return found


@pytest.fixture
def now_served(browser: Browser, site: Site) -> Iterator[Visit]:
    """The page from a server with the true time: later pages are of the moment of the first one, and the records became
    known only now."""
    with serving(site.folder, answering=1) as served:
        found = Visit(browser, served.url, NOW)
        yield found
        found.close()
    assert (found.said, found.elsewhere) == ([], [])


def test_all_records_are_reached_page_by_page(now_served: Visit, site: Site) -> None:
    app, secret = site.folder.add_app(site.corp_id, scopes=(TOTALS, RECORDS))
    found = now_served
    found.sign_in(app.app_key, secret, f"?day={MANY}")
    page = found.page
    row = site.ask(**{"from": MANY}, by="day")["data"][0]
    total = row["reports"]
    assert 200 < total <= 300
    assert said(found) == f"第 1–100 条，共 {total} 条"
    reports = [line[4] for line in cells(found, "#records")]
    expect(page.locator("[data-key=records-previous]")).to_have_count(0)
    turned(page, "records-next", "第 101–200 条")
    reports += [line[4] for line in cells(found, "#records")]
    assert key_of(page) == "records-next"
    turned(page, "records-next", f"第 201–{total} 条")
    reports += [line[4] for line in cells(found, "#records")]
    assert len(set(reports)) == len(reports) == total
    expect(page.locator("[data-key=records-next]")).to_have_count(0)
    assert "scroll" in str(key_of(page))  # the button with the focus is gone
    assert found.faults() == []
    page.locator("[data-key=previous]").click()
    found.settled()
    assert said(found).startswith("第 1–")
    page.go_back()
    found.settled()
    turned(page, "records-next", "第 101–200 条")
    turned(page, "records-previous", "第 1–100 条")


def test_names_stand_beside_ids_where_they_are_kept(visit: Open, site: Site) -> None:
    with closing(names_of(site.folder.settings)) as names:
        names.turn_on(site.corp_id)
        names.put(site.corp_id, {"many1": "张三", "many2": MARKUP}, frozenset)
    try:
        app, secret = site.folder.add_app(site.corp_id, scopes=(TOTALS, RECORDS))
        found = visit(signed_in=False)
        found.sign_in(app.app_key, secret, f"?day={MANY}")
        users = {line[1] for line in cells(found, "#records")}
        assert {"张三 many1", f"{MARKUP} many2", "many3"} <= users
        expect(found.page.locator("#records b")).to_have_count(0)
        assert found.faults() == []
        who_sees_totals = visit(f"?day={MANY}")
        assert "张三" not in who_sees_totals.page.content()
    finally:
        with closing(names_of(site.folder.settings)) as names:
            names.turn_off(site.corp_id)


def test_a_link_of_departments_is_told_why_of_these(visit: Open, site: Site) -> None:
    day = "2026-11-26"
    rows = site.ask(**{"from": day}, by="department")["data"]
    department = next(row["department"] for row in rows if "/" in row["department"] and row["department"][0] > "z")
    _, secret = add_link(site.folder, site.corp_id, departments=(department,), scopes=(TOTALS, RECORDS))
    found = visit(signed_in=False)
    found.page.goto(f"{found.url}/?day={day}#link={secret}")
    found.page.locator(".dayhead").wait_for()
    found.settled()
    (own,) = site.ask(**{"from": day}, department=department, children="true")["data"]
    told = cells(found, "#records")
    assert len(told) == own["reports"] > 0
    assert {line[3].split("/")[0] for line in told} == {department.split("/")[0]}
    expect(found.page.locator("#why .body > p").first).to_contain_text(f" {own['reports']}", use_inner_text=True)
    expect(found.page.locator("#why")).to_contain_text("不向只看部分部门的链接显示", use_inner_text=True)
    found.page.locator("[data-key=back]").click()
    found.settled()
    expect(found.page.locator("#changes")).to_contain_text("只对能看到全部部门的人显示", use_inner_text=True)
    assert found.faults() == []
