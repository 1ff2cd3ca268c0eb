"""What a view link shows: the services that are named, and the scopes that show them."""

from __future__ import annotations

from collections.abc import Sequence

from reportdata.errors import BadValue
from reportdata.links import Link
from reportdata.services import REPORTS, Service, Services
from reportdata.services.grouping import DEPARTMENT, ways_to_group

ALL = "all"
"""In place of a name: every service."""


def services_of_link(services: Services, names: Sequence[str], *, by_department: bool) -> list[Service]:
    """The services that are named, that of reports without a name; with ``all``, every one that a link may show.

    :param by_department: whether the link shows some departments: then it shows no service that has none.
    :raises BadValue: when there is no such service, or it has no departments.
    """
    if ALL in names:
        return [one for one in services if not by_department or _has_departments(services, one)]
    chosen = [services.service(name) for name in dict.fromkeys(names or (REPORTS,))]
    for service in chosen:
        if by_department and not _has_departments(services, service):
            raise BadValue(
                f"{service.id} cannot be told apart by departments, and a link for some shows no totals",
                "leave out --department, or this service",
            )
    return chosen


def scopes_of_link(services: Services, shown: Sequence[Service], *, records: bool, imports: bool) -> tuple[str, ...]:
    """The scopes that show these services and, if so wanted, single people of them, and let people bring their files.

    :raises BadValue: when there are no single people to be shown.
    """
    if records and not any(service.records_scope for service in shown):
        named = ", ".join(service.id for service in shown)
        raise BadValue(f"{named} tells of no single people", "leave out --records")
    reads = (service.statistics_scope or service.scope for service in shown)
    of_people = (service.records_scope for service in shown if records)
    pushed = (service.push_scope for service in (services.service(REPORTS), *shown) if imports)
    return tuple(dict.fromkeys(scope for scope in (*reads, *of_people, *pushed) if scope is not None))


def services_shown(services: Services, link: Link) -> list[Service]:
    """The services that a link shows, by its scopes; several may share one."""
    return [
        service
        for service in services
        if set(link.scopes) & set(service.scopes_to_ask)
        and (not link.departments or _has_departments(services, service))
    ]


def _has_departments(services: Services, service: Service) -> bool:
    return any(DEPARTMENT in ways_to_group(service, kpi.id, services.kinds) for kpi in service.kpis)
