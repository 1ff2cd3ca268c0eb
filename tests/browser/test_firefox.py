"""The main path in Debian's Firefox: in by a link, another range, a file, a day."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.browsing import RECORDS, TOTALS, add_link
from tests.support.firefox import firefox
from tests.support.pages import Site, rows_of
from tests.support.waiting import until

pytestmark = pytest.mark.browser

SETTLED = (
    "!document.querySelector('main').hasAttribute('aria-busy') && document.querySelector('.card, .dayhead')"
    " && !document.querySelector('[data-waits]')"
    " && ![...document.querySelectorAll('main .quiet')].some(at => at.offsetParent && at.textContent === '正在读取…')"
)
DAY = "2026-11-26"


def test_the_main_path(site: Site, tmp_path: Path) -> None:
    _, secret = add_link(site.folder, site.corp_id, scopes=(TOTALS, RECORDS))
    with firefox(tmp_path) as page:
        page.open(f"{site.served.url}/?from=2026-11-01&to={DAY}#link={secret}")
        page.wait_for(SETTLED)
        assert secret not in page.evaluate("location.href")
        assert page.evaluate("document.documentElement.lang") == "zh-CN"
        page.click("[data-name=days] summary")
        page.evaluate("document.querySelector('[data-key=days-from]').value = '2026-11-10'")
        page.click("[data-key=days-apply]")
        page.wait_for("location.search.includes('from=2026-11-10')")
        page.wait_for(SETTLED)
        rows = site.ask(**{"from": "2026-11-10", "to": DAY}, by="day")["data"]
        page.click("[data-key=daily-all]")
        told = page.evaluate("[...document.querySelectorAll('.daily tbody tr')].map(row => row.cells[2].textContent)")
        assert told == [f"{row['reports']:,}" for row in reversed(rows)]
        page.click("[data-key=download-csv]")
        until(lambda: any(path.suffix == ".csv" and path.stat().st_size for path in page.downloads.iterdir()))
        until(lambda: not list(page.downloads.glob("*.part")))
        (saved,) = page.downloads.glob("*.csv")
        assert [line["reports"] for line in rows_of(saved)] == [str(row["reports"]) for row in reversed(rows)]
        page.click(f".daily a[data-day='{DAY}']")
        page.wait_for(f"{SETTLED} && document.querySelector('#records tbody')")
        assert page.evaluate("document.querySelector('#day-title').textContent") == "2026年11月26日 周四"
        assert page.evaluate("document.querySelectorAll('#records tbody tr').length") == rows[-1]["reports"]
        assert page.evaluate("document.querySelectorAll('#why .body > p').length") == 3
        assert page.said == []
