"""Rows of an answer, page by page, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from reportdata.client import frames
from reportdata.client.answers import Change, Column, Definition, Meta, Record, Row, Value, Version
from reportdata.client.errors import Unreachable
from reportdata.client.reading import (
    change_of,
    columns_of,
    day,
    definition_of,
    meta_of,
    moment,
    record_of,
    row_of,
    value_of,
    version_of,
)

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Json = dict[str, Any]
Fetch = Callable[[str], Json]
_Row = TypeVar("_Row")


class Pages(Generic[_Row]):
    """Rows, which are fetched page by page while they are iterated. All pages are of one moment, that of the first.
    Each iteration fetches the pages after the first anew.

    :ivar columns: of the rows, in their order.
    """

    def __init__(self, first: Json, fetch: Fetch) -> None:
        self._first = first
        self._fetch = fetch
        self.columns: Sequence[Column] = columns_of(first["meta"])
        self._total: int = first["meta"]["totalRows"]

    def __iter__(self) -> Iterator[_Row]:
        return map(self._read, self.records())

    def __len__(self) -> int:
        """How many rows there are on all pages."""
        return self._total

    def records(self) -> Iterator[Json]:
        """The rows as the server sends them."""
        page = self._first
        while True:
            yield from page["data"]
            following = page["meta"]["nextPage"]
            if following is None:
                return
            if not str(following).startswith("/v1/"):
                raise Unreachable(f"the next page is said to be at {following!r}, which is none of the API's paths")
            page = self._fetch(following)

    def to_polars(self) -> pl.DataFrame:
        """All rows as a frame of polars, with dates, moments and numbers as such; needs the extra ``polars``."""
        return frames.to_polars(list(self.records()), self.columns)

    def to_pandas(self) -> pd.DataFrame:
        """All rows as a frame of pandas, with dates, moments and numbers as such; needs the extra ``pandas``. Numbers
        that are not known are missing values."""
        return frames.to_pandas(list(self.records()), self.columns)

    def _read(self, found: Json) -> _Row:
        """A row as a value."""
        raise NotImplementedError


class Statistics(Pages[Row]):
    """The answer to a question. ``meta`` says what holds for all rows."""

    def __init__(self, first: Json, fetch: Fetch) -> None:
        super().__init__(first, fetch)
        self.meta: Meta = meta_of(first["meta"])

    def _read(self, found: Json) -> Row:
        return row_of(found, self.columns)


class Changes(Pages[Change]):
    """Numbers of days that changed, in the order in which that was committed.

    :ivar since: from when on, a text where it was a ``next_since``; and ``as_of``: up to when changes are told.
    :ivar next_since: what to ask for later changes since, once all of these were read: none is missed, and none comes
        twice. None when a moment was given up to which changes are told.
    :ivar first_day: and ``last_day``: the days that were asked for; None for all.
    :ivar state: that of the least certain number of the first page now; None without rows.
    :ivar empty_reason: why there are no rows.
    """

    def __init__(self, first: Json, fetch: Fetch) -> None:
        super().__init__(first, fetch)
        meta = first["meta"]
        self.next_since: str | None = meta.get("nextSince")
        said: str = meta["since"]
        self.since: datetime | str = said if said.startswith("c") else datetime.fromisoformat(said)
        self.as_of: datetime = datetime.fromisoformat(meta["asOf"])
        self.first_day: date | None = day(meta["from"])
        self.last_day: date | None = day(meta["to"])
        self.time_zone: str = meta["timeZone"]
        self.state: str | None = meta["state"]
        self.empty_reason: str | None = meta["emptyReason"]

    def _read(self, found: Json) -> Change:
        return change_of(found)


class Explanation(Pages[Record]):
    """What a number is made of; its rows are the records, for apps that may have them.

    :ivar value: the number, and ``than`` that of the cell that it is compared with.
    :ivar history: the values that it has had, the earliest first.
    :ivar counted: how many different items its records have; None where that is not told.
    :ivar sets: how many items are ``new``, ``gone`` and in ``both`` where two cells are compared; empty otherwise.
    """

    def __init__(self, first: Json, fetch: Fetch) -> None:
        super().__init__(first, fetch)
        meta = first["meta"]
        self.metric: str = meta["metric"]
        self.value: Value = value_of(meta)
        self.definition: Definition = definition_of(meta["definition"])
        self.history: Sequence[Version] = [version_of(version) for version in meta["history"]]
        self.counted: int | None = meta["counted"]
        self.sets: Mapping[str, int] = meta["sets"] or {}
        self.than: Value | None = value_of(meta["than"]) if meta["than"] is not None else None
        self.as_of: datetime | None = moment(meta["asOf"])
        self.time_zone: str = meta["timeZone"]
        self.notes: Sequence[str] = meta["notes"]
        self.empty_reason: str | None = meta["emptyReason"]

    def _read(self, found: Json) -> Record:
        return record_of(found)
