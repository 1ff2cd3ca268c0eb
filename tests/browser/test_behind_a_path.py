"""The page under a path of a host that has other things, too: through nginx, as the program comes with it."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.browsers import PATIENCE
from tests.support.browsing import RECORDS, TOTALS, add_link
from tests.support.nginx import PATIENT, UNDER_A_PATH, started
from tests.support.pages import MANY, Site
from tests.support.sample import NOW
from tests.support.serving import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

TAKEN_OFF = {"proxy_pass http://reportdata;": "proxy_pass http://reportdata/;"}


@pytest.mark.parametrize("changes", [{}, TAKEN_OFF], ids=["left", "taken off"])
def test_all_of_it_works(site: Site, browser: Browser, tmp_path: Path, changes: dict[str, str]) -> None:
    _, secret = add_link(site.folder, site.corp_id, scopes=(TOTALS, RECORDS))
    patient = {"proxy_read_timeout 65s": PATIENT["proxy_read_timeout 2900ms"]}
    with (
        started(tmp_path, {**patient, **changes}, UNDER_A_PATH) as proxy,
        socket.create_server(("127.0.0.1", proxy.upstream)) as listening,
        serving(
            site.folder,
            descriptor=os.dup(listening.fileno()),
            base_path="/reports",
            proxies=("127.0.0.1",),
        ),
    ):
        context = browser.new_context(
            locale="zh-CN", ignore_https_errors=True, accept_downloads=True, timezone_id="Asia/Shanghai"
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        asked: list[str] = []
        said: list[str] = []
        page.clock.set_fixed_time(NOW)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        base = f"https://127.0.0.1:{proxy.port}/reports"
        page.goto(f"{base}?range=7d#link={secret}")
        page.locator(".card").first.wait_for()
        page.locator("[data-key=range-30d]").click()
        page.locator("[data-key=daily-all]").wait_for()
        with page.expect_download() as saving:
            page.locator("[data-key=download-csv]").click()
        assert saving.value.path().stat().st_size > 100
        page.goto(f"{base}/?day={MANY}")
        page.locator("[data-key=records-next]").click()
        page.locator("#records .sub", has_text="101").wait_for()
        (cookie,) = context.cookies()
        assert (cookie["path"], cookie["secure"], cookie["httpOnly"]) == ("/reports", True, True)
        assert [url for url in asked if not url.startswith((f"{base}/", f"{base}?", "blob:"))] == []
        assert said == []
        context.close()
