"""What a KPI is, as data: a count, a count of different things, a sum or a ratio over a relation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from reportdata.errors import BadValue

Number = int | float


class Measure(NamedTuple):
    """A number of a relation: of its different rows or, where there are ``columns``, of their different values. With
    ``total`` it is not how many there are but the sum of this column over them."""

    relation: str
    columns: tuple[str, ...] = ()
    total: str = ""


class Kpi(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    rename={"id": "kpiId", "name": "kpiName", "caliber": "kpiCaliber"},
):
    """A number of a day. The first five fields and their order are those of the contract's ``metaList``.

    Over a ``relation`` it is one of: ``count``, how many different rows there are; ``distinct``, how many different
    values a column has, or several columns together; ``sum``, the sum of a column over the different rows, or over the
    different values of the columns ``of`` with it. Without a relation it is a ``ratio``: the number of one KPI of the
    service by that of another. ``calibre`` names its way of counting where the service has others to compare, ``word``
    the KPI itself, for people and for columns of tables: ``reports``. ``meaning`` says for people what is counted, in
    English and in Chinese.
    """

    unit: str
    period: str
    id: str
    caliber: str
    name: str
    relation: str = ""
    count: bool = False
    distinct: str | tuple[str, ...] = ()
    sum: str = ""
    of: str | tuple[str, ...] = ()
    ratio: tuple[str, ...] = ()
    calibre: str = ""
    word: str = ""
    meaning: str = ""
    meaning_zh: str = ""

    def __post_init__(self) -> None:
        ways = [self.count, bool(self.distinct), bool(self.sum), bool(self.ratio)]
        if ways.count(True) != 1 or bool(self.ratio) == bool(self.relation) or (self.of and not self.sum):
            raise BadValue(
                f"it is not said how {self.id} counts",
                "give a relation with one of count, distinct and sum, or a ratio",
            )
        if self.ratio and len(self.ratio) != 2:
            raise BadValue(
                f"the ratio {self.id} is of {len(self.ratio)} KPIs", "name two, the second divides the first"
            )

    @property
    def key(self) -> str:
        """Its key in a row of ``dataList``, for example ``4100_DAY``."""
        return f"{self.id}_{self.period}"

    @property
    def name_of_column(self) -> str:
        """Its word or, without one, its id."""
        return self.word or self.id

    @property
    def may_be_broken(self) -> bool:
        """Whether the number may have digits after the point; counts have none."""
        return not (self.count or self.distinct)

    @property
    def measure(self) -> Measure | None:
        """How it is counted; None for a ratio."""
        if self.ratio:
            return None
        columns = self.distinct or self.of
        return Measure(self.relation, (columns,) if isinstance(columns, str) else columns, self.sum)

    def of_parts(self, values: Mapping[str, Number]) -> Number | None:
        """The ratio, by the numbers of its parts; None when one is missing, or there is nothing to divide by."""
        part, whole = (values.get(kpi) for kpi in self.ratio)
        return None if part is None or not whole else part / whole
