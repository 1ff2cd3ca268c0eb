"""The services that a caller may be told of, and what of each."""

from __future__ import annotations

from typing import NamedTuple

from reportdata.api.sign_in import Caller
from reportdata.measures import Kpi
from reportdata.services import Service, Services
from reportdata.services.grouping import DEPARTMENT, ways_to_group


class Visible(NamedTuple):
    """A service with the KPIs that a caller may be told of, and whether it may be told of single people."""

    service: Service
    kpis: tuple[Kpi, ...]
    records: bool

    @property
    def main(self) -> Kpi:
        """The KPI that stands for the service: its own, or the first that may be told."""
        main = self.service.main_kpi
        return main if main in self.kpis else self.kpis[0]


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
