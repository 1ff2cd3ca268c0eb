"""Collecting from the twin while its clock goes as fast as it can: months in seconds, with kills in between."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from reportdata.collector.budget import Account, Budget
from reportdata.collector.calls import BookedCalls
from reportdata.collector.collector import Collector
from reportdata.collector.ledger import Ledger
from reportdata.collector.sources import Source, SourceNotes, put_source, sources
from reportdata.collector.suite import Access
from reportdata.errors import SourceError
from reportdata.pipeline.collecting import Collecting
from reportdata.services import REPORTS as REPORT_DATA
from reportdata.suites.dingtalk.http_transport import HttpTransport
from reportdata.suites.dingtalk.suite import KIND, DingTalk
from reportdata.suites.dingtalk.transport import Reply
from reportdata.twin import BEIJING, Server, Twin, running
from tests.support.folders import Folder
from tests.support.services import working
from tests.support.waiting import SOON

FIRST, LAST = "20260911", "20260914"


def at(day: str, hour: int = 0) -> float:
    """A time in Beijing."""
    return datetime(int(day[:4]), int(day[4:6]), int(day[6:]), hour, tzinfo=BEIJING).timestamp()


class Killed(BaseException):
    """Stands for the end of a process at any point."""


class Killing:
    """Takes requests to the twin; kills before some of them, and after some that were answered."""

    def __init__(self, transport: HttpTransport, rng: random.Random | None, share: float) -> None:
        self._transport = transport
        self._rng = rng
        self._share = share

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        """Send a request."""
        if self._rng and self._rng.random() < self._share / 2:
            raise Killed
        answer = self._transport.send(method, url, headers, body)
        if self._rng and self._rng.random() < self._share / 2:
            raise Killed
        return answer

    def close(self) -> None:
        """Let go of connections."""
        self._transport.close()


class TwinClock:
    """The twin's clock."""

    def __init__(self, twin: Twin) -> None:
        self.now: Callable[[], float] = twin.clock
        self.sleep: Callable[[float], None] = twin.clock.sleep


class Simulation:
    """An organisation that is collected."""

    def __init__(self, folder: Folder, server: Server, *, calls: int = 5_000, first_day: str = FIRST) -> None:
        self.folder = folder
        self.server = server
        self.twin = server.twin
        self.clock = TwinClock(self.twin)
        self.errors: list[SourceError] = []
        self.kills = 0
        if self.twin.corp_id not in {o.corp_id for o in folder.store.organisations()}:
            folder.add_organisation(self.twin.corp_id)
        with self.ledger() as ledger:
            corp_id, endpoints = self.twin.corp_id, {"api": server.url, "oapi": server.url}
            put_source(ledger, Source(corp_id, corp_id, KIND.name, self.twin.app_key, "", first_day, endpoints))
            Budget(ledger, Account.of(KIND, corp_id), self.clock).set(calls, 15)

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """What the collector remembers."""
        ledger = Ledger(self.folder.settings.ledger)
        try:
            yield ledger
        finally:
            ledger.close()

    @contextmanager
    def _collecting(self, rng: random.Random | None, share: float) -> Iterator[tuple[Collector, Collecting]]:
        """The collector as a new process has it."""
        with self.ledger() as ledger:
            budget = Budget(ledger, Account.of(KIND, self.twin.corp_id), self.clock)
            (source,) = sources(ledger)
            access = Access(self.twin.app_key, self.twin.app_secret, source.endpoints)
            calls = BookedCalls(budget, self.clock, random.Random(1))
            transport = Killing(HttpTransport(timeout=SOON), rng, share)
            suite = DingTalk(access, calls, SourceNotes(ledger, source.id), transport)
            collector = Collector(source, suite, ledger, budget, self.clock, BEIJING)
            try:
                with working(self.folder) as work:
                    yield collector, Collecting(collector, work)
            finally:
                suite.close()

    def until(self, end: float, *, rng: random.Random | None = None, kills: float = 0.0) -> None:
        """Collect until that time, as one process after the other when some are killed."""
        while self.clock.now() < end:
            try:
                with self._collecting(rng, kills) as (collector, _):
                    while self.clock.now() < end:
                        try:
                            wait = collector.step()
                        except SourceError as error:
                            self.errors.append(error)
                            wait = 30.0
                        if wait:
                            self.clock.sleep(min(wait, end - self.clock.now() + 1))
            except Killed:
                self.kills += 1
        self.flush(rng, kills)

    def flush(self, rng: random.Random | None = None, kills: float = 0.0) -> None:
        """Bring what was found to the store."""
        while True:
            with suppress(Killed), self._collecting(rng, kills) as (_, collecting):
                collecting.flush()
                return

    def numbers(self, first: str, last: str) -> dict[str, dict[str, int]]:
        """The numbers of days, as the store has them."""
        rows = self.folder.store.kpis_between(REPORT_DATA, self.twin.corp_id, first, last)
        return {row.stat_day: {kpi: int(row.values.get(kpi, 0)) for kpi in ("4100", "4101", "4102")} for row in rows}

    def states(self, first: str, last: str) -> dict[tuple[str, str], str]:
        """The states of days and KPIs."""
        found = self.folder.store.states(REPORT_DATA, self.twin.corp_id, first, last)
        return {(state.stat_day, state.kpi_id): state.state.value for state in found}


@contextmanager
def simulated(place: Path, twin: Twin, **options: Any) -> Iterator[Simulation]:
    """A simulation in a data folder of its own."""
    folder = Folder(place / "data")
    with running(twin) as server:
        try:
            yield Simulation(folder, server, **options)
        finally:
            folder.store.close()
