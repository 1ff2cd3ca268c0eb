"""What tests share: a data folder of their own, and the real server on a free port."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner, Result

from benchmarks.cluster import Cluster, cluster
from reportdata.api.server import Server
from reportdata.catalogue import REPORT_DATA
from reportdata.certificates import Certificates, development_certificates
from reportdata.cli import cli
from reportdata.cli.importing import refresh_folder
from reportdata.cli.places import lake_of, store_of
from reportdata.cli.service import open_server
from reportdata.days import Coverage
from reportdata.identity import REPORT_READ, App, Organisation, hash_of, mint, new_app_key, new_secret
from reportdata.pipeline import silent
from reportdata.pipeline.importing import Imported, Options, import_files
from reportdata.settings import Settings
from reportdata.store import Store
from storage import BUCKET, environment, object_storage
from stores import STORES

REQUIRED = set(os.environ.get("REPORTDATA_TESTS_REQUIRE", "").split())
"""Tools and packages whose absence fails a test instead of skipping it."""


def require_tool(name: str) -> str:
    """The path of a tool; without it the test is skipped, or fails when the tool is required."""
    found = shutil.which(name)
    if found is None:
        (pytest.fail if name in REQUIRED else pytest.skip)(f"{name} is not installed")
    return str(found)


def require_package(name: str) -> None:
    """A Python package of an extra; without it the test is skipped, or fails when the package is required."""
    if importlib.util.find_spec(name) is None:
        (pytest.fail if name in REQUIRED else pytest.skip)(f"the package {name} is not installed")


@pytest.fixture(scope="session")
def spark_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A Spark cluster of two workers, which the whole session uses."""
    require_tool("java")
    require_package("pyspark")
    with cluster(tmp_path_factory.mktemp("spark"), memory="1200m", cores=2) as running:
        yield running


@pytest.fixture(params=STORES.values(), ids=STORES.keys())
def another(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens one more instance on the same store, as another process would."""
    opened: list[Store] = []

    def open_one(folder: Path = tmp_path) -> Store:
        opened.append(request.param(folder))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(another: Callable[[], Store]) -> Store:
    """A store of its own, of every kind."""
    return another()


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("REPORTDATA_", "AWS_")) or name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def storage_server() -> Iterator[str]:
    """The address of an object storage server."""
    with object_storage() as endpoint:
        yield endpoint


@pytest.fixture
def storage(storage_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A place of its own in object storage, whose server and key are in the environment."""
    for name, value in environment(storage_server).items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{uuid.uuid4().hex}"


class Folder:
    """A data folder."""

    def __init__(self, path: Path, database: str | None = None, lake_at: str | None = None) -> None:
        self.path = path
        self.settings = Settings(path, database, lake_at=lake_at)
        self.lake = lake_of(self.settings)
        self.store = store_of(self.settings)

    @property
    def place(self) -> list[str]:
        """Where it is, as options of a command."""
        database = self.settings.database
        return ["--data", str(self.path), *(["--store", database] if database is not None else [])]

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
        done = import_files(self.lake, self.store, files, Options(**options))
        if refresh:
            self.refresh()
        return done

    def refresh(self, **period: str) -> Any:
        """Refresh what is stale, or a period."""
        return refresh_folder(self.settings, self.store, silent, **period)

    def days(self) -> dict[tuple[str, str], tuple[int, int, int]]:
        """(organisation, day) to (4100, 4101, 4102), of every covered day that is not all zeros."""
        rows = self.store.kpis_between(REPORT_DATA, None, "20000101", "20991231")
        found = {
            (row.corp_id, row.stat_day): tuple(row.values.get(kpi, 0) for kpi in ("4100", "4101", "4102"))
            for row in rows
        }
        return {key: values for key, values in found.items() if any(values)}  # type: ignore[misc]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """An empty data folder."""
    made = Folder(tmp_path / "data")
    yield made
    made.store.close()


def run(folder: Folder, *arguments: object) -> Result:
    """Run a command on a data folder."""
    return CliRunner().invoke(cli, [*map(str, arguments), *folder.place])


class Serving(NamedTuple):
    """A server that runs in a thread."""

    url: str
    address: tuple[str, int]
    server: Server
    ca: Path
    """What its clients must trust, when it serves TLS."""

    @property
    def endpoint(self) -> str:
        """What an SDK's configuration needs: host and port."""
        return f"{self.address[0]}:{self.address[1]}"


@contextmanager
def serving(
    folder: Folder, *, clock: Callable[[], float] = time.time, tls: bool = False, rate: int = 0, **settings: Any
) -> Iterator[Serving]:
    """The real server of a data folder, on a free port; without a rate unless one is given."""
    files = Certificates.of(folder.path.parent / "tls")
    if tls:
        development_certificates(files.ca.parent, ["localhost", "127.0.0.1"], time.time())
        settings |= {"tls_cert": files.certificate, "tls_key": files.key}
    with open_server(Settings(folder.path, folder.settings.database, port=0, rate=rate, **settings), clock) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield Serving(server.url, server.address, server, files.ca)
        finally:
            server.stop()
            thread.join()


def exchange(address: tuple[str, int], request: bytes, *, parts: Sequence[bytes] = ()) -> bytes:
    """Everything that the server sends until it closes or stays silent for a while."""
    with socket.create_connection(address, timeout=5) as connection:
        connection.sendall(request)
        for part in parts:
            time.sleep(0.05)
            connection.sendall(part)
        connection.settimeout(0.5)
        received = b""
        try:
            while chunk := connection.recv(65_536):
                received += chunk
        except (TimeoutError, ConnectionResetError):
            pass
        return received
