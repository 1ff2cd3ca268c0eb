"""Guessed secrets are slowed down, whichever call they are presented to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reportdata.errors import Refused
from reportdata.limits import Guesses, MustWait


class Presented:
    """A secret that is presented. Who compares it says whether there is an app of its key."""

    exists = False


class Guessing:
    """What secrets were presented to this process."""

    def __init__(self) -> None:
        self._guesses = Guesses()

    @contextmanager
    def guess(self, app_key: str, address: str, secret: str, now: float) -> Iterator[Presented]:
        """A secret is compared within the block, which raises `Refused` when it is wrong.

        :raises MustWait: when the caller has to wait before the next try; then the block is not entered, or its refusal
            is this one.
        """
        must_wait = self._turn(app_key, address, secret, now)
        presented = Presented()
        try:
            yield presented
        except Refused:
            if must_wait is not None:
                self._guesses.disprove(app_key, address)
                raise must_wait from None
            self._guesses.wrong(app_key, address, now, exists=presented.exists)
            raise
        if must_wait is not None:
            self._guesses.prove(app_key, address, secret, now)
        else:
            self._guesses.right(app_key, address, secret, now)

    def _turn(self, app_key: str, address: str, secret: str, now: float) -> MustWait | None:
        """What a secret is answered that is not right after all, when others have to wait and this one was right
        lately; None when nobody has to.

        :raises MustWait: when this one has to wait, too.
        """
        proven = self._guesses.is_proven(app_key, address, secret, now)
        try:
            self._guesses.require_turn(app_key, address, now)
        except MustWait as refused:
            if not proven:
                raise
            return refused
        return None


def when_again(refused: Refused) -> dict[str, str] | None:
    """What tells a caller who guessed too often to wait; the body is the same as for any wrong secret."""
    return {"retry-after": str(refused.seconds)} if isinstance(refused, MustWait) else None
