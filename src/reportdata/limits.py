"""How often an app may call, and how often a secret may be guessed: counts of one process; the time is passed in."""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict

from reportdata.errors import Reason, Refused
from reportdata.identity import App


class Rates:
    """Calls a second of each app and API, counted in whole seconds, in this process.

    :param default: the rate of apps that have none of their own; 0 for no limit, as an app's own may be.
    """

    def __init__(self, default: int) -> None:
        self._default = default
        self._counts: dict[tuple[str, str], tuple[int, int]] = {}

    def require(self, app: App, api: str, now: float) -> None:
        """Count a call.

        :raises Refused: when the app has used up its rate for this second.
        """
        rate = self._default if app.rate is None else app.rate
        if not rate:
            return
        second, count = self._counts.get((app.app_key, api), (0, 0))
        count = count + 1 if second == int(now) else 1
        self._counts[app.app_key, api] = (int(now), count)
        if count > rate:
            raise Refused(Reason.RATE)


class Guesses:
    """Wrong secrets, by app key and address, in this process: after a few, another try has to wait, ever longer.

    An app key that does not exist is treated as one that does. Whoever has not tried for an hour begins anew; when too
    many keys and addresses are known, the one that tried longest ago is forgotten.
    """

    FREE = 5
    """Wrong secrets before the first wait, of a second; each one more doubles it."""
    LONGEST_WAIT = 900
    FORGOTTEN = 3600
    MOST = 10_000

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, tuple[int, float, float]] = OrderedDict()  # count, last, not before

    def require_turn(self, app_key: str, address: str, now: float) -> None:
        """:raises MustWait: when another try has to wait."""
        _, last, not_before = self._known.get(_who(app_key, address), (0, 0.0, 0.0))
        if last <= now < not_before:
            raise MustWait(math.ceil(not_before - now))

    def wrong(self, app_key: str, address: str, now: float) -> None:
        """A secret was wrong."""
        who = _who(app_key, address)
        count, last, _ = self._known.pop(who, (0, now, 0.0))
        count = count + 1 if last <= now < last + self.FORGOTTEN else 1
        wait = min(2 ** (count - self.FREE), self.LONGEST_WAIT) if count >= self.FREE else 0
        self._known[who] = (count, now, now + wait)
        if len(self._known) > self.MOST:
            self._known.popitem(last=False)

    def right(self, app_key: str, address: str) -> None:
        """The secret was right."""
        self._known.pop(_who(app_key, address), None)

    def __len__(self) -> int:
        return len(self._known)


class MustWait(Refused):
    """Too many wrong secrets: the next try has to wait for that many seconds, whether its secret is right or not."""

    def __init__(self, seconds: int) -> None:
        super().__init__(Reason.CREDENTIALS)
        self.seconds = seconds


def _who(app_key: str, address: str) -> bytes:
    """Short, however long a key is presented."""
    return hashlib.blake2b(f"{address}\0{app_key}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
