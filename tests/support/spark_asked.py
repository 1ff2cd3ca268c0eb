"""Questions that Spark answers, by the text that is generated for every engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reportdata.engines.duckdb import DuckDBEngine
from reportdata.engines.duckdb.histories import DaysOf
from reportdata.engines.spark.session import open_session, stop_session
from reportdata.engines.spark.words import in_words_of_spark
from reportdata.kinds import Kind
from reportdata.services.lending import HISTORY
from reportdata.services.sql import Computation

_TYPES = {"id": "string", "text": "string", "names": "string", "instant": "timestamp"}


class SparkAsked(DuckDBEngine):
    """An engine whose questions are answered on a cluster."""

    def __init__(self, master: str, conf: Mapping[str, str]) -> None:
        super().__init__()
        self._session: Any = open_session(master, conf)

    def known(
        self,
        what: Computation,
        files: Mapping[str, Mapping[Path, float]],
        corp_id: str,
        days_of: DaysOf,  # noqa: ARG002 - nothing is kept from one question to the next
        known_by: int | None = None,
    ) -> Iterator[tuple[Any, ...]]:
        views = {kind.name: kind for kind in what.kinds}
        views |= {kind.name + HISTORY: kind for kind in what.history}
        views |= {history.source: history.kind for history in what.changes}
        for name, kind in views.items():
            self._view(name, kind, files.get(name, {}), corp_id, known_by)
        for history in what.changes:
            self._session.sql(in_words_of_spark(history.changes())).createOrReplaceTempView(history.table)
        return map(tuple, self._session.sql(in_words_of_spark(what.sql)).collect())

    def _view(self, name: str, kind: Kind, files: Mapping[Path, float], corp_id: str, known_by: int | None) -> None:
        columns = {"corp_id": "string", "stat_day": "date"}
        columns |= {column.name: _TYPES[column.type] for column in kind.fields()}
        schema = ", ".join(f"{column} {type_}" for column, type_ in (columns | {"known_at": "timestamp"}).items())
        nothing = ", ".join(f"cast(null as {type_}) as {column}" for column, type_ in columns.items())
        found = self._session.sql(f"select {nothing}, cast(null as timestamp) as known_at where false")
        if files:
            found = self._session.read.schema(schema).parquet(*(f"file://{path}" for path in files))
        found = found.where(f"corp_id = '{corp_id}'")
        if known_by is not None:
            found = found.where(f"unix_micros(known_at) <= {known_by}")
        found.select(*columns).createOrReplaceTempView(name)

    def close(self) -> None:
        stop_session(self._session)
        super().close()
