"""A data loader: the look-ups of one turn of the event loop are coalesced into one query. To a store across a network
that is one round trip for all calls that came at once, where each would wait for the one before it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class Loader(Generic[_Key, _Value]):
    """Gathers the keys that are asked for in one turn of the event loop, and reads their values in the next.

    :param read: reads what is asked for, in its order. It is called on the event loop, so that what it keeps in memory
        is there before anything else happens.
    """

    def __init__(self, read: Callable[[Sequence[_Key]], Sequence[_Value]]) -> None:
        self._read = read
        self._asked: dict[_Key, asyncio.Future[_Value]] = {}

    def ask(self, key: _Key) -> asyncio.Future[_Value]:
        """What is read for the key.

        :raises Exception: when awaited, what reading raised.
        """
        loop = asyncio.get_running_loop()
        if not self._asked:
            loop.call_soon(self._answer)
        future = self._asked.get(key)
        if future is None:
            future = self._asked[key] = loop.create_future()
        return future

    def _answer(self) -> None:
        asked, self._asked = self._asked, {}
        try:
            values = self._read(list(asked))
        except Exception as error:
            for future in asked.values():
                if not future.done():
                    future.set_exception(error)
        else:
            for future, value in zip(asked.values(), values, strict=True):
                if not future.done():  # whoever asked may be gone
                    future.set_result(value)
