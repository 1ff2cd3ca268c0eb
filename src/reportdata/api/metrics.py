"""What Prometheus is told: requests, connections, and how far the numbers reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from reportdata.api.asking import Questions
from reportdata.api.bringing import Brought
from reportdata.api.upkeep import Upkeep, upkeep_metrics
from reportdata.http.connections import Connections
from reportdata.http.request_metrics import RequestMetrics, Times

MOST_ORGANISATIONS = 1_000
"""Those that lag most, for which metrics of their own are given."""


class Lag(NamedTuple):
    """How far an organisation's numbers reach: the end of its newest covered day, in seconds since 1970."""

    corp_id: str
    covered_until: float


class Freshness(NamedTuple):
    """How the numbers stand: days whose numbers do not stand for their facts, files of withdrawals whose reports' days
    were not computed since, where each organisation that is covered at all stands, files of the lake that are damaged,
    and days that rest on them."""

    stale_days: int
    unapplied_withdrawals: int
    lags: list[Lag]
    damaged_files: int = 0
    damaged_days: int = 0
    corrections: int = 0
    """Days whose numbers the worker put right."""
    upkeep: Upkeep | None = None


class Metrics(Collector):
    """All metrics.

    :param freshness: reads lake and store; it is called in a thread.
    """

    def __init__(
        self,
        requests: RequestMetrics,
        connections: Connections,
        questions: Questions,
        brought: Brought,
        freshness: Callable[[], Freshness],
        clock: Callable[[], float],
    ) -> None:
        self._answered = requests
        self._connections = connections
        self._questions = questions
        self._brought = brought
        self._freshness = freshness
        self._clock = clock

    def describe(self) -> list[Metric]:
        """Nothing is collected when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All metrics as they are now."""
        yield from self._requests()
        yield from self._asked()
        yield from self._files()
        yield from self._days()

    def _requests(self) -> Iterator[Metric]:
        requests = CounterMetricFamily("reportdata_requests", "Requests answered.", labels=("api", "outcome"))
        for labels, count in list(self._answered.answers.items()):
            requests.add_metric(labels, count)
        yield requests
        latency = HistogramMetricFamily("reportdata_request_seconds", "Time to an answer.", labels=("api",))
        for api, times in list(self._answered.times.items()):
            latency.add_metric((api,), _buckets(times), times.seconds)
        yield latency
        for counter in self._answered.counters:
            yield CounterMetricFamily(counter.name, counter.documentation, counter.value)
        refused = CounterMetricFamily(
            "reportdata_connections_refused", "Connections closed before a request was read.", labels=("outcome",)
        )
        for outcome, count in list(self._connections.refused.items()):
            refused.add_metric((outcome,), count)
        yield refused
        yield GaugeMetricFamily("reportdata_connections", "Open connections.", len(self._connections.connections))

    def _asked(self) -> Iterator[Metric]:
        asked = self._questions
        yield GaugeMetricFamily("reportdata_questions_waiting", "Questions that wait for a process.", asked.waiting)
        yield GaugeMetricFamily("reportdata_questions_running", "Questions that are being answered.", asked.running)
        ended = CounterMetricFamily("reportdata_questions", "Questions that came to an end.", labels=("outcome",))
        for outcome, count in list(asked.outcomes.items()):
            ended.add_metric((outcome,), count)
        yield ended
        took = HistogramMetricFamily("reportdata_question_seconds", "Time to a question's answer, with its wait.")
        took.add_metric((), _buckets(asked.times), asked.times.seconds)
        yield took

    def _files(self) -> Iterator[Metric]:
        yield CounterMetricFamily(
            "reportdata_brought_bytes", "Bytes of files that people brought.", self._brought.bytes
        )
        runs = CounterMetricFamily(
            "reportdata_import_runs", "Previews, imports and undoings that ended.", labels=("what", "outcome")
        )
        for labels, count in list(self._brought.runs.items()):
            runs.add_metric(labels, count)
        yield runs

    def _days(self) -> Iterator[Metric]:
        found = self._freshness()
        now = self._clock()
        yield GaugeMetricFamily("reportdata_stale_days", "Days that wait for a refresh.", found.stale_days)
        yield GaugeMetricFamily(
            "reportdata_unapplied_withdrawal_files",
            "Files of withdrawals that wait for a refresh.",
            found.unapplied_withdrawals,
        )
        yield GaugeMetricFamily(
            "reportdata_damaged_files", "Files of the lake that are gone or damaged.", found.damaged_files
        )
        yield GaugeMetricFamily(
            "reportdata_damaged_days", "Days that keep their numbers because of damaged files.", found.damaged_days
        )
        yield GaugeMetricFamily(
            "reportdata_corrections",
            "Days whose numbers in the store were not those of the facts, and were put right.",
            found.corrections,
        )
        newest = GaugeMetricFamily(
            "reportdata_newest_day_end_seconds", "End of the newest covered day, since 1970.", labels=("corp_id",)
        )
        lag = GaugeMetricFamily("reportdata_lag_seconds", "Time since that end.", labels=("corp_id",))
        for lag_of in sorted(found.lags, key=lambda lag: lag.covered_until)[:MOST_ORGANISATIONS]:
            newest.add_metric((lag_of.corp_id,), lag_of.covered_until)
            lag.add_metric((lag_of.corp_id,), max(0.0, now - lag_of.covered_until))
        yield newest
        yield lag
        if found.upkeep is not None:
            yield from upkeep_metrics(found.upkeep)


def _buckets(times: Times) -> list[tuple[str, float]]:
    up_to = accumulate(times.counts)
    return [(str(bound), float(n)) for bound, n in zip((*times.bounds, "+Inf"), up_to, strict=True)]
