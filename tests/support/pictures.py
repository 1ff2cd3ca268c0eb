"""Pictures of the pages, from a sample organisation: ``python -m tests.support.pictures`` writes those that documents
show, ``python -m tests.support.pictures FOLDER`` all looks."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from typing import NamedTuple

from reportdata.identity import App
from tests.support.browsers import Visit, chromium
from tests.support.family import COUNTED, SERVICES, fill_family
from tests.support.folders import Folder
from tests.support.paths import ROOT
from tests.support.sample import NOW, fill
from tests.support.serving import serving

SCOPES = ("Statistics.Report.Read", "Statistics.Report.Records", "DataCenter.Report.Read", "DataCenter.Report.Write")
DAY = "2026-11-25"


SHOWN = {
    *(
        f"{what}-desk-{language}-light"
        for what in ("overview", "day", "explorer", "import")
        for language in ("zh", "en")
    ),
    *(f"services-desk-{language}-light" for language in ("zh", "en")),
    "overview-desk-zh-dark",
    "overview-phone-zh-light",
}
"""What documents show."""


def main(target: Path, *, everything: bool) -> None:
    """Write the pictures: overview, a day, the explorer and the import, in two languages, two themes and two widths."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        folder = Folder(Path(place) / "data", services=COUNTED)
        corp_id = fill(folder, 400, 128)
        fill_family(folder, corp_id, 128)
        everybodys = folder.add_app(corp_id, scopes=(*SERVICES.scopes_to_ask, *SCOPES))
        app, secret = folder.add_app(corp_id, scopes=SCOPES)
        sheet = _sheet(Path(place), corp_id)
        with serving(folder, clock=NOW.timestamp) as served, chromium() as browser:
            for look in product(("zh", "en"), ("light", "dark"), (1280, 390)):
                language, scheme, width = look
                name = f"{'desk' if width > 500 else 'phone'}-{language}-{scheme}"
                wanted = [what for what in _DRAWN if everything or f"{what}-{name}" in SHOWN]
                if not wanted:
                    continue
                visit = Visit(browser, served.url, NOW, language, scheme, width)
                visit.sign_in(app.app_key, secret)
                for what in wanted:
                    draw = _DRAWN[what]
                    draw(visit, _Given(app, secret, sheet, everybodys))
                    path = target / f"{what}-{name}.png"
                    visit.page.screenshot(path=path, full_page=everything or what != "explorer")
                    print(path, *visit.said)
                visit.close()
        folder.store.close()


class _Given(NamedTuple):
    """What is typed in and brought."""

    app: App
    secret: str
    sheet: Path
    all_services: tuple[App, str]
    """An app that sees all services, and its secret."""


def _draw_overview(visit: Visit, _: _Given) -> None:
    visit.page.goto(f"{visit.url}/")
    visit.page.locator(".card").first.wait_for()
    visit.settled()


def _draw_services(visit: Visit, given: _Given) -> None:
    """All services together, as who may see them."""
    visit.page.evaluate("localStorage.clear()")
    visit.context.clear_cookies()
    visit.sign_in(given.all_services[0].app_key, given.all_services[1], "?view=overview")


def _draw_day(visit: Visit, _: _Given) -> None:
    visit.page.goto(f"{visit.url}/?day={DAY}")
    visit.page.locator(".dayhead").wait_for()
    visit.settled()


def _draw_explorer(visit: Visit, given: _Given) -> None:
    """The explorer after a call."""
    page = visit.page
    page.goto(f"{visit.url}/explorer")
    page.locator("[data-key=key]").fill(given.app.app_key)
    page.locator("[data-key=secret]").fill(given.secret)
    page.locator("[data-key=get-token]").click()
    page.locator("[data-key=forget]").wait_for()
    page.locator("#send").click()
    page.locator("#answer .outcome").wait_for()
    page.evaluate("scrollTo(0, 0)")


def _draw_import(visit: Visit, given: _Given) -> None:
    """The preview of a sheet."""
    page = visit.page
    page.goto(f"{visit.url}/import")
    page.locator("[data-key=choose]").wait_for()
    page.locator("#chooser").set_input_files(given.sheet)
    page.locator("#found .numbers").wait_for()


_DRAWN: Mapping[str, Callable[[Visit, _Given], None]] = {
    "overview": _draw_overview,
    "day": _draw_day,
    "explorer": _draw_explorer,
    "import": _draw_import,
    "services": _draw_services,
}


def _sheet(place: Path, corp_id: str) -> Path:
    """A sheet as people export it, of two days of the sample organisation."""
    from xlsxwriter import Workbook

    path = place / "日志导出 11月.xlsx"
    with Workbook(str(path)) as book:
        sheet = book.add_worksheet("日志")
        sheet.write_row(0, 0, ("组织ID", "日志ID", "发送人", "部门", "提交时间", "日志模板", "今日完成工作"))
        for number in range(36):
            day, minute = 26 + number % 2, 60 * 17 + number * 5
            sent = f"2026-11-{day} {minute // 60:02}:{minute % 60:02}"
            sender, unit = f"同事{number // 2 + 1:02}", ("研发部", "市场部", "人力资源部")[number % 3]
            sheet.write_row(number + 1, 0, (corp_id, f"sheet{number}", sender, unit, sent, "日报", "……"))
    return path


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]), everything=True)
    else:
        main(ROOT / "docs" / "pictures", everything=False)
