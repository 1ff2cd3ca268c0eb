"""``reportdata twin``: an offline DingTalk, for trying and for tests."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import click

from reportdata.cli.language import say
from reportdata.cli.options import json_option
from reportdata.cli.output import print_json
from reportdata.cli.periods import DAY, Today, check_period
from reportdata.days import SECOND, from_date, moment_of
from reportdata.errors import InputError
from reportdata.times import read_instant
from reportdata.twin import BEIJING, TROUBLES, Calibre, Server, Trouble, Twin
from reportdata.twin.counting import CALLS_A_SECOND, MONTHLY_CALLS

_DAYS = 60
"""Days before today on which a twin's reports begin, unless it is told."""


class _Time(click.ParamType[float]):
    """A time, without an offset in Beijing; seconds since 1970."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return read_instant(value, BEIJING) / SECOND
        except ValueError as error:
            self.fail(f"{error}; write it as 2026-09-30T18:00:00", param, ctx)


class _Trouble(click.ParamType[Trouble]):
    """A switch for trouble."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Trouble:
        try:
            return Trouble.parse(str(value))
        except InputError as error:
            self.fail(f"{error.message}; {error.hint}", param, ctx)


class _Calibre(click.ParamType[Calibre]):
    """A calibre."""

    name = "calibre"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Calibre:
        try:
            return value if isinstance(value, Calibre) else Calibre.parse(str(value))
        except InputError as error:
            self.fail(f"{error.message}; {error.hint}", param, ctx)


@click.command("twin")
@click.option("--seed", default=1, show_default=True, help="Everything that is made up depends on it.")
@click.option(
    "--people",
    type=click.IntRange(1, 100_000),
    help="How many there are.  [default: 50, or 5 for 4 reports]",
)
@click.option(
    "--reports-per-day", type=click.FloatRange(min=0), help="Reports of a working day.  [default: 4 for 5 people]"
)
@click.option("--from", "first_day", type=DAY, help="The first day with reports.  [default: 60 days before --now]")
@click.option("--to", "last_day", type=DAY, help="The last day with reports.  [default: they never end]")
@click.option("--now", type=_Time(), help="When its clock starts, in Beijing time.  [default: now]")
@click.option("--speed", default=1.0, show_default=True, type=click.FloatRange(min=0), help="Its seconds a second.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, show_default=True, help="The port; 0 takes any free one.")
@click.option("--budget", default=MONTHLY_CALLS, show_default=True, help="Calls a month; 0: no limit.")
@click.option("--rate", default=CALLS_A_SECOND, show_default=True, help="Calls a second to each API; 0: no limit.")
@click.option(
    "--trouble",
    "troubles",
    multiple=True,
    type=_Trouble(),
    metavar="NAME[=SHARE|=N,…]",
    help="What goes wrong: always, for a share of the calls such as 0.05, or for the calls with these numbers. "
    f"May be given again. Names: {', '.join(TROUBLES)}.",
)
@click.option(
    "--calibre",
    default="",
    type=_Calibre(),
    metavar="WORD,…",
    help="How its own reportData counts commenters: comment-day or report-day, distinct or summed, with-own or "
    "without-own.  [default: the first of each]",
)
@json_option
def twin_command(
    first_day: str | None,
    last_day: str | None,
    now: float | None,
    host: str,
    port: int,
    as_json: bool,
    **properties: Any,
) -> None:
    """Serve an offline DingTalk: a made-up organisation behind the report APIs, with their limits and troubles.

    Point a program's endpoint at it, for both of DingTalk's hosts. Nothing leaves this machine.
    """
    check_period(first_day, last_day)
    start = time.time() if now is None else now
    first_day, last_day = Today.of((), None, start, BEIJING.key).between(first_day, last_day)
    if first_day is None:
        first_day = from_date(moment_of(int(start) * SECOND, BEIJING).date() - timedelta(days=_DAYS))
        check_period(first_day, last_day)
    twin = Twin(first_day=first_day, last_day=last_day, now=start, **properties)
    server = Server(twin, host, port)
    app = {"url": server.url, "corpId": twin.corp_id, "appKey": twin.app_key, "appSecret": twin.app_secret}
    if as_json:
        server.run(lambda: print_json(app))
    else:
        server.run(lambda: say(_next_steps(server, first_day)))


def _next_steps(server: Server, first_day: str) -> str:
    twin, url = server.twin, server.url
    return f"""
Serving {url} as api.dingtalk.com and oapi.dingtalk.com (Ctrl+C stops)

  organisation  {twin.corp_id}, {len(twin.organisation.people)} people, reports from {first_day} on
  app key       {twin.app_key}
  app secret    {twin.app_secret}

Get a token:

  curl -s '{url}/gettoken?appkey={twin.app_key}&appsecret={twin.app_secret}'

See what was called, and what is true:

  curl -s {url}/twin/calls
  curl -s '{url}/twin/truth?from={first_day}'
"""
