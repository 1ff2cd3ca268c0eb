"""``reportdata mcp``: tools for assistants, on the standard streams or over HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from reportdata.api.asking import Job
from reportdata.assistants.sources import Pairs, Problem, ServerSource, Source
from reportdata.cli.known import only_organisation
from reportdata.cli.language import say
from reportdata.cli.options import lake_options, settings_options, variable_option
from reportdata.cli.places import open_existing_store, services_of
from reportdata.client import Client, Patience
from reportdata.client.client import SERVICES
from reportdata.client.sign_in import KeyAndSecret
from reportdata.client.transport import Transport
from reportdata.errors import BadFile, BadValue, InputError, ReportDataError
from reportdata.settings import Settings
from reportdata.statistics.changes import CHANGES_PATH, read_changes
from reportdata.statistics.explained import EXPLAIN_PATH, read_explained
from reportdata.statistics.words import PATH, read_question, service_in

if TYPE_CHECKING:
    from reportdata.cli.answering import Answering
    from reportdata.statistics.answers import Answer
    from reportdata.store import Store

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_CONNECTIONS = 1_000
_SERVER = "http://127.0.0.1:8080"
_PATIENCE = Patience(tries=2, longest_pause=5.0)
"""An assistant waits for a reply; it can ask again by itself."""


def http_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where and how it serves over HTTP; the command is given them as ``web``."""

    @click.option("--http", is_flag=True, help="Serve over HTTP in place of the standard streams.")
    @click.option("--host", default="127.0.0.1", show_default=True, help="The address to serve at, with --http.")
    @click.option("--port", default=8090, show_default=True, help="The port, with --http; 0 takes any free one.")
    @click.option("--tls-cert", type=_FILE, help="A certificate in PEM with its chain: serve https.")
    @click.option("--tls-key", type=_FILE, help="The certificate's key.")
    @click.option(
        "--proxy", "proxies", multiple=True, help="A reverse proxy's address, whose X-Forwarded-For is believed."
    )
    @click.option(
        "--keys-in-path",
        is_flag=True,
        help="Take keys at /mcp/KEY:SECRET too, for programs that know nothing but an address. Proxies may log them.",
    )
    @wraps(command)
    def with_web(*, http: bool, **options: Any) -> Any:
        names = ("host", "port", "tls_cert", "tls_key", "proxies", "keys_in_path")
        web = {name: options.pop(name) for name in names}
        return command(web=web if http else None, **options)

    return with_web


@click.command("mcp")
@click.option("--corp", "corp_id", help="The organisation, where the data folder has several.")
@click.option("--records", is_flag=True, help="Let a data folder's answers tell single people apart by their ids.")
@click.option("--server", metavar="URL", help=f"Ask this server in place of a data folder; with --http {_SERVER}.")
@click.option("--ca", type=_FILE, help="The certificates in PEM that the server's is to be signed by.")
@click.option("--app", "app_file", type=_FILE, help="The file that `app add --output` wrote: the app to sign in as.")
@variable_option("--app-key", help="In its place, the app's key.")
@click.option("--app-secret", envvar="REPORTDATA_APP_SECRET", hidden=True)
@http_options
@lake_options
@settings_options
def mcp_command(
    corp_id: str | None,
    records: bool,
    server: str | None,
    ca: Path | None,
    app_file: Path | None,
    app_key: str | None,
    app_secret: str | None,
    web: Mapping[str, Any] | None,
    settings: Settings,
) -> None:
    """Give assistants tools that read the numbers, over the Model Context Protocol.

    On the standard streams it answers from the data folder, as `reportdata query` does, or from a server as the app of
    --app. With --http each caller brings the key of an app, and the server decides what that app may have.
    """
    if find_spec("mcp") is None:
        raise BadValue("the package mcp is not installed", "pip install 'reportdata[mcp]'")
    if web is not None:
        _serve_http(_transport(server or _SERVER, ca), web)
        return
    from reportdata.assistants.server import serve_standard_streams

    with ExitStack() as held:
        if server is not None:
            key, secret = credentials(app_file, app_key, app_secret)
            transport = held.enter_context(closing(_transport(server, ca)))
            source: Source = ServerSource(Client.on(transport, KeyAndSecret(transport, key, secret, basic=False)))
        else:
            source = held.enter_context(FolderSource(settings, open_existing_store(settings), corp_id, records=records))
        serve_standard_streams(source)


class FolderSource:
    """A data folder, asked as `reportdata query` asks it. What computes is opened when it is first needed.

    :param records: whether answers may tell single people apart.
    """

    def __init__(self, settings: Settings, store: Store, corp_id: str | None, *, records: bool) -> None:
        self._settings = settings
        self._store = store
        self._corp_id = only_organisation(store, corp_id).corp_id
        self._records = records
        self._services = services_of(settings)
        self._held = ExitStack()
        self._lock = threading.Lock()
        self._work: Answering | None = None

    def __enter__(self) -> FolderSource:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def ask(self, path: str, pairs: Pairs) -> Mapping[str, Any]:
        """See `reportdata.assistants.sources.Source`."""
        try:
            with self._lock:
                found = self._listed() if path == SERVICES else self._answer(path, pairs)
        except InputError as error:
            raise Problem(f"{error.message}; {error.hint}. Change the arguments as it says.") from error
        except ReportDataError as error:
            raise Problem(f"{error.message}. {error.hint}") from error
        data, meta = (msgspec.to_builtins(content, enc_hook=float) for content in (found.data, found.meta))
        return {"data": data, "meta": meta}

    def _answer(self, path: str, pairs: Pairs) -> Answer:
        service = service_in(pairs, self._services)
        job = Job(self._corp_id, time.time(), service=service.id)
        if path == PATH:
            job = msgspec.structs.replace(job, question=read_question(pairs, service))
        elif path == CHANGES_PATH:
            job = msgspec.structs.replace(job, changes=read_changes(pairs, service))
        elif path == EXPLAIN_PATH:
            explained = read_explained(pairs, service)
            job = msgspec.structs.replace(job, explained=explained, with_records=self._records)
        asked = job.question or job.explained
        if asked is not None and asked.names_users and not self._records:
            raise BadValue(
                "single people are not told apart here",
                "ask without user, or have `reportdata mcp` started with --records",
            )
        return self._opened().found(job)

    def _listed(self) -> Answer:
        """The services, as ``GET /v1/services`` lists them."""
        from reportdata.api.listed_services import Visible, listed, today_of
        from reportdata.api.observed_days import by_kind
        from reportdata.statistics.answers import Answer

        today = today_of(self._corp_id, self._store.organisations(), time.time())
        observed, kinds = by_kind(self._store.observations(self._corp_id)), self._services.kinds
        seen = [Visible(one, one.kpis, self._records and one.records_scope is not None) for one in self._services]
        data = [listed(one, observed, today, kinds) for one in seen]
        return Answer(data, {"totalRows": len(data)})

    def _opened(self) -> Answering:
        if self._work is None:
            from reportdata.cli.answering import answering

            self._work = self._held.enter_context(answering(self._settings, store=self._store))
        return self._work


def _transport(url: str, ca: Path | None) -> Transport:
    try:
        return Transport(url, str(ca) if ca is not None else None, _PATIENCE, time.sleep)
    except ValueError as error:
        raise BadValue(str(error), "name the server with --server") from error


def _serve_http(transport: Transport, web: Mapping[str, Any]) -> None:
    from reportdata.assistants.door import Door
    from reportdata.http.connections import Connections
    from reportdata.http.server import Listener, Server
    from reportdata.http.sockets import bind, room_for
    from reportdata.http.tls import Certificate

    certificate = None
    if (web["tls_cert"] is None) != (web["tls_key"] is None):
        raise BadValue("a certificate needs its key and a key its certificate", "give both, or neither")
    if web["tls_cert"] is not None:
        certificate = Certificate(web["tls_cert"], web["tls_key"])
    door = Door(transport, keys_in_path=web["keys_in_path"])
    listener = Listener(bind(web["host"], web["port"]), door, certificate=certificate, proxies=web["proxies"])
    with Server(listener, connections=Connections(room_for(_CONNECTIONS))) as server:
        server.run(lambda: say(f"Serving {server.url}/mcp for assistants (Ctrl+C stops)"))


def credentials(file: Path | None, key: str | None, secret: str | None) -> tuple[str, str]:
    """Key and secret of the app to sign in as."""
    if file is not None:
        try:
            found = msgspec.json.decode(file.read_bytes(), type=dict[str, str])
            return found["appKey"], found["appSecret"]
        except (OSError, KeyError, msgspec.MsgspecError) as error:
            raise BadFile(str(file), f"it has no app: {error}", "write one with `app add --output FILE`") from error
    if not (key and secret):
        raise BadValue(
            "no app is named to sign in as",
            "name its file with --app, or set REPORTDATA_APP_KEY and REPORTDATA_APP_SECRET",
        )
    return key, secret
