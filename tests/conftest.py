"""What tests share: a data folder of their own, and the real server on a free port."""

from __future__ import annotations

import gc
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from reportdata.store import Store
from tests.support import postgres
from tests.support.cluster import Cluster, cluster
from tests.support.effort import examples
from tests.support.folders import Folder
from tests.support.machine import Run
from tests.support.one_duckdb import OPENER, connect_to_one
from tests.support.scheduling import Scheduling, arrange
from tests.support.storage import BUCKET, environment, object_storage
from tests.support.stores import OPENERS, STORES
from tests.support.tools import require_package, require_tool
from tests.support.waiting import SOON

NEEDS = {"spark_cluster": pytest.mark.spark, "storage_server": pytest.mark.s3}
"""The marks of tests by what they use."""
RUN = pytest.StashKey[Run]()

os.environ["REPORTDATA_LANG"] = "en"  # whatever the machine's locale says

settings.register_profile(
    "patient", deadline=None, max_examples=examples(100), suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")  # a busy machine fails no property


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they use, and arrange them for the processes that share them."""
    for item in items:
        for name in NEEDS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(NEEDS[name])
    arrange(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    """How tests are shared out when ``--dist=loadgroup`` is given."""
    return Scheduling(config, log) if config.getoption("dist") == "loadgroup" else None


def pytest_configure(config: pytest.Config) -> None:
    """Give the run a temporary folder of its own."""
    gc.set_threshold(50_000, 20, 100)  # to look for garbage as often as by default is a tenth of a run
    if not hasattr(config, "workerinput"):  # only the process that starts the others, if there are others
        config.stash[RUN] = Run(in_memory="not slow" in config.option.markexpr)  # slow tests may need more room


@pytest.hookimpl(wrapper=True, tryfirst=True)  # around all that ends
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Fail a run that leaves something on the machine."""
    postgres.remove()
    yield
    run = session.config.stash.get(RUN, None)
    if run is None:
        return
    left = run.left()
    if left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print("", "The tests left on this machine:", *left, sep="\n  ")
    keep = session.exitstatus in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED)
    run.end(keep=keep)
    if keep:
        print(f"\nThe folders of the tests are in {run.folder}.")


@pytest.fixture(scope="session")
def spark_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A Spark cluster of two workers, which the whole session uses."""
    require_tool("java")
    require_package("pyspark")
    with cluster(tmp_path_factory.mktemp("spark"), memory="1200m", cores=2) as running:
        yield running


@pytest.fixture(params=STORES)
def another(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens one more instance on the same store, as another process would."""
    opened: list[Store] = []
    open_store = OPENERS[request.param](tmp_path)

    def open_one() -> Store:
        opened.append(open_store())
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(another: Callable[[], Store]) -> Store:
    """A store of its own, of every kind."""
    return another()


@pytest.fixture(scope="session", autouse=True)
def _one_duckdb() -> Iterator[None]:
    """What this process does with DuckDB, it does in one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{OPENER}.connect", connect_to_one)
        yield


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ.keys() - {"REPORTDATA_LANG"}:
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


@pytest.fixture
def fast_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers of this process count ten seconds in one: all that they do by the second comes ten times as early."""
    monkeypatch.setattr("reportdata.http.server._TICKS", 1)


@pytest.fixture
def long_goodbye(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers of this process that are told to stop keep idle connections for as long as a busy client may take."""
    for name in ("LAST_CALL", "GRACE"):
        monkeypatch.setattr(f"reportdata.http.connections.{name}", SOON)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """An empty data folder."""
    made = Folder(tmp_path / "data")
    yield made
    made.store.close()
