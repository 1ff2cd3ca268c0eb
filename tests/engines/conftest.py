"""Every engine there is, files for it, and how many examples of a property it is tried with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from reportdata.engines import Engine
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.engines.spark import SparkEngine
from tests.support.cluster import LOCAL, SHORT
from tests.support.facts_files import Writer

CONF = {**LOCAL, **SHORT}
IN_PROCESS = {"few": 8, "many": 80}
ON_CLUSTER = {"few": 2, "many": 40 if os.environ.get("REPORTDATA_TESTS_FULL") else 5}
"""Examples of each property; one on a cluster takes as long as a hundred in this process."""


def _on_cluster(here: DuckDBEngine, request: pytest.FixtureRequest) -> Engine:
    return SparkEngine(here, request.getfixturevalue("spark_cluster").master, CONF)


ENGINES: dict[str, Callable[[DuckDBEngine, pytest.FixtureRequest], Engine]] = {
    "duckdb": lambda here, _: here,
    "spark": _on_cluster,
}
"""Every engine: what opens it, given the one of this process."""
MARKED = {"spark"}
"""Those with a mark of their name: not every machine can run them."""


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=getattr(pytest.mark, name) if name in MARKED else ()) for name in ENGINES],
)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made = ENGINES[request.param](DuckDBEngine(tmp_path_factory.mktemp("engine") / "spill"), request)
    yield made
    made.close()


@pytest.fixture(params=["few", pytest.param("many", marks=pytest.mark.slow)])
def examples(request: pytest.FixtureRequest, engine: Engine) -> settings:
    """How many examples of a property are tried."""
    numbers = ON_CLUSTER if isinstance(engine, SparkEngine) else IN_PROCESS
    return settings(max_examples=numbers[request.param], deadline=None)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    made = Writer(tmp_path)
    yield made
    made.close()
