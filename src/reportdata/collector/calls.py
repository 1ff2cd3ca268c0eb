"""Calls that are booked before they are sent, and sent again with exponential backoff and jitter where that helps.

| trouble | what is done |
|---|---|
| too many calls in a second or a minute | wait, ever longer and by chance, and send it again |
| the address is banned | wait until that is over, and send it again |
| no answer, or a fault of the server | wait as above, and send it again |
| one of these, and the server says how long to wait | wait as long, or longer; not at all beyond five minutes |
| anything else | it is the caller's |

A booking is taken back when the suite does not count the call.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol

from reportdata.collector.clock import Clock
from reportdata.collector.suite import Answer, Trouble

log = logging.getLogger("reportdata.collector")

TRIES: Mapping[Trouble, int] = {Trouble.FAULT: 4, Trouble.BUSY: 8, Trouble.CROWDED: 3, Trouble.BANNED: 3}
"""How often a call is sent at most, by what was the matter; once for all else."""
_FIRST_PAUSE = {Trouble.FAULT: 0.5, Trouble.BUSY: 1.0, Trouble.CROWDED: 60.0}
_LONGEST_PAUSE = 60.0
_LONGEST_ASKED = 300.0
"""Seconds that a server may ask to wait; beyond them nothing is sent again."""


class Booking(Protocol):
    """Where calls are booked: `reportdata.collector.budget.Budget`, or a `Pace` alone."""

    def book(self, api: str, *, free: bool = False) -> str:
        """Book a call, and wait until it may be sent. Returns the day that it is booked on.

        :raises BudgetSpent: when no call is left; nothing is booked then.
        """

    def give_back(self, api: str, day: str) -> None:
        """Take a booking back."""

    def refused(self) -> None:
        """The suite says that no call is left in this month."""


class Pace:
    """A distance between calls, and no budget.

    :param rate: calls a second at most.
    """

    def __init__(self, rate: float, clock: Clock) -> None:
        self._clock = clock
        self._between = 1 / rate
        self._next = 0.0

    def book(self, api: str, *, free: bool = False) -> str:  # noqa: ARG002 - all calls keep their distance
        """See `Booking`."""
        now = self._clock.now()
        if now < self._next <= now + self._between:
            self._clock.sleep(self._next - now)
        self._next = self._clock.now() + self._between
        return ""

    def give_back(self, api: str, day: str) -> None:
        """See `Booking`."""

    def refused(self) -> None:
        """See `Booking`."""


class Paced:
    """A booking at a pace of its own, besides what the budget allows in a second."""

    def __init__(self, pace: Pace, booking: Booking) -> None:
        self._pace = pace
        self._booking = booking

    def book(self, api: str, *, free: bool = False) -> str:
        """See `Booking`."""
        self._pace.book(api, free=free)
        return self._booking.book(api, free=free)

    def give_back(self, api: str, day: str) -> None:
        """See `Booking`."""
        self._booking.give_back(api, day)

    def refused(self) -> None:
        """See `Booking`."""
        self._booking.refused()


class BookedCalls:
    """See `reportdata.collector.suite.Calls`.

    :param rng: makes pauses differ, so that many clients do not come back at the same moment.
    :param heard: is told the suite's time, in seconds since 1970.
    """

    def __init__(
        self,
        booking: Booking,
        clock: Clock,
        rng: random.Random | None = None,
        tries: Mapping[Trouble, int] = TRIES,
        heard: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._booking = booking
        self._clock = clock
        self._rng = rng or random.Random()  # noqa: S311 - no secret depends on it
        self._tries = tries
        self.heard = heard

    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock.now()

    def answered(self, api: str, send: Callable[[], Answer], *, free: bool = False) -> Answer:
        """See `reportdata.collector.suite.Calls`."""
        met: Counter[Trouble] = Counter()
        while True:
            day = self._booking.book(api, free=free)
            answer = send()
            if answer.trouble is Trouble.NONE:
                return answer
            if not free and not answer.counted:
                self._booking.give_back(api, day)
            met[answer.trouble] += 1
            too_long = answer.trouble is not Trouble.BANNED and answer.wait > _LONGEST_ASKED
            if too_long or met[answer.trouble] >= self._tries.get(answer.trouble, 1):
                if answer.trouble is Trouble.SPENT:
                    self._booking.refused()
                return answer
            self._wait(api, answer, met[answer.trouble])

    def _wait(self, api: str, answer: Answer, times: int) -> None:
        if answer.trouble is Trouble.BANNED:
            log.warning("%s: %s; waiting %.0f s", api, answer.text, answer.wait)
            self._clock.sleep(answer.wait + self._rng.uniform(1, 10))
            return
        pause = min(_FIRST_PAUSE.get(answer.trouble, 1.0) * 2 ** (times - 1), _LONGEST_PAUSE)
        pause = max(pause, answer.wait)
        self._clock.sleep(pause * self._rng.uniform(1, 1.5))
