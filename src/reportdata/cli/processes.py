"""Serving with several processes on one socket, and the worker beside them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from itertools import chain

import click

from reportdata.cli.children import Children, running
from reportdata.http.server import bind, inherit
from reportdata.settings import Settings


def worker_command(settings: Settings, log_format: str) -> list[str]:
    """The command of a worker for the same data folder."""
    return ["work", *place_options(settings), "--log-format", log_format, "--with-parent"]


def place_options(settings: Settings) -> list[str]:
    """Where everything lies, as options of another command. It has this one's variables, so what came from them is not
    said again: a list of processes would show what is secret in it."""
    given = ["--data", str(settings.data)]
    source = click.get_current_context().get_parameter_source("database")
    if settings.database is not None and source is not click.core.ParameterSource.ENVIRONMENT:
        given += ["--store", settings.database]
    if settings.lake_at is not None:
        given += ["--lake", settings.lake_at, "--lake-cache", str(settings.lake_cache / 1e9)]
    return given


def serve_by_processes(
    settings: Settings,
    processes: int,
    beside: Sequence[Sequence[str]],
    log_format: str,
    started: Callable[[str], None],
) -> None:
    """Serve until this process is told to end. The socket is held here, so that no connection is refused while one of
    the processes is started again."""
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    held = inherit(settings.descriptor) if settings.descriptor is not None else bind(settings.host, settings.port)
    with held:
        commands = [
            _server_command(settings, processes, place, held.fileno(), log_format) for place in range(processes)
        ]
        with running(Children([*commands, *beside], [held.fileno()])):
            host, port = held.getsockname()[:2]
            scheme = "https" if settings.tls_cert else "http"
            started(f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}")
            ending.wait()


def _server_command(settings: Settings, processes: int, place: int, descriptor: int, log_format: str) -> list[str]:
    """The command of the process at that place."""
    options = {
        "--fd": descriptor,
        "--tls-cert": settings.tls_cert,
        "--tls-key": settings.tls_key,
        "--rate": settings.rate,
        "--connections": max(1, settings.connections // processes),
        "--catalogue": settings.catalogue,
        "--audit-days": settings.audit_days,
        "--operations-host": settings.operations_host,
        "--operations-port": settings.operations_port and settings.operations_port + place,
        "--log-format": log_format,
    }
    given = chain.from_iterable((name, str(value)) for name, value in options.items() if value is not None)
    proxies = chain.from_iterable(("--proxy", network) for network in settings.proxies)
    flags = ["--log-requests"] if settings.log_requests else []
    return ["serve", *place_options(settings), *given, *proxies, *flags, "--workers", "1", "--no-work", "--with-parent"]
