"""A server of the sample organisation, with apps that may have more or less of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from reportdata.client import Client
from reportdata.identity import App
from tests.support.calling import Row, import_organisation
from tests.support.folders import Folder
from tests.support.scopes import REPORT_READ
from tests.support.serving import Serving, serving

TOTALS, RECORDS = "Statistics.Report.Read", "Statistics.Report.Records"
ANOTHER = "another"
"""The app of another organisation, which has no facts."""
CONTRACT = "contract"
"""The app that may ask the contract, too."""


class Asked(NamedTuple):
    """A server, its folder, the sample organisation with its days, and apps with their secrets, by scope or name."""

    served: Serving
    folder: Folder
    corp_id: str
    days: Mapping[str, list[Row]]
    apps: dict[str, tuple[App, str]]

    @property
    def first(self) -> str:
        """The first day of the organisation."""
        return min(self.days)

    @property
    def last(self) -> str:
        """A day after its last one, which is not covered."""
        return max(self.days)

    def client(self, app: str = RECORDS, **options: Any) -> Client:
        """A client that signs in as an app."""
        known, secret = self.apps[app]
        return Client(self.served.url, known.app_key, secret, **options)

    def key(self, app: str = RECORDS) -> str:
        """Key and secret of an app, with a colon between them."""
        known, secret = self.apps[app]
        return f"{known.app_key}:{secret}"


@contextmanager
def asked(path: Path, **options: Any) -> Iterator[Asked]:
    """A server of the sample organisation in a new folder."""
    folder = Folder(path)
    with closing(folder.store):
        corp_id, days = import_organisation(folder, "sample")
        folder.add_organisation("another")
        apps = {
            TOTALS: folder.add_app(corp_id, scopes=(TOTALS,)),
            RECORDS: folder.add_app(corp_id, scopes=(RECORDS,)),
            CONTRACT: folder.add_app(corp_id, scopes=(REPORT_READ, RECORDS)),
            ANOTHER: folder.add_app("another", scopes=(REPORT_READ, RECORDS)),
        }
        with serving(folder, **{"answering": 1, **options}) as served:
            yield Asked(served, folder, corp_id, days, apps)
