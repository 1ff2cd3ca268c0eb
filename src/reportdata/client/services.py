"""Which services there are, and their newest numbers, as values that do not change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from reportdata.client.answers import Number
from reportdata.client.reading import Json, day, moment, plain


@dataclass(frozen=True, slots=True)
class Metric:
    """A KPI of a service, as questions name it (``name``) and as DingTalk does, and what can be asked of it.

    :ivar type: ``integer`` or ``number``.
    :ivar several: what its number of several days is: ``counted`` over them, the ``sum`` of the days, that of the
        ``last`` day, the ``ratio`` of its parts; None when it is known of single days alone.
    :ivar groupings: what it can be told apart by, besides periods and people.
    :ivar is_explained: whether a number of it can be explained.
    """

    name: str
    kpi_id: str
    kpi_name: str
    kpi_name_en: str
    unit: str
    kpi_caliber: str
    type: str
    is_ratio: bool
    several: str | None
    groupings: Sequence[str]
    is_explained: bool


@dataclass(frozen=True, slots=True)
class Service:
    """A service that the caller may ask about: ``service=`` of other calls is its ``id``.

    :ivar path: of the contract.
    :ivar origin: ``computed`` from facts, or ``official``: DingTalk's own figures.
    :ivar main: the metric that stands for it where there is room for one.
    :ivar records: whether the caller may be told of single people.
    :ivar first_day: and ``newest_day``: between them a number may be known; None when nothing is.
    """

    id: str
    path: str
    name: str
    name_en: str
    origin: str
    main: str
    records: bool
    first_day: date | None
    newest_day: date | None
    metrics: Sequence[Metric]


@dataclass(frozen=True, slots=True)
class DayNumber:
    """A number of a day, and how certain it is."""

    day: date
    number: Number
    state: str


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest number of a service, by its ``id``: a metric, the day, its number and how certain that is, when it was
    last looked at, and the numbers of the 30 days up to then; those without a number are left out."""

    service: str
    metric: str
    origin: str
    day: date
    number: Number
    state: str
    as_of: datetime | None
    days: Sequence[DayNumber]


def services_of(found: Json) -> list[Service]:
    """A list of services."""
    return [_service_of(one) for one in found["data"]]


class Overview(list[Newest]):
    """The newest numbers of services. ``damaged`` are the ids of those that are left out of it because their numbers
    need damaged files of the server's."""

    def __init__(self, newest: Iterable[Newest], damaged: Sequence[str]) -> None:
        super().__init__(newest)
        self.damaged = damaged


def overview_of(found: Json) -> Overview:
    """The newest numbers of services."""
    return Overview(map(_newest_of, found["data"]), found["meta"].get("damaged", []))


def _newest_of(found: Json) -> Newest:
    days = [DayNumber(date.fromisoformat(one["day"]), one["value"], one["state"]) for one in found["days"]]
    own = {"day": date.fromisoformat(found["day"]), "number": found["value"], "as_of": moment(found["asOf"])}
    return plain(Newest, found, days=days, **own)


def _service_of(found: Json) -> Service:
    days = {"first_day": day(found["firstDay"]), "newest_day": day(found["newestDay"])}
    metrics = [plain(Metric, one, name=one["metric"]) for one in found["kpis"]]
    return plain(Service, found, id=found["service"], metrics=metrics, **days)
