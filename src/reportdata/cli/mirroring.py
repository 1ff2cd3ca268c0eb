"""``reportdata mirror``: DingTalk's own figures."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click
import msgspec

from reportdata.cli.figures import read_export, tell_older
from reportdata.cli.known import only_organisation
from reportdata.cli.language import say
from reportdata.cli.options import json_option, service_option, settings_options, variable_option
from reportdata.cli.output import days_text, print_json, print_table, progress_bar
from reportdata.cli.periods import DAY, Today, check_period
from reportdata.cli.places import open_existing_store, open_ledger, services_of
from reportdata.collector.budget import Account, Budget
from reportdata.collector.calls import BookedCalls, Pace, Paced
from reportdata.collector.clock import SystemClock
from reportdata.collector.suite import Access
from reportdata.days import from_date, moment_of, time_zone
from reportdata.errors import BadCredentials, BadFile, BadValue
from reportdata.identity import Organisation
from reportdata.pipeline.mirroring import Mirrored, Source, Wanted, keep_export, left, mirror, mirror_all
from reportdata.plurals import count_of
from reportdata.services import Relayed
from reportdata.settings import Settings
from reportdata.store import Store
from reportdata.suites.dingtalk import KIND
from reportdata.suites.dingtalk.client import API, Client
from reportdata.suites.dingtalk.official import TRIES, OfficialFigures, figures_of

ALL = "all"
"""In place of a service: every one."""


class _App(msgspec.Struct, rename="camel"):
    app_key: str
    app_secret: str


@click.command("mirror")
@click.option("--corp", "corp_id", help="The organisation.  [default: the only one, when there is one]")
@click.option("--from", "first_day", type=DAY, help="The first day that is fetched.")
@click.option("--to", "last_day", type=DAY, help="The last day that is fetched.  [default: yesterday]")
@click.option(
    "--file",
    "export",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read the figures from a file in place of fetching them: saved answers, or a table like that of DingTalk's "
    "document, as JSON, CSV or a spreadsheet.",
)
@variable_option(
    "--app-key",
    envvar="REPORTDATA_DINGTALK_APP_KEY",
    help="The app that asks. Its secret is read from REPORTDATA_DINGTALK_APP_SECRET.",
)
@click.option("--app-secret", hidden=True, envvar="REPORTDATA_DINGTALK_APP_SECRET")
@click.option(
    "--app-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='A file with the app\'s key and secret, {"appKey": …, "appSecret": …}, outside the data folder.',
)
@variable_option(
    "--endpoint",
    default=API,
    show_default=True,
    envvar="REPORTDATA_DINGTALK_ENDPOINT",
    help="Where the figures are asked for.",
)
@click.option(
    "--rate", type=click.FloatRange(0, 20, min_open=True), default=5.0, show_default=True, help="Calls a second."
)
@click.option(
    "--calls",
    type=click.IntRange(min=0),
    help="From now on, so many calls of the organisation's quota may be spent a month, on this and on collecting.",
)
@service_option
@click.option("--again", is_flag=True, help="Fetch days that were fetched, too.")
@json_option
@settings_options
def mirror_command(
    corp_id: str | None,
    first_day: str | None,
    last_day: str | None,
    export: Path | None,
    app_key: str | None,
    app_secret: str | None,
    app_file: Path | None,
    endpoint: str,
    rate: float,
    calls: int | None,
    service_id: str,
    again: bool,
    as_json: bool,
    settings: Settings,
) -> None:
    """Keep DingTalk's own figures, day by day, apart from the computed ones. `reportdata reconcile` compares them.

    --service all fetches those of every service of the catalogue of data, and of the calls yyd… of DingTalk's SDK, the
    newest day first; of weeks and months by the last day of each. A service that the app has no permission for is left
    out.

    The machine's settings for proxies and certificates hold: HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE.

    Each day of a service costs one call of the organisation's quota, which is booked before it is sent: see
    `reportdata budget`. A day that is known is not fetched again, so an interrupted command is simply run again. Days
    that have not ended are left out.
    """
    check_period(first_day, last_day)
    store, services = open_existing_store(settings), services_of(settings)
    first_day, last_day = Today.of(store.organisations(), corp_id, time.time()).between(first_day, last_day)
    if export is not None:
        if service_id == ALL:
            raise BadValue("a file has the figures of one service", "name it, or use `reportdata figures import`")
        service = services.service(service_id)
        figures = read_export(store, service, export, corp_id, (first_day, last_day))
        done = keep_export(store, service, figures, time.time())
        _print_mirrored(done, as_json=as_json)
        if not as_json:
            tell_older(done)
        return
    organisation = only_organisation(store, corp_id)
    if first_day is None:
        raise BadValue("no first day is named", "name it with --from, or a file with --file")
    access = _access(settings, app_key, app_secret, app_file, endpoint)
    clock = SystemClock()
    budget = Budget(open_ledger(settings), Account.of(KIND, organisation.corp_id), clock)
    if calls is not None:
        budget.set(calls)
    client = Client(access, BookedCalls(Paced(Pace(rate, clock), budget), clock, tries=TRIES))
    last_day = last_day or max(first_day, _yesterday(organisation, clock.now()))
    wanted = Wanted(organisation, first_day, last_day, again)
    with progress_bar() as progress, closing(client):
        if service_id == ALL:
            asked = [Source(one, figures_of(client, one).figures) for one in (*services, *services.relayed)]
            _tell_calls(store, asked, wanted, budget, clock.now())
            found = mirror_all(store, asked, wanted, now=clock.now, progress=progress)
            _print_all(found, as_json=as_json)
            return
        named = services.named(service_id)
        if isinstance(named, Relayed):
            source = Source(named, figures_of(client, named).figures)
            done = mirror_all(store, [source], wanted, now=clock.now, progress=progress)[named.id]
        else:
            ask = OfficialFigures(client, named).figures
            done = mirror(store, named, wanted, ask, now=clock.now, progress=progress)
    _print_mirrored(done, as_json=as_json)


def _tell_calls(store: Store, sources: Sequence[Source], wanted: Wanted, budget: Budget, now: float) -> None:
    """Say how many calls are to be made, and what the month has for them."""
    calls, _ = left(store, [source.service for source in sources], wanted, now)
    month = budget.month()
    say(
        f"{count_of(len(calls), 'call is', 'calls are')} to be made; {count_of(month.left, 'is', 'are')} left until "
        f"{month.last_day}.",
        err=True,
    )


def _access(settings: Settings, app_key: str | None, secret: str | None, file: Path | None, endpoint: str) -> Access:
    if file is not None:
        if file.resolve().is_relative_to(settings.data.resolve()):
            raise BadValue(f"{file} is in the data folder, which holds no secret", "keep it elsewhere")
        try:
            app = msgspec.json.decode(file.read_bytes(), type=_App)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadFile(str(file), f"holds no app: {error}") from error
        return Access(app.app_key, app.app_secret, {"api": endpoint})
    if not app_key or not secret:
        raise BadCredentials(
            "the app's key or its secret is not given",
            "set REPORTDATA_DINGTALK_APP_KEY and REPORTDATA_DINGTALK_APP_SECRET, or name a file with --app-file",
        )
    return Access(app_key, secret, {"api": endpoint})


def _yesterday(organisation: Organisation, now: float) -> str:
    today = moment_of(int(now * 1_000_000), time_zone(organisation.time_zone)).date()
    return from_date(today - timedelta(days=1))


def _print_mirrored(done: Mirrored, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "fetched": done.fetched,
                "empty": done.empty,
                "known": done.known,
                "older": done.older,
                "unfinished": done.unfinished,
            }
        )
        return
    say(f"Kept official figures of {days_text(done.fetched)}; {count_of(len(done.known), 'was', 'were')} known.")
    if done.empty:
        say(f"DingTalk had none of {days_text(done.empty)}. They are asked for again the next time.")
    if done.unfinished:
        say(f"Left out, because they have not ended: {days_text(done.unfinished)}.")
    if done.fetched or done.known:
        say("Next: reportdata reconcile")


def _print_all(done: Mapping[str, Mirrored], *, as_json: bool) -> None:
    if as_json:
        print_json({service: asdict(found) for service, found in done.items()})
        return
    print_table(
        ["service", "kept", "known", "none", "not ended", ""],
        (
            [service, *map(len, (found.fetched, found.known, found.empty, found.unfinished)), found.refused]
            for service, found in done.items()
        ),
        numbers=range(1, 5),
        messages=(5,),
    )
    say("Next: reportdata query DAY --service SERVICE, or reportdata figures serve official")
