"""Rows of an answer, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from reportdata.client import frames
from reportdata.client.answers import Meta, Row
from reportdata.client.errors import Unreachable
from reportdata.client.reading import columns_of, meta_of, row_of

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Json = dict[str, Any]


class Statistics:
    """The answer to a question: ``meta``, and rows, which are fetched page by page while they are iterated. All pages
    are of one moment, that of the first. Each iteration fetches the pages after the first anew.
    """

    def __init__(self, first: Json, fetch: Callable[[str], Json]) -> None:
        self._first = first
        self._fetch = fetch
        self._columns = columns_of(first["meta"])
        self.meta: Meta = meta_of(first["meta"])
        """What is said of all rows."""

    def __iter__(self) -> Iterator[Row]:
        for row in self.records():
            yield row_of(row, self._columns)

    def __len__(self) -> int:
        """How many rows there are on all pages."""
        return self.meta.total_rows

    def records(self) -> Iterator[Json]:
        """The rows as the server sends them."""
        for page in self._pages():
            yield from page["data"]

    def to_polars(self) -> pl.DataFrame:
        """All rows as a frame of polars, with dates, moments and numbers as such; needs the extra ``polars``."""
        return frames.to_polars(list(self.records()), self._columns)

    def to_pandas(self) -> pd.DataFrame:
        """All rows as a frame of pandas, with dates, moments and numbers as such; needs the extra ``pandas``. Numbers
        that are not known are missing values."""
        return frames.to_pandas(list(self.records()), self._columns)

    def _pages(self) -> Iterator[Json]:
        page = self._first
        while True:
            yield page
            following = page["meta"]["nextPage"]
            if following is None:
                return
            if not str(following).startswith("/v1/"):
                raise Unreachable(f"the next page is said to be at {following!r}, which is none of the API's paths")
            page = self._fetch(following)
