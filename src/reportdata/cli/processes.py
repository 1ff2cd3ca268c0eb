"""Serving with several processes on one socket, and the worker beside them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec

from reportdata.cli.children import Child, Children, running
from reportdata.cli.cores import cores
from reportdata.cli.handover import Handover
from reportdata.cli.signals import end_on_signals
from reportdata.http.sockets import bind, inherit, url_of
from reportdata.settings import Settings


def serve_by_processes(
    given: Handover, processes: int, beside: Sequence[Child], started: Callable[[str], None]
) -> None:
    """Serve until this process is told to end. The socket is held here, so that no connection is refused while one of
    the processes is started again."""
    settings = given.settings
    ending = threading.Event()
    end_on_signals(ending)
    held = inherit(settings.descriptor) if settings.descriptor is not None else bind(settings.host, settings.port)
    with held:
        children = [
            Child("serve", msgspec.structs.replace(given, settings=_of_one(settings, processes, place, held.fileno())))
            for place in range(processes)
        ]
        with running(Children([*children, *beside], [held.fileno()])):
            started(url_of("https" if settings.tls_cert else "http", held.getsockname()[:2]))
            ending.wait()


def _of_one(settings: Settings, processes: int, place: int, descriptor: int) -> Settings:
    """The settings of the process at that place."""
    return replace(
        settings,
        descriptor=descriptor,
        connections=max(1, settings.connections // processes),
        answering=max(1, len(cores()) // processes),
        operations_port=settings.operations_port and settings.operations_port + place,
    )
