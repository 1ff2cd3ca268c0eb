"""A lake and a store in which facts and looks became known at times of their own."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from reportdata.coverage import Observation
from reportdata.identity import Organisation
from reportdata.lake import Lake
from reportdata.lake.local import FolderPlace
from reportdata.leases import FileLeases
from reportdata.store.sqlite import SQLiteStore
from tests.support.oracle import Commented, Fact, Sent, Withdrawn
from tests.support.services import SERVICES

_KINDS: dict[type[Fact], tuple[str, str]] = {
    Sent: ("sent", "report_id, user_id, sent_at, template, departments"),
    Commented: ("commented", "report_id, user_id, commented_at"),
    Withdrawn: ("withdrawn", "report_id, withdrawn_at"),
}


class KnownLake:
    """A lake in a folder whose clock is set by who adds to it."""

    def __init__(self, folder: Path, zones: dict[str, ZoneInfo]) -> None:
        self.now = datetime(2000, 1, 1, tzinfo=UTC)
        self.services = SERVICES
        leases = FileLeases(folder / "lake")
        place = FolderPlace(folder / "lake")
        self.lake = Lake(folder / "lake", place, leases, leases, self._time)
        self.store = SQLiteStore(folder / "store.db")
        self.store.add_organisations([Organisation(corp_id, zone.key) for corp_id, zone in zones.items()])
        self._zones = zones
        self._numbers = itertools.count()
        self._connection = duckdb.connect()

    def _time(self) -> float:
        return self.now.timestamp()

    def add(self, at: datetime, facts: Sequence[Fact], looks: Sequence[Observation], origin: str | None = None) -> None:
        """Add what became known at a time, and from where."""
        self.now = at
        with self.lake.incoming() as incoming:
            by_place: dict[tuple[type[Fact], str], list[Fact]] = {}
            for fact in facts:
                day = f"{fact.at.astimezone(self._zones[fact.corp_id]):%Y-%m-%d}"
                by_place.setdefault((type(fact), day), []).append(fact)
            for (kind, day), own in by_place.items():
                name, columns = _KINDS[kind]
                folder = incoming.folder / name / f"stat_day={day}"
                folder.mkdir(parents=True)
                rows = ", ".join(self._row(fact, day, at, origin) for fact in own)
                named = f"rows_(corp_id, stat_day, {columns}, known_at, origin)"
                self.write(f"select * from (values {rows}) {named}", folder / f"{next(self._numbers)}.parquet")
            self.lake.add(incoming, looks)

    @staticmethod
    def _row(fact: Fact, day: str, at: datetime, origin: str | None) -> str:
        def instant(moment: datetime) -> str:
            return f"make_timestamptz({int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000)})"

        cells = [f"'{fact.corp_id}'", f"date '{day}'", f"'{fact.report_id}'"]
        cells += [f"'{fact.user_id}'"] if not isinstance(fact, Withdrawn) else []
        cells.append(instant(fact.at))
        if isinstance(fact, Sent):
            cells += [f"'{fact.template}'" if fact.template else "cast(null as varchar)"]
            names = ",".join(fact.departments).replace("'", "''")
            cells += [f"'{names}'" if names else "cast(null as varchar)"]
        told = f"'{origin}'" if origin else "cast(null as varchar)"
        return f"({', '.join([*cells, instant(at), told])})"

    def write(self, query: str, target: Path) -> None:
        """Write what a query gives as Parquet."""
        self._connection.execute(f"copy ({query}) to '{target}' (format parquet)")

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()
        self.store.close()
