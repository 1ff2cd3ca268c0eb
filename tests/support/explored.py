"""A small served organisation for the explorer, and the page as a test handles it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from reportdata.identity import App
from reportdata.services import read_services
from tests.support.browsers import Visit
from tests.support.folders import Folder
from tests.support.sample import NOW
from tests.support.serving import Serving, serving
from tests.support.waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CORP = "dingexplored"
DAY = "2026-11-26"
"""The day before the browser's own, with which forms begin."""
SCOPES = tuple(read_services().scopes)
HOSTILE = "'\"><script>alert(2)</script>\\$(id)`${1}\u202e\u200b研发"
RECORDS = {
    "reports.csv": "report_id,user_id,sent_at,department\n"
    f'r1,u1,{DAY} 09:00:00,研发\nr2,u2,{DAY} 10:00:00,研发\nr3,u2,{DAY} 11:00:00,"<img src=x onerror=alert(1)>"\n',
    "comments.csv": f"report_id,user_id,commented_at\nr1,u3,{DAY} 12:00:00\n",
}


class Explored(NamedTuple):
    """A served organisation, and an app that may do everything."""

    served: Serving
    folder: Folder
    app: App
    secret: str

    def ask(self, path: str, **headers: str) -> Any:
        """What the API answers to the app, decoded."""
        token = self.folder.token(self.app, NOW.timestamp())
        with closing(HTTPConnection(*self.served.address, timeout=300)) as connection:
            connection.request("GET", path, headers={"x-acs-dingtalk-access-token": token, **headers})
            return json.loads(connection.getresponse().read())


def filled(path: Path) -> Folder:
    """A data folder with numbers of a day that all differ."""
    folder = Folder(path / "data")
    folder.add_organisation(CORP)
    for name, text in RECORDS.items():
        (path / name).write_text(text)
    found = folder.import_(*(path / name for name in RECORDS), corp_id=CORP, exported_at=int(NOW.timestamp() * 1000))
    assert not found.failures
    return folder


@contextmanager
def explored(path: Path, **settings: Any) -> Iterator[Explored]:
    """Serve it."""
    folder = filled(path)
    with closing(folder.store):
        app, secret = folder.add_app(CORP, scopes=SCOPES)
        with serving(folder, clock=NOW.timestamp, **settings) as served:
            yield Explored(served, folder, app, secret)


class Explorer:
    """The page."""

    def __init__(self, browser: Browser, url: str, **look: Any) -> None:
        self.visit = Visit(browser, url, NOW, **look)
        self.page = self.visit.page
        self.url = url

    def open(self, call: str = "", tab: str = "", code: str = "", **values: str) -> None:
        """Open a call with values in its form, as somebody may send its address."""
        place = {name: value for name, value in (("call", call), ("tab", tab), ("code", code)) if value}
        query = urlencode(place | {f"p.{name}": value for name, value in values.items()})
        self.page.goto(f"{self.url}/explorer{'?' if query else ''}{query}")
        self.page.locator("#send").wait_for()

    def choose(self, call: str) -> None:
        """Choose a call on the page, on which who is signed in stays so."""
        self.page.locator(f"[data-key='call-{call}']").click()
        until(lambda: f"call={call}" in self.page.url)

    def sign_in(self, app: App, secret: str) -> None:
        """Get a token by app key and secret; whoever was signed in is not any more."""
        if self.page.locator("[data-key=forget]").count():
            self.page.locator("[data-key=forget]").click()
        self.page.locator("[data-key=key]").fill(app.app_key)
        self.page.locator("[data-key=secret]").fill(secret)
        self.page.locator("[data-key=get-token]").click()
        self.page.locator("[data-key=forget]").wait_for()

    def press(self, key: str) -> str:
        """Press what sends a request; returns what is said of the answer before its parts."""
        self.page.evaluate("document.querySelector('#answer').replaceChildren()")
        self.page.locator(f"[data-key='{key}']").click()
        self.page.locator("#answer .outcome").wait_for()
        said: str = self.page.locator("#answer").inner_text()
        return said

    def body(self) -> str:
        """The body of the answer, as it is shown."""
        found: str = self.page.locator("[data-part=body] code").inner_text()
        return found

    def program(self) -> dict[str, str]:
        """The program that is shown: its text, its file, and the commands that run it."""
        found: dict[str, str] = self.page.evaluate(
            """() => {
              const program = document.querySelector('#program');
              return { text: program.textContent, file: program.dataset.file, official: program.dataset.official,
                run: document.querySelector('#run').dataset.commands };
            }"""
        )
        return found

    def close(self) -> list[str]:
        """Close it; returns what the console was told that no refused request explains, and who else was called."""
        self.visit.close()
        refused = "error: Failed to load resource: the server responded with a status of "
        return [said for said in self.visit.said if not said.startswith(refused)] + self.visit.elsewhere
