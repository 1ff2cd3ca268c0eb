"""Engines, by the names that ``--engine`` gives. A new one is a class with the protocol `reportdata.engines.Engine` and
a line in ``ENGINES``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # serving loads nothing that computes
    from reportdata.engines import Engine
    from reportdata.engines.duckdb import DuckDBEngine
    from reportdata.lake import Lake
    from reportdata.settings import Settings


def _on_cluster(here: DuckDBEngine, settings: Settings, lake: Lake) -> Engine:
    from reportdata.engines.spark import SparkEngine

    return SparkEngine(here, settings.spark_master, dict(settings.spark_conf), lake.uri)


ENGINES: Mapping[str, Callable[[DuckDBEngine, Settings, Lake], Engine]] = {
    "duckdb": lambda here, *_: here,
    "spark": _on_cluster,
}
"""Every engine: what opens it, given that of this process, which it may have beside it. The first is the default."""


def engine_of(settings: Settings, lake: Lake) -> Engine:
    """The engine of the settings, for the files of the lake."""
    from reportdata.engines.duckdb import DuckDBEngine

    return ENGINES[settings.engine](DuckDBEngine(settings.lake / "spill", lake), settings, lake)
