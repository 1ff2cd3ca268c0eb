"""Servers that answer without thinking: what the server around our application, and the load generator, can do at most.

``python -m benchmarks.constant server ANSWER`` is reportdata's own server, same uvicorn settings and protocol class,
with an application that sends the same status, headers and body to whoever asks; ``direct`` in place of ``server``
answers from the protocol class, as the contract does. ``python -m benchmarks.constant socket ANSWER`` does not even
read HTTP: it writes an answer for everything that it receives. ANSWER is a JSON file.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import cast

import uvloop
from starlette.types import Receive, Scope, Send

from benchmarks.load import Answer
from reportdata.http import answers, server, sockets
from reportdata.http.connections import Connections
from reportdata.http.protocol import Direct

OF_UVICORN = ("date", "server")
"""Headers that uvicorn adds by itself."""


def write_answer(answer: Answer, path: Path) -> None:
    """Keep an answer for a server of this module."""
    headers = [pair for pair in answer.headers if pair[0] not in OF_UVICORN]
    path.write_text(json.dumps({"headers": headers, "body": answer.body.decode()}), "utf-8")


class Constant:
    """An application that knows one answer."""

    def __init__(self, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self._start = {"type": "http.response.start", "status": 200, "headers": headers}
        self._body = {"type": "http.response.body", "body": body}

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send(self._start)
        await send(self._body)


def serve_http(headers: list[tuple[bytes, bytes]], body: bytes, *, direct: bool) -> None:
    """Serve the answer with reportdata's server."""
    ids = answers.Ids(*(dict(headers)[name].decode() for name in (b"x-acs-request-id", b"x-acs-trace-id")))
    answer = answers.Answer(200, body, ids)
    known: dict[bytes, Direct] = {b"/v1.0/datacenter/reportData": lambda *_: answer} if direct else {}
    listener = server.Listener(sockets.bind("127.0.0.1", 0), Constant(headers, body), known)
    with server.Server(listener, connections=Connections(10_000)) as running:
        running.run(lambda: print(running.url, flush=True))


class _Socket(asyncio.Protocol):
    """Answers whatever comes."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._write = cast(asyncio.Transport, transport).write

    def data_received(self, _data: bytes) -> None:
        self._write(self._answer)


async def serve_socket(headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    """Write the answer for everything that is received."""
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
    answer = b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n" + body
    running = await asyncio.get_running_loop().create_server(lambda: _Socket(answer), "127.0.0.1", 0)
    print("http://{}:{}".format(*running.sockets[0].getsockname()[:2]), flush=True)
    await running.serve_forever()


def main() -> None:
    """Serve until killed."""
    found = json.loads(Path(sys.argv[2]).read_text("utf-8"))
    headers, body = [(name.encode(), value.encode()) for name, value in found["headers"]], found["body"].encode()
    if sys.argv[1] == "socket":
        uvloop.run(serve_socket(headers, body))
    else:
        serve_http(headers, body, direct=sys.argv[1] == "direct")


if __name__ == "__main__":
    main()
