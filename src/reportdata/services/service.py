"""What a service is: a path of the contract with its KPIs, and what these are counted over."""

from __future__ import annotations

from functools import cache

import msgspec

from reportdata.kinds import Kind
from reportdata.measures import Kpi, Measure


class Relation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What numbers are counted over: facts with the columns of the kind ``rows``, made of the kinds that it ``reads``.
    Its numbers of a day are known once the kinds ``observed`` were observed for it. A ``subset`` has some of the facts
    of that kind as they are, each once, and nothing else."""

    rows: str
    reads: tuple[str, ...]
    observed: tuple[str, ...]
    subset: bool = False


class Calibre(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another way to count a KPI, to be compared with the one that is served."""

    kpi: str
    name: str
    relation: str
    distinct: str | tuple[str, ...]

    @property
    def measure(self) -> Measure:
        """How it is counted."""
        return Measure(self.relation, (self.distinct,) if isinstance(self.distinct, str) else self.distinct)


PERIODS = ("DAY", "WEEK", "MONTH")
"""What the numbers of a call of the contract may be of: a day, or the ISO week or the month that holds one."""


class Closed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A call of DingTalk's that it gives nobody the permission for any more: its ``path`` with ``{dataId}`` for the
    day, and ``numbers``, its words for KPIs; of the whole organisation or ``by_department``."""

    path: str
    title: str
    numbers: dict[str, str]
    by_department: bool = False


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A path of the contract. ``row`` is the order of the keys in a row of ``dataList``; ``scope`` is needed to read,
    ``push_scope`` to push facts of its ``kinds``, whose columns may have other ``headings`` in files. To ask for
    statistics ``statistics_scope`` is needed, and ``records_scope`` where single people are told apart by their ids.
    ``periods`` has more paths, of the same numbers over a period of `PERIODS`; ``closed``, other calls for them.
    People read its ``name``, in English ``name_en``, and first of all its KPI ``main``, without which the first is."""

    id: str
    path: str
    title: str
    scope: str
    row: tuple[str, ...]
    kpis: tuple[Kpi, ...]
    push_scope: str | None = None
    statistics_scope: str | None = None
    records_scope: str | None = None
    relations: dict[str, Relation] = {}
    calibres: tuple[Calibre, ...] = ()
    kinds: tuple[Kind, ...] = ()
    headings: dict[str, tuple[str, ...]] = {}
    periods: dict[str, str] = {}
    closed: tuple[Closed, ...] = ()
    name: str = ""
    name_en: str = ""
    main: str = ""
    rare: dict[str, str] = {}
    """Common table expressions of `relations.sql` that mostly have no rows, by name, and the kind of which each takes
    some facts by what they are themselves: questions look for such in new files, and leave out what is made of none."""
    sql: str = ""
    """What `relations.sql` holds."""
    foreign: dict[str, Kpi] = {}
    """The KPIs of other services that ratios name, like ``onlineUserData/4001``."""

    def __hash__(self) -> int:
        return hash(self.id)

    def kpi(self, kpi_id: str) -> Kpi:
        """The KPI of that id.

        :raises KeyError: when there is none.
        """
        return _by_id(self)[kpi_id]

    def part(self, name: str) -> Kpi:
        """The KPI that a ratio names: one of the service's own, or of another one.

        :raises KeyError: when there is none.
        """
        return self.foreign.get(name) or self.kpi(name)

    def observed(self, kpi_id: str) -> frozenset[str]:
        """The kinds that must have been observed on a day for a KPI of it to be known; for a service without facts,
        what stands for its official figures."""
        return _observed(self, kpi_id)

    @property
    def main_kpi(self) -> Kpi:
        """The KPI that stands for the service where there is room for one."""
        return self.kpi(self.main) if self.main else self.kpis[0]

    def over(self, period: str) -> Service:
        """The service at its path for a period, with keys like ``4100_WEEK``.

        :raises KeyError: when it has no such path.
        """
        kpis = tuple(msgspec.structs.replace(kpi, period=period) for kpi in self.kpis)
        keys = {kpi.key: over.key for kpi, over in zip(self.kpis, kpis, strict=True)}
        row = tuple(keys.get(key, key) for key in self.row)
        return msgspec.structs.replace(self, path=self.periods[period], kpis=kpis, row=row)

    def scope_of(self, call: Closed) -> str:
        """The scope that one of its closed calls needs: to ask for statistics where departments are told apart."""
        return self.statistics_scope if call.by_department and self.statistics_scope is not None else self.scope

    @property
    def stands(self) -> tuple[str, ...]:
        """The ids of its KPIs that stand until they are changed."""
        return _stands(self)

    @property
    def scopes_to_ask(self) -> tuple[str, ...]:
        """The scopes of which one is needed to ask for statistics: where nothing is counted, the one to read."""
        named = (self.statistics_scope, self.records_scope)
        return tuple(scope for scope in named if scope is not None) or (self.scope,)

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths at which its numbers are answered."""
        return (self.path, *self.periods.values(), *(call.path for call in self.closed))

    @property
    def counted(self) -> tuple[Kpi, ...]:
        """The KPIs that are counted; all but the ratios."""
        return tuple(kpi for kpi in self.kpis if kpi.measure is not None)

    @property
    def ids(self) -> frozenset[str]:
        """The ids of its KPIs."""
        return frozenset(_by_id(self))

    @property
    def has_facts(self) -> bool:
        """Whether anything is counted from facts."""
        return bool(self.relations)

    def reads(self) -> tuple[str, ...]:
        """The kinds that its KPIs are made of, each once."""
        used = (self.relations[kpi.relation].reads for kpi in self.counted) if self.has_facts else ()
        return tuple(dict.fromkeys(kind for reads in used for kind in reads))


def foreign_part(name: str) -> tuple[str, str] | None:
    """The ids of the service and of the KPI that a ratio's part names, when it is another service's."""
    service, slash, kpi = name.partition("/")
    return (service, kpi) if slash else None


def official(service: Service) -> str:
    """What coverage has for a kind where a service without facts has DingTalk's own figures of a day."""
    return f"{_OFFICIAL}{service.id}"


_OFFICIAL = "official "


def is_official(kind: str) -> bool:
    """Whether what coverage has for a kind stands for official figures: nothing was observed of facts then."""
    return kind.startswith(_OFFICIAL)


@cache
def without_facts(service: Service) -> Service:
    """A service as its official figures have it."""
    return msgspec.structs.replace(service, relations={}, calibres=(), kinds=(), sql="")


@cache
def _by_id(service: Service) -> dict[str, Kpi]:
    return {kpi.id: kpi for kpi in service.kpis}


@cache
def _stands(service: Service) -> tuple[str, ...]:
    return tuple(kpi.id for kpi in service.kpis if kpi.stands)


@cache
def _observed(service: Service, kpi_id: str) -> frozenset[str]:
    if not service.has_facts:
        return frozenset((official(service),))
    kpi = service.kpi(kpi_id)
    if kpi.measure is None and not kpi.ratio:
        return frozenset((official(service),))
    if kpi.measure is None:
        return frozenset(kind for part in kpi.ratio for kind in _observed(service, part))
    return frozenset(service.relations[kpi.relation].observed)


def measures_of(service: Service) -> list[Measure]:
    """All that is counted, for KPIs and for calibres."""
    counted = (kpi.measure for kpi in service.kpis)
    return [measure for measure in (*counted, *(c.measure for c in service.calibres)) if measure is not None]
