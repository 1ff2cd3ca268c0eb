"""``reportdata serve``."""

from __future__ import annotations

import time
from pathlib import Path

import click

from reportdata.api.server import Server
from reportdata.certificates import Certificates, development_certificates, names_of_this_machine
from reportdata.cli.logs import configure_log
from reportdata.cli.options import data_option
from reportdata.cli.service import open_server
from reportdata.errors import BadValue
from reportdata.settings import Settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


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
    "--tls-cert",
    type=_FILE,
    envvar="REPORTDATA_TLS_CERT",
    show_envvar=True,
    help="A certificate in PEM with its chain: serve https. It may be replaced while serving.",
)
@click.option("--tls-key", type=_FILE, envvar="REPORTDATA_TLS_KEY", show_envvar=True, help="The certificate's key.")
@click.option(
    "--tls-dev",
    is_flag=True,
    help="Serve https with a certificate of a private CA, made for this machine's names and api.dingtalk.com in "
    "./reportdata-tls, and say how SDKs trust it.",
)
@click.option(
    "--proxy",
    "proxies",
    multiple=True,
    envvar="REPORTDATA_PROXIES",
    show_envvar=True,
    help="An address or network of reverse proxies, whose X-Forwarded-For is believed.",
)
@click.option(
    "--rate",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    envvar="REPORTDATA_RATE",
    show_envvar=True,
    help="Calls a second of an app to an API, for apps without a rate of their own; 0 for no limit.",
)
@click.option(
    "--connections",
    type=click.IntRange(min=1),
    default=10_000,
    show_default=True,
    envvar="REPORTDATA_CONNECTIONS",
    show_envvar=True,
    help="Connections at most; beyond them those that wait for their client are closed.",
)
@click.option(
    "--operations-port",
    type=int,
    envvar="REPORTDATA_OPERATIONS_PORT",
    show_envvar=True,
    help="Serve /healthz, /readyz and /metrics (Prometheus) on this port as well; 0 takes any free one.",
)
@click.option(
    "--operations-host",
    default="127.0.0.1",
    show_default=True,
    envvar="REPORTDATA_OPERATIONS_HOST",
    show_envvar=True,
)
@click.option(
    "--log-format",
    type=click.Choice(["readable", "json"]),
    default="readable",
    show_default=True,
    envvar="REPORTDATA_LOG_FORMAT",
    show_envvar=True,
    help="How lines of the log look, on standard error.",
)
@click.option(
    "--log-requests",
    is_flag=True,
    envvar="REPORTDATA_LOG_REQUESTS",
    show_envvar=True,
    help="Write a line for each request, with the id that the client got.",
)
@click.option(
    "--audit-days",
    type=click.IntRange(min=0),
    default=365,
    show_default=True,
    envvar="REPORTDATA_AUDIT_DAYS",
    show_envvar=True,
    help="How long to keep who read which day; 0 for ever.",
)
@click.option("--fd", "descriptor", type=int, help="A listening socket's file descriptor, in place of host and port.")
@click.option(
    "--catalogue",
    type=_FILE,
    envvar="REPORTDATA_CATALOGUE",
    show_envvar=True,
    help="A file of services to serve in place of the built-in ones.",
)
@data_option
def serve_command(
    tls_dev: bool, tls_cert: Path | None, tls_key: Path | None, log_format: str, **options: object
) -> None:
    """Serve the contract of DingTalk's reportData from the data folder."""
    configure_log(log_format)
    ca = None
    if tls_dev:
        if tls_cert or tls_key:
            raise BadValue("--tls-dev makes a certificate of its own", "leave out --tls-cert and --tls-key, or it")
        ca, tls_cert, tls_key = _development_certificates(str(options["host"]))
    settings = Settings(tls_cert=tls_cert, tls_key=tls_key, **options)  # type: ignore[arg-type]
    with open_server(settings) as server:
        server.run(lambda: _say_where(server, settings, ca))


def _say_where(server: Server, settings: Settings, ca: Path | None) -> None:
    click.echo(f"Serving {server.url}/v1.0/datacenter/reportData from {settings.data} (Ctrl+C stops)")
    for operations in server.listeners[1:]:
        click.echo(f"Serving {operations.url}/metrics, /healthz and /readyz for operators")
    if ca is not None:
        click.echo(_how_to_trust(ca))


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
