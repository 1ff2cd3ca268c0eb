"""The contract as a resource: a call for each service, and more of the same numbers over periods."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from reportdata.api.contract.description import ASKED, HEADERS, described, described_relayed
from reportdata.api.contract.endpoint import Endpoint
from reportdata.api.contract.periods import PeriodEndpoint
from reportdata.api.contract.relayed import RelayedEndpoint
from reportdata.api.resource import Context, Operation, Resource
from reportdata.services import Service


def resource(context: Context) -> Resource:
    """The services."""
    calls = [call for service in context.services for call in _calls(service, context)]
    calls += [
        Operation("GET", one.path, partial(described_relayed, one), direct=RelayedEndpoint(one, context))
        for one in context.services.relayed
    ]
    return Resource("statistics", calls, HEADERS, ASKED)


def _calls(service: Service, context: Context) -> Iterator[Operation]:
    yield Operation("GET", service.path, partial(described, service), direct=Endpoint(context.entry(service), context))
    for period in service.periods:
        over = service.over(period)
        entry = context.entry(over)
        endpoint = Endpoint(entry, context) if period == "DAY" else PeriodEndpoint(entry, context, period.lower())
        yield Operation("GET", over.path, partial(described, over, period.lower()), direct=endpoint)
