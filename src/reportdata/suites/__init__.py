"""The suites that reports are collected from. A suite is a folder here that gives a `reportdata.collector.suite.Kind`,
and a line in ``SUITES``; the conformance suite of the protocol, `tests/collector/test_suites.py`, is run for it.
"""

from __future__ import annotations

from collections.abc import Mapping

from reportdata.collector.suite import Kind
from reportdata.suites import dingtalk

SUITES: Mapping[str, Kind] = {
    dingtalk.KIND.name: dingtalk.KIND,
}
"""All suites, by name."""
