"""What several calls ask of a remote store is asked at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from reportdata.api.batching import Loader
from reportdata.errors import StoreError


class Reader:
    """Answers with twice the number; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def read(self, numbers: Sequence[int]) -> list[int]:
        self.asked.append(list(numbers))
        if -1 in numbers:
            raise StoreError("the store is away")
        return [2 * number for number in numbers]


async def _one(together: Loader[int, int], number: int) -> int:
    return await together.ask(number)


def test_all_that_ask_in_one_turn_are_answered_by_one_reading() -> None:
    reader = Reader()

    async def calls() -> list[int]:
        together = Loader(reader.read)
        first = await asyncio.gather(*(_one(together, number) for number in (1, 2, 1, 3)))
        return [*first, *await asyncio.gather(_one(together, 1), _one(together, 4))]

    assert asyncio.run(calls()) == [2, 4, 2, 6, 2, 8]
    assert reader.asked == [[1, 2, 3], [1, 4]]


def test_what_reading_raises_is_raised_to_each_and_the_next_are_read_again() -> None:
    reader = Reader()

    async def calls() -> None:
        together = Loader(reader.read)
        raised = await asyncio.gather(_one(together, 1), _one(together, -1), return_exceptions=True)
        assert [type(error) for error in raised] == [StoreError, StoreError]
        assert await _one(together, 1) == 2

    asyncio.run(calls())


def test_one_that_goes_away_takes_nobody_with_it() -> None:
    reader = Reader()

    async def calls() -> None:
        together = Loader(reader.read)
        gone = asyncio.ensure_future(_one(together, 1))
        other = asyncio.ensure_future(_one(together, 2))
        await asyncio.sleep(0)
        gone.cancel()
        assert await other == 4
        with pytest.raises(asyncio.CancelledError):
            await gone

    asyncio.run(calls())
