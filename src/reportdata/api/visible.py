"""The services that a caller may be told of, and what of each."""

from __future__ import annotations

from reportdata.api.listed_services import Visible
from reportdata.api.sign_in import Caller
from reportdata.measures import Kpi
from reportdata.services import Service, Services
from reportdata.services.grouping import DEPARTMENT, ways_to_group


def visible(services: Services, caller: Caller) -> list[Visible]:
    """What a caller may ask about, in the order of the services. A link of some departments is told of KPIs that can be
    told apart by department, and never of totals."""
    held, narrowed = set(caller.app.scopes), bool(caller.departments)
    found = []
    for service in services:
        if held.isdisjoint(service.scopes_to_ask):
            continue
        kpis = tuple(kpi for kpi in service.kpis if not narrowed or _by_department(services, service, kpi))
        if kpis:
            found.append(Visible(service, kpis, service.records_scope in held))
    return found


def _by_department(services: Services, service: Service, kpi: Kpi) -> bool:
    return DEPARTMENT in ways_to_group(service, kpi.id, services.kinds)
