"""What the contract has for a path: a service, or as much of one as there is.

DingTalk's document has an error for a path whose service has no id and one for a service without KPIs. Services always
have both; an entry of the contract need not, so that these errors can be shown.
"""

from __future__ import annotations

from typing import NamedTuple

from reportdata.services import Service


class Entry(NamedTuple):
    """A path, the scope that it needs, and its service; with ``has_id``, a service without KPIs is meant where there is
    none, and without it one that has no id."""

    path: str
    scope: str
    service: Service | None
    has_id: bool = True


def entry_of(service: Service) -> Entry:
    """The entry of a service."""
    return Entry(service.path, service.scope, service)
