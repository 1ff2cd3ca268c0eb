"""``reportdata demo``: everything at once, with made-up data."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import click
import msgspec

from reportdata.cli.language import say
from reportdata.cli.links import replace_link
from reportdata.cli.places import open_store
from reportdata.cli.ports import page_options
from reportdata.cli.sample import PEOPLE, Sample
from reportdata.cli.service import open_server
from reportdata.days import DEFAULT_TIME_ZONE, SECOND, days_between, from_date, moment_of, time_zone, to_date
from reportdata.identity import App, hash_of, mint, new_app_key, new_secret
from reportdata.identity import Organisation as Served
from reportdata.links import Link, new_link_id, new_link_secret
from reportdata.plurals import count_of
from reportdata.services import REPORTS, read_services
from reportdata.settings import Settings
from reportdata.store import Store
from reportdata.twin.calendar import is_working_day
from reportdata.twin.records import Record

APP_NAME = "demo"


@click.command("demo")
@click.option("--days", default=365, show_default=True, type=click.IntRange(1, 3650), help="How many days to make up.")
@page_options
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("reportdata-demo"),
    show_default="./reportdata-demo",
    help="The data folder, apart from that of your own numbers.",
)
@click.option("--open", "opens", is_flag=True, help="Open the dashboard in a browser.")
def demo_command(days: int, host: str, port: int, data: Path, opens: bool) -> None:
    """Make up an organisation, import its reports, and serve its numbers.

    It is that of `reportdata twin`: its people keep China's working days. Two days were never collected, of a third
    nobody looked at the comments, and a team moves to another department.
    """
    settings = Settings(data, host=host, port=port)
    with open_server(settings) as server:
        store = open_store(settings)
        now = time.time()
        zone = time_zone(DEFAULT_TIME_ZONE)
        last_day = from_date(moment_of(int(now) * SECOND, zone))
        first_day = from_date(to_date(last_day) - timedelta(days=days))
        sample = Sample(first_day, last_day, int(now) * 1000)
        store.add_organisations([Served(sample.organisation.corp_id, DEFAULT_TIME_ZONE)])
        import_sample(settings, sample)
        app, secret = _app(store, sample.organisation.corp_id, now)
        page = f"{server.url}/#link={_link(store, sample.organisation.corp_id, now)}"
        token, kept = mint(app, now)
        store.add_token(kept)
        period = list(days_between(first_day, last_day))[:-1]
        worked = next((day for day in reversed(period) if is_working_day(day)), period[-1])
        steps = _next_steps(server.url, data, (app.app_key, secret), token, worked, (period[0], period[-1]))

        def ready() -> None:
            say(f"\nOpen the dashboard in a browser, signed in:\n\n  {page}\n{steps}")
            if opens:
                webbrowser.open(page)

        server.run(ready)


def import_sample(settings: Settings, sample: Sample) -> None:
    """Import in processes of their own: the one that serves computes nothing."""
    say(f"Making up {PEOPLE} people's reports from {sample.first_day} to {sample.last_day} …")
    added, days = 0, set[str]()
    # What is made up goes to the demo's own folder, wherever the environment says that records go.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REPORTDATA_")}
    with tempfile.TemporaryDirectory() as folder:
        for number, found in enumerate(sample.imports()):
            path = _written(Path(folder) / f"{found.name}-{number}.jsonl", found.records)
            covered = ("--from", found.first_day, "--to", found.last_day) if found.first_day and found.last_day else ()
            command = ("import", str(path), *covered, "--exported-at", found.until.isoformat(), "--json")
            run = subprocess.run(  # noqa: S603
                [sys.executable, "-m", "reportdata", "--config", os.devnull, *command, "--data", str(settings.data)],
                stdout=subprocess.PIPE,
                env=environment,
                check=False,
            )
            if run.returncode != 0:
                raise click.exceptions.Exit(run.returncode)
            done = msgspec.json.decode(run.stdout)
            added += done["added"]
            days.update(done["daysComputed"])
    say(f"Imported {count_of(added, 'new record', 'new records')}, computed {count_of(len(days), 'day', 'days')}.")


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
                app.app_key, lambda found: msgspec.structs.replace(found, secret_hash=hash_of(secret), scopes=_scopes())
            ), secret
    app = App(
        app_key=new_app_key(),
        name=APP_NAME,
        corp_id=corp_id,
        secret_hash=hash_of(secret),
        scopes=_scopes(),
    )
    store.add_app(app, now)
    return app, secret


def _link(store: Store, corp_id: str, now: float) -> str:
    """The secret of a view link that takes the place of the demo's last one."""
    secret = new_link_secret(link_id := new_link_id())
    shows = _scopes()[1:]  # statistics, with records
    link = Link(link_id=link_id, name=APP_NAME, corp_id=corp_id, secret_hash=hash_of(secret), scopes=shows)
    replace_link(store, link, now)
    return secret


def _scopes() -> tuple[str, ...]:
    """All that may be read."""
    service = read_services().service(REPORTS)
    return tuple(scope for scope in (service.scope, service.statistics_scope, service.records_scope) if scope)


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
  {program} query --range year --by month,department --data {data}
  {program} status --data {data}
  {program} org add CORP_ID    (your own organisation, in ./reportdata-data)
  {program} import FILE...     (your own reports and comments)
"""
