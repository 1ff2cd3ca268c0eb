"""Spark, on a cluster: computes whole days by the same text as every engine.

The command's process is Spark's driver, with a JVM beside it; the executors read the lake's files themselves, where
the driver sees them. Rows come back a partition at a time, so that the driver's memory does not grow with them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reportdata.days import from_date
from reportdata.engines import Brought, Engine, Origin, Place, Rewritten, Subject, Whose
from reportdata.engines.spark.session import failing, open_session, stop_session
from reportdata.engines.spark.words import in_words_of_spark
from reportdata.kinds import DIGITS, PLACES, Kind
from reportdata.services.keys import DAY_KEYS
from reportdata.services.sql import Computation

_TYPES = {
    "id": "string",
    "text": "string",
    "names": "string",
    "integer": "bigint",
    "count": "bigint",
    "decimal": f"decimal({DIGITS}, {PLACES})",
    "instant": "timestamp",
}

_READING = {
    # A path is a file's name, not a pattern. This option is what Spark's own readers of exact paths set.
    "__globPaths__": "false",
    # A file that cannot be read would be facts that are not counted.
    "ignoreCorruptFiles": "false",
    "ignoreMissingFiles": "false",
    "recursiveFileLookup": "true",  # no column comes from the name of a folder
}


def shared_file(path: Path) -> str:
    """The address of a file in a folder that every node sees: without a scheme it would be in the cluster's own file
    system."""
    return f"file://{path.absolute()}"


class SparkEngine:
    """A `reportdata.engines.Engine` of two: Spark takes what reads whole days, or all days; the engine ``here``, in
    this process, takes what is done sooner than a cluster has begun: some organisations of a day, and what new files
    are about. It merges files, too, since one machine has to write a file.

    Spark is started when it is first needed.

    :param master: where the cluster is, as Spark writes it; absent, as its own settings say.
    :param conf: more of Spark's settings.
    :param address: where the cluster finds a file of the lake, as Hadoop writes it.
    """

    batch = 32 << 30
    """What is shuffled of it lies on the executors' disks meanwhile."""
    here = False

    def __init__(
        self,
        here: Engine,
        master: str | None = None,
        conf: Mapping[str, str] | None = None,
        address: Callable[[Path], str] = shared_file,
    ) -> None:
        self._here = here
        self._address = address
        self._master = master
        self._conf = dict(conf or {})
        self._session: Any = None

    def rows(
        self, what: Computation, files: Mapping[str, Sequence[Path]], corp_ids: Collection[str] | None = None
    ) -> Iterator[tuple[Any, ...]]:
        if corp_ids is not None or what.keys != DAY_KEYS:
            yield from self._here.rows(what, files, corp_ids)
            return
        columns = (*what.keys, *(f"n{number}" for number in range(len(what.numbers))))
        yield from self._rows(what.sql, columns, {kind: files.get(kind.name, ()) for kind in what.kinds})

    def places(self, files: Mapping[Kind, Sequence[Path]]) -> Iterator[Place]:
        return self._here.places(files)

    def brought(self, files: Mapping[Kind, Sequence[Path]]) -> Iterator[Brought]:
        return self._here.brought(files)

    def sole_origins(self, files: Sequence[Path]) -> Mapping[Path, str]:
        return self._here.sole_origins(files)

    def retracted(self, by: Kind, of: Kind, taking: Sequence[Path], files: Sequence[Path]) -> Iterator[Place]:
        columns = ", ".join(("corp_id", *by.by))
        sql = f"select distinct corp_id, stat_day from {of.name} left semi join {by.name} using ({columns})"
        for corp_id, day in self._rows(sql, ("corp_id", "stat_day"), {of: files, by: taking}):
            yield Place(corp_id, from_date(day))

    def merge(
        self,
        kind: Kind,
        files: Mapping[Path, float],
        target: Path,
        without: Subject | None = None,
        repeats: Path | None = None,
    ) -> int:
        return self._here.merge(kind, files, target, without, repeats)

    def merge_repeats(self, kind: Kind, files: Sequence[Path], target: Path, without: Whose | None = None) -> int:
        return self._here.merge_repeats(kind, files, target, without)

    def take_back(
        self, kind: Kind, file: Path, target: Path, origin: Origin, others: Mapping[Path, float], gone: Path
    ) -> Rewritten:
        return self._here.take_back(kind, file, target, origin, others, gone)

    def holding(self, kind: Kind, files: Sequence[Path], whose: Whose) -> list[Path]:
        return self._here.holding(kind, files, whose)

    def close(self) -> None:
        self._here.close()
        self._stop()

    def _stop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            stop_session(session)

    def _rows(
        self, sql: str, columns: Sequence[str], wanted: Mapping[Kind, Sequence[Path]]
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a query of views of these files, a partition at a time while the next one is fetched."""
        with failing(self._stop):
            if self._session is None:
                self._session = open_session(self._master, self._conf)
            for kind, files in wanted.items():
                self._facts(kind, files).createOrReplaceTempView(kind.name)
            found = self._session.sql(in_words_of_spark(sql)).select(*columns)
            yield from found.toLocalIterator(prefetchPartitions=True)

    def _facts(self, kind: Kind, files: Sequence[Path]) -> Any:
        columns = {"corp_id": "string", "stat_day": "date"}
        columns |= {column.name: _TYPES[column.type] for column in kind.fields()}
        if not files:
            casts = (f"cast(null as {type_}) as {name}" for name, type_ in columns.items())
            return self._session.sql(f"select {', '.join(casts)} where false")
        schema = ", ".join(f"{name} {type_}" for name, type_ in columns.items())
        reader = self._session.read.schema(schema).options(**_READING)
        return reader.parquet(*map(self._address, files))
