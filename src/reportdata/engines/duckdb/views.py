"""Views of the facts in files of the lake, for as long as a text is asked of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from reportdata.engines import Files
from reportdata.engines.duckdb.connection import Database, columns_of, facts, failing, text
from reportdata.engines.duckdb.histories import DaysOf, Histories
from reportdata.engines.duckdb.provenance import FIRST, with_provenance
from reportdata.errors import LakeError
from reportdata.kinds import Kind
from reportdata.services.lending import HISTORY, History
from reportdata.services.records import TOLD, Records
from reportdata.services.sql import Computation

_FETCHED = 10_000
"""Rows that are taken from DuckDB at once."""


class Known(NamedTuple):
    """Whose facts count: those of an organisation that were known by an instant, None for all."""

    corp_id: str
    by: int | None = None


class Views:
    """Views in a database of what is in ``files``."""

    def __init__(self, database: Database, files: Files) -> None:
        self.database = database
        self.files = files
        self.histories = Histories(self.all_rows)

    @contextmanager
    def views(
        self, wanted: Mapping[str, tuple[Kind, Sequence[Path]]], corp_ids: Collection[str] | None = None
    ) -> Iterator[None]:
        """A view of each name of the facts of a kind in files, of these organisations or of all."""
        with ExitStack() as located:
            for name, (kind, files) in wanted.items():
                places = located.enter_context(self.files.located(files))
                sql = f"create or replace temp view {name} as select * from ({facts(kind, places)}){_only(corp_ids)}"
                self.all_rows(sql)
            yield

    @contextmanager
    def located(self, files: Mapping[Path, float]) -> Iterator[Mapping[Path, float]]:
        """Where files can be read until the block ends, with what was said of each."""
        with self.files.located(list(files)) as places:
            yield dict(zip(places, files.values(), strict=True))

    @contextmanager
    def knowing(
        self,
        what: Computation | Records,
        files: Mapping[str, Mapping[Path, float]],
        known: Known,
        days_of: DaysOf,
    ) -> Iterator[None]:
        """The views and tables that a text reads, of what is known of an organisation."""
        corp_id, known_by = known
        views = {kind.name: kind for kind in what.kinds}
        views |= {kind.name + HISTORY: kind for kind in what.history}
        for history in what.changes:
            if known_by is None:
                viewing = partial(self._viewing, corp_id)
                self.histories.bring(history, corp_id, files.get(history.source, {}), days_of, viewing)
            else:
                views[history.source] = history.kind
        with ExitStack() as located:
            for name, kind in views.items():
                located.enter_context(self.known_view(name, kind, files.get(name, {}), corp_id, known_by))
            for history in what.changes if known_by is not None else ():
                self.all_rows(f"create or replace temp view {history.table} as {history.changes()}")
            yield

    @contextmanager
    def told(self, kinds: Sequence[Kind], files: Mapping[str, Mapping[Path, float]], known: Known) -> Iterator[None]:
        """Views of what is known of an organisation, each fact once, with when it was and from where."""
        with ExitStack() as located:
            for kind in kinds:
                places = located.enter_context(self.located(files.get(kind.name, {})))
                columns = ", ".join(columns_of(kind))
                source = with_provenance(self.all_rows, kind, places)
                only = _only([known.corp_id])
                only += f" and known_at <= make_timestamptz({known.by})" if known.by is not None else ""
                told = f"select {columns}, {FIRST} from ({source}){only} group by {columns}"
                self.all_rows(f"create or replace temp view {kind.name}{TOLD} as {told}")
            yield

    def _viewing(self, corp_id: str, history: History, files: Mapping[Path, float]) -> AbstractContextManager[None]:
        return self.known_view(history.source, history.kind, files, corp_id, None)

    @contextmanager
    def known_view(
        self, name: str, kind: Kind, files: Mapping[Path, float], corp_id: str, known_by: int | None
    ) -> Iterator[None]:
        """A view of the facts of an organisation that were known at a moment."""
        with self.located(files) as places:
            source = facts(kind, list(places))
            only, columns = _only([corp_id]), ", ".join(columns_of(kind))
            if known_by is not None:
                source = f"select {columns}, known_at from ({with_provenance(self.all_rows, kind, places)})"
                only += f" and known_at <= make_timestamptz({known_by})"
            self.all_rows(f"create or replace temp view {name} as select {columns} from ({source}){only}")
            yield

    def all_rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return list(self.rows_of(sql))

    def rows_of(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, while they come.

        :raises LakeError: when there are none to be had.
        """
        with failing(lambda error: LakeError(f"the lake cannot be computed from: {error}")):
            found = self.database.connection().execute(sql)
            while rows := found.fetchmany(_FETCHED):
                yield from rows


def _only(corp_ids: Collection[str] | None) -> str:
    """A condition for these organisations' facts. DuckDB takes it into the scans, which leave out row groups of
    others."""
    return "" if corp_ids is None else f" where corp_id in ({', '.join(map(text, sorted(corp_ids))) or 'null'})"
