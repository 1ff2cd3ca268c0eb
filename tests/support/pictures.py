"""Pictures of the dashboard and the explorer, from a sample organisation: ``python -m tests.support.pictures`` writes
those that documents show, ``python -m tests.support.pictures FOLDER`` all looks."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from reportdata.identity import App
from tests.support.browsers import Visit, chromium
from tests.support.folders import Folder
from tests.support.paths import ROOT
from tests.support.sample import NOW, fill
from tests.support.serving import serving

SCOPES = ("Statistics.Report.Read", "Statistics.Report.Records", "DataCenter.Report.Read")
DAY = "2026-11-25"


SHOWN = {
    *(f"{what}-desk-{language}-light" for what in ("overview", "day", "explorer") for language in ("zh", "en")),
    "overview-desk-zh-dark",
    "overview-phone-zh-light",
}
"""What documents show."""


def main(target: Path, *, everything: bool) -> None:
    """Write the pictures: overview, a day and the explorer, in two languages, two themes and two widths."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        folder = Folder(Path(place) / "data")
        corp_id = fill(folder, 400, 128)
        app, secret = folder.add_app(corp_id, scopes=SCOPES)
        with serving(folder, clock=NOW.timestamp) as served, chromium() as browser:
            for language in ("zh", "en"):
                for scheme in ("light", "dark"):
                    for width, name in ((1280, "desk"), (390, "phone")):
                        visit = Visit(browser, served.url, NOW, language, scheme, width)
                        visit.sign_in(app.app_key, secret)
                        for what, address in (("overview", ""), ("day", f"?day={DAY}")):
                            title = f"{what}-{name}-{language}-{scheme}"
                            if not everything and title not in SHOWN:
                                continue
                            visit.page.goto(f"{served.url}/{address}")
                            visit.page.locator({"day": ".dayhead", "overview": ".card"}[what]).first.wait_for()
                            visit.settled()
                            path = target / f"{title}.png"
                            visit.page.screenshot(path=path, full_page=True)
                            print(path, *visit.said)
                        explorer = f"explorer-{name}-{language}-{scheme}"
                        if everything or explorer in SHOWN:
                            _draw_explorer(visit, app, secret, target / f"{explorer}.png", whole=everything)
                        visit.close()
        folder.store.close()


def _draw_explorer(visit: Visit, app: App, secret: str, path: Path, *, whole: bool) -> None:
    """The explorer after a call; what a window shows, unless it is drawn ``whole``."""
    page = visit.page
    page.goto(f"{visit.url}/explorer")
    page.locator("[data-key=key]").fill(app.app_key)
    page.locator("[data-key=secret]").fill(secret)
    page.locator("[data-key=get-token]").click()
    page.locator("[data-key=forget]").wait_for()
    page.locator("#send").click()
    page.locator("#answer .outcome").wait_for()
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=path, full_page=whole)
    print(path, *visit.said)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]), everything=True)
    else:
        main(ROOT / "docs" / "pictures", everything=False)
