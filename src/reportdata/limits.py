"""How often an app may call, and how often a secret may be guessed: counts of one process; the time is passed in."""

from __future__ import annotations

import hashlib
import hmac
import math
from collections import OrderedDict
from functools import lru_cache
from ipaddress import IPv6Address
from secrets import token_bytes

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


_Tries = OrderedDict[bytes, tuple[int, float, float]]


class Guesses:
    """Wrong secrets, by app key and address, in this process: after a few, another try has to wait, ever longer.

    An app key that does not exist is treated as one that does. Addresses of one IPv6 network of 64 bits, which one
    machine may have all of, count as one. Whoever has not tried for an hour begins anew; when too many keys and
    addresses are known, the one that tried longest ago is forgotten. Keys of apps and keys that do not exist are kept
    apart for that, so that however many are made up, no app's wait ends early.

    A secret that was right lately, for that key and from there, need not wait for what others guess. A digest of it
    under a key of this process's own is remembered for that, and is compared with whatever is presented meanwhile, in
    the same time whether there is one or not.
    """

    FREE = 5
    """Wrong secrets before the first wait, of a second; each one more doubles it."""
    LONGEST_WAIT = 900
    FORGOTTEN = 3600
    MOST = 10_000
    PROVEN = 7 * 86_400
    """Seconds for which it is remembered that a secret was right."""

    def __init__(self) -> None:
        # Count, last, not before: of keys that are no app's, and of those that are.
        self._known: tuple[_Tries, _Tries] = OrderedDict(), OrderedDict()
        self._proven: OrderedDict[bytes, tuple[bytes, float]] = OrderedDict()  # the secret's digest, when it was right
        self._key = token_bytes(32)

    def require_turn(self, app_key: str, address: str, now: float) -> None:
        """:raises MustWait: when another try has to wait."""
        who = _who(app_key, address)
        for known in self._known:
            _, last, not_before = known.get(who, (0, 0.0, 0.0))
            if last <= now < not_before:
                raise MustWait(math.ceil(not_before - now))

    def is_proven(self, app_key: str, address: str, secret: str, now: float) -> bool:
        """Whether a secret was right lately, for that app and from there."""
        digest, at = self._proven.get(_who(app_key, address), (bytes(32), -math.inf))
        same = hmac.compare_digest(digest, self._digest(secret))
        return same and at <= now < at + self.PROVEN

    def wrong(self, app_key: str, address: str, now: float, *, exists: bool = True) -> None:
        """A secret was wrong.

        :param exists: whether there is an app of that key.
        """
        who = _who(app_key, address)
        count, last, _ = self._pop(who) or (0, now, 0.0)
        count = count + 1 if last <= now < last + self.FORGOTTEN else 1
        wait = min(2 ** (count - self.FREE), self.LONGEST_WAIT) if count >= self.FREE else 0
        known = self._known[exists]
        known[who] = (count, now, now + wait)
        if len(known) > self.MOST:
            known.popitem(last=False)

    def right(self, app_key: str, address: str, secret: str, now: float) -> None:
        """The secret was right, and had its turn: counting begins anew."""
        self._pop(_who(app_key, address))
        self.prove(app_key, address, secret, now)

    def prove(self, app_key: str, address: str, secret: str, now: float) -> None:
        """The secret was right; what others guessed still counts."""
        who = _who(app_key, address)
        self._proven.pop(who, None)
        self._proven[who] = (self._digest(secret), now)
        if len(self._proven) > self.MOST:
            self._proven.popitem(last=False)

    def disprove(self, app_key: str, address: str) -> None:
        """The secret that was right is not right any more."""
        self._proven.pop(_who(app_key, address), None)

    def _pop(self, who: bytes) -> tuple[int, float, float] | None:
        found = [known.pop(who, None) for known in self._known]
        return found[0] or found[1]

    def _digest(self, secret: str) -> bytes:
        return hmac.digest(self._key, secret.encode("utf-8", "surrogatepass"), "sha256")

    def __len__(self) -> int:
        return sum(map(len, self._known))


class MustWait(Refused):
    """Too many wrong secrets: the next try has to wait for that many seconds, whether its secret is right or not."""

    def __init__(self, seconds: int) -> None:
        super().__init__(Reason.CREDENTIALS)
        self.seconds = seconds


def _who(app_key: str, address: str) -> bytes:
    """Short, however long a key is presented."""
    text = f"{_network_of(address)}\0{app_key}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


@lru_cache(maxsize=1024)
def _network_of(address: str) -> str:
    """Whose an address is: that of IPv4, also when it is written as IPv6; of IPv6 the first 64 bits, which is what a
    machine is given at least."""
    try:
        found = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return f"{int(found) >> 64:x}::/64"
