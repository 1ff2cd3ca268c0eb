"""The contract as a resource: a call for each service."""

from __future__ import annotations

from reportdata.api.contract.description import HEADERS, described
from reportdata.api.contract.endpoint import Endpoint
from reportdata.api.resource import Context, Operation, Resource


def resource(context: Context) -> Resource:
    """The services."""
    calls = [
        Operation("GET", service.path, described(service), direct=Endpoint(context.entry(service), context))
        for service in context.services
    ]
    return Resource("statistics", calls, HEADERS)
