"""Departments that a person writes, and those that reports name."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from reportdata.api.asking import Job
from reportdata.cli.answering import answering
from reportdata.cli.language import say
from reportdata.errors import ReportDataError
from reportdata.identity import Organisation
from reportdata.services import REPORTS
from reportdata.settings import Settings
from reportdata.statistics.question import Question
from reportdata.store import Store

_SPAN = "366d"
_MOST = 1000
"""Departments that are looked through."""
_NAMED = 3


def warn_of_unused(
    store: Store, settings: Settings, organisation: Organisation, departments: Sequence[str], now: float
) -> None:
    """Say which departments no report of the last year names, so that all their numbers are 0, and what those that are
    like them are called. Nothing is said where nothing is known of that year, or the lake cannot be read."""
    if not departments or all(piece.corp_id != organisation.corp_id for piece in store.coverage()):
        return
    question = Question(range_=_SPAN, by=("department",), metrics=("4100",), order=("-reports",), page_size=_MOST)
    try:
        with answering(settings, store=store) as work:
            answer = work.found(Job(organisation.corp_id, now, question, service=REPORTS))
    except ReportDataError:
        return
    used = [str(row["department"]) for row in answer.data if row["department"] and row["reports"]]
    if not used or len(answer.data) == _MOST:
        return
    for name in departments:
        if any(one == name or one.startswith(f"{name}/") for one in used):
            continue
        like = [one for one in used if name in one or one in name] or get_close_matches(name, used, _NAMED, 0.3) or used
        say(f"Warning: no report of the last year names the department {name}: its numbers are 0.", err=True)
        say(f"  departments are, for example: {', '.join(like[:_NAMED])}", err=True)
