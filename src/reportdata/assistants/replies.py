"""What tools reply: rows, and what has to be known to read them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from reportdata.assistants.tools import MOST_ROWS, Json, Tool
from reportdata.services import REPORTS
from reportdata.statistics.words import SERVICE

_SAID = ("from", "to", "timeZone", "state", "asOf", "totalRows", "nextPage", "nextSince")
"""What every reply says beside its rows."""
_OWN = ("page", "pageSize", "query")
"""What the arguments say already."""
_OF_SERVICE = ("service", "name", "nameEn", "origin", "records", "firstDay", "newestDay")
"""What is said of a service, besides its metrics."""


def reply_of(tool: Tool, pairs: Sequence[tuple[str, str]], found: Mapping[str, Any]) -> Json:
    """The reply of a tool, made of what the API answers."""
    meta, rows = found["meta"], found["data"]
    said: Json = {name: meta[name] for name in _SAID if name in meta}
    if tool.paged:
        said["nextPage"] = arguments_of(meta["nextPage"]) if meta["nextPage"] is not None else None
    else:
        rows, said = _cut(list(reversed(rows)), dict(pairs), said)
    about = {name: value for name, value in meta.items() if name not in (*_SAID, *_OWN)}
    if len(history := about.get("history", [])) > MOST_ROWS:
        about |= {"history": history[-MOST_ROWS:], "earlierVersions": len(history) - MOST_ROWS}
    return said | {"rows": [_spare(row) for row in rows], "about": about}


def with_services(reply: Json, services: Sequence[Mapping[str, Any]]) -> Json:
    """A reply that also says which services may be asked about, given how the API lists them."""
    known = [
        {name: service[name] for name in _OF_SERVICE}
        | {"metrics": {kpi["metric"]: kpi["kpiName"] for kpi in service["kpis"]}}
        for service in services
        if service["newestDay"] is not None
    ]
    without = [service["service"] for service in services if service["newestDay"] is None]
    return reply | {"about": reply["about"] | {"services": known, "withoutNumbers": without}}


def no_reports(services: Sequence[Mapping[str, Any]]) -> str | None:
    """What to say to who may not ask about the reports, but about others; None to who may."""
    ids = [service["service"] for service in services]
    if REPORTS in ids:
        return None
    return f"Work reports may not be asked about here. Name another service: one of {', '.join(ids)}."


def arguments_of(address: str) -> Json:
    """The arguments that ask for what an address of the API answers."""
    found: Json = {}
    for name, value in parse_qsl(urlsplit(address).query, keep_blank_values=True):
        if name in ("page", "pageSize"):
            found[name] = int(value)
        elif name == "children":
            found[name] = value == "true"
        elif name in found:
            found[name] = [*(found[name] if isinstance(found[name], list) else [found[name]]), value]
        else:
            found[name] = value
    return found


def _cut(rows: list[Json], asked: Mapping[str, str], said: Json) -> tuple[list[Json], Json]:
    """The page of rows that was asked for."""
    page, size = int(asked.get("page", "1")), int(asked["pageSize"])
    named = {SERVICE: asked[SERVICE]} if SERVICE in asked else {}
    following = {**named, "page": page + 1, "pageSize": size} if page * size < len(rows) else None
    return rows[(page - 1) * size : page * size], said | {"totalRows": len(rows), "nextPage": following}


def _spare(row: Mapping[str, Any]) -> Json:
    """A row without the states that are all the same."""
    return {name: value for name, value in row.items() if not (name == "states" and value is None)}
