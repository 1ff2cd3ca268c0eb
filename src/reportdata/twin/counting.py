"""What was called: by API, what it was answered, what counts to the month's quota, what was repeated.

As DingTalk documents it, an organisation of the standard edition has 5,000 calls a calendar month, and an app 20 calls
a second to each API. Tokens and the directory count to no quota, and neither do calls that are refused for their rate.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from typing import NamedTuple

from reportdata.days import day_of
from reportdata.twin.activity import BEIJING

MONTHLY_CALLS = 5_000
CALLS_A_SECOND = 20
LOG = 100_000
"""Calls that are kept one by one."""
TOKEN_APIS = ("gettoken", "v1.0/oauth2/accessToken")
REPEATED_WITHIN = 60.0
"""Seconds within which an identical call after a good answer is a repetition."""


class Call(NamedTuple):
    """A call: its number from 1, the twin's time, the API, its parameters without the token, and the outcome."""

    number: int
    at: float
    api: str
    parameters: str
    outcome: str
    """``ok``, or the code of the error; of what has none, the trouble's name."""
    charged: bool
    """Whether it counts to the month's quota."""


class Calls:
    """All calls since the twin began, or since they were last forgotten."""

    def __init__(self, budget: int, rate: int) -> None:
        self.budget = budget
        """Calls a calendar month in Beijing; 0 is without a limit."""
        self.rate = rate
        """Calls a second to each API; 0 is without a limit."""
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Begin to count anew: the month's calls too."""
        self.total = 0
        self.by_api: Counter[str] = Counter()
        self.by_outcome: Counter[str] = Counter()
        self.by_month: Counter[str] = Counter()
        """Calls that count to the quota, by month (yyyyMM)."""
        self.over_budget = 0
        """Calls that were refused because the month's quota was spent; not those of the trouble ``quota``."""
        self.over_rate = 0
        """Calls that were refused for their rate; not those of the troubles ``qps`` and ``qps-all``."""
        self.repeats = 0
        """Calls that said the same as one that was answered well less than `REPEATED_WITHIN` seconds before; not those
        for tokens, which end."""
        self.log: deque[Call] = deque(maxlen=LOG)
        self._answered: dict[tuple[str, str], float] = {}
        self._seconds: dict[str, tuple[int, int]] = {}

    @property
    def charged(self) -> int:
        """Calls that count to the quota, of all months."""
        return self.by_month.total()

    def within_rate(self, api: str, now: float) -> bool:
        """Whether the API may be called once more in this second; it is taken as called."""
        second, count = self._seconds.get(api, (0, 0))
        count = count + 1 if second == int(now) else 1
        self._seconds[api] = (int(now), count)
        if self.rate and count > self.rate:
            self.over_rate += 1
            return False
        return True

    def within_budget(self, now: float) -> bool:
        """Whether the month has a call left."""
        if self.budget and self.by_month[month_of(now)] >= self.budget:
            self.over_budget += 1
            return False
        return True

    def note(self, call: Call) -> None:
        """Count a call."""
        with self._lock:
            self.total += 1
            self.by_api[call.api] += 1
            self.by_outcome[call.outcome] += 1
            if call.charged:
                self.by_month[month_of(call.at)] += 1
            self.repeats += _is_repeated(call, self._answered, REPEATED_WITHIN)
            self.log.append(call)

    def repeated(self, within: float) -> list[Call]:
        """The calls of the log that are repetitions, as `repeats` counts them, within so many seconds."""
        answered: dict[tuple[str, str], float] = {}
        with self._lock:
            log = list(self.log)
        return [call for call in log if _is_repeated(call, answered, within)]

    def summary(self) -> dict[str, object]:
        """The counts, for programs."""
        with self._lock:
            return {
                "total": self.total,
                "charged": self.charged,
                "budget": self.budget,
                "overBudget": self.over_budget,
                "overRate": self.over_rate,
                "repeats": self.repeats,
                "byApi": dict(sorted(self.by_api.items())),
                "byOutcome": dict(sorted(self.by_outcome.items())),
                "byMonth": dict(sorted(self.by_month.items())),
            }


def _is_repeated(call: Call, answered: dict[tuple[str, str], float], within: float) -> bool:
    """Whether a call repeats one of those that were answered, to which it is added."""
    if call.api in TOKEN_APIS:
        return False
    said = (call.api, call.parameters)
    before = answered.get(said)
    if call.outcome == "ok":
        answered[said] = call.at
    return before is not None and call.at - before < within


def month_of(now: float) -> str:
    """The calendar month in Beijing, as yyyyMM."""
    return day_of(int(now) * 1_000_000, BEIJING)[:6]
