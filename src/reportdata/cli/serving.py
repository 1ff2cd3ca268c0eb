"""``reportdata serve``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click

from reportdata.api.application import build_app
from reportdata.api.server import Server
from reportdata.catalogue import read_catalogue
from reportdata.cli.options import data_option
from reportdata.settings import Settings
from reportdata.store.sqlite import SERVING_TIMEOUT, SQLiteStore


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, envvar="REPORTDATA_HOST", show_envvar=True)
@click.option(
    "--port",
    default=8080,
    show_default=True,
    envvar="REPORTDATA_PORT",
    show_envvar=True,
    help="The port; 0 takes any free one.",
)
@click.option(
    "--catalogue",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="REPORTDATA_CATALOGUE",
    show_envvar=True,
    help="A file of services to serve in place of the built-in ones.",
)
@data_option
def serve_command(host: str, port: int, catalogue: Path | None, data: Path) -> None:
    """Serve the contract of DingTalk's reportData from the data folder."""
    settings = Settings(data, host, port, catalogue)
    with open_server(settings) as server:
        click.echo(f"Serving {server.url}/v1.0/datacenter/reportData from {settings.data} (Ctrl+C stops)")
        server.run()


@contextmanager
def open_server(settings: Settings, clock: Callable[[], float] = time.time) -> Iterator[Server]:
    """The server of a data folder, bound to its address."""
    catalogue = read_catalogue(settings.catalogue)
    with (
        closing(SQLiteStore(settings.store, SERVING_TIMEOUT)) as reader,
        closing(SQLiteStore(settings.store, SERVING_TIMEOUT)) as writer,
        Server(build_app(catalogue, reader, writer, clock), settings.host, settings.port) as server,
    ):
        yield server
