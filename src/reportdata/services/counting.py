"""Services of the package that can be counted from facts, for who has these. Beside its ``service.toml`` such a one
has ``facts.toml``: how each KPI is measured, relations, kinds of facts, the scope to push them and those to ask for
statistics; and ``facts.sql`` for the relations that are no kind by themselves.

Nobody who has no such facts pays for them: their kinds are known where ``counted``, or ``counted/checkins``, is named
in place of a folder of services.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import msgspec

from reportdata.kinds import Kind
from reportdata.measures import Kpi
from reportdata.services.service import Relation, Service

COUNTED = "counted"
"""In place of a folder: all of them; with a slash and a name, one."""


class _Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    push_scope: str
    statistics_scope: str
    records_scope: str
    measures: dict[str, dict[str, Any]]
    relations: dict[str, Relation]
    kinds: tuple[Kind, ...]
    headings: Mapping[str, tuple[str, ...]] = {}


def counted_names() -> list[str]:
    """The names of their folders."""
    return sorted(place.name for place in files(__package__).iterdir() if place.joinpath("facts.toml").is_file())


def is_counted(parts: Sequence[str]) -> bool:
    """Whether the parts of what stands in place of a folder's path name all or one of them."""
    return tuple(parts[:1]) == (COUNTED,) and set(parts[1:]) <= set(counted_names())


def counted_in(parts: Sequence[str]) -> Iterator[Traversable]:
    """The folders that they name."""
    for name in parts[1:] or counted_names():
        yield files(__package__).joinpath(name)


def with_facts(service: Service, folder: Traversable) -> Service:
    """A service that is counted, as the facts in its folder say.

    :raises msgspec.DecodeError: when they cannot be read.
    """
    facts = msgspec.toml.decode(folder.joinpath("facts.toml").read_bytes(), type=_Facts)
    sql = folder.joinpath("facts.sql")
    kpis = [msgspec.to_builtins(kpi) | facts.measures.get(kpi.id, {}) for kpi in service.kpis]
    return msgspec.structs.replace(
        service,
        push_scope=facts.push_scope,
        statistics_scope=facts.statistics_scope,
        records_scope=facts.records_scope,
        kpis=msgspec.convert(kpis, tuple[Kpi, ...]),
        relations=facts.relations,
        kinds=facts.kinds,
        headings=dict(facts.headings),
        sql=sql.read_text("utf-8") if sql.is_file() else "",
    )
