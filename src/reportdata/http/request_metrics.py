"""What was asked and how it was answered, in this process since it began."""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from reportdata.http.answers import Ids

BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Seconds that divide the answers' times."""
GOOD = "ok"
"""The outcome of an answer that is no error; that of an error is its code."""

OTHER = "other"
"""The API of requests for paths that are not served."""
OUTCOME = "reportdata.outcome"
"""Where a request's outcome lies in its scope, when it is not good."""

log = logging.getLogger("reportdata.requests")


class Times:
    """How long answers took: how many up to each of the bounds and beyond, and all together in seconds."""

    def __init__(self, bounds: Sequence[float] = BOUNDS) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        """An answer took so long."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.seconds += seconds


class Asked(Protocol):
    """Who asked for what: a named tuple of texts, of which the log has those that are not empty."""

    @property
    def api(self) -> str:
        """The path, or the template of paths, that the route has."""

    @property
    def address(self) -> str:
        """Where the request came from."""

    def _asdict(self) -> dict[str, str]: ...


class Request(NamedTuple):
    """A request of which nothing else is known."""

    api: str
    address: str


class Counter:
    """A number of what happened, which a resource counts.

    :param documentation: what it is the number of.
    """

    def __init__(self, name: str, documentation: str) -> None:
        self.name = name
        self.documentation = documentation
        self.value = 0


class RequestMetrics:
    """Counts answers.

    :param log_requests: writes a line to the log for each.
    """

    def __init__(self, *, log_requests: bool = False) -> None:
        self.answers: defaultdict[tuple[str, str], int] = defaultdict(int)
        """By API and outcome."""
        self.times: defaultdict[str, Times] = defaultdict(Times)
        """By API."""
        self.counters: list[Counter] = []
        self.logs_requests = log_requests
        """Whether there is a line in the log for each."""

    def counter(self, name: str, documentation: str) -> Counter:
        """A counter that metrics show from now on."""
        found = Counter(name, documentation)
        self.counters.append(found)
        return found

    def count(self, apis: Collection[str]) -> int:
        """How many requests to these APIs were answered."""
        return sum(count for (api, _), count in self.answers.items() if api in apis)

    def count_answer(self, api: str, outcome: str, seconds: float) -> None:
        """Count an answer, and do not log it."""
        self.answers[api, outcome] += 1
        self.times[api].add(seconds)

    def answered(self, asked: Asked, ids: Ids, status: int, outcome: str, seconds: float) -> None:
        """A request was answered, after that many seconds."""
        self.count_answer(asked.api, outcome, seconds)
        if self.logs_requests:
            log.info(
                "request %s: %s %s",
                ids.request,
                asked.api,
                outcome,
                extra={
                    "request_id": ids.request,
                    "trace_id": ids.trace,
                    "status": status,
                    "outcome": outcome,
                    "milliseconds": round(seconds * 1000, 3),
                    **{name: value for name, value in asked._asdict().items() if value},
                },
            )
