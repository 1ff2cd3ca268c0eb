"""``reportdata collect``, and collecting beside the worker."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import click
import msgspec

from reportdata.cli.options import DAY, check_period, lake_options, settings_options
from reportdata.cli.output import progress_bar
from reportdata.cli.places import ledger_of, workspace
from reportdata.days import time_zone
from reportdata.dingtalk.budget import Budget
from reportdata.dingtalk.client import Access, Client
from reportdata.dingtalk.clock import Clock, Stopped, SystemClock
from reportdata.dingtalk.collector import Collector
from reportdata.dingtalk.directory import Directory
from reportdata.dingtalk.ledger import Ledger
from reportdata.dingtalk.schedule import Period
from reportdata.dingtalk.sources import Source, put_source, read_secret, source_of, sources
from reportdata.errors import LedgerError, NotKnown, NotPermitted, ReportDataError, SourceError
from reportdata.files import locked
from reportdata.pipeline import Progress, silent
from reportdata.pipeline.collecting import Collecting
from reportdata.settings import Settings

log = logging.getLogger("reportdata.dingtalk")

SECRET = "REPORTDATA_DINGTALK_APP_SECRET"  # noqa: S105 - the name of a variable
_LOOK = 60.0
"""Seconds after which it is looked whether sources were added or removed."""
_TROUBLED = 30.0
"""Seconds to wait after something went wrong."""
_AGAIN = 5.0
"""Seconds between two looks whether there is anything to collect."""


def secret_option(command: Callable[..., object]) -> Callable[..., object]:
    """The secret of sources that name no file."""
    return click.option("--app-secret", "secret", hidden=True, envvar=SECRET)(command)


@click.command("collect")
@click.option("--source", "corp_id", help="The organisation to collect.  [default: all sources]")
@click.option("--from", "first_day", type=DAY, help="From now on, collect the days from this one on.")
@click.option("--to", "last_day", type=DAY, help="Collect no day after this one, this time.")
@click.option("--once", is_flag=True, help="Do what there is to do now, and end.")
@secret_option
@lake_options
@settings_options
def collect_command(
    corp_id: str | None,
    first_day: str | None,
    last_day: str | None,
    once: bool,
    secret: str | None,
    settings: Settings,
) -> None:
    """Collect reports and comments from DingTalk, within the budget of calls.

    The app's secret is read from REPORTDATA_DINGTALK_APP_SECRET, unless the source names a file.

    What is missing is listed first, the newest days before older ones; comments are read with the calls that are left.
    Interrupted at any point, it goes on where it was. `reportdata serve` and `reportdata work` collect all the time.
    """
    check_period(first_day, last_day)
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    with closing(ledger_of(settings)) as ledger, _alone(settings.ledger):
        found = [source_of(ledger, corp_id)] if corp_id else sources(ledger)
        if not found:
            raise NotKnown("nothing is collected", "reportdata source add dingtalk --corp CORP_ID --app-key KEY")
        with progress_bar() as progress, _opened(settings, ledger, SystemClock(ending)) as opened:
            all_collecting = []
            for source in [_from(ledger, source, first_day) for source in found]:
                period = Period(first_day or source.first_day, last_day)
                collecting = opened.collecting(source, secret, period=period, eager=True)
                collecting.try_again()
                all_collecting.append(collecting)
            try:
                failed = _collect_once(all_collecting, progress, ending) if once else None
                while not once and not ending.is_set():
                    _collect(all_collecting, ending, progress)
            except Stopped:
                failed = None
                click.echo("Interrupted: it goes on where it was.", err=True)
            for collecting in all_collecting:
                _tell(collecting)
            if failed is not None:
                raise failed


def _from(ledger: Ledger, source: Source, first_day: str | None) -> Source:
    """The source, collected from that day on from now on, when one is named that is earlier."""
    if first_day is None or first_day >= source.first_day:
        return source
    changed = msgspec.structs.replace(source, first_day=first_day)
    put_source(ledger, changed)
    return changed


class Opened:
    """What collecting works on."""

    def __init__(self, settings: Settings, ledger: Ledger, clock: Clock, held: ExitStack) -> None:
        self._ledger = ledger
        self._clock = clock
        self._held = held
        here = replace(settings, engine="duckdb")  # few days at a time: not worth a cluster
        self._work = held.enter_context(workspace(here))

    def collecting(
        self, source: Source, secret: str | None, *, period: Period | None = None, eager: bool = False
    ) -> Collecting:
        """What collects a source.

        :raises NotKnown: when its organisation is not known.
        :raises BadCredentials: when the app's secret is not there.
        """
        zones = {o.corp_id: o.time_zone for o in self._work.store.organisations()}
        if source.corp_id not in zones:
            raise NotKnown(
                f"the organisation {source.corp_id!r} is not known",
                f"add it with `reportdata org add {source.corp_id}`",
            )
        budget = Budget(self._ledger, source.corp_id, self._clock)
        access = Access(source.app_key, read_secret(source, secret), source.api, source.oapi)
        client = Client(access, budget, self._clock)
        self._held.callback(client.close)
        zone = time_zone(zones[source.corp_id])
        collector = Collector(source, client, self._ledger, budget, self._clock, zone, period=period, eager=eager)
        directory = Directory(client, self._ledger, source.corp_id, self._clock)
        return Collecting(collector, self._ledger, directory, self._work, self._clock)


@contextmanager
def _opened(settings: Settings, ledger: Ledger, clock: Clock) -> Iterator[Opened]:
    with ExitStack() as held:
        yield Opened(settings, ledger, clock, held)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Nobody else collects into the ledger of that path.

    :raises LedgerError: when somebody does.
    """
    try:
        lock = locked(path.with_suffix(".lock"), wait=False)
    except BlockingIOError as error:
        raise LedgerError(
            f"another process collects into {path.parent}",
            "it is `reportdata serve`, `work` or `collect`: leave it to that",
        ) from error
    except OSError as error:
        raise LedgerError(f"{path.parent} cannot be used: {error}") from error
    with ExitStack() as held:
        held.callback(os.close, lock)
        yield


def _collect_once(found: Sequence[Collecting], progress: Progress, ending: threading.Event) -> ReportDataError | None:
    """Do what there is to do for each; returns the first error that kept something from being done."""
    failed: ReportDataError | None = None
    for collecting in found:
        wait = 0.0
        while not wait and not ending.is_set():
            try:
                wait = collecting.step()
            except NotPermitted as error:  # of one API: the others go on
                failed = failed or error
            except SourceError as error:
                failed = failed or error
                collecting.flush()
                break
            progress(f"collecting {collecting.corp_id}", collecting.done.steps, 0)
    return failed


def _collect(found: Sequence[Collecting], ending: threading.Event, progress: Progress = silent) -> None:
    """Collect until the process is to end, or for a while."""
    said: dict[str, str] = {}
    due = dict.fromkeys(range(len(found)), 0.0)
    began = time.monotonic()
    while not ending.is_set() and time.monotonic() < began + _LOOK:
        for number, collecting in enumerate(found):
            if due[number] > time.monotonic():
                continue
            try:
                wait = collecting.step()
                if not wait:
                    said.pop(collecting.corp_id, None)
                progress(f"collecting {collecting.corp_id}", collecting.done.steps, 0)
            except ReportDataError as error:
                wait = _TROUBLED
                if said.get(collecting.corp_id) != error.message:  # said once, not with each try
                    log.error("%s%s", error.message, f"; {error.hint}" if error.hint else "")  # noqa: TRY400
                said[collecting.corp_id] = error.message
            due[number] = time.monotonic() + wait
        pause = min(due.values(), default=began + _LOOK) - time.monotonic()
        if pause > 0:
            ending.wait(min(pause, _LOOK))


def _tell(collecting: Collecting) -> None:
    done, month = collecting.done, collecting.month()
    click.echo(
        f"{collecting.corp_id}: {done.facts:,} facts collected, {len(done.days):,} days changed; "
        f"{month.left:,} of {month.calls:,} calls are left until {month.last_day}."
    )
    if done.days:
        click.echo(f"Next: reportdata query {min(done.days)} --to {max(done.days)}")


def collect_beside(settings: Settings, secret: str | None, ending: threading.Event) -> threading.Thread:
    """Collect all sources in a thread, as long as there are any, until ``ending`` is set."""
    thread = threading.Thread(target=_keep_collecting, args=(settings, secret, ending), name="collect", daemon=True)
    thread.start()
    return thread


def _keep_collecting(settings: Settings, secret: str | None, ending: threading.Event) -> None:
    said = ""
    while not ending.is_set():
        try:
            if settings.ledger.exists():
                _collect_for_a_while(settings, secret, ending)
            said = ""
        except Stopped:
            return
        except ReportDataError as error:
            if error.message != said:
                log.error("%s%s", error.message, f"; {error.hint}" if error.hint else "")  # noqa: TRY400
            said = error.message
        ending.wait(_AGAIN)


def _collect_for_a_while(settings: Settings, secret: str | None, ending: threading.Event) -> None:
    with closing(ledger_of(settings)) as ledger:
        found = sources(ledger)
        if not found:
            return
        with _alone(settings.ledger), _opened(settings, ledger, SystemClock(ending)) as opened:
            ready = []
            for source in found:
                try:
                    ready.append(opened.collecting(source, secret))
                except ReportDataError as error:
                    log.error("%s%s", error.message, f"; {error.hint}" if error.hint else "")  # noqa: TRY400
            while ready and not ending.is_set() and _same(sources(ledger), found):
                _collect(ready, ending)


def _same(now: Sequence[Source], before: Sequence[Source]) -> bool:
    """Whether they are the same sources, reached in the same way; by which API they list does not matter."""
    return [msgspec.structs.replace(source, listing="") for source in now] == [
        msgspec.structs.replace(source, listing="") for source in before
    ]
