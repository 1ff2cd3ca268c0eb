"""What a service's definition has to hold, by itself and beside the others."""

from __future__ import annotations

import re

from reportdata.errors import BadValue
from reportdata.kinds import Kinds, is_name
from reportdata.services.ctes import sources_of
from reportdata.services.service import PERIODS, Service, foreign_part, measures_of


def check(service: Service) -> None:
    """:raises BadValue: when a service names what it does not have."""
    ids = [kpi.id for kpi in service.kpis]
    for kpi in service.kpis:
        if ids.count(kpi.id) > 1:
            raise BadValue(f"there are two KPIs {kpi.id}", "give one of them another id")
        if kpi.ratio and kpi.over and (service.has_facts or kpi.over != "sum"):
            raise BadValue(f"the ratio {kpi.id} has over = {kpi.over!r}", "a ratio of figures that are brought may sum")
        if kpi.within and (kpi.within not in ids or kpi.within == kpi.id):
            raise BadValue(f"{kpi.id} is within {kpi.within}, which is no other KPI of the service", "name one that is")
        for part in kpi.ratio:
            if foreign_part(part) is not None and not service.has_facts:
                continue  # whether it is there is seen when all services are
            if part not in ids or service.kpi(part).ratio:
                raise BadValue(f"the ratio {kpi.id} is of {part}, which is not counted", "name a KPI that is no ratio")
    if sorted(service.row) != sorted(["stat_date", "corp_id", *(kpi.key for kpi in service.kpis)]):
        raise BadValue(
            f"the row of {service.path} does not name each of its keys once", "name stat_date, corp_id and KPIs"
        )
    if not service.kpis:
        raise BadValue(f"{service.id} has no KPIs", "give it some")
    if service.main and service.main not in ids:
        raise BadValue(f"main = {service.main!r} is no KPI of {service.id}", f"name one of {', '.join(ids)}")
    _check_calls(service)
    own = {kind.name for kind in service.kinds}
    for kind in service.kinds:
        if kind.retracts is not None and kind.retracts not in own:
            raise BadValue(
                f"{kind.name} takes back {kind.retracts}, no kind of {service.id}", "keep both in one service"
            )
    if not service.has_facts:
        return
    for name in service.relations:
        if not is_name(name):
            raise BadValue(f"{name!r} cannot name a relation", "use small letters, digits and _")
    for measure in measures_of(service):
        if measure.relation not in service.relations:
            raise BadValue(f"there is no relation {measure.relation!r}", "declare it under [relations]")
    for calibre in service.calibres:
        if calibre.kpi not in ids:
            raise BadValue(f"{calibre.name} is a calibre of {calibre.kpi}, which is not there", "name a KPI")


def _check_calls(service: Service) -> None:
    """:raises BadValue: when a call besides the service's own cannot be answered."""
    for period in service.periods:
        if period not in PERIODS:
            raise BadValue(f"{period!r} is no period of the contract", f"there are {', '.join(PERIODS)}")
        if period != "DAY" and not service.has_facts:
            raise BadValue(f"{service.id} has no facts to count over a {period}", "leave that path out")
    for call in service.closed:
        if call.path.count("{dataId}") != 1:
            raise BadValue(f"{call.path} does not say where the day is", "write {dataId} there")
        unknown = set(call.numbers.values()) - {kpi.id for kpi in service.kpis}
        if unknown or not call.numbers:
            raise BadValue(f"{call.path} has no KPI {', '.join(sorted(unknown))}", "name KPIs of the service")
        if call.by_department and (service.statistics_scope is None or not service.has_facts):
            raise BadValue(f"{call.path} has no scope or no facts", "give the service statistics_scope and relations")


def check_kinds(service: Service, kinds: Kinds) -> None:
    """:raises BadValue: when a relation reads what no kind of any service has."""
    for name, relation in service.relations.items():
        if name not in kinds and re.search(rf"\b{name}\s+as\s*\(", service.sql) is None:
            raise BadValue(
                f"the relation {name} is no kind, and relations.sql has no {name}",
                f"write {name} as (select …) there, or give the relation the name of its kind",
            )
        for kind in (relation.rows, *relation.reads, *relation.observed):
            if kind not in kinds:
                raise BadValue(
                    f"the relation {name} reads the kind {kind!r}, which is not there", "add it under [[kinds]]"
                )
        unsaid = set() if name in kinds else (sources_of(name, service.sql) & kinds.keys()) - set(relation.reads)
        if unsaid:
            reads = ", ".join(f'"{kind}"' for kind in (*relation.reads, *sorted(unsaid)))
            raise BadValue(
                f"the relation {name} reads {', '.join(sorted(unsaid))} in relations.sql and does not say so",
                f"write reads = [{reads}]",
            )
        for kind in relation.observed:
            if not kinds[kind].covers:
                raise BadValue(f"{kind} covers no days, so {name} cannot need it observed", "leave it out")
    for name, kind in service.rare.items():
        if kind not in kinds or re.search(rf"\b{name}\s+as\s*\(", service.sql) is None:
            raise BadValue(
                f"{name} takes no facts of a kind {kind!r}",
                "name a common table expression of relations.sql, and the kind that it reads",
            )
        others = (sources_of(name, service.sql) & kinds.keys()) - {kind}
        if others:
            raise BadValue(
                f"{name} takes facts of {kind}, and relations.sql has it read {', '.join(sorted(others))}",
                "leave it out of [rare], which is for what facts say by themselves",
            )
    if not service.has_facts:
        return
    for measure in measures_of(service):
        columns = kinds[service.relations[measure.relation].rows].columns
        for column in (*measure.columns, *([measure.total] if measure.total else [])):
            if column not in columns:
                raise BadValue(f"the relation {measure.relation} has no column {column!r}", "see the kind of its rows")
        if measure.total and columns[measure.total].removesuffix("?") not in ("integer", "count", "decimal"):
            raise BadValue(f"{measure.total} cannot be summed", "sum a column of integers or decimals")
