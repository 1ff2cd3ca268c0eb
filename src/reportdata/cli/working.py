"""``reportdata work``: takes up what was pushed, refreshes days and compacts the lake, until it is told to end."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace

import click

from reportdata.cli.allocator import steady
from reportdata.cli.collectors import Secrets, secret_options
from reportdata.cli.handover import end_with_parent, taken_over
from reportdata.cli.logs import configure_log
from reportdata.cli.options import engine_options, lake_options, log_format_option, settings_options, verify_option
from reportdata.cli.places import workspace
from reportdata.cli.rounds import collect_beside
from reportdata.cli.signals import end_on_signals
from reportdata.cli.troubles import Troubles
from reportdata.errors import ReportDataError, StoreError
from reportdata.leases import Lease
from reportdata.pipeline.working import Worker
from reportdata.presence import NOTHING, Presence, Watch
from reportdata.settings import Settings

log = logging.getLogger("reportdata.worker")

_DAY = 86_400
_IDLE = 0.02
"""Seconds between two looks into the inbox while nothing comes."""
_TROUBLED = 1.0
"""Seconds to wait after something went wrong."""
_GRACE = 10.0
"""Seconds that a call to a suite has to be answered when the process is to end."""


@click.command("work")
@click.option("--once", is_flag=True, help="Do what there is to do, and end.")
@secret_options
@verify_option
@log_format_option
@click.option("--with-parent", is_flag=True, hidden=True, help="Settings come on standard input; end when it does.")
@lake_options
@settings_options
@engine_options
def work_command(
    once: bool, secrets: Secrets, verify_days: float, log_format: str, with_parent: bool, settings: Settings
) -> None:
    """Take up what was pushed, refresh the days it changes, compact the lake, and collect.

    `reportdata serve` runs this beside itself; alone it is for a machine that serves without working.
    """
    steady()
    settings = replace(settings, verify_days=verify_days)
    present = NOTHING
    if with_parent:
        given = taken_over()
        settings, log_format, present = given.settings, given.log_format, given.present
    configure_log(log_format)
    ending = threading.Event()
    end_on_signals(ending)
    if with_parent:
        end_with_parent(ending.set)
    watch = Watch(present, "nothing is taken up")
    troubles = Troubles(log)
    while not ending.is_set():
        if not watch.look():
            ending.wait(_TROUBLED)
            continue
        try:
            _work(settings, secrets, ending, present, once=once)
        except StoreError as error:  # before there was anything to do
            if once or settings.database is None:
                raise
            troubles.tell("store", error)
            ending.wait(_TROUBLED)
        if once:
            return


def _work(settings: Settings, secrets: Secrets, ending: threading.Event, present: Presence, *, once: bool) -> None:
    """Work as long as this is the one worker."""
    with workspace(settings, new=not present.known) as work, work.lake.working(ending.is_set) as lease:
        if lease is None:
            return
        worker = Worker(work, settings.verify_days * _DAY)
        if once:
            while worker.step(time.time()):
                pass
            return
        over = threading.Event()  # when this is not the one worker any more, it does not collect either
        collecting = collect_beside(settings, secrets, over)
        try:
            _go_on(worker, lease, ending, present)
        finally:
            over.set()
            collecting.join(_GRACE)
    if not ending.is_set() and not present.lost():
        log.warning("another worker may have taken over: this one stands by")


def _go_on(worker: Worker, lease: Lease, ending: threading.Event, present: Presence) -> None:
    troubles = Troubles(log)
    while not ending.is_set() and lease.valid() and not present.lost():
        try:
            done = worker.step(time.time())
        except (ReportDataError, OSError) as error:  # a disk that is full, wherever that is met
            troubles.tell("worker", error)
            ending.wait(_TROUBLED)
            continue
        troubles.over("worker", "working again")
        if not done:
            ending.wait(_IDLE)
