"""The wiring of a server: its application on the store of a data folder, what operators watch, and the audit."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING

from reportdata.api.application import build_app
from reportdata.api.contract.entry import Entry, entry_of
from reportdata.api.intake import DEFAULTS, Intake, Limits
from reportdata.api.operations import build_operations
from reportdata.api.resource import Context
from reportdata.audit import Audit, Read
from reportdata.cli.askers import Askers
from reportdata.cli.import_runs import ImportRuns
from reportdata.cli.places import inbox_of, lake_of, presence_of, services_of, serving_store, store_of, writer_of
from reportdata.cli.push_process import PushProcess
from reportdata.cli.troubles import Troubles
from reportdata.days import SECOND, end_of, from_date, time_zone
from reportdata.errors import StoreError
from reportdata.http.connections import Connections
from reportdata.http.request_metrics import RequestMetrics
from reportdata.http.server import Listener, Server
from reportdata.http.sockets import bind, inherit, room_for
from reportdata.http.tls import Certificate
from reportdata.identity import read_network
from reportdata.presence import NOTHING, Presence, Watch
from reportdata.services import Service
from reportdata.settings import Settings
from reportdata.store.sqlite import SERVING_TIMEOUT

if TYPE_CHECKING:
    from reportdata.api.metrics import Freshness
    from reportdata.lake import Lake

log = logging.getLogger("reportdata.audit")
metrics_log = logging.getLogger("reportdata.metrics")

_MANY_CALLS = 10
"""Calls of the contract in a second from which on they have a core for themselves: fewer are not worth slower answers
to questions."""
_PATIENCE = 5.0
"""Seconds for which metrics wait for object storage."""


@contextmanager
def open_server(
    settings: Settings,
    clock: Callable[[], float] = time.time,
    limits: Limits = DEFAULTS,
    entry: Callable[[Service], Entry] = entry_of,
    present: Presence = NOTHING,
    log_format: str = "readable",
) -> Iterator[Server]:
    """The server of a data folder, bound to its addresses.

    :param limits: of what was pushed and waits.
    :param entry: what the contract has for a service.
    :param log_format: the form of the log of what it starts.
    :param present: folders that must be there, from before.
    :raises FolderGone: when they are not.
    """
    services = services_of(settings)
    for network in settings.proxies:
        read_network(network)
    certificate = None
    if settings.tls_cert is not None and settings.tls_key is not None:
        certificate = Certificate(settings.tls_cert, settings.tls_key)
    connections = Connections(room_for(settings.connections))
    present.require()
    with ExitStack() as opened:
        reader, writer = (
            opened.enter_context(closing(serving_store(settings, new=not present.known))) for _ in range(2)
        )
        present = present if present.known else presence_of(settings)
        watch = Watch(present, "nothing is taken or noted")
        audit = opened.enter_context(closing(_Writing(Audit(settings.audit), settings.audit_days, clock, present)))
        pushed = opened.enter_context(closing(writer_of(settings, clock, present)))
        inbox = opened.enter_context(closing(inbox_of(settings)))
        reading = opened.enter_context(closing(PushProcess(settings, log_format)))
        askers = opened.enter_context(closing(Askers(settings)))
        bringing = opened.enter_context(closing(ImportRuns(settings, log_format)))
        context = Context(
            services=services,
            reader=reader,
            writer=writer,
            clock=clock,
            metrics=RequestMetrics(log_requests=settings.log_requests),
            connections=connections,
            note=audit.note,
            intake=Intake(pushed.append, inbox.backlog, inbox.free, limits),
            read_push=reading.read,
            web=settings.web,
            base_path=settings.base_path,
            session_hours=settings.session_hours,
            rate=settings.rate,
            is_present=lambda: settings.database is not None or not present.lost(),
            entry=entry,
            ask=askers,
            questions=askers.questions,
            bringing=bringing,
        )
        app = build_app(context)
        contract = {path.decode() for path in app.direct}
        answered = 0
        inherited = settings.descriptor is not None
        socket = inherit(settings.descriptor) if settings.descriptor is not None else bind(settings.host, settings.port)
        listeners = [Listener(socket, app, app.direct, app.body_limit, certificate, settings.proxies, inherited)]
        if settings.operations_port is not None:
            lake = cache(partial(lake_of, settings, _PATIENCE))
            troubles = Troubles(metrics_log)

            def freshness() -> Freshness:
                present.require()
                return _freshness(settings, lake(), clock(), troubles)

            operations = build_operations(context, freshness)
            listeners.append(Listener(bind(settings.operations_host, settings.operations_port), operations))

        def every_second() -> None:
            nonlocal answered
            before, answered = answered, context.metrics.count(contract)
            askers.share_cores(with_calls=answered - before >= _MANY_CALLS)
            bringing.tidy()
            if watch.look():  # reads are noted in memory until the folder is back
                audit.flush()

        yield opened.enter_context(Server(*listeners, connections=connections, every_second=every_second))


class _Writing:
    """Writes the audit in a thread, so that a slow disk keeps no call waiting."""

    def __init__(self, audit: Audit, keep_days: int, clock: Callable[[], float], present: Presence) -> None:
        self.note = audit.note
        self._present = present
        self._kept: list[Read] = []  # that wait for the folder
        self._audit = audit
        self._keep_days = keep_days
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "audit")
        self._written: Future[None] | None = None
        self._forgotten = ""

    def flush(self) -> None:
        """Write what was noted, unless the last writing goes on: then it is written later."""
        if self._written is not None and not self._written.done():
            return
        reads = self._audit.take()
        if reads:
            self._written = self._thread.submit(self._write, reads)

    def close(self) -> None:
        """Write what is left."""
        self._thread.shutdown()
        self._write(self._audit.take())
        if self._kept:
            log.error("the folder of the audit is gone: %d entries are lost", len(self._kept))

    def _write(self, reads: list[Read]) -> None:
        self._kept += reads
        if self._present.lost():
            return
        reads, self._kept = self._kept, []
        try:
            self._audit.write(reads)
        except StoreError as error:
            log.error("%s", error.message)  # noqa: TRY400 - it says all
        if self._keep_days:
            oldest = datetime.fromtimestamp(self._clock(), UTC).date() - timedelta(days=self._keep_days)
            if from_date(oldest) != self._forgotten:
                self._forgotten = from_date(oldest)
                self._audit.forget_before(self._forgotten)


def _freshness(settings: Settings, lake: Lake, now: float, troubles: Troubles) -> Freshness:
    """How lake and store stand. What it needs is loaded when it is first asked for."""
    from reportdata.api.metrics import Freshness, Lag
    from reportdata.cli.upkeep import upkeep_of
    from reportdata.pipeline.corrections import corrections
    from reportdata.pipeline.staleness import waiting

    with closing(store_of(settings, SERVING_TIMEOUT)) as store:
        stale, withdrawals = waiting(lake, store, services_of(settings))
        zones = {organisation.corp_id: organisation.time_zone for organisation in store.organisations()}
        damage = store.damage()
        newest = {piece.corp_id: piece.last_day for piece in store.coverage()}
    lags = [
        Lag(corp_id, end_of(day, time_zone(zones[corp_id])) / SECOND)
        for corp_id, day in newest.items()
        if corp_id in zones
    ]
    files, days = {one.file for one in damage}, {one.stat_day for one in damage if one.stat_day}
    return Freshness(
        len(stale),
        len(withdrawals),
        lags,
        len(files),
        len(days),
        len(corrections(lake.root)),
        upkeep_of(settings, zones, now, troubles),
    )
