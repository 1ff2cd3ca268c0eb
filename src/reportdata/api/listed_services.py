"""A service as the list of services tells of it: its names, its KPIs and what can be asked of them, and the days of
which a number may be known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from reportdata.api.observed_days import Pieces, first_of, newest_of
from reportdata.days import SECOND, day_of, time_zone
from reportdata.identity import Organisation
from reportdata.kinds import Kinds
from reportdata.measures import Kpi
from reportdata.services import Service
from reportdata.services.grouping import ways_to_group
from reportdata.statistics.newest import origin_of
from reportdata.statistics.words import dashed


class Visible(NamedTuple):
    """A service with the KPIs, one at least, that a caller may be told of, and whether of single people, too."""

    service: Service
    kpis: tuple[Kpi, ...]
    records: bool

    @property
    def main(self) -> Kpi:
        """The KPI that stands for the service: its own, or the first that may be told."""
        main = self.service.main_kpi
        return main if main in self.kpis else self.kpis[0]


def listed(seen: Visible, observed: Mapping[str, Pieces], today: str, kinds: Kinds) -> dict[str, Any]:
    """A service as it is listed.

    :param observed: what was observed, by kind.
    :param today: yyyyMMdd.
    """
    service, ids = seen.service, [kpi.id for kpi in seen.kpis]
    days = [find(service, ids, observed, today) for find in (first_of, newest_of)]
    first, newest = (dashed(day) if day and days[1] else None for day in days)
    return {
        "service": service.id,
        "path": service.path,
        "name": service.name or service.title,
        "nameEn": service.name_en or service.name or service.id,
        "origin": origin_of(service),
        "main": seen.main.name_of_column,
        "records": seen.records,
        "firstDay": first,
        "newestDay": newest,
        "kpis": [_kpi(service, kpi, kinds) for kpi in seen.kpis],
    }


def several(service: Service, kpi: Kpi) -> str | None:
    """What a KPI of several days is: ``counted`` over them, the ``sum`` of the days, that of the ``last`` day, the
    ``ratio`` of its parts; None when it is known of single days alone."""
    if kpi.ratio:
        known = service.has_facts or kpi.over or all(service.part(part).over for part in kpi.ratio)
        return "ratio" if known else None
    if kpi.stated:
        return "last"
    return "counted" if kpi.measure is not None else kpi.over or None


def today_of(corp_id: str, known: Iterable[Organisation], now: float) -> str:
    """The local day (yyyyMMdd) of one of the organisations that are known, at ``now``, in seconds since 1970."""
    zone = next((one.time_zone for one in known if one.corp_id == corp_id), "UTC")
    return day_of(int(now * SECOND), time_zone(zone))


def _kpi(service: Service, kpi: Kpi, kinds: Kinds) -> dict[str, Any]:
    return {
        "metric": kpi.name_of_column,
        "kpiId": kpi.id,
        "kpiName": kpi.name,
        "kpiNameEn": kpi.name_en or kpi.name,
        "unit": kpi.unit,
        "kpiCaliber": kpi.caliber,
        "type": "number" if kpi.may_be_broken else "integer",
        "isRatio": bool(kpi.ratio),
        "several": several(service, kpi),
        "groupings": list(ways_to_group(service, kpi.id, kinds)),
        "isExplained": kpi.measure is not None or not service.has_facts,
    }
