"""What a server answers, as values that do not change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

Number = int | float
"""A number of a KPI; None in its place means that it is not known, which is not 0."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of rows. ``type`` is ``text``, ``date``, ``integer``, ``number`` or ``moment``; what is counted has
    DingTalk's ``kpi_id``, ``kpi_name``, ``unit`` and ``kpi_caliber``, and whether its rows add up."""

    name: str
    type: str
    kpi_id: str | None = None
    kpi_name: str | None = None
    unit: str | None = None
    kpi_caliber: str | None = None
    adds_up: bool | None = None


@dataclass(frozen=True, slots=True)
class Meta:
    """What is said of all rows of an answer.

    :ivar as_of: the moment whose knowledge counted.
    :ivar state: that of the least certain number: ``final``, ``provisional``, ``partial``, ``damaged``, ``missing``.
    :ivar empty_reason: why there are no rows.
    :ivar notes: what has to be known to read the numbers.
    :ivar query: the question as it was understood.
    """

    first_day: date
    last_day: date
    time_zone: str
    as_of: datetime
    state: str
    total_rows: int
    newest_final_day: date | None
    empty_reason: str | None
    calibre: Mapping[str, str]
    columns: Sequence[Column]
    notes: Sequence[str]
    query: Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of statistics: a period, what it was grouped by, and its numbers.

    :ivar numbers: what was asked for, by words; None where a number is not known.
    :ivar state: that of the least certain number; ``states`` has each, by words.
    :ivar as_of: the last look at all of it; None when there was none or nobody knows when.
    :ivar covered_days: of how many of its ``days`` the facts were observed.
    """

    period: str
    period_start: date
    period_end: date
    numbers: Mapping[str, Number | None]
    state: str
    states: Mapping[str, str]
    as_of: datetime | None
    covered_days: int
    days: int
    weekday: int | None = None
    hour: int | None = None
    department: str | None = None
    top_department: str | None = None
    template: str | None = None
    user: str | None = None

    @property
    def reports(self) -> Number | None:
        """Reports that were sent.

        :raises KeyError: when that was not asked for.
        """
        return self.numbers["reports"]

    @property
    def senders(self) -> Number | None:
        """People who sent one.

        :raises KeyError: when that was not asked for.
        """
        return self.numbers["senders"]

    @property
    def commenters(self) -> Number | None:
        """People who commented on one.

        :raises KeyError: when that was not asked for.
        """
        return self.numbers["commenters"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Covered days that follow each other and stand alike, both ends included."""

    first_day: date
    last_day: date
    days: int
    state: str
    states: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is covered, in pieces, the earliest first."""

    pieces: Sequence[Piece]
    time_zone: str
    newest_day: date | None
    newest_final_day: date | None
    covered_days: int
    empty_reason: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """A number of a day that changed: what it ``was`` and what it ``became``, None where not known, ``when``, and what
    changed it, like ``import k3xm09ab file 1`` or ``push``. ``state`` is that of the day's number now."""

    day: date
    metric: str
    was: Number | None
    became: Number | None
    when: datetime | None
    causes: Sequence[str]
    state: str


@dataclass(frozen=True, slots=True)
class Value:
    """The number of a cell, None when it is not known, with a sentence about it, how certain it is, the days of the
    cell, and on how many of them the facts were observed."""

    number: Number | None
    sentence: str
    state: str
    first_day: date
    last_day: date
    looked_at: datetime | None
    covered_days: int
    days: int


@dataclass(frozen=True, slots=True)
class Version:
    """A value that a number has had: since ``when``, before it ``was`` another, and what changed it."""

    when: datetime | None
    was: Number | None
    became: Number | None
    causes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Definition:
    """What a metric counts, as DingTalk calls it and in a sentence."""

    kpi_id: str
    kpi_name: str
    unit: str
    kpi_caliber: str
    calibre: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Record:
    """A record that a number was counted from. ``item`` is what is counted of it; the number is that of the different
    items. ``set`` is ``new``, ``gone`` or ``both`` where two cells are compared. ``origin`` brought it at
    ``known_at``. ``more`` has the other columns that records of its service have, like ``approval_id``, by name."""

    item: str
    report: str | None
    user: str | None
    time: datetime | None
    day: date
    template: str
    departments: str
    origin: str | None
    known_at: datetime | None
    set: str | None = None
    more: Mapping[str, str | Number | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kpi:
    """A KPI as DingTalk's contract describes it."""

    id: str
    name: str
    unit: str
    period: str
    caliber: str


@dataclass(frozen=True, slots=True)
class ReportDay:
    """A row of the contract: an organisation's numbers of a day, by ids of KPIs. One that is not known is not there."""

    corp_id: str
    stat_date: str
    numbers: Mapping[str, Number]


@dataclass(frozen=True, slots=True)
class ReportData:
    """An answer of the contract, with what its headers say of it: how certain the numbers are, and the last look."""

    kpis: Sequence[Kpi]
    rows: Sequence[ReportDay]
    state: str
    states: Mapping[str, str] = field(default_factory=dict)
    as_of: datetime | None = None
