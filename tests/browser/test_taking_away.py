"""What people take away from the page: rows for a sheet, and paper; and the looks that they choose for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.browsers import expect
from tests.support.pages import Open, Site
from tests.support.sample import NOW
from tests.support.waiting import becomes

pytestmark = pytest.mark.browser

HEADS = ["统计日期", "组织ID", "发送日志数", "发送日志用户数", "评论日志用户数"]
DARK, LIGHT = "rgb(13, 17, 23)", "rgb(245, 246, 248)"
GROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.mark.parametrize("allowed", [True, False], ids=["by the clipboard", "without it"])
def test_the_table_is_copied_into_a_sheet(visit: Open, site: Site, allowed: bool) -> None:
    """All rows, with the document's headings and tabs between; also where the page may not write to the clipboard."""
    found = visit("?range=30d&sort=period")
    page = found.page
    found.context.grant_permissions(["clipboard-read", "clipboard-write"])
    if not allowed:
        page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true})")
    page.locator("[data-key=daily-copy]").click()
    page.locator("#daily [role=status]", has_text="30 行").wait_for()
    page.evaluate("delete navigator.clipboard")
    lines = [line.split("\t") for line in page.evaluate("navigator.clipboard.readText()").splitlines()]
    rows = site.ask(**{"from": "2026-10-29", "to": f"{NOW:%Y-%m-%d}"}, by="day")["data"]
    assert lines[0] == HEADS
    assert lines[1:] == [
        [
            row["periodStart"].replace("-", ""),
            site.corp_id,
            *("" if row[kpi] is None else str(row[kpi]) for kpi in ("reports", "senders", "commenters")),
        ]
        for row in rows
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_has_all_rows_and_no_controls(visit: Open, site: Site, tmp_path: Path, scheme: str) -> None:
    found = visit("?range=30d", scheme=scheme)
    page = found.page
    expect(page.locator(".daily tbody tr:visible")).to_have_count(10)
    expect(page.locator(".daily tbody tr")).to_have_count(10)
    page.emulate_media(media="print", color_scheme=scheme)
    page.locator(".daily tbody tr").nth(29).wait_for()
    expect(page.locator(".daily tbody tr:visible")).to_have_count(30)
    for gone in (".controls", ".tools", ".actions", "#skip"):
        expect(page.locator(f"{gone}:visible")).to_have_count(0)
    expect(page.locator(".printed-head:visible")).to_have_text(
        f"{site.corp_id}，2026-10-29 至 2026-11-27", use_inner_text=True
    )
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ground').trim()") == "#fff"
    paper = page.pdf(path=tmp_path / "a.pdf", format="A4")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 5


def test_a_theme_that_is_chosen_stays(visit: Open) -> None:
    found = visit(scheme="dark")
    page = found.page
    assert page.evaluate(GROUND) == DARK
    switch = page.locator("[data-key=theme]")
    assert (switch.inner_text(), switch.get_attribute("aria-label")) == ("自动", "外观：自动")
    switch.click()
    assert (switch.inner_text(), page.evaluate(GROUND)) == ("浅色", LIGHT)
    assert found.faults() == []
    page.reload()
    page.locator(".card").first.wait_for()
    found.settled()
    assert (switch.inner_text(), page.evaluate(GROUND)) == ("浅色", LIGHT)
    switch.click()
    page.emulate_media(color_scheme="light")
    assert (switch.inner_text(), page.evaluate(GROUND)) == ("深色", DARK)
    switch.focus()
    page.keyboard.press("Enter")
    assert (switch.inner_text(), page.evaluate(GROUND)) == ("自动", LIGHT)
    becomes(lambda: page.evaluate("document.activeElement.dataset.key"), "theme")
