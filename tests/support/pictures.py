"""Pictures of the dashboard, from a sample organisation: ``python -m tests.support.pictures [FOLDER]``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.support.browsers import Visit, chromium
from tests.support.folders import Folder
from tests.support.paths import ROOT
from tests.support.sample import NOW, fill
from tests.support.serving import serving

SCOPES = ("Statistics.Report.Read", "Statistics.Report.Records")
DAY = "2026-11-25"


def main(target: Path) -> None:
    """Write the pictures: overview and a day, in two languages, two themes and two widths."""
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
                            visit.page.goto(f"{served.url}/{address}")
                            visit.page.locator({"day": ".dayhead", "overview": ".card"}[what]).first.wait_for()
                            visit.settled()
                            path = target / f"{what}-{name}-{language}-{scheme}.png"
                            visit.page.screenshot(path=path, full_page=True)
                            print(path, *visit.said)
                        visit.close()
        folder.store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures")
