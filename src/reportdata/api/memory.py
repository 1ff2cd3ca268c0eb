"""What was read from the store since it last changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from math import inf
from typing import Any, Generic, TypeVar

from reportdata.api.batching import Loader
from reportdata.store import Store

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")

MOST_REMEMBERED = 10_000
"""Values of one kind, of about a kilobyte each, that are remembered at most."""


class Memory:
    """Notices when the store has changed, or the clock was set back; what was remembered is forgotten then.

    The store is looked at once in a turn of the event loop: whoever knows of a change asks in a later one.

    :param clock: gives the time in seconds since 1970.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._looked_at = 0.0
        self._until = inf
        self._version: int | None = None
        self._version_of_answers: int | None = None
        self.looked = False
        """Whether it was looked at in this turn."""
        self._kinds: list[Known[Any, Any]] = []

    def known(
        self, read: Callable[[Sequence[_Key]], Sequence[_Value]], most: int = MOST_REMEMBERED, *, answers: bool = False
    ) -> Known[_Key, _Value]:
        """Values of one kind, by their keys.

        :param read: reads them from the store, in the order of the keys; None is not remembered.
        :param most: how many are remembered at most.
        :param answers: they rest on nothing that `Store.version_of_answers` leaves out, so that tokens and sessions
            that are issued forget none.
        """
        found = Known(self, read, most, answers)
        self._kinds.append(found)
        return found

    def until(self, at: float) -> None:
        """What is being read changes at that time, in seconds since 1970, though the store stays the same."""
        self._until = min(self._until, at)

    def look(self) -> None:
        """Forget what may be another one now: of the store, if it has changed since it was last looked at, and
        everything if time has not just gone on."""
        version, now = self._store.version(), self._clock()
        due = not self._looked_at <= now < self._until
        self._looked_at = now
        if due or version != self._version:
            of_answers = self._store.version_of_answers()
            changed = due or of_answers != self._version_of_answers
            self._version, self._version_of_answers = version, of_answers
            self._until = inf
            for kind in self._kinds:
                if changed or not kind.answers:
                    kind.values.clear()
        self.looked = True
        asyncio.get_running_loop().call_soon(self._look_again)

    def _look_again(self) -> None:
        self.looked = False


class Known(Generic[_Key, _Value]):
    """Values of one kind: read at once, or together with what other calls wait for."""

    def __init__(
        self, memory: Memory, read: Callable[[Sequence[_Key]], Sequence[_Value]], most: int, answers: bool
    ) -> None:
        self.values: dict[_Key, _Value] = {}
        self.answers = answers
        """Whether they are kept while nothing changes but who may ask."""
        self._most = most
        self._memory = memory
        self._read = read
        self._loader = Loader(self._read_all)

    def get(self, key: _Key) -> _Value | None:
        """The value, if it is remembered."""
        if not self._memory.looked:
            self._memory.look()
        return self.values.get(key)

    def read(self, key: _Key) -> _Value:
        """The value, read now unless it is remembered."""
        if not self._memory.looked:
            self._memory.look()
        value = self.values.get(key)
        return value if value is not None else self.read_now(key)

    def read_now(self, key: _Key) -> _Value:
        """The value, read now, as it is not remembered."""
        return self._read_all([key])[0]

    async def ask(self, key: _Key) -> _Value:
        """The value, read with those that others ask for in the same turn unless it is remembered."""
        value = self.get(key)
        return value if value is not None else await self._loader.ask(key)

    def _read_all(self, keys: Sequence[_Key]) -> Sequence[_Value]:
        found = self._read(keys)
        for key, value in zip(keys, found, strict=True):
            if value is not None:
                self.remember(key, value)
        return found

    def remember(self, key: _Key, value: _Value) -> None:
        """Remember a value, until what it rests on in the store changes."""
        if len(self.values) >= self._most:
            self.values.clear()
        self.values[key] = value
