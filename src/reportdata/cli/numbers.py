"""``reportdata query`` and ``reportdata status``: the numbers, and how things stand."""

from __future__ import annotations

import csv
import sys
from contextlib import closing

import click

from reportdata.api.datacenter.wire import Body
from reportdata.catalogue import REPORT_DATA, read_catalogue
from reportdata.cli.options import DAY, check_period, json_option, known_organisation, settings_options
from reportdata.cli.output import print_json, print_table, size_text
from reportdata.cli.places import engine_of, lake_of, open_existing_store
from reportdata.days import days_between
from reportdata.pipeline.refreshing import stale_days
from reportdata.settings import Settings


@click.command("query")
@click.argument("first_day", metavar="DAY", type=DAY)
@click.option("--to", "last_day", type=DAY, help="The last day of a period that begins with DAY.")
@click.option("--corp", "corp_id", help="One organisation.  [default: all]")
@click.option("--format", "format_", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@settings_options
def query_command(first_day: str, last_day: str | None, corp_id: str | None, format_: str, settings: Settings) -> None:
    """Print the numbers of DAY (yyyyMMdd), or of the days from DAY on.

    Days that are not covered are left out of JSON and CSV; the table shows them as unknown.
    """
    check_period(first_day, last_day)
    last_day = last_day or first_day
    store = open_existing_store(settings)
    if corp_id is not None:
        known_organisation(store, corp_id)
    service = read_catalogue().service(REPORT_DATA)
    body = Body(service)
    found = store.kpis_between(REPORT_DATA, corp_id, first_day, last_day)
    rows = [body.row(row.corp_id, row.stat_day, row.values) for row in found]
    if format_ == "json":
        print_json(rows)
        return
    keys = ["stat_date", "corp_id", *(kpi.key for kpi in service.kpis)]
    if format_ == "csv":
        writer = csv.DictWriter(sys.stdout, keys, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return
    corps = [corp_id] if corp_id else [organisation.corp_id for organisation in store.organisations()]
    known = {(str(row["stat_date"]), str(row["corp_id"])): [row[key] for key in keys[2:]] for row in rows}
    unknown = ["–"] * len(service.kpis)
    print_table(
        ["统计日期", "组织ID", *(kpi.name for kpi in service.kpis)],
        ([day, corp, *known.get((day, corp), unknown)] for day in days_between(first_day, last_day) for corp in corps),
        numbers=range(2, len(keys)),
    )
    if len(known) < len(corps) * sum(1 for _ in days_between(first_day, last_day)):
        click.echo("– means not known: nothing was imported for that day. `reportdata status` shows what is covered.")


@click.command("status")
@json_option
@settings_options
def status_command(as_json: bool, settings: Settings) -> None:
    """Show organisations, what is covered, stale days and sizes."""
    store = open_existing_store(settings)
    lake = lake_of(settings)
    with closing(engine_of(settings)) as engine:
        stale = stale_days(lake, store, engine, read_catalogue().service(REPORT_DATA))
    coverage: dict[str, list[tuple[str, str]]] = {o.corp_id: [] for o in store.organisations()}
    for corp_id, first, last in store.coverage():
        coverage.setdefault(corp_id, []).append((first, last))
    if as_json:
        print_json(
            {
                "organisations": [
                    {
                        "corpId": corp_id,
                        "coverage": [{"firstDay": first, "lastDay": last} for first, last in pieces],
                        "newestDay": pieces[-1][1] if pieces else None,
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
        ["organisation", "covered", "newest day"],
        (
            [
                corp_id,
                ", ".join(f"{first} to {last}" for first, last in pieces) or "nothing yet",
                pieces[-1][1] if pieces else "–",
            ]
            for corp_id, pieces in coverage.items()
        ),
    )
    click.echo(f"stale days  {len(stale)}" + (" – `reportdata refresh` computes them" if stale else ""))
    click.echo(f"lake        {size_text(lake.size())}")
    click.echo(f"store       {size_text(store.size())}")
