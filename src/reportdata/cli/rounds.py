"""Rounds of collecting: once for each source, or all the time, beside the worker."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import closing

import msgspec

from reportdata.cli.collectors import Secrets, alone, opened
from reportdata.cli.places import ledger_of
from reportdata.cli.troubles import Troubles
from reportdata.collector.clock import Stopped, SystemClock
from reportdata.collector.sources import Source, sources
from reportdata.errors import BadAnswer, NotPermitted, Rejected, ReportDataError, SourceError
from reportdata.pipeline import Progress, silent
from reportdata.pipeline.collecting import Collecting
from reportdata.settings import Settings

log = logging.getLogger("reportdata.collector")

_LOOK = 60.0
"""Seconds after which it is looked whether sources were added or removed."""
_TROUBLED = 30.0
"""Seconds to wait after something went wrong."""
_AGAIN = 5.0
"""Seconds between two looks whether there is anything to collect."""


def collect_once(found: Sequence[Collecting], progress: Progress, ending: threading.Event) -> ReportDataError | None:
    """Do what there is to do for each; returns the first error that kept something from being done."""
    failed: ReportDataError | None = None
    for collecting in found:
        wait = 0.0
        while not wait and not ending.is_set():
            try:
                wait = collecting.step()
            except (BadAnswer, NotPermitted, Rejected) as error:  # of one list, report or API: the others go on
                failed = failed or error
            except SourceError as error:
                failed = failed or error
                collecting.flush()
                break
            progress(f"collecting {collecting.name}", collecting.done.steps, 0)
    return failed


def collect_on(found: Sequence[Collecting], ending: threading.Event, progress: Progress = silent) -> None:
    """Collect until the process is to end, or for a while."""
    troubles = Troubles(log)
    due = dict.fromkeys(range(len(found)), 0.0)
    began = time.monotonic()
    while not ending.is_set() and time.monotonic() < began + _LOOK:
        for number, collecting in enumerate(found):
            if due[number] > time.monotonic():
                continue
            try:
                wait = collecting.step()
                if not wait:
                    troubles.over(collecting.name)
                progress(f"collecting {collecting.name}", collecting.done.steps, 0)
            except ReportDataError as error:
                wait = _TROUBLED
                troubles.tell(collecting.name, error)
            due[number] = time.monotonic() + wait
        pause = min(due.values(), default=began + _LOOK) - time.monotonic()
        if pause > 0:
            ending.wait(min(pause, _LOOK))


def collect_beside(settings: Settings, secrets: Secrets, ending: threading.Event) -> threading.Thread:
    """Collect all sources in a thread, as long as there are any, until ``ending`` is set."""
    thread = threading.Thread(target=_keep_collecting, args=(settings, secrets, ending), name="collect", daemon=True)
    thread.start()
    return thread


def _keep_collecting(settings: Settings, secrets: Secrets, ending: threading.Event) -> None:
    troubles = Troubles(log)
    while not ending.is_set():
        try:
            if settings.ledger.exists():
                _collect_for_a_while(settings, secrets, ending, troubles)
            troubles.over("")
        except Stopped:
            return
        except ReportDataError as error:
            troubles.tell("", error)
        ending.wait(_AGAIN)


def _collect_for_a_while(settings: Settings, secrets: Secrets, ending: threading.Event, troubles: Troubles) -> None:
    with closing(ledger_of(settings, new=False)) as ledger:
        found = sources(ledger)
        if not found:
            return
        with alone(settings.ledger), opened(settings, ledger, SystemClock(ending)) as own:
            ready = []
            for source in found:
                try:
                    ready.append(own.collecting(source, secrets))
                except ReportDataError as error:
                    troubles.tell(source.name, error)
            while ready and not ending.is_set() and _reached(sources(ledger)) == _reached(found):
                collect_on(ready, ending)


def _reached(found: Sequence[Source]) -> list[Source]:
    """How sources are reached; what their suites tell does not matter."""
    return [msgspec.structs.replace(source, comments=True) for source in found]
