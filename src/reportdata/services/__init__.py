"""The services: paths of the contract with their KPIs, as data. A service is a folder with

- ``service.toml``: path, id, scopes, KPIs, relations, calibres and kinds of facts;
- ``relations.sql``: the relations that are no kind by themselves, as common table expressions; it may be absent.
  Lines that end with ``-- by day`` are for numbers that tell days apart, and for no others;
- ``README.md``: what is counted, in words; a service without facts needs none.

`reportdata.services.sql` makes the one SQL text of all this for any grouping. A service without relations has no facts:
its numbers are DingTalk's own, where these were brought.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from reportdata.errors import BadFile, BadValue
from reportdata.kinds import Kinds
from reportdata.measures import Kpi
from reportdata.services.checks import check, check_kinds
from reportdata.services.counting import counted_in, is_counted, with_facts
from reportdata.services.relayed import Relayed, relayed_services
from reportdata.services.service import Service, foreign_part, official, without_facts

__all__ = ["REPORTS", "Relayed", "Service", "Services", "official", "read_reports", "read_services", "without_facts"]

REPORTS = "reportData"
"""The id of the service of work reports, which is there always."""
_FOLDER = "reports"


class Services:
    """All services that are served, and what they have together.

    :param relayed: services whose KPIs nobody knows but from their answers.
    :raises BadValue: when two of them have one id or path, or a relation reads a kind that none has.
    """

    def __init__(self, services: Sequence[Service], relayed: Sequence[Relayed] = ()) -> None:
        self.all = tuple(_with_foreign_parts(service, services) for service in services)
        self.relayed = tuple(relayed)
        self.kinds = Kinds(kind for service in services for kind in service.kinds)
        for named, names in (
            ("id", [*(service.id for service in services), *(one.id for one in relayed)]),
            ("path", [*(path for service in services for path in service.paths), *(one.path for one in relayed)]),
        ):
            for name in names:
                if names.count(name) > 1:
                    raise BadValue(f"two services have the {named} {name}", "give one of them another")
        for service in self.all:
            check_kinds(service, self.kinds)

    def __iter__(self) -> Iterator[Service]:
        return iter(self.all)

    def service(self, service_id: str) -> Service:
        """The service of that id.

        :raises BadValue: when there is none.
        """
        for service in self.all:
            if service.id == service_id:
                return service
        raise BadValue(f"{service_id!r} is not a service", f"there are {', '.join(s.id for s in self.all)}")

    def named(self, service_id: str) -> Service | Relayed:
        """The service of that id, one that is relayed, too.

        :raises BadValue: when there is none.
        """
        return next((one for one in self.relayed if one.id == service_id), None) or self.service(service_id)

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes that apps may have: those to read, then those to push and to ask for statistics."""
        names = ("scope", "push_scope", "statistics_scope", "records_scope")
        scopes = (getattr(service, name) for name in names for service in self.all)
        relayed = (service.scope for service in self.relayed)
        return tuple(dict.fromkeys(scope for scope in (*scopes, *relayed) if scope is not None))

    @property
    def scopes_to_ask(self) -> tuple[str, ...]:
        """The scopes of which one is needed to ask for statistics of any service, those of reports first."""
        return tuple(dict.fromkeys(scope for service in self.all for scope in service.scopes_to_ask))

    def push_scope(self, kind: str) -> str | None:
        """The scope to push facts of a kind; None when none may be pushed."""
        for service in self.all:
            if any(own.name == kind for own in service.kinds):
                return service.push_scope
        return None


def read_services(*folders: Path) -> Services:
    """The package's services, and those of more folders: each is a service's folder, or holds some. A later one
    takes the place of one with the same id. In place of a folder ``counted`` and ``counted/NAME`` let the package's own
    services be counted from facts (`reportdata.services.counting`).

    :raises BadFile: when one cannot be used.
    """
    places: list[Path] = []
    counted: list[Traversable] = []
    for folder in folders:
        if is_counted(folder.parts):
            counted += counted_in(folder.parts)
            continue
        found = (
            [folder] if (folder / "service.toml").is_file() else sorted(p.parent for p in folder.glob("*/service.toml"))
        )
        if not found:
            raise BadFile(str(folder), "holds no service", "name a folder with service.toml, or one that holds some")
        places += found
    own = [_read(folder, with_its_facts=True) for folder in counted]
    services = {service.id: service for service in (*_of_the_package(), *own, *map(_read, places))}
    try:
        return Services(list(services.values()), relayed_services())
    except BadValue as error:
        raise BadFile(", ".join(map(str, folders)) or "the package", error.message, error.hint) from error


@cache
def _of_the_package() -> tuple[Service, ...]:
    """The package's services. They are read once: nothing changes an installed package while it runs."""
    places = (place for place in files(__package__).iterdir() if place.joinpath("service.toml").is_file())
    found = (read_reports() if place.name == _FOLDER else _read(place) for place in places)
    return tuple(sorted(found, key=lambda service: (service.id != REPORTS, service.id)))


@cache
def read_reports() -> Service:
    """The package's service of work reports alone, for who needs no other."""
    return _read(files(__package__).joinpath(_FOLDER))


def _read(folder: Traversable | Path, *, with_its_facts: bool = False) -> Service:
    source = folder.joinpath("service.toml")
    try:
        service = msgspec.toml.decode(source.read_bytes(), type=Service)
        relations = folder.joinpath("relations.sql")
        if relations.is_file():
            service = msgspec.structs.replace(service, sql=relations.read_text("utf-8"))
        if with_its_facts:
            source = folder.joinpath("facts.toml")
            service = with_facts(service, folder)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise BadFile(str(source), f"is no service: {error}") from error
    except BadValue as error:
        raise BadFile(str(source), error.message, error.hint) from error
    kinds = tuple(msgspec.structs.replace(kind, general=service.headings | kind.general) for kind in service.kinds)
    service = msgspec.structs.replace(service, kinds=kinds)
    try:
        check(service)
    except BadValue as error:
        raise BadFile(str(source), error.message, error.hint) from error
    return service


def _with_foreign_parts(service: Service, services: Sequence[Service]) -> Service:
    """A service with the KPIs of others that its ratios name.

    :raises BadValue: when one is not there, or is a ratio itself.
    """
    found: dict[str, Kpi] = {}
    for kpi in service.kpis:
        for part in kpi.ratio:
            if (named := foreign_part(part)) is None:
                continue
            of = next((k for other in services if other.id == named[0] for k in other.kpis if k.id == named[1]), None)
            if of is None or of.ratio:
                raise BadValue(f"the ratio {kpi.id} is of {part}, which is not there", "name a KPI that is no ratio")
            found[part] = of
    return msgspec.structs.replace(service, foreign=found) if found else service
