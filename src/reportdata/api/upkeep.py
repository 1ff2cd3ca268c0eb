"""What Prometheus is told of what keeps the numbers coming: collecting, backups, the certificate, the disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


class Upkeep(NamedTuple):
    """How a server is kept: its sources; when its newest whole backup was begun and when its certificate ends, in
    seconds since 1970, None where there is none; and the bytes that its data folder's disk has free."""

    sources: Sequence[SourceUpkeep]
    backup_at: float | None
    certificate_ends: float | None
    free: int


def upkeep_metrics(upkeep: Upkeep) -> Iterator[Metric]:
    """The metrics."""
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
