"""Assistants that call tools, by the client of the package `mcp`, as either version of the protocol has it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from reportdata.assistants.door import Door
from reportdata.client import Patience
from reportdata.client.transport import Transport
from reportdata.http.connections import Connections
from reportdata.http.server import Listener, Server
from reportdata.http.sockets import bind
from tests.support.tools import require_package
from tests.support.waiting import SOON

if TYPE_CHECKING:
    from mcp import Client
    from mcp.types import CallToolResult

MODES = {"auto": "2026-07-28", "legacy": "2025-11-25"}
"""How a client begins, and the version that it then speaks."""
_Found = TypeVar("_Found")


def with_client(target: Any, use: Callable[[Client], Awaitable[_Found]], mode: str = "auto") -> _Found:
    """What is found with a client of a server, a program or a transport."""
    require_package("mcp")
    from mcp import Client

    async def run() -> _Found:
        async with Client(target, mode=mode, read_timeout_seconds=SOON) as client:
            assert client.protocol_version == MODES[mode]
            return await use(client)

    return asyncio.run(run())


def over_http(
    url: str, use: Callable[[Client], Awaitable[_Found]], mode: str = "auto", headers: Mapping[str, str] | None = None
) -> _Found:
    """What is found with a client of tools over HTTP.

    :param headers: how it shows who it is.
    """
    require_package("mcp")
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    async def run() -> _Found:
        async with httpx2.AsyncClient(headers=dict(headers or {}), timeout=SOON, trust_env=False, verify=False) as http:
            transport = streamable_http_client(url, http_client=http)
            async with Client(transport, mode=mode, read_timeout_seconds=SOON) as client:
                assert client.protocol_version == MODES[mode]
                return await use(client)

    return asyncio.run(run())


def calling(tool: str, **arguments: Any) -> Callable[[Client], Awaitable[CallToolResult]]:
    """Calls a tool; ``from_`` stands for the argument ``from``."""
    given = {name.removesuffix("_"): value for name, value in arguments.items()}

    async def call(client: Client) -> CallToolResult:
        return await client.call_tool(tool, given)

    return call


def text_of(result: CallToolResult) -> str:
    """The text of a reply."""
    (content,) = result.content
    return str(getattr(content, "text", ""))


@contextmanager
def door_to(url: str, *, keys_in_path: bool = False, proxies: Sequence[str] = ()) -> Iterator[str]:
    """Tools over HTTP that ask the server at an address; gives where they are."""
    require_package("mcp")
    transport = Transport(url, None, Patience(tries=1), lambda _seconds: None)
    door = Door(transport, keys_in_path=keys_in_path)
    with Server(Listener(bind("127.0.0.1", 0), door, proxies=proxies), connections=Connections(100)) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield f"{server.url}/mcp"
        finally:
            server.stop()
            thread.join()
            transport.close()
