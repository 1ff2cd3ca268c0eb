"""``reportdata serve``."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from reportdata.certificates import Certificates, development_certificates, names_of_this_machine
from reportdata.cli.children import Child, Children, running
from reportdata.cli.handover import Handover, end_with_parent, taken_over
from reportdata.cli.language import say
from reportdata.cli.logs import configure_log
from reportdata.cli.options import (
    engine_options,
    lake_options,
    log_format_option,
    settings_options,
    variable_option,
    verify_option,
)
from reportdata.cli.places import presence_of
from reportdata.cli.processes import serve_by_processes
from reportdata.cli.service import open_server
from reportdata.errors import BadValue
from reportdata.http.sockets import bare
from reportdata.settings import Settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("serve")
@variable_option("--host", default="127.0.0.1", show_default=True)
@variable_option(
    "--port",
    default=8080,
    show_default=True,
    help="The port; 0 takes any free one.",
)
@variable_option(
    "--tls-cert",
    type=_FILE,
    help="A certificate in PEM with its chain: serve https. It may be replaced while serving.",
)
@variable_option("--tls-key", type=_FILE, help="The certificate's key.")
@click.option(
    "--tls-dev",
    is_flag=True,
    help="Serve https with a certificate of a private CA, made for this machine's names and api.dingtalk.com in "
    "./reportdata-tls, and say how SDKs trust it.",
)
@variable_option(
    "--proxy",
    "proxies",
    multiple=True,
    envvar="REPORTDATA_PROXIES",
    help="An address or network of reverse proxies, whose X-Forwarded-For is believed.",
)
@variable_option(
    "--web/--no-web",
    default=True,
    show_default=True,
    help="Serve pages for people, and the sessions that they sign in to.",
)
@variable_option(
    "--base-path",
    metavar="PATH",
    default="",
    help="The path under which a reverse proxy has everything, like /reports, whether it takes it off or not.",
)
@variable_option(
    "--session-hours",
    metavar="HOURS",
    type=click.FloatRange(min=0, min_open=True, max=8760),
    default=12,
    show_default=True,
    help="For how long somebody who signed in on a page stays signed in.",
)
@variable_option(
    "--rate",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="Calls a second of an app to an API, for apps without a rate of their own; 0 for no limit.",
)
@variable_option(
    "--connections",
    type=click.IntRange(min=1),
    default=10_000,
    show_default=True,
    help="Connections at most; beyond them those that wait for their client are closed.",
)
@variable_option(
    "--operations-port",
    type=int,
    help="Serve /healthz, /readyz and /metrics (Prometheus) on this port as well; 0 takes any free one.",
)
@variable_option(
    "--operations-host",
    default="127.0.0.1",
    show_default=True,
)
@log_format_option
@variable_option(
    "--log-requests",
    is_flag=True,
    help="Write a line for each request, with the id that the client got.",
)
@variable_option(
    "--audit-days",
    type=click.IntRange(min=0),
    default=365,
    show_default=True,
    help="How long to keep who read which day; 0 for ever.",
)
@variable_option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes that answer. Each counts rates for itself, and takes the next operations port.",
)
@click.option(
    "--work/--no-work",
    default=True,
    show_default=True,
    help="Take up what is pushed, in a process beside; without it, run `reportdata work`.",
)
@verify_option
@click.option("--with-parent", is_flag=True, hidden=True, help="Settings come on standard input; end when it does.")
@click.option("--fd", "descriptor", type=int, help="A listening socket's file descriptor, in place of host and port.")
@lake_options
@settings_options
@engine_options
def serve_command(
    tls_dev: bool,
    tls_cert: Path | None,
    tls_key: Path | None,
    log_format: str,
    workers: int,
    work: bool,
    with_parent: bool,
    settings: Settings,
    **options: Any,
) -> None:
    """Serve the contract of DingTalk's reportData from the data folder."""
    if with_parent:
        _serve_with_parent(taken_over())
        return
    configure_log(log_format)
    ca = None
    if tls_dev:
        if tls_cert or tls_key:
            raise BadValue("--tls-dev makes a certificate of its own", "leave out --tls-cert and --tls-key, or it")
        ca, tls_cert, tls_key = _development_certificates(bare(str(options["host"])))
    settings = replace(settings, tls_cert=tls_cert, tls_key=tls_key, **options)
    if workers > 1:
        given = Handover(settings, log_format, presence_of(settings))
        serve_by_processes(
            given, workers, [Child("work", given)] if work else [], lambda url: _say_where(url, [], settings, ca)
        )
        return
    with open_server(settings, log_format=log_format) as server:
        _leave_uncollected()
        beside = [Child("work", Handover(settings, log_format, presence_of(settings)))] if work else []
        operations = [listener.url for listener in server.listeners[1:]]
        with running(Children(beside)):
            server.run(lambda: _say_where(server.url, operations, settings, ca))


def _leave_uncollected() -> None:
    """Leave what is there by now, and stays to the end, out of all garbage collections."""
    gc.collect()
    gc.freeze()


def _serve_with_parent(given: Handover) -> None:
    configure_log(given.log_format)
    with open_server(given.settings, present=given.present, log_format=given.log_format) as server:
        _leave_uncollected()
        end_with_parent(server.stop)
        server.run()


def _say_where(url: str, operations: Sequence[str], settings: Settings, ca: Path | None) -> None:
    say(f"Serving {url}/v1.0/datacenter/reportData from {settings.data} (Ctrl+C stops)")
    for found in operations:
        say(f"Serving {found}/metrics, /healthz and /readyz for operators")
    if ca is not None:
        say(_how_to_trust(ca))


def _development_certificates(host: str) -> Certificates:
    names = names_of_this_machine()
    if host not in ("0.0.0.0", "::", *names):  # noqa: S104 - every address has no name
        names = (*names, host)
    return development_certificates(Path("reportdata-tls").absolute(), names, time.time())


def _how_to_trust(ca: Path) -> str:
    return f"""
Clients must trust its private CA, {ca}:

  curl        curl --cacert {ca} …
  Python      RuntimeOptions(ca='{ca}'), or SSL_CERT_FILE={ca}
  Node        NODE_EXTRA_CA_CERTS={ca}, or new RuntimeOptions({{ ca: readFileSync('{ca}', 'utf8') }})
  Java        runtime.ca = Files.readString(Path.of("{ca}"))
  Go          SSL_CERT_FILE={ca}, or runtime.Ca = tea.String(…the text of that file…)
  PHP         php -d curl.cainfo={ca} …
  C#          the machine's certificate store
"""
