"""By what the numbers of a service can be told apart, KPI by KPI."""

from __future__ import annotations

from functools import cache

from reportdata.days import DEFAULT_TIME_ZONE, time_zone
from reportdata.errors import BadValue
from reportdata.kinds import Kinds
from reportdata.services.lending import Narrowing
from reportdata.services.service import Service
from reportdata.services.sql import computation

DEPARTMENT, TEMPLATE, HOUR = "department", "template", "hour"
WAYS = (DEPARTMENT, TEMPLATE, HOUR)
"""What a KPI may be grouped by."""
_SOME_DAY = (("20000101", "20000101"),)


@cache
def ways_to_group(service: Service, kpi_id: str, kinds: Kinds) -> tuple[str, ...]:
    """What a KPI's facts can be grouped and filtered by, of department, template and hour; nothing for figures that
    were brought. A ratio is grouped as both of its parts."""
    kpi = service.kpi(kpi_id)
    if kpi.ratio and service.has_facts:
        parts = [ways_to_group(service, part, kinds) for part in kpi.ratio]
        return tuple(way for way in WAYS if all(way in part for part in parts))
    if kpi.measure is None:
        return ()
    return tuple(way for way in WAYS if _can(service, kpi_id, kinds, way))


def _can(service: Service, kpi_id: str, kinds: Kinds, way: str) -> bool:
    measure = service.kpi(kpi_id).measure
    if measure is None or (measure.stated and way == HOUR):  # what is stated as of a day has no hours
        return False
    keys = ("stat_day", way) if measure.stated else (way,)
    try:
        computation(service, kinds, keys, {kpi_id: measure}, time_zone(DEFAULT_TIME_ZONE), Narrowing(_SOME_DAY))
    except BadValue:
        return False
    return True
