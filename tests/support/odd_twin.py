"""A twin some of whose answers are changed on their way out, as no switch for trouble changes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reportdata.twin import Answer, Habits, Request, Twin
from tests.support.collecting import Simulation, at, simulated

LISTS = ("topapi/report/simplelist", "topapi/report/list")
COMMENTS = "topapi/report/comment/list"

Change = Callable[[dict[str, Any], dict[str, Any]], Any]
"""Changes the body of an answer, by the parameters of the call; what it returns, if anything, is the body."""


class OddTwin(Twin):
    """See `Twin`; ``changes`` are by API, such as ``topapi/report/list``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.changes: dict[str, Change] = {}

    def answer(self, request: Request) -> Answer:
        """The answer to an HTTP request, changed."""
        answer = super().answer(request)
        change = self.changes.get(request.path.strip("/"))
        if change is None or answer.outcome != "ok":
            return answer
        body = json.loads(answer.body)
        changed = change(body, request.parameters())
        return answer._replace(body=json.dumps(body if changed is None else changed).encode())


@contextmanager
def simulated_oddly(memory: Path, first_day: str, last_day: str) -> Iterator[Simulation]:
    """An organisation whose people send reports for some days, at a twin with odd answers."""
    habits = Habits(reports_per_day=6, comments_per_report=1.5)
    days: dict[str, Any] = {"first_day": first_day, "last_day": last_day, "now": at(first_day)}
    twin = OddTwin(seed=3, people=8, habits=habits, **days, rate=0, budget=0)
    with simulated(memory, twin, calls=20_000, first_day=first_day) as found:
        yield found


def odd(simulation: Simulation, apis: tuple[str, ...], change: Change) -> None:
    """Change the answers of these APIs."""
    assert isinstance(simulation.twin, OddTwin)
    simulation.twin.changes = dict.fromkeys(apis, change)
