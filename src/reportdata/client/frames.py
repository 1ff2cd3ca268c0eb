"""Rows as frames of polars and pandas, which are imported when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from reportdata.client.answers import Column
from reportdata.client.errors import ClientError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Records = Sequence[Mapping[str, Any]]


def to_polars(records: Records, columns: Sequence[Column]) -> pl.DataFrame:
    """A frame of polars. Moments are in UTC.

    :raises ClientError: when polars is not installed.
    """
    try:
        import polars as pl
    except ImportError as error:
        raise ClientError("polars is not installed: pip install 'reportdata[polars]'") from error
    types = {
        "text": pl.String(),
        "date": pl.Date(),
        "integer": pl.Int64(),
        "number": pl.Float64(),
        "moment": pl.Datetime("us", "UTC"),
    }
    return pl.DataFrame(
        {column.name: values(records, column) for column in columns},
        schema={column.name: types[column.type] for column in columns},
    )


def to_pandas(records: Records, columns: Sequence[Column]) -> pd.DataFrame:
    """A frame of pandas. Moments are in UTC.

    :raises ClientError: when pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise ClientError("pandas is not installed: pip install 'reportdata[pandas]'") from error
    types = {
        "text": "string",
        "date": "datetime64[us]",
        "integer": "Int64",
        "number": "Float64",
        "moment": "datetime64[us, UTC]",
    }
    return pd.DataFrame(
        {column.name: pd.Series(values(records, column), dtype=types[column.type]) for column in columns}
    )


def values(records: Records, column: Column) -> list[Any]:
    """The values of a column, with dates and moments as such."""
    found = [record[column.name] for record in records]
    if column.type == "date":
        return [date.fromisoformat(value) if value is not None else None for value in found]
    if column.type == "moment":
        return [datetime.fromisoformat(value) if value is not None else None for value in found]
    return found
