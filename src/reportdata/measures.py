"""What a KPI is, as data: a count, a count of different things, a sum or a ratio over a relation."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple, Self

import msgspec

from reportdata.errors import BadValue

Number = int | float
_LARGEST_EXPONENT, _LONGEST_EXPONENT = 400, 8
"""Of a decimal that is written out; and how many characters an exponent has."""
_SHOWN = 20
"""Characters that are told of what is refused."""


class Digits(float):
    """A decimal with more digits, or more zeros at its end, than its float is written with. It is written as it was
    brought, and otherwise is that float."""

    text: str

    def __new__(cls, text: str) -> Self:
        found = super().__new__(cls, text)
        found.text = text
        return found

    def __repr__(self) -> str:
        return self.text

    __str__ = __repr__

    def __reduce__(self) -> tuple[type[Digits], tuple[str]]:
        return Digits, (self.text,)


def decimal_of(text: str) -> float:
    """A decimal as it is written: plain digits around a point. An exponent is written out, since not every SDK reads
    one.

    :raises ValueError: when that takes more digits than any float has.
    """
    digits, _, exponent = text.lower().partition("e")
    if exponent:
        if len(exponent) > _LONGEST_EXPONENT or abs(int(exponent)) > _LARGEST_EXPONENT:
            raise ValueError(f"{digits[:_SHOWN]}e{exponent[:_SHOWN]} is no number of a day")
        text = f"{Decimal(text):f}"
    found = float(text)
    return found if json_text_of(found) == text else Digits(text)


def json_text_of(number: float) -> str:
    """How JSON has a float that is no `Digits`."""
    return msgspec.json.encode(number).decode()


def as_json(number: object) -> msgspec.Raw:
    """What a JSON encoder writes for `Digits`."""
    if isinstance(number, Digits):
        return msgspec.Raw(number.text.encode())
    raise NotImplementedError(f"{type(number)} has no form in JSON")


class Measure(NamedTuple):
    """A number of a relation: of its different rows or, where there are ``columns``, of their different values. With
    ``total`` it is not how many there are but the sum of this column over them; ``stated``, the sum of what it said
    last of each: facts that state no such number make none."""

    relation: str
    columns: tuple[str, ...] = ()
    total: str = ""
    stated: bool = False


OVERS = ("sum", "last")
"""How numbers of days make one of several days, where facts do not tell."""


class Kpi(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    rename={"id": "kpiId", "name": "kpiName", "caliber": "kpiCaliber"},
):
    """A number of a day. The first five fields and their order are those of the contract's ``metaList``.

    Over a ``relation`` it is one of: ``count``, how many different rows there are; ``distinct``, how many different
    values a column has, or several columns together; ``sum``, the sum of a column over the different rows, or over the
    different values of the columns ``of`` with it; ``stated``, what a column states as of its day: the latest of the
    day, or the sum of the latest for each of the columns ``of``. Without a relation it is a ``ratio``: the number of
    one KPI of the service by that of another, which may be another service's, like ``onlineUserData/4001``; or none of
    these, and then it is known where DingTalk's own figures were brought: ``decimal`` says of such a one that it may
    have digits after the point.

    ``over`` says what makes a number of several days of those of single days: ``sum``, what adds up; ``last``, a value
    that is stated as of a day, and is that of the last one. Without it nothing does: a distinct count of several days
    is not known from those of each. A ratio is that of its parts, each over these days; with ``sum``, of their sums.
    What ``stands`` holds until it is changed: on an observed day that states none, the value is that of the day before.
    A number of people that is ``within`` another KPI of the service is of those who did what that one counts: it is
    never more, and none exactly where that is.

    ``calibre`` names its way of counting where the service has others to compare, ``word`` the KPI itself, for people
    and for columns of tables: ``reports``. ``meaning`` says for people what is counted, in English and in Chinese.
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
    stated: str = ""
    of: str | tuple[str, ...] = ()
    ratio: tuple[str, ...] = ()
    decimal: bool = False
    over: str = ""
    stands: bool = False
    within: str = ""
    calibre: str = ""
    word: str = ""
    meaning: str = ""
    meaning_zh: str = ""
    name_en: str = ""

    def __post_init__(self) -> None:
        ways = [self.count, bool(self.distinct), bool(self.sum), bool(self.stated), bool(self.ratio)]
        summed = self.sum or self.stated
        counted = ways.count(True) == 1 and bool(self.ratio) != bool(self.relation) and (summed or not self.of)
        if not counted and (any(ways) or self.relation or self.of):
            raise BadValue(
                f"it is not said how {self.id} counts",
                "give a relation with one of count, distinct, sum and stated, or a ratio",
            )
        if self.ratio and len(self.ratio) != 2:
            raise BadValue(
                f"the ratio {self.id} is of {len(self.ratio)} KPIs", "name two, the second divides the first"
            )
        if self.over and self.over not in OVERS:
            raise BadValue(f"{self.id} has over = {self.over!r}", f"there are {', '.join(OVERS)}")
        if self.stated and self.over != "last":
            raise BadValue(f"{self.id} is stated as of a day", 'give it over = "last"')
        if self.stands and (self.over != "last" or self.of):
            raise BadValue(f"{self.id} cannot stand", 'only what has over = "last", and states the whole, stands')

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
        return self.decimal or bool(self.sum or self.stated or self.ratio)

    @property
    def adds_up(self) -> bool:
        """Whether the number of several days is the sum of theirs."""
        if self.ratio:
            return False
        return self.over == "sum" if not self.relation else not (self.distinct or self.stated)

    @property
    def is_zero_without_facts(self) -> bool:
        """Whether an observed day without facts has 0 of it; nothing that was stated is none."""
        return bool(self.relation) and not self.stated

    @property
    def measure(self) -> Measure | None:
        """How it is counted; None for a ratio, and for what is not counted."""
        if not self.relation:
            return None
        columns = self.distinct or self.of
        total = self.sum or self.stated
        return Measure(self.relation, (columns,) if isinstance(columns, str) else columns, total, bool(self.stated))

    def of_parts(self, values: Mapping[str, Number]) -> Number | None:
        """The ratio, by the numbers of its parts; None when one is missing, or there is nothing to divide by."""
        part, whole = (values.get(kpi) for kpi in self.ratio)
        return None if part is None or not whole else part / whole
