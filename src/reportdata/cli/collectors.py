"""What collects sources, wired together: the ledger, a suite, the lake, the store and an engine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import click
import msgspec

from reportdata.cli.periods import Today
from reportdata.cli.places import workspace
from reportdata.collector.budget import Account, Budget
from reportdata.collector.calls import BookedCalls
from reportdata.collector.clock import Clock
from reportdata.collector.clocks import ComparedClock
from reportdata.collector.collector import Collector
from reportdata.collector.ledger import Ledger
from reportdata.collector.schedule import Period
from reportdata.collector.sources import (
    Source,
    SourceNotes,
    put_source,
    read_secret,
    secret_variable,
    source_of,
    sources,
)
from reportdata.collector.suite import Access, Kind
from reportdata.days import time_zone
from reportdata.errors import LedgerError, NotKnown
from reportdata.locks import locked
from reportdata.pipeline.collecting import Collecting
from reportdata.settings import Settings
from reportdata.store import Store
from reportdata.suites import SUITES

Secrets = Mapping[str, str]
"""The secrets of apps, by suite, for sources that name no file."""


def secret_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The secrets of sources that name no file, a variable for each suite; the command gets them as ``secrets``."""

    @wraps(command)
    def with_secrets(**options: Any) -> Any:
        given = {name: options.pop(_option(name)) for name in SUITES}
        return command(secrets={name: secret for name, secret in given.items() if secret}, **options)

    decorated: Callable[..., Any] = with_secrets
    for name in SUITES:
        option = click.option(f"--{name}-app-secret", _option(name), hidden=True, envvar=secret_variable(name))
        decorated = option(decorated)
    return decorated


def _option(suite: str) -> str:
    return f"secret_of_{suite}"


def kind_of(source: Source) -> Kind:
    """The suite of a source.

    :raises NotKnown: when this program has none of its name.
    """
    kind = SUITES.get(source.suite)
    if kind is None:
        raise NotKnown(
            f"the source {source.name} is collected from {source.suite!r}, which this program does not know",
            f"use the version of reportdata that added it, or `reportdata source remove {source.name}`",
        )
    return kind


def account_of(source: Source) -> Account:
    """Who pays for a source's calls."""
    return Account.of(kind_of(source), source.corp_id)


def asked_sources(ledger: Ledger, name: str | None) -> list[Source]:
    """The source of that name or organisation, or all.

    :raises NotKnown: when there is none.
    """
    found = [source_of(ledger, name)] if name else sources(ledger)
    if not found:
        raise NotKnown("nothing is collected", "reportdata source add dingtalk --corp CORP_ID --app-key KEY")
    return found


def today_of(found: Sequence[Source], store: Store) -> Today:
    """The present day of these sources' organisation, or of all organisations when there are several."""
    corp_id = found[0].corp_id if len({source.corp_id for source in found}) == 1 else None
    return Today.of(store.organisations(), corp_id, time.time())


def reaching(ledger: Ledger, source: Source, first_day: str | None) -> Source:
    """The source, collected from that day on from now on, when one is named that is earlier."""
    if first_day is None or first_day >= source.first_day:
        return source
    return put_source(ledger, msgspec.structs.replace(source, first_day=first_day))


class Opened:
    """What collecting works on."""

    def __init__(self, settings: Settings, ledger: Ledger, clock: Clock, held: ExitStack) -> None:
        self._ledger = ledger
        self._clock = clock
        self._held = held
        here = replace(settings, engine="duckdb")  # few days at a time: not worth a cluster
        self._work = held.enter_context(workspace(here))

    def collecting(
        self, source: Source, secrets: Secrets, *, period: Period | None = None, eager: bool = False
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
        notes = SourceNotes(self._ledger, source.id)
        clock = ComparedClock(self._clock, notes, source.name)
        budget = Budget(self._ledger, account_of(source), clock)
        access = Access(source.app_key, read_secret(source, secrets.get(source.suite)), source.endpoints)
        suite = kind_of(source).open(access, BookedCalls(budget, clock, heard=clock.heard), notes)
        self._held.callback(suite.close)
        if clock.differ:
            clock.agree(suite.hello)
        zone = time_zone(zones[source.corp_id])
        collector = Collector(source, suite, self._ledger, budget, clock, zone, period=period, eager=eager)
        return Collecting(collector, self._work, lambda: clock.agree(suite.hello))


@contextmanager
def opened(settings: Settings, ledger: Ledger, clock: Clock) -> Iterator[Opened]:
    """What collecting works on, closed when the block ends."""
    with ExitStack() as held:
        yield Opened(settings, ledger, clock, held)


@contextmanager
def alone(path: Path) -> Iterator[None]:
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
