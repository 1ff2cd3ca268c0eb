"""Services whose KPIs no document tells: what DingTalk answered is kept with its own ``metaList``, and answered again.

They are data, in `relayed.toml`: a table a family, with its paths over days, weeks, months, and over all until a day.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec

from reportdata.days import from_date, to_date
from reportdata.measures import Number, as_json, decimal_of
from reportdata.statistics.periods import around

RELAYED_PERIODS = ("DAY", "WEEK", "MONTH", "ALL")
_decoder = msgspec.json.Decoder(float_hook=decimal_of)
_encoder = msgspec.json.Encoder(enc_hook=as_json)


class Relayed(NamedTuple):
    """A path whose answers are kept whole. Its figures are of the ``period`` that ``statDate`` lies in."""

    id: str
    path: str
    title: str
    scope: str
    period: str

    def last_day(self, day: str) -> str:
        """The last day of the period that a day lies in."""
        kind = self.period.lower() if self.period in ("WEEK", "MONTH") else "day"
        return from_date(around(kind, to_date(day))[1])


class RelayedAnswer(NamedTuple):
    """An answer with a row: the numbers of its row by their keys, and all of it as JSON, compact, with the order of its
    keys and the digits of its decimals."""

    corp_id: str
    stat_date: str
    numbers: dict[str, Number]
    text: str


class _Family(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    scope: str
    DAY: str = ""
    WEEK: str = ""
    MONTH: str = ""
    ALL: str = ""


class _Body(msgspec.Struct):
    meta: list[dict[str, Any]] = msgspec.field(name="metaList")
    rows: list[dict[str, Any]] = msgspec.field(name="dataList")


@cache
def relayed_services() -> tuple[Relayed, ...]:
    """The package's own, read once."""
    source = files(__package__).joinpath("relayed.toml").read_bytes()
    found = msgspec.toml.decode(source, type=dict[str, _Family])
    return tuple(
        Relayed(path.rpartition("/")[2], path, family.title, family.scope, period)
        for family in found.values()
        for period in RELAYED_PERIODS
        if (path := getattr(family, period))
    )


def read_relayed(content: object) -> list[RelayedAnswer]:
    """What an answer has, a row each; none of one without rows.

    :param content: JSON, or what is decoded of it.
    :raises ValueError: when it is no answer.
    """
    found = msgspec.convert(_decoder.decode(content) if isinstance(content, bytes | str) else content, _Body)
    answers = []
    days = set()
    for row in found.rows:
        numbers = {key: number for key, number in row.items() if _is_number(number)}
        corp_id, stat_date = row.get("corp_id"), row.get("stat_date")
        if not isinstance(corp_id, str) or not isinstance(stat_date, str) or not numbers:
            raise ValueError("a row has no corp_id, no stat_date or no number")
        if (corp_id, stat_date) in days:
            raise ValueError(f"it has several rows of {stat_date[:10]}")
        days.add((corp_id, stat_date))
        text = _encoder.encode({"metaList": found.meta, "dataList": [row]}).decode()
        answers.append(RelayedAnswer(corp_id, stat_date, numbers, text))
    return answers


def without_rows(text: str) -> bytes:
    """The answer for a day that has none, with the KPIs of another one."""
    return _encoder.encode({"metaList": _decoder.decode(text)["metaList"], "dataList": []})


EMPTY = b'{"metaList":[],"dataList":[]}'
"""What is answered while no answer was ever kept."""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
