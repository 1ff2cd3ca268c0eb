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

from reportdata import demonstration
from reportdata.cli.places import open_store
from reportdata.cli.service import open_server
from reportdata.days import DEFAULT_TIME_ZONE, SECOND, from_date, moment_of, time_zone, to_date
from reportdata.identity import REPORT_READ, App, Organisation, hash_of, mint, new_app_key, new_secret
from reportdata.settings import Settings
from reportdata.store import Store

APP_NAME = "demo"


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
    """Make up an organisation, import its reports, and serve its numbers."""
    settings = Settings(data, host=host, port=port)
    with open_server(settings) as server:
        store = open_store(settings)
        store.add_organisations([Organisation(demonstration.CORP_ID, DEFAULT_TIME_ZONE)])
        now = time.time()
        today = from_date(moment_of(int(now) * SECOND, time_zone(DEFAULT_TIME_ZONE)))
        last_day = from_date(to_date(today) - timedelta(days=1))
        first_day = from_date(to_date(last_day) - timedelta(days=days - 1))
        _import(settings, first_day, last_day)
        app, secret = _app(store, now)
        token, kept = mint(app, now)
        store.add_token(kept)
        steps = _next_steps(server.url, data, app.app_key, secret, token, first_day, last_day)
        server.run(lambda: click.echo(steps))


def _import(settings: Settings, first_day: str, last_day: str) -> None:
    """Import in a process of its own: the one that serves computes nothing."""
    click.echo(f"Making up {demonstration.PEOPLE} people's reports from {first_day} to {last_day} …")
    with tempfile.TemporaryDirectory() as folder:
        reports = _written(Path(folder) / "reports.jsonl", demonstration.reports(first_day, last_day))
        comments = _written(Path(folder) / "comments.jsonl", demonstration.comments(first_day, last_day))
        period = ("--from", first_day, "--to", last_day)
        command = ("import", str(reports), str(comments), *period, "--data", str(settings.data), "--json")
        run = subprocess.run([sys.executable, "-m", "reportdata", *command], stdout=subprocess.PIPE, check=False)  # noqa: S603
    if run.returncode != 0:
        raise click.exceptions.Exit(run.returncode)
    done = msgspec.json.decode(run.stdout)
    click.echo(f"Imported {done['read']:,} records ({done['added']:,} new), computed {len(done['daysComputed'])} days.")


def _written(path: Path, records: Iterable[demonstration.Record]) -> Path:
    with path.open("wb") as file:
        file.writelines(msgspec.json.encode(record) + b"\n" for record in records)
    return path


def _app(store: Store, now: float) -> tuple[App, str]:
    """The demo's app with a secret that can be shown: a new app the first time, a new secret later on."""
    secret = new_secret()
    for app in store.apps():
        if app.name == APP_NAME and app.corp_id == demonstration.CORP_ID:
            return store.change_app(
                app.app_key, lambda found: msgspec.structs.replace(found, secret_hash=hash_of(secret))
            ), secret
    app = App(
        app_key=new_app_key(),
        name=APP_NAME,
        corp_id=demonstration.CORP_ID,
        secret_hash=hash_of(secret),
        scopes=(REPORT_READ,),
    )
    store.add_app(app, now)
    return app, secret


def _next_steps(url: str, data: Path, app_key: str, secret: str, token: str, first_day: str, last_day: str) -> str:
    endpoint = url.removeprefix("http://")
    program = "reportdata" if shutil.which("reportdata") else os.path.relpath(sys.argv[0])
    return f"""
Serving {url}/v1.0/datacenter/reportData (Ctrl+C stops)

Ask for a day:

  curl -s -H 'x-acs-dingtalk-access-token: {token}' '{url}/v1.0/datacenter/reportData?statDate={last_day}'

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
  request = models.QueryReportStatisticalDataRequest(stat_date='{last_day}')
  print(Client(config).query_report_statistical_data_with_options(request, headers, RuntimeOptions()).body.to_map())

Next, in another terminal:

  {program} query {first_day} --to {last_day} --data {data}
  {program} status --data {data}
  {program} org add CORP_ID    (your own organisation, in ./reportdata-data)
  {program} import FILE...     (your own reports and comments)
"""
