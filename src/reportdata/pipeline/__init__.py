"""The verbs: import and refresh. The only place where the lake, an engine and the store meet.

Order makes both safe to interrupt at any point. An import first makes its facts durable in the lake, together with what
it observed, then refreshes. A refresh takes the days whose fingerprint in the store differs from the lake's, and stores
coverage last, when every day inside it is computed. What an interruption leaves undone is found by comparison the next
time; nothing needs to be repaired.
"""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done and how much there is (0 when that is not known)."""


def silent(_what: str, _done: int, _total: int) -> None:
    """No progress is shown."""
