"""The services and their KPIs, as data: `services.toml`.

A service without an id or without KPIs is allowed; the contract has an error for each (`reportdata.api.contract`).
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import msgspec

from reportdata.errors import BadFile

REPORT_DATA = "reportData"
"""The id of the service of work reports."""


class Kpi(msgspec.Struct, frozen=True, rename={"id": "kpiId", "name": "kpiName", "caliber": "kpiCaliber"}):
    """A number of a day. The fields and their order are those of the contract's ``metaList``; ``measure`` names the
    column of ``kpis.sql`` that holds the number."""

    unit: str
    period: str
    id: str
    caliber: str
    name: str
    measure: str

    @property
    def key(self) -> str:
        """Its key in a row of ``dataList``, for example ``4100_DAY``."""
        return f"{self.id}_{self.period}"


class Service(msgspec.Struct, frozen=True):
    """One path of the contract. ``row`` is the order of the keys in a row of ``dataList``."""

    path: str
    scope: str
    id: str | None = None
    title: str = ""
    kpis: tuple[Kpi, ...] = ()
    row: tuple[str, ...] = ()


class Catalogue(msgspec.Struct, frozen=True):
    """All services that are served."""

    services: tuple[Service, ...]

    def service(self, service_id: str) -> Service:
        """The service of that id.

        :raises KeyError: when there is none.
        """
        for service in self.services:
            if service.id == service_id:
                return service
        raise KeyError(service_id)


def read_catalogue(path: Path | None = None) -> Catalogue:
    """The catalogue in that file, or the package's own.

    :raises BadFile: when it is no catalogue.
    """
    source = path or files(__package__).joinpath("services.toml")
    try:
        catalogue = msgspec.toml.decode(source.read_bytes(), type=Catalogue)
    except (OSError, msgspec.DecodeError) as error:
        raise BadFile(str(source), f"is no catalogue: {error}") from error
    for service in catalogue.services:
        if service.kpis and sorted(service.row) != sorted(["stat_date", "corp_id", *(kpi.key for kpi in service.kpis)]):
            raise BadFile(str(source), f"the row of {service.path} does not name each of its keys once")
    return catalogue
