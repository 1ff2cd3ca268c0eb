"""What Prometheus is told of what keeps the numbers coming: collecting, backups, the certificate, the disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily, Metric


class SourceUpkeep(NamedTuple):
    """How a source is collected: until when its lists were read, in seconds since 1970 (None when none was), how many
    lists and reports are left alone because their last answers could not be used, how many records cannot be used, and
    the calls that are left of the month."""

    name: str
    listed_until: float | None
    left_alone: int
    set_aside: int
    calls_left: int


COLLECTING, BACKUPS = "collecting", "backups"
"""What is read for metrics by itself, so that one that cannot be read keeps no other from being told."""


class Upkeep(NamedTuple):
    """How a server is kept: its sources, and by how many seconds this machine's clock is ahead of their suites', where
    they differ; when its newest whole backup was begun and when its certificate ends, in seconds since 1970, None where
    there is none; the bytes that its data folder's disk has free; and which of `COLLECTING` and `BACKUPS` cannot be
    read: nothing is told of these."""

    sources: Sequence[SourceUpkeep]
    clocks: Mapping[str, float]
    backup_at: float | None
    certificate_ends: float | None
    free: int
    unreadable: Mapping[str, bool]


def upkeep_metrics(upkeep: Upkeep) -> Iterator[Metric]:
    """The metrics."""
    unreadable = GaugeMetricFamily(
        "reportdata_unreadable", "Whether what metrics are read from cannot be read.", labels=("part",)
    )
    for part, is_unreadable in upkeep.unreadable.items():
        unreadable.add_metric((part,), is_unreadable)
    yield unreadable
    clocks = GaugeMetricFamily(
        "reportdata_clock_ahead_seconds", "How far this clock is ahead of a suite's.", labels=("source",)
    )
    for name, ahead in upkeep.clocks.items():
        clocks.add_metric((name,), ahead)
    yield clocks
    yield GaugeMetricFamily("reportdata_free_bytes", "Free bytes of the data folder's disk.", upkeep.free)
    yield GaugeMetricFamily(
        "reportdata_backup_seconds", "When the newest whole backup was begun, since 1970.", upkeep.backup_at
    )
    yield GaugeMetricFamily(
        "reportdata_certificate_end_seconds", "When the certificate ends, since 1970.", upkeep.certificate_ends
    )
    listed = GaugeMetricFamily(
        "reportdata_listed_until_seconds", "Until when a source's lists were read, since 1970.", labels=("source",)
    )
    alone = GaugeMetricFamily(
        "reportdata_left_alone", "Lists and reports whose last answers could not be used.", labels=("source",)
    )
    aside = GaugeMetricFamily("reportdata_set_aside", "Records that cannot be used.", labels=("source",))
    calls = GaugeMetricFamily("reportdata_calls_left", "Calls that are left of the month.", labels=("source",))
    for source in upkeep.sources:
        if source.listed_until is not None:
            listed.add_metric((source.name,), source.listed_until)
        alone.add_metric((source.name,), source.left_alone)
        aside.add_metric((source.name,), source.set_aside)
        calls.add_metric((source.name,), source.calls_left)
    yield from (listed, alone, aside, calls)
