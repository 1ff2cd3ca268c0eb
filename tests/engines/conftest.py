"""Every engine there is, files for it, and how many examples of a property it is tried with."""

from __future__ import annotations

import os
from collections.abc import Iterator
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


@pytest.fixture(scope="module", params=["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    here = DuckDBEngine(tmp_path_factory.mktemp("engine") / "spill")
    if request.param == "duckdb":
        made: Engine = here
    else:
        made = SparkEngine(here, request.getfixturevalue("spark_cluster").master, CONF)
    yield made
    made.close()


@pytest.fixture(params=["few", pytest.param("many", marks=pytest.mark.slow)])
def examples(request: pytest.FixtureRequest, engine: Engine) -> settings:
    """How many examples of a property are tried."""
    numbers = IN_PROCESS if isinstance(engine, DuckDBEngine) else ON_CLUSTER
    return settings(max_examples=numbers[request.param], deadline=None)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    made = Writer(tmp_path)
    yield made
    made.close()
