"""``reportdata demo``: everything at once, with made-up data."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import click
import msgspec

from reportdata.cli.places import open_store
from reportdata.cli.service import open_server
from reportdata.days import DEFAULT_TIME_ZONE, SECOND, days_between, from_date, moment_of, time_zone, to_date
from reportdata.identity import App, hash_of, mint, new_app_key, new_secret
from reportdata.identity import Organisation as Served
from reportdata.services import REPORTS, read_services
from reportdata.settings import Settings
from reportdata.store import Store
from reportdata.twin.activity import Activity
from reportdata.twin.calendar import is_working_day
from reportdata.twin.habits import Habits
from reportdata.twin.organisation import Organisation
from reportdata.twin.records import Record, Records

APP_NAME = "demo"
SEED = 1
"""The organisation and all that its people do depend on it."""
PEOPLE = 120
HABITS = Habits(reports_per_day=100)


@click.command("demo")
@click.option("--days", default=60, show_default=True, type=click.IntRange(1, 3650), help="How many days to make up.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, help="The port; 0 takes any free one.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("reportdata-demo"),
    show_default="./reportdata-demo",
    help="The data folder, apart from that of your own numbers.",
)
def demo_command(days: int, host: str, port: int, data: Path) -> None:
    """Make up an organisation, import its reports, and serve its numbers.

    It is that of `reportdata twin`: its people keep China's working days.
    """
    settings = Settings(data, host=host, port=port)
    organisation = Organisation(SEED, PEOPLE)
    with open_server(settings) as server:
        store = open_store(settings)
        store.add_organisations([Served(organisation.corp_id, DEFAULT_TIME_ZONE)])
        now = time.time()
        today = from_date(moment_of(int(now) * SECOND, time_zone(DEFAULT_TIME_ZONE)))
        last_day = from_date(to_date(today) - timedelta(days=1))
        first_day = from_date(to_date(last_day) - timedelta(days=days - 1))
        _import(settings, made_up(organisation, first_day, last_day), first_day, last_day)
        app, secret = _app(store, organisation.corp_id, now)
        token, kept = mint(app, now)
        store.add_token(kept)
        period = list(days_between(first_day, last_day))
        worked = next((day for day in reversed(period) if is_working_day(day)), last_day)
        steps = _next_steps(server.url, data, (app.app_key, secret), token, worked, (first_day, last_day))
        server.run(lambda: click.echo(steps))


def made_up(organisation: Organisation, first_day: str, last_day: str) -> Records:
    """What the people of the organisation did in a period."""
    activity = Activity(organisation, HABITS, SEED, first_day, last_day)
    return Records(organisation, activity, first_day, last_day)


def _import(settings: Settings, records: Records, first_day: str, last_day: str) -> None:
    """Import in a process of its own: the one that serves computes nothing."""
    click.echo(f"Making up {PEOPLE} people's reports from {first_day} to {last_day} …")
    with tempfile.TemporaryDirectory() as folder:
        written = [
            _written(Path(folder) / f"{name}.jsonl", found)
            for name, found in (
                ("reports", records.reports()),
                ("comments", records.comments()),
                ("withdrawals", records.withdrawals()),
            )
        ]
        period = ("--from", first_day, "--to", last_day)
        named = [str(path) for path in written if path.stat().st_size]  # of few days nothing may be withdrawn
        command = ("import", *named, *period, "--data", str(settings.data), "--json")
        run = subprocess.run([sys.executable, "-m", "reportdata", *command], stdout=subprocess.PIPE, check=False)  # noqa: S603
    if run.returncode != 0:
        raise click.exceptions.Exit(run.returncode)
    done = msgspec.json.decode(run.stdout)
    click.echo(f"Imported {done['read']:,} records ({done['added']:,} new), computed {len(done['daysComputed'])} days.")


def _written(path: Path, records: Iterable[Record]) -> Path:
    with path.open("wb") as file:
        file.writelines(msgspec.json.encode(record) + b"\n" for record in records)
    return path


def _app(store: Store, corp_id: str, now: float) -> tuple[App, str]:
    """The demo's app with a secret that can be shown: a new app the first time, a new secret later on."""
    secret = new_secret()
    for app in store.apps():
        if app.name == APP_NAME and app.corp_id == corp_id:
            return store.change_app(
                app.app_key, lambda found: msgspec.structs.replace(found, secret_hash=hash_of(secret))
            ), secret
    app = App(
        app_key=new_app_key(),
        name=APP_NAME,
        corp_id=corp_id,
        secret_hash=hash_of(secret),
        scopes=(read_services().service(REPORTS).scope,),
    )
    store.add_app(app, now)
    return app, secret


def _next_steps(
    url: str, data: Path, credentials: tuple[str, str], token: str, worked: str, period: tuple[str, str]
) -> str:
    app_key, secret = credentials
    first_day, last_day = period
    endpoint = url.removeprefix("http://")
    program = "reportdata" if shutil.which("reportdata") else os.path.relpath(sys.argv[0])
    return f"""
Serving {url}/v1.0/datacenter/reportData (Ctrl+C stops)

Ask for a day:

  curl -s -H 'x-acs-dingtalk-access-token: {token}' '{url}/v1.0/datacenter/reportData?statDate={worked}'

The same with DingTalk's official Python SDK (pip install alibabacloud_dingtalk):

  from alibabacloud_dingtalk.datacenter_1_0 import models
  from alibabacloud_dingtalk.datacenter_1_0.client import Client
  from alibabacloud_dingtalk.oauth2_1_0 import models as oauth2_models
  from alibabacloud_dingtalk.oauth2_1_0.client import Client as OAuth2Client
  from alibabacloud_tea_openapi.models import Config
  from alibabacloud_tea_util.models import RuntimeOptions

  config = Config(protocol='http', endpoint='{endpoint}')
  token = OAuth2Client(config).get_access_token(oauth2_models.GetAccessTokenRequest(
      app_key='{app_key}', app_secret='{secret}')).body.access_token
  headers = models.QueryReportStatisticalDataHeaders(x_acs_dingtalk_access_token=token)
  request = models.QueryReportStatisticalDataRequest(stat_date='{worked}')
  print(Client(config).query_report_statistical_data_with_options(request, headers, RuntimeOptions()).body.to_map())

Next, in another terminal:

  {program} query {first_day} --to {last_day} --data {data}
  {program} status --data {data}
  {program} org add CORP_ID    (your own organisation, in ./reportdata-data)
  {program} import FILE...     (your own reports and comments)
"""
