"""How tests are shared out among processes: a file to one of them, and all that need Spark to one, with one cluster."""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadGroupScheduling

GROUPED = "spark"
"""The mark whose tests are one group."""


class Scheduling(LoadGroupScheduling):  # type: ignore[misc]
    """Groups as they are marked, and files."""

    def _split_scope(self, nodeid: str) -> str:
        group: str = super()._split_scope(nodeid)
        return group if group != nodeid else nodeid.split("::", 1)[0]


def arrange(items: list[pytest.Item]) -> None:
    """Group what is to be together, and put what takes long first, so that at the end no process waits for another."""
    for item in items:
        if item.get_closest_marker(GROUPED):
            item.add_marker(pytest.mark.xdist_group(GROUPED))
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.get_closest_marker(GROUPED) is None, item.path not in long))
