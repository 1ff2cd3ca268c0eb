"""``reportdata query`` and ``reportdata status``: the numbers, and how things stand."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from datetime import date
from zoneinfo import ZoneInfo

import click

from reportdata.api.contract.wire import Body
from reportdata.catalogue import REPORT_DATA, Service, read_catalogue
from reportdata.cli.options import DAY, check_period, json_option, known_organisation, lake_options, settings_options
from reportdata.cli.output import print_json, print_table, size_text
from reportdata.cli.places import engine_of, lake_of, ledger_of, open_existing_store
from reportdata.collector.set_aside import SetAside
from reportdata.collector.sources import sources
from reportdata.days import MILLISECOND, days_between, from_date, moment_of, time_zone, to_date
from reportdata.pipeline.refreshing import stale_days
from reportdata.settings import Settings
from reportdata.states import State
from reportdata.store import Store
from reportdata.store.standing import Standing, standing


@click.command("query")
@click.argument("first_day", metavar="DAY", type=DAY)
@click.option("--to", "last_day", type=DAY, help="The last day of a period that begins with DAY.")
@click.option("--corp", "corp_id", help="One organisation.  [default: all]")
@click.option("--format", "format_", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@settings_options
def query_command(first_day: str, last_day: str | None, corp_id: str | None, format_: str, settings: Settings) -> None:
    """Print the numbers of DAY (yyyyMMdd), or of the days from DAY on.

    Days that are not covered are left out of JSON and CSV; the table shows them as unknown. Each day has a state:
    final, provisional (it may still change), partial (a look was not finished) or missing, and the time of the last
    look.
    """
    check_period(first_day, last_day)
    last_day = last_day or first_day
    store = open_existing_store(settings)
    if corp_id is not None:
        known_organisation(store, corp_id)
    service = read_catalogue().service(REPORT_DATA)
    body = Body(service)
    zones = {o.corp_id: time_zone(o.time_zone) for o in store.organisations()}
    corps = [corp_id] if corp_id else list(zones)
    states = {  # before the numbers: what is said of certainty is never newer than they are
        (day.stat_day, corp): day for corp in corps for day in standing(store, service, corp, first_day, last_day)
    }
    found = store.kpis_between(REPORT_DATA, corp_id, first_day, last_day)
    rows = [body.row(row.corp_id, row.stat_day, row.values) for row in found]
    certain = [states.get((row.stat_day, row.corp_id)) for row in found]
    if format_ == "json":
        print_json([{**row, **_certainty(day, zones)} for row, day in zip(rows, certain, strict=True)])
        return
    keys = ["stat_date", "corp_id", *(kpi.key for kpi in service.kpis)]
    if format_ == "csv":
        writer = csv.DictWriter(sys.stdout, [*keys, "state", "as_of"], lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows({**row, **_certainty(day, zones)} for row, day in zip(rows, certain, strict=True))
        return
    known = {(str(row["stat_date"]), str(row["corp_id"])): [row[key] for key in keys[2:]] for row in rows}
    unknown = ["–"] * len(service.kpis)
    print_table(
        ["统计日期", "组织ID", *(kpi.name for kpi in service.kpis), "state", "as of"],
        (
            [
                day,
                corp,
                *known.get((day, corp), unknown),
                state_text(states[day, corp]),
                *_time(states[day, corp], zones),
            ]
            for day in days_between(first_day, last_day)
            for corp in corps
        ),
        numbers=range(2, len(keys)),
    )
    if len(known) < len(corps) * sum(1 for _ in days_between(first_day, last_day)):
        click.echo("– means not known: nothing was imported for that day. `reportdata status` shows what is covered.")


def state_text(day: Standing) -> str:
    """A day's state, and those of KPIs that are more certain."""
    better = [f"{kpi.kpi_id} {kpi.state.value}" for kpi in day.kpis if kpi.state is not day.state]
    return f"{day.state.value} ({', '.join(better)})" if better else day.state.value


def _certainty(day: Standing | None, zones: Mapping[str, ZoneInfo]) -> dict[str, object]:
    if day is None:  # its organisation came just now
        return {"state": None, "as_of": None, "states": {}}
    as_of = moment_of(day.as_of * MILLISECOND, zones[day.corp_id]).isoformat(timespec="seconds") if day.as_of else None
    return {"state": day.state.value, "as_of": as_of, "states": {kpi.kpi_id: kpi.state.value for kpi in day.kpis}}


def _time(day: Standing, zones: Mapping[str, ZoneInfo]) -> list[str]:
    return [f"{moment_of(day.as_of * MILLISECOND, zones[day.corp_id]):%Y-%m-%d %H:%M}" if day.as_of else "–"]


_LOOK_BACK = 366
"""Days before the newest one among which `status` looks for the newest final one."""


def _newest(store: Store, service: Service, corp_id: str, newest: str) -> tuple[Standing, str | None]:
    """How the newest covered day stands, and the newest final day."""
    first = from_date(date.fromordinal(max(1, to_date(newest).toordinal() - _LOOK_BACK)))
    days = list(standing(store, service, corp_id, first, newest))
    final = [day.stat_day for day in days if day.state is State.FINAL]
    return days[-1], final[-1] if final else None


@click.command("status")
@json_option
@lake_options
@settings_options
def status_command(as_json: bool, settings: Settings) -> None:
    """Show organisations, what is covered and how certain it is, stale days and sizes.

    The newest final day is looked for among the 366 days before the newest one.
    """
    store = open_existing_store(settings)
    lake = lake_of(settings)
    with closing(engine_of(settings, lake)) as engine:
        service = read_catalogue().service(REPORT_DATA)
        stale = stale_days(lake, store, engine, service)
    coverage: dict[str, list[tuple[str, str]]] = {o.corp_id: [] for o in store.organisations()}
    for corp_id, first, last in store.coverage():
        coverage.setdefault(corp_id, []).append((first, last))
    newest = {
        corp_id: _newest(store, service, corp_id, pieces[-1][1]) for corp_id, pieces in coverage.items() if pieces
    }
    aside = _set_aside(settings)
    if as_json:
        print_json(
            {
                "organisations": [
                    {
                        "corpId": corp_id,
                        "coverage": [{"firstDay": first, "lastDay": last} for first, last in pieces],
                        "newestDay": pieces[-1][1] if pieces else None,
                        "newestState": newest[corp_id][0].state.value if pieces else None,
                        "newestFinalDay": newest[corp_id][1] if pieces else None,
                        "setAside": aside.get(corp_id, 0),
                    }
                    for corp_id, pieces in coverage.items()
                ],
                "staleDays": stale,
                "lakeBytes": lake.size(),
                "storeBytes": store.size(),
            }
        )
        return
    print_table(
        ["organisation", "covered", "newest day", "state", "newest final day"],
        (
            [
                corp_id,
                ", ".join(f"{first} to {last}" for first, last in pieces) or "nothing yet",
                *((pieces[-1][1], state_text(newest[corp_id][0]), newest[corp_id][1] or "–") if pieces else "–––"),
            ]
            for corp_id, pieces in coverage.items()
        ),
    )
    click.echo(f"stale days  {len(stale)}" + (" – `reportdata refresh` computes them" if stale else ""))
    if aside:
        click.echo(f"set aside   {sum(aside.values()):,} records that cannot be used – see `reportdata doctor`")
    click.echo(f"lake        {size_text(lake.size())}")
    click.echo(f"store       {size_text(store.size())}")


def _set_aside(settings: Settings) -> dict[str, int]:
    """How many records that were collected cannot be used, by organisation."""
    if not settings.ledger.exists():
        return {}
    with closing(ledger_of(settings)) as ledger:
        found: Counter[str] = Counter()
        for source in sources(ledger):
            found[source.corp_id] += SetAside(ledger, source.id).count()
    return {corp_id: count for corp_id, count in found.items() if count}
