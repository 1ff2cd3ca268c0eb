"""Debian's Chromium, driven as a person would: what its pages write to the console and where they call is kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.support.tools import require_package, require_tool
from tests.support.waiting import SOON, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, LocatorAssertions, Page

PATIENCE = SOON * 1000
"""Milliseconds for which the page is waited for."""
SIZES = {1280: 900, 390: 844}


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser."""
    require_package("playwright")
    require_package("axe_playwright_python")
    path = require_tool("chromium")
    from playwright.sync_api import sync_playwright

    with TemporaryDirectory() as own, sync_playwright() as playwright:
        # What it keeps for all its profiles, like reports of crashes, lies in none of the machine's folders.
        places: dict[str, str | float | bool] = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_CACHE_HOME"), own)
        browser = playwright.chromium.launch(executable_path=path, env={**os.environ, **places})
        yield browser
        browser.close()


def expect(found: Locator) -> LocatorAssertions:
    """What a part of the page is to become: it is asked again until it has, since answers may still be on their way."""
    from playwright.sync_api import expect as expected

    expected.set_options(timeout=PATIENCE)
    return expected(found)


class Visit:
    """A page of a server, in a context of its own.

    ``said`` is what the console was told, ``elsewhere`` the requests to other servers.
    """

    def __init__(
        self,
        browser: Browser,
        url: str,
        now: datetime | None,
        language: str = "zh",
        scheme: str = "light",
        width: int = 1280,
    ) -> None:
        self.url = url
        self.said: list[str] = []
        self.elsewhere: list[str] = []
        self.requests: list[str] = []
        settings: dict[str, Any] = {"has_touch": True, "is_mobile": True} if width < 500 else {}
        self.context = browser.new_context(
            locale={"zh": "zh-CN", "en": "en-GB"}[language],
            color_scheme=scheme,
            viewport={"width": width, "height": SIZES[width]},
            timezone_id="Asia/Shanghai",
            accept_downloads=True,
            **settings,
        )
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        if now is not None:  # or the browser's own time, by which alone it measures
            self.page.clock.set_fixed_time(now)
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.page.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        self.requests.append(url)
        if urlsplit(url).scheme in ("http", "https") and urlsplit(url).netloc != urlsplit(self.url).netloc:
            self.elsewhere.append(url)

    def sign_in(self, app_key: str, secret: str, address: str = "") -> None:
        """Sign in by hand, and wait until all is shown."""
        self.page.goto(self.url + "/" + address)
        self.page.get_by_label("AppKey" if self._is_chinese else "App key").fill(app_key)
        self.page.get_by_label("AppSecret" if self._is_chinese else "App secret").fill(secret)
        self.page.keyboard.press("Enter")
        self.page.locator(".card, .dayhead, .empty").first.wait_for()
        self.settled()

    @property
    def _is_chinese(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.lang.startsWith('zh')"))

    def settled(self) -> None:
        """Wait until the page has all that it asked for."""
        waited = (
            "!document.querySelector('main').hasAttribute('aria-busy')"
            " && ![...document.querySelectorAll('main .quiet')]"
            ".some(e => e.offsetParent && /^(正在读取…|Loading…)$/.test(e.textContent))"
            " && !document.querySelector('[data-waits]')"
            " && ![...document.querySelectorAll('.spans dd')].some(e => e.textContent === '…')"
        )
        until(lambda: self.page.wait_for_timeout(50) or self.page.evaluate(waited))  # the policy forbids to wait inside

    def focused(self) -> str | None:
        """The key of what has the focus."""
        found: str | None = self.page.evaluate("document.activeElement.dataset.key")
        return found

    def walk(self, key: str) -> None:
        """Press Tab until the focus is where it should be, once that is there."""
        self.page.locator(f"[data-key='{key}']").first.wait_for()
        for _ in range(200):
            if self.focused() == key:
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {key}")

    def faults(self) -> list[str]:
        """What axe finds serious or critical."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]

    def close(self) -> None:
        """Close it."""
        self.context.close()
