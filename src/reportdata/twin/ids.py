"""The ids of calls, as DingTalk's look; they depend on the seed and on how many were made before."""

from __future__ import annotations

import random

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Ids:
    """Makes ids; none of them is a secret."""

    def __init__(self, seed: int) -> None:
        self._numbers = random.Random(f"ids {seed}")  # noqa: S311

    def new(self, now: float) -> str:
        """The new gateway's: a UUID of version 7 in capitals."""
        time, bits = int(now * 1000), self._numbers.getrandbits
        return f"{time >> 16:08X}-{time & 0xFFFF:04X}-7{bits(12):03X}-{0x8000 | bits(14):04X}-{bits(48):012X}"

    def old(self) -> str:
        """The old API's: twelve digits and small letters."""
        return "".join(self._numbers.choices(_DIGITS, k=12))

    def of_ban(self) -> str:
        """What the edge names a ban by: 32 hex digits."""
        return f"{self._numbers.getrandbits(128):032x}"
