"""What operators watch: health, and metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from reportdata.http.answers import new_ids
from reportdata.http.connections import Connections
from reportdata.http.request_metrics import BOUNDS, Traffic
from reportdata.http.routes import IDS, routed

MOST_ORGANISATIONS = 1_000
"""Those that lag most, for which metrics of their own are given."""


class Lag(NamedTuple):
    """How far an organisation's numbers reach: the end of its newest covered day, in seconds since 1970."""

    corp_id: str
    covered_until: float


class Standing(NamedTuple):
    """How the numbers stand: days whose numbers do not stand for their facts, files of withdrawals whose reports' days
    were not computed since, and where each organisation that is covered at all stands."""

    stale_days: int
    unapplied_withdrawals: int
    lags: list[Lag]


def build_operations(
    health: list[Route],
    traffic: Traffic,
    connections: Connections,
    standing: Callable[[], Standing],
    clock: Callable[[], float],
) -> ASGIApp:
    """The application for operators: health, and ``/metrics`` for Prometheus.

    :param standing: reads lake and store; it is called in a thread.
    """
    registry = CollectorRegistry()
    registry.register(_Metrics(traffic, connections, standing, clock))

    async def metrics(_request: Request) -> Response:
        return Response(await run_in_threadpool(generate_latest, registry), media_type=CONTENT_TYPE_LATEST)

    app = routed([*health, Route("/metrics", metrics)], Traffic())

    async def operations(scope: Scope, receive: Receive, send: Send) -> None:
        scope[IDS] = new_ids(clock())
        await app(scope, receive, send)

    return operations


class _Metrics(Collector):
    def __init__(
        self,
        traffic: Traffic,
        connections: Connections,
        standing: Callable[[], Standing],
        clock: Callable[[], float],
    ) -> None:
        self._traffic = traffic
        self._connections = connections
        self._standing = standing
        self._clock = clock

    def describe(self) -> list[Metric]:
        """Nothing is collected when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All metrics as they are now."""
        yield from self._requests()
        yield from self._days()

    def _requests(self) -> Iterator[Metric]:
        requests = CounterMetricFamily("reportdata_requests", "Requests answered.", labels=("api", "outcome"))
        for labels, count in list(self._traffic.answers.items()):
            requests.add_metric(labels, count)
        yield requests
        latency = HistogramMetricFamily("reportdata_request_seconds", "Time to an answer.", labels=("api",))
        for api, times in list(self._traffic.times.items()):
            up_to = accumulate(times.counts)
            buckets = [(str(bound), float(n)) for bound, n in zip((*BOUNDS, "+Inf"), up_to, strict=True)]
            latency.add_metric((api,), buckets, times.seconds)
        yield latency
        yield CounterMetricFamily("reportdata_tokens_issued", "Tokens issued.", self._traffic.tokens_issued)
        yield CounterMetricFamily("reportdata_facts_accepted", "Facts pushed.", self._traffic.facts_accepted)
        yield CounterMetricFamily("reportdata_facts_refused", "Records refused in pushes.", self._traffic.facts_refused)
        refused = CounterMetricFamily(
            "reportdata_connections_refused", "Connections closed before a request was read.", labels=("outcome",)
        )
        for outcome, count in list(self._connections.refused.items()):
            refused.add_metric((outcome,), count)
        yield refused
        yield GaugeMetricFamily("reportdata_connections", "Open connections.", len(self._connections.connections))

    def _days(self) -> Iterator[Metric]:
        standing = self._standing()
        now = self._clock()
        yield GaugeMetricFamily("reportdata_stale_days", "Days that wait for a refresh.", standing.stale_days)
        yield GaugeMetricFamily(
            "reportdata_unapplied_withdrawal_files",
            "Files of withdrawals that wait for a refresh.",
            standing.unapplied_withdrawals,
        )
        newest = GaugeMetricFamily(
            "reportdata_newest_day_end_seconds", "End of the newest covered day, since 1970.", labels=("corp_id",)
        )
        lag = GaugeMetricFamily("reportdata_lag_seconds", "Time since that end.", labels=("corp_id",))
        for found in sorted(standing.lags, key=lambda found: found.covered_until)[:MOST_ORGANISATIONS]:
            newest.add_metric((found.corp_id,), found.covered_until)
            lag.add_metric((found.corp_id,), max(0.0, now - found.covered_until))
        yield newest
        yield lag
