"""A data folder, and commands that run on it."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from click.testing import CliRunner, Result

from reportdata.cli import cli
from reportdata.cli.places import lake_of, store_of
from reportdata.coverage import Coverage
from reportdata.identity import App, Organisation, hash_of, mint, new_app_key, new_secret
from reportdata.pipeline.importing import import_files
from reportdata.pipeline.imports import Imported, Options
from reportdata.pipeline.refreshing import Refreshed, refresh
from reportdata.services import REPORTS
from reportdata.settings import Settings
from reportdata.store.sqlite import SQLiteStore
from tests.support.scopes import REPORT_READ
from tests.support.services import working


@cache
def _new_store() -> bytes:
    with TemporaryDirectory() as folder:
        SQLiteStore(Path(folder, "store.db")).close()
        return Path(folder, "store.db").read_bytes()


def _with_store(path: Path) -> None:
    """Put a new store there, unless there is one: to make it takes ten times as long as to open it."""
    with suppress(OSError):  # who opens it says why
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(_new_store())


class Folder:
    """A data folder."""

    def __init__(
        self, path: Path, database: str | None = None, lake_at: str | None = None, services: tuple[Path, ...] = ()
    ) -> None:
        self.path = path
        self.settings = Settings(path, database, lake_at=lake_at, services=services)
        self.lake = lake_of(self.settings)
        if database is None:
            _with_store(self.settings.store)
        self.store = store_of(self.settings)

    @property
    def place(self) -> list[str]:
        """Where it is, as options of a command."""
        database = self.settings.database
        services = [word for folder in self.settings.services for word in ("--services", str(folder))]
        return ["--data", str(self.path), *(["--store", database] if database is not None else []), *services]

    def add_organisation(self, corp_id: str, time_zone: str = "Asia/Shanghai") -> None:
        """Add an organisation."""
        self.store.add_organisations([Organisation(corp_id, time_zone)])

    def add_app(self, corp_id: str | None, **properties: Any) -> tuple[App, str]:
        """Add an internal app with the scope, unless ``properties`` say otherwise; returns it with its secret."""
        secret = new_secret()
        app = App(
            **{
                "app_key": new_app_key(),
                "name": "test",
                "corp_id": corp_id,
                "secret_hash": hash_of(secret),
                "scopes": (REPORT_READ,),
                **properties,
            }
        )
        self.store.add_app(app, time.time())
        return app, secret

    def token(self, app: App, now: float | None = None) -> str:
        """A token of an app, issued at a time."""
        text, kept = mint(app, time.time() if now is None else now)
        self.store.add_token(kept)
        return text

    def cover(self, corp_id: str, first_day: str, last_day: str) -> None:
        """Say that an organisation was observed."""
        self.lake.observe([Coverage(corp_id, first_day, last_day)])
        self.refresh()

    def import_(self, *files: Path, refresh: bool = True, **options: Any) -> Imported:
        """Import files and refresh."""
        with working(self) as work:
            done = import_files(work, files, Options(**options))
        if refresh:
            self.refresh()
        return done

    def refresh(self, first_day: str | None = None, last_day: str | None = None) -> Refreshed:
        """Refresh what is stale, or a period."""
        with working(self) as work:
            return refresh(work, time.time(), period=(first_day, last_day))

    def days(self) -> dict[tuple[str, str], tuple[int, int, int]]:
        """(organisation, day) to (4100, 4101, 4102), of every covered day that is not all zeros; a number that is not
        known counts as 0."""
        rows = self.store.kpis_between(REPORTS, None, "20000101", "20991231")
        found = {
            (row.corp_id, row.stat_day): tuple(row.values.get(kpi, 0) for kpi in ("4100", "4101", "4102"))
            for row in rows
        }
        return {key: values for key, values in found.items() if any(values)}  # type: ignore[misc]


def folder_at(path: Path) -> Folder:
    """The data folder at a path, with the store and the lake that commands find in their environment."""
    return Folder(path, os.environ.get("REPORTDATA_STORE"), os.environ.get("REPORTDATA_LAKE"))


def run(folder: Folder, *arguments: object) -> Result:
    """Run a command on a data folder."""
    return CliRunner().invoke(cli, [*map(str, arguments), *folder.place])
