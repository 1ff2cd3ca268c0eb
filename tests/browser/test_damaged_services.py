"""A service whose files are damaged is named on the page of all services, and the others have their numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reportdata.services import read_services
from tests.support.browsers import Visit, expect
from tests.support.browsing import add_link
from tests.support.folders import Folder
from tests.support.serving import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

COUNTED = Path("counted/checkins")
NOW = datetime(2026, 9, 4, 12, tzinfo=UTC)


def test_the_others_are_shown(browser: Browser, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data", services=(COUNTED,))
    folder.add_organisation("a")
    (tmp_path / "sent.csv").write_text("report_id,user_id,sent_at,departments\nr1,u1,2026-09-01 08:00,研发\n")
    (tmp_path / "checked.csv").write_text("user_id,checked_in_at\nu1,2026-09-02 09:00\n")
    folder.import_(tmp_path / "sent.csv", tmp_path / "checked.csv", corp_id="a")
    (damaged,) = folder.lake.files("checked_in")["20260902"]
    damaged.write_bytes(damaged.read_bytes()[:-50])
    scopes = tuple(dict.fromkeys(scope for service in read_services(COUNTED) for scope in service.scopes_to_ask))
    _, secret = add_link(folder, "a", scopes=scopes, departments=("研发",))
    with serving(folder, clock=NOW.timestamp, answering=1) as served:
        visit = Visit(browser, served.url, NOW)
        visit.page.goto(f"{served.url}/?view=overview#link={secret}")
        expect(visit.page.locator(".family .card")).to_have_count(1)
        expect(visit.page.locator("[data-service=reportData] .number")).to_contain_text("1")
        section = visit.page.locator("section[aria-labelledby=damaged-services]")
        expect(section).to_contain_text("文件损坏")
        expect(section.locator("li")).to_have_text(["签到"], use_inner_text=True)
        assert visit.faults() == []
        visit.close()
    folder.store.close()
