"""How tests are shared out among processes: a file to one of them, and all that need Spark to one, with one cluster.

They are told by their names, which is all that the process that shares them out has of them.
"""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

GROUPED = "spark"
"""The mark whose tests are one group, and what the names of all of them have in them."""


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Files, and the group."""

    def _split_scope(self, nodeid: str) -> str:
        return GROUPED if GROUPED in nodeid else nodeid.split("::", 1)[0]


def arrange(items: list[pytest.Item]) -> None:
    """Put what takes long first, so that at the end no process waits for another.

    :raises pytest.UsageError: when a test needs Spark whose name does not say so.
    """
    for item in items:
        if item.get_closest_marker(GROUPED) and GROUPED not in item.nodeid:
            raise pytest.UsageError(f"{item.nodeid} needs Spark: have {GROUPED!r} in its name")
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.get_closest_marker(GROUPED) is None, item.path not in long))
