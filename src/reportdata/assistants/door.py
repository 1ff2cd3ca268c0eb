"""Who may come in over HTTP: every request names an app, by its key and secret or its token, and gets what the server
gives that app. Nothing is remembered of a request but that its credentials were right a moment ago."""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from typing import TYPE_CHECKING, NamedTuple

from reportdata.assistants.server import open_server
from reportdata.assistants.sources import ServerSource
from reportdata.client import Client, ClientError, NotAllowed, NotSignedIn
from reportdata.client.client import SERVICES
from reportdata.client.sign_in import TOKEN_HEADER, KeyAndSecret, SignIn, Token
from reportdata.client.transport import Transport
from reportdata.http.answers import Answer, Fault, address_of, completed, new_ids, send_answer

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

ENDPOINT = "/mcp"
_SOURCE = "reportdata.source"
"""Where the source of a request lies in its scope."""
_PROBE = SERVICES
"""What is asked to see whether credentials are right, of which service ever: it costs a server little."""
_TRUSTED = 60.0
"""Seconds for which credentials are not tried before a request goes on; its own calls are checked all the same."""
_MOST = 10_000

_NO_KEY = Fault(
    401,
    "AuthenticationFailed.NotSignedIn",
    "Send an app's KEY:SECRET or its token as Authorization: Bearer, or key and secret as Basic.",
)
_NOT_HERE = Fault(404, "InvalidAction.NotFound", f"The tools are at {ENDPOINT}.")
_ONLY_POST = Fault(405, "InvalidRequest.Method", "Only POST is answered: there are no sessions and no streams.")
_CHALLENGE = (b"www-authenticate", b'Bearer realm="reportdata"')


class _Refused(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


class _Credentials(NamedTuple):
    """What a request shows: a key with its secret, or a token alone."""

    key: str
    secret: str

    @classmethod
    def read(cls, text: str) -> _Credentials | None:
        """Those in a text: ``KEY:SECRET``, or a token."""
        key, colon, secret = text.strip().partition(":")
        if not (text.isascii() and text.isprintable()):  # no header has them
            return None
        if colon:
            return cls(key, secret) if key and secret else None
        return cls("", key) if key else None

    def digest(self) -> bytes:
        """What is kept of them."""
        return hashlib.sha256(f"{self.key}:{self.secret}".encode()).digest()


class Door:
    """The tools as an application over Streamable HTTP, without sessions.

    :param transport: to the server that answers, which judges credentials, rates and scopes; it is told of a caller's
        address in ``X-Forwarded-For``.
    :param keys_in_path: also take credentials at the end of the path, for programs that know nothing but an address.
    """

    def __init__(self, transport: Transport, *, keys_in_path: bool = False) -> None:
        self._transport = transport
        self._keys_in_path = keys_in_path
        self._right: dict[tuple[bytes, str], float] = {}
        self._server = open_server(lambda request: request.scope[_SOURCE])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ids = new_ids(time.time())

        async def send_completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = completed(message["headers"], ids)
            await send(message)

        try:
            scope[_SOURCE] = ServerSource(await self._client(scope))
        except _Refused as refused:
            fault = refused.fault
            more = [_CHALLENGE] if fault.status == 401 else [(b"allow", b"POST")] if fault.status == 405 else []
            await send_answer(send, Answer(fault.status, fault.body(ids.request), ids), more)
            return
        await self._answer(scope, receive, send_completed)

    async def _client(self, scope: Scope) -> Client:
        """The client of who sends a request.

        :raises _Refused: when they may not.
        """
        from anyio.to_thread import run_sync

        in_path = self._in_path(scope)
        if scope["method"] != "POST":
            raise _Refused(_ONLY_POST)
        shown = in_path or _in_headers(scope)
        if shown is None:
            raise _Refused(_NO_KEY)
        address = address_of(scope)
        transport = self._transport.with_headers({"x-forwarded-for": address} if address else {})
        client = Client.on(transport, _sign_in(transport, shown))
        seen = (shown.digest(), address)
        if self._right.get(seen, 0.0) < time.monotonic():
            await run_sync(_try, client)
            if len(self._right) >= _MOST:
                self._right.clear()
            self._right[seen] = time.monotonic() + _TRUSTED
        return client

    def _in_path(self, scope: Scope) -> _Credentials | None:
        """The credentials at the end of a path, which are taken off it."""
        path: str = scope["path"].rstrip("/") or "/"
        if path == ENDPOINT:
            return None
        start, slash, rest = path.rpartition("/")
        if not (self._keys_in_path and slash and start == ENDPOINT):
            raise _Refused(_NOT_HERE)
        scope["path"], scope["raw_path"] = ENDPOINT, ENDPOINT.encode()
        return _Credentials.read(rest)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. A manager of its own remembers nothing for another one."""
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
        from mcp.server.transport_security import TransportSecuritySettings

        manager = StreamableHTTPSessionManager(
            self._server,
            json_response=True,
            stateless=True,
            # A page that was lured here by its name has no key.
            security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
        async with manager.run():
            await manager.handle_request(scope, receive, send)


def _try(client: Client) -> None:
    try:
        client.get(_PROBE)
    except NotSignedIn as error:
        raise _Refused(Fault(401, error.code, error.message)) from error
    except NotAllowed as error:
        raise _Refused(Fault(403, error.code, error.message)) from error
    except ClientError as error:
        raise _Refused(Fault(503, "ServiceUnavailable", f"The server that answers cannot be asked: {error}")) from error


def _in_headers(scope: Scope) -> _Credentials | None:
    headers = {name: value.decode("latin-1") for name, value in reversed(scope["headers"])}
    scheme, _, value = headers.get(b"authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _Credentials.read(value)
    if scheme.lower() == "basic":
        try:
            found = _Credentials.read(base64.b64decode(value.strip(), validate=True).decode())
        except (binascii.Error, ValueError):
            return None
        return found if found is not None and found.key else None
    return _Credentials.read(headers.get(TOKEN_HEADER.encode(), "").strip('"'))


def _sign_in(transport: Transport, shown: _Credentials) -> SignIn:
    if not shown.key:
        return Token(shown.secret)
    return KeyAndSecret(transport, shown.key, shown.secret, basic=True)
