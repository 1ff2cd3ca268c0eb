"""One browser and one server for all tests of the pages."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

import pytest

from reportdata.twin.records import Record
from tests.support.browsers import Visit, chromium
from tests.support.folders import Folder
from tests.support.sample import NOW, fill
from tests.support.serving import Serving, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PEOPLE, DAYS = 24, 120
HOSTILE = ("<img src=x onerror=alert(1)>", "'\"><script>alert(2)</script>", "\u202egnp.exe", "=1+1", "长" * 150)
"""Names of departments and templates that a page must show as they are."""


class Site(NamedTuple):
    """A served organisation, and an app that may see it."""

    served: Serving
    folder: Folder
    corp_id: str
    app_key: str
    secret: str

    def ask(self, **parameters: str | list[str]) -> dict[str, Any]:
        """What the API answers to a question."""
        token = self.folder.token(self.folder.store.app(self.app_key), NOW.timestamp())  # type: ignore[arg-type]
        with closing(HTTPConnection(*self.served.address, timeout=300)) as connection:
            path = f"/v1/statistics?{urlencode(parameters, doseq=True)}"
            connection.request("GET", path, headers={"authorization": f"Bearer {token}"})
            found: dict[str, Any] = json.loads(connection.getresponse().read())
            return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = Folder(tmp_path_factory.mktemp("site") / "data")
    more: list[Record] = [
        {
            "report_id": f"hostile{number}",
            "sent_at": f"2026-11-26T1{number}:00:00+08:00",
            "user_id": f"hostile{number}",
            "template": name,
            "departments": [name],
        }
        for number, name in enumerate(HOSTILE)
    ]
    corp_id = fill(folder, DAYS, PEOPLE, more=more)
    app, secret = folder.add_app(corp_id, scopes=("Statistics.Report.Read",))
    with serving(folder, clock=NOW.timestamp) as served:
        yield Site(served, folder, corp_id, app.app_key, secret)
    folder.store.close()


Open = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Open]:
    """Opens the page as somebody who is signed in, unless ``signed_in`` is false. All that a page may not do is looked
    at when the test has ended."""
    opened: list[Visit] = []

    def open_one(address: str = "", *, signed_in: bool = True, **look: Any) -> Visit:
        found = Visit(browser, site.served.url, NOW, **look)
        opened.append(found)
        if signed_in:
            found.sign_in(site.app_key, site.secret, address)
        return found

    yield open_one
    said = [text for found in opened for text in found.said]
    elsewhere = [url for found in opened for url in found.elsewhere]
    for found in opened:
        found.close()
    assert said == []
    assert elsewhere == []


def cells(visit: Visit, table: str, rows: str = "tr") -> list[list[str]]:
    """What the body of a table says, row by row."""
    found: list[list[str]] = visit.page.evaluate(
        "at => [...document.querySelectorAll(at)].map(row => [...row.cells].map(cell => cell.innerText.trim()))",
        f"{table} tbody {rows}",
    )
    return found


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV."""
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
