"""``reportdata mirror`` and ``reportdata reconcile``: DingTalk's own figures, beside the computed ones."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import click
import msgspec

from reportdata.calibres import DEFAULT_CALIBRE, KPI
from reportdata.catalogue import REPORT_DATA, Service, read_catalogue
from reportdata.cli.importing import refresh_folder
from reportdata.cli.options import (
    DAY,
    check_period,
    json_option,
    known_organisation,
    only_organisation,
    settings_options,
)
from reportdata.cli.output import print_json, print_table, progress_bar
from reportdata.cli.places import engine_of, lake_of, open_existing_store
from reportdata.days import from_date, moment_of, time_zone
from reportdata.dingtalk.clock import SystemClock
from reportdata.dingtalk.official import ENDPOINT, Access, OfficialClient
from reportdata.errors import BadCredentials, BadFile, BadValue
from reportdata.identity import Organisation
from reportdata.pipeline.mirroring import Mirrored, keep_export, mirror
from reportdata.pipeline.reconciling import Reconciled, Trial, reconcile
from reportdata.readers.figures import read_figures
from reportdata.settings import Settings
from reportdata.store import FIRST_DAY, LAST_DAY, Official, Store

_MOST_NAMED = 5
"""Days that are named for people."""


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
    help="Read the figures from saved answers, or their rows, as JSON or CSV, in place of fetching them.",
)
@click.option(
    "--app-key",
    envvar="REPORTDATA_DINGTALK_APP_KEY",
    show_envvar=True,
    help="The app that asks. Its secret is read from REPORTDATA_DINGTALK_APP_SECRET.",
)
@click.option("--app-secret", hidden=True, envvar="REPORTDATA_DINGTALK_APP_SECRET")
@click.option(
    "--app-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='A file with the app\'s key and secret, {"appKey": …, "appSecret": …}, outside the data folder.',
)
@click.option(
    "--endpoint",
    default=ENDPOINT,
    show_default=True,
    envvar="REPORTDATA_DINGTALK_ENDPOINT",
    show_envvar=True,
    help="Where the figures are asked for.",
)
@click.option(
    "--rate", type=click.FloatRange(0, 20, min_open=True), default=5.0, show_default=True, help="Calls a second."
)
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
    again: bool,
    as_json: bool,
    settings: Settings,
) -> None:
    """Keep DingTalk's own figures, day by day, apart from the computed ones. `reportdata reconcile` compares them.

    Each day costs one call of the organisation's quota. A day that is known is not fetched again, so an interrupted
    command is simply run again. Days that have not ended are left out.
    """
    check_period(first_day, last_day)
    store = open_existing_store(settings)
    service = read_catalogue().service(REPORT_DATA)
    if export is not None:
        if corp_id is not None:
            known_organisation(store, corp_id)
        done = keep_export(store, service, _export(store, service, export, corp_id, first_day, last_day))
    else:
        organisation = only_organisation(store, corp_id)
        if first_day is None:
            raise BadValue("no first day is named", "name it with --from, or a file with --file")
        access = _access(settings, app_key, app_secret, app_file)._replace(endpoint=endpoint)
        clock = SystemClock()
        client = OfficialClient(access, service, clock, rate)
        last_day = last_day or max(first_day, _yesterday(organisation, clock.now()))
        with progress_bar() as progress:
            done = mirror(
                store,
                service,
                organisation,
                first_day,
                last_day,
                client.figures,
                now=clock.now,
                again=again,
                progress=progress,
            )
    _print_mirrored(done, as_json=as_json)


def _access(settings: Settings, app_key: str | None, secret: str | None, file: Path | None) -> Access:
    if file is not None:
        if file.resolve().is_relative_to(settings.data.resolve()):
            raise BadValue(f"{file} is in the data folder, which holds no secret", "keep it elsewhere")
        try:
            app = msgspec.json.decode(file.read_bytes(), type=_App)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadFile(str(file), f"holds no app: {error}") from error
        return Access(app.app_key, app.app_secret)
    if not app_key or not secret:
        raise BadCredentials(
            "the app's key or its secret is not given",
            "set REPORTDATA_DINGTALK_APP_KEY and REPORTDATA_DINGTALK_APP_SECRET, or name a file with --app-file",
        )
    return Access(app_key, secret)


def _yesterday(organisation: Organisation, now: float) -> str:
    today = moment_of(int(now * 1_000_000), time_zone(organisation.time_zone)).date()
    return from_date(today - timedelta(days=1))


def _export(
    store: Store, service: Service, path: Path, corp_id: str | None, first_day: str | None, last_day: str | None
) -> list[Official]:
    at = int(path.stat().st_mtime * 1000)
    rows = [Official(corp, day, values, at) for corp, day, values in read_figures(path, service)]
    for corp in sorted({row.corp_id for row in rows}):
        known_organisation(store, corp)
    first_day, last_day = first_day or FIRST_DAY, last_day or LAST_DAY
    return [row for row in rows if corp_id in (None, row.corp_id) and first_day <= row.stat_day <= last_day]


def _print_mirrored(done: Mirrored, *, as_json: bool) -> None:
    if as_json:
        print_json({"fetched": done.fetched, "empty": done.empty, "known": done.known, "unfinished": done.unfinished})
        return
    click.echo(f"Kept official figures of {_days(done.fetched)}; {len(done.known)} were known.")
    if done.empty:
        click.echo(f"DingTalk had none of {_days(done.empty)}. They are asked for again the next time.")
    if done.unfinished:
        click.echo(f"Left out, because they have not ended: {_days(done.unfinished)}.")
    if done.fetched or done.known:
        click.echo("Next: reportdata reconcile")


@click.command("reconcile")
@click.option("--corp", "corp_id", help="The organisation.  [default: the only one, when there is one]")
@click.option(
    "--from", "first_day", type=DAY, help="The first day that is compared.  [default: the first with figures]"
)
@click.option("--to", "last_day", type=DAY, help="The last day that is compared.  [default: the last with figures]")
@click.option("--provisional", is_flag=True, help="Judge calibres by provisional days, too.")
@json_option
@settings_options
def reconcile_command(
    corp_id: str | None,
    first_day: str | None,
    last_day: str | None,
    provisional: bool,
    as_json: bool,
    settings: Settings,
) -> None:
    """Compare DingTalk's own figures with the computed ones, and find the calibre by which DingTalk counts commenters.

    `reportdata mirror` brings the figures. Stale days are computed first. Calibres are judged by days whose 4102 is
    final; each of the eight is tried on all of them.
    """
    check_period(first_day, last_day)
    store = open_existing_store(settings)
    corp_id = only_organisation(store, corp_id).corp_id
    service = read_catalogue().service(REPORT_DATA)
    with progress_bar() as progress:
        refresh_folder(settings, store, progress)
    with closing(engine_of(settings)) as engine:
        found = reconcile(
            lake_of(settings),
            store,
            engine,
            service,
            corp_id,
            first_day,
            last_day,
            provisional=provisional,
        )
    if as_json:
        print_json(_summary(found))
    else:
        _print(found, service)


def _summary(found: Reconciled) -> dict[str, object]:
    return {
        "corpId": found.corp_id,
        "days": [
            {
                "statDate": day.stat_day,
                "official": day.official,
                "computed": day.computed,
                "differences": day.differences(),
                "states": {kpi: state.value for kpi, state in day.states.items()},
                "judged": day.stat_day in found.judged,
            }
            for day in found.days
        ],
        "uncovered": found.uncovered,
        "unofficial": found.unofficial,
        "calibres": [
            {
                "calibre": str(trial.calibre),
                "against": [
                    {"statDate": day.stat_day, "official": day.official, "counted": day.counted}
                    for day in trial.against
                ],
            }
            for trial in found.trials
        ],
        "verdict": found.verdict,
        "fitting": [str(calibre) for calibre in found.fitting],
    }


def _print(found: Reconciled, service: Service) -> None:
    differing = found.differing()
    if differing:
        print_table(
            ["统计日期", *(f"{kpi.id} {word}" for kpi in service.kpis for word in ("official", "computed")), "4102 is"],
            (
                [
                    day.stat_day,
                    *(of.get(kpi.id, "–") for kpi in service.kpis for of in (day.official, day.computed)),
                    day.states[KPI].value,
                ]
                for day in differing
            ),
            numbers=range(1, 1 + 2 * len(service.kpis)),
        )
    click.echo(f"{_days([day.stat_day for day in found.days])} compared; {len(differing)} differ.")
    for kpi in service.kpis:
        days = [day.stat_day for day in differing if kpi.id in day.differences()]
        click.echo(f"{kpi.id} {kpi.name}: " + (f"differs on {_days(days)}" if days else "no difference"))
    if found.uncovered:
        click.echo(f"Not compared, because nothing was imported for them: {_days(found.uncovered)}.")
    if found.unofficial:
        click.echo(f"Not compared, because there are no official figures: {_days(found.unofficial)}.")
    click.echo(_verdict(found))


def _verdict(found: Reconciled) -> str:
    judged = f"all {len(found.judged)} final days" if len(found.judged) != 1 else "the one final day"
    match found.verdict:
        case "nothing":
            why = (
                "it is not final yet on any of them; see --provisional"
                if found.unjudged
                else "`reportdata mirror` brings figures"
            )
            return f"{KPI}: no calibre can be judged, because no compared day is final: {why}."
        case "one":
            (calibre,) = found.fitting
            served = ", which is the one that is served" if calibre == DEFAULT_CALIBRE else ""
            return f"{KPI}: DingTalk counts by {calibre}{served}. It alone agrees on {judged}.\n" + _others(found)
        case "several":
            names = " and ".join(map(str, found.fitting))
            return f"{KPI}: {names} fit, and cannot be told apart: each agrees on {judged}.\n" + _others(found)
        case _:
            return f"{KPI}: no calibre agrees on {judged}.\n" + _others(found)


def _others(found: Reconciled) -> str:
    """The calibres that do not fit, those with the fewest days against them first."""
    against = sorted((trial for trial in found.trials if trial.against), key=lambda trial: len(trial.against))
    return "\n".join(map(_told, against))


def _told(trial: Trial) -> str:
    days = ", ".join(f"{a.stat_day} ({a.official}, counted {a.counted})" for a in trial.against[:_MOST_NAMED])
    more = len(trial.against) - _MOST_NAMED
    return f"  against {trial.calibre}: {days}" + (f" and {more} more" if more > 0 else "")


def _days(days: Sequence[str]) -> str:
    if len(days) > _MOST_NAMED:
        return f"{len(days)} days from {min(days)} to {max(days)}"
    count = f"{len(days)} day{'s' if len(days) != 1 else ''}"
    return f"{count} ({', '.join(days)})" if days else count
