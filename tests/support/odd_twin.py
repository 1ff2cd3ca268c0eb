"""A twin some of whose answers are changed on their way out, as no switch for trouble changes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from reportdata.twin import Answer, Request, Twin

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
