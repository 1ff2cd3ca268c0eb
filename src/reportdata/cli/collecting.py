"""``reportdata collect``."""

from __future__ import annotations

import threading
from contextlib import closing

import click

from reportdata.cli.collectors import Secrets, alone, asked_sources, opened, reaching, secret_options, today_of
from reportdata.cli.language import say
from reportdata.cli.options import json_option, lake_options, settings_options
from reportdata.cli.output import print_json, progress_bar
from reportdata.cli.periods import DAY, check_period
from reportdata.cli.places import ledger_of, open_store
from reportdata.cli.rehearsing import rehearse
from reportdata.cli.rounds import collect_on, collect_once
from reportdata.cli.signals import end_on_signals
from reportdata.collector.clock import Stopped, SystemClock
from reportdata.collector.schedule import Period
from reportdata.pipeline.collecting import Collecting
from reportdata.plurals import count_of
from reportdata.settings import Settings


@click.command("collect")
@click.option(
    "--source", "name", help="The source to collect, by its name or its organisation.  [default: all sources]"
)
@click.option("--from", "first_day", type=DAY, help="From now on, collect the days from this one on.")
@click.option("--to", "last_day", type=DAY, help="Collect no day after this one, this time.")
@click.option("--once", is_flag=True, help="Do what there is to do now, and end.")
@click.option("--dry-run", is_flag=True, help="Only say which calls would be made now, and about how many.")
@secret_options
@json_option
@lake_options
@settings_options
def collect_command(
    name: str | None,
    first_day: str | None,
    last_day: str | None,
    once: bool,
    dry_run: bool,
    secrets: Secrets,
    as_json: bool,
    settings: Settings,
) -> None:
    """Collect reports and comments from the sources, within their budgets of calls.

    An app's secret is read from a variable, like REPORTDATA_DINGTALK_APP_SECRET, unless the source names a file. The
    machine's settings for proxies and certificates hold: HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE.

    What is missing is listed first, the newest days before older ones; comments are read with the calls that are left.
    Interrupted at any point, it goes on where it was. `reportdata serve` and `reportdata work` collect all the time.
    """
    check_period(first_day, last_day)
    if dry_run:
        rehearse(settings, name, first_day, last_day, as_json=as_json)
        return
    ending = threading.Event()
    end_on_signals(ending)
    with closing(ledger_of(settings)) as ledger, alone(settings.ledger):
        found = asked_sources(ledger, name)
        first_day, last_day = today_of(found, open_store(settings)).between(first_day, last_day)
        with progress_bar() as progress, opened(settings, ledger, SystemClock(ending)) as own:
            all_collecting = []
            for source in [reaching(ledger, source, first_day) for source in found]:
                period = Period(first_day or source.first_day, last_day)
                collecting = own.collecting(source, secrets, period=period, eager=True)
                collecting.try_again()
                all_collecting.append(collecting)
            try:
                failed = collect_once(all_collecting, progress, ending) if once else None
                while not once and not ending.is_set():
                    collect_on(all_collecting, ending, progress)
            except Stopped:
                failed = None
                say("Interrupted: it goes on where it was.", err=True)
            if as_json:
                print_json(list(map(_told, all_collecting)))
            else:
                for collecting in all_collecting:
                    _tell(collecting)
            if failed is not None:
                raise failed


def _told(collecting: Collecting) -> dict[str, object]:
    """What was done, for programs."""
    done, month = collecting.done, collecting.month()
    return {
        "source": collecting.name,
        "facts": done.facts,
        "days": sorted(done.days),
        "calls": month.calls,
        "callsLeft": month.left,
        "until": month.last_day,
    }


def _tell(collecting: Collecting) -> None:
    done, month = collecting.done, collecting.month()
    say(
        f"{collecting.name}: {count_of(done.facts, 'fact', 'facts')} collected, "
        f"{count_of(len(done.days), 'day', 'days')} changed; "
        f"{month.left:,} of {month.calls:,} calls are left until {month.last_day}."
    )
    if done.days:
        say(f"Next: reportdata query {min(done.days)} --to {max(done.days)}")
