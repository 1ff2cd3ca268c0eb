"""One browser and one server for all tests of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from reportdata.twin.records import Record
from tests.support.browsers import Visit, chromium
from tests.support.family import COUNTED, SERVICES, fill_family
from tests.support.folders import Folder
from tests.support.pages import DAYS, HOSTILE, MANY, Open, Site
from tests.support.sample import NOW, fill
from tests.support.serving import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PEOPLE = 24


@pytest.fixture(scope="package")  # open, it keeps a loop running, beside which no other test could run one of its own
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
    more += [
        {
            "report_id": f"many{number}",
            "user_id": f"many{number % 50}",
            "sent_at": f"{MANY}T10:{number % 60:02}:00+08:00",
        }
        for number in range(230)
    ]
    corp_id = fill(folder, DAYS, PEOPLE, more=more)
    app, secret = folder.add_app(corp_id, scopes=("Statistics.Report.Read",))
    with serving(folder, clock=NOW.timestamp) as served:
        yield Site(served, folder, corp_id, app.app_key, secret)
    folder.store.close()


@contextmanager
def visiting(browser: Browser, site: Site) -> Iterator[Open]:
    """Opens pages of a site; at the end, all that a page may not do is looked at."""
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


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Open]:
    """Opens the page as somebody who is signed in, unless ``signed_in`` is false. All that a page may not do is looked
    at when the test has ended."""
    with visiting(browser, site) as found:
        yield found


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose organisation has numbers of several services, and an app that may see all."""
    folder = Folder(tmp_path_factory.mktemp("house") / "data", services=COUNTED)
    corp_id = fill(folder, 40, PEOPLE)
    fill_family(folder, corp_id, PEOPLE)
    app, secret = folder.add_app(corp_id, scopes=SERVICES.scopes_to_ask)
    with serving(folder, clock=NOW.timestamp) as served:
        yield Site(served, folder, corp_id, app.app_key, secret)
    folder.store.close()


@pytest.fixture
def visit_house(browser: Browser, house: Site) -> Iterator[Open]:
    """As ``visit``, of ``house``."""
    with visiting(browser, house) as found:
        yield found
