"""Clients that leave while something is done for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request

from reportdata.http.answers import ON_EOF

_Done = TypeVar("_Done")


async def unless_left(request: Request, doing: Awaitable[_Done]) -> _Done:
    """What is done for a client; it is cancelled when the client leaves.

    :raises ClientDisconnect: when it left.
    """
    task = asyncio.ensure_future(doing)
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
            raise ClientDisconnect
        return await task
    finally:
        leaving.cancel()


async def _left(request: Request) -> None:
    """The client has left, or sends no more, which clients that wait do not do."""
    ended = asyncio.Event()
    request.scope[ON_EOF] = ended.set
    ending = asyncio.ensure_future(ended.wait())
    try:
        while not ending.done():
            received = asyncio.ensure_future(request.receive())
            await asyncio.wait({received, ending}, return_when=asyncio.FIRST_COMPLETED)
            if received.done() and received.result()["type"] == "http.disconnect":
                return
            received.cancel()
    finally:
        ending.cancel()
