"""``reportdata budget``: the calls that collecting may spend, and what they buy."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import click

from reportdata.cli.collectors import account_of
from reportdata.cli.known import known_organisation
from reportdata.cli.language import say
from reportdata.cli.options import json_option, settings_options
from reportdata.cli.output import print_json, print_table
from reportdata.cli.places import open_existing_store, open_ledger
from reportdata.collector.budget import Account, Budget
from reportdata.collector.clock import SystemClock
from reportdata.collector.forecast import Forecast, forecast
from reportdata.collector.sources import Source, source_of, sources
from reportdata.days import time_zone
from reportdata.errors import BadValue
from reportdata.plurals import count_of
from reportdata.settings import Settings
from reportdata.store import Store
from reportdata.suites.dingtalk import KIND


@click.command("budget")
@click.option("--corp", "corp_id", help="One organisation, or one source.  [default: all that are collected]")
@click.option("--calls", type=click.IntRange(min=0), help="From now on, so many calls a month may be spent.")
@click.option("--per-second", type=click.FloatRange(min=0.01), help="From now on, so many calls a second.")
@json_option
@settings_options
def budget_command(
    corp_id: str | None, calls: int | None, per_second: float | None, as_json: bool, settings: Settings
) -> None:
    """Show the calls spent in this month, the forecast to its end, and what the rest buys; or set the budget."""
    ledger, clock = open_ledger(settings), SystemClock()
    found = sources(ledger, corp_id) if corp_id else sources(ledger)
    if corp_id and not found and any(o.corp_id == corp_id for o in open_existing_store(settings).organisations()):
        _of_mirroring(Budget(ledger, Account.of(KIND, corp_id), clock), calls, per_second, as_json=as_json)
        return
    found = found or ([source_of(ledger, corp_id)] if corp_id else [])
    accounts = {source.id: account_of(source) for source in found}
    if calls is not None or per_second is not None:
        if len(set(accounts.values())) != 1:
            raise BadValue("which budget is set?", "name the organisation, or one of its sources, with --corp")
        Budget(ledger, accounts[found[0].id], clock).set(calls, per_second)
    store = open_existing_store(settings)
    now = int(clock.now() * 1000)
    forecasts = [
        forecast(source, Budget(ledger, accounts[source.id], clock), ledger, _zone(store, source), now)
        for source in found
    ]
    if as_json:
        print_json([_described(one) for one in forecasts])
        return
    for one in forecasts:
        _print(one)
    if not forecasts:
        say("Nothing is collected. Next: reportdata source add dingtalk --corp CORP_ID --app-key KEY")


def _zone(store: Store, source: Source) -> ZoneInfo:
    return time_zone(known_organisation(store, source.corp_id).time_zone)


def _of_mirroring(budget: Budget, calls: int | None, per_second: float | None, *, as_json: bool) -> None:
    """The month of an organisation of which nothing is collected, whose official figures may be mirrored."""
    if calls is not None or per_second is not None:
        budget.set(calls, per_second)
    month = budget.month()
    spent = sum(month.spent.values())
    if as_json:
        print_json(
            [
                {
                    "source": None,
                    "corpId": budget.account.corp_id,
                    "month": month.first_day[:6],
                    "calls": month.calls,
                    "spent": spent,
                    "spentByApi": dict(month.spent),
                    "left": month.left,
                    "refused": month.refused,
                }
            ]
        )
        return
    say(f"{month.first_day} to {month.last_day}: {spent:,} of {month.calls:,} calls spent, nothing is collected")
    print_table(["spent on", "calls"], [[api, f"{count:,}"] for api, count in month.spent.items()], numbers=[1])


def _described(one: Forecast) -> dict[str, object]:
    return {
        "source": one.source.name,
        "corpId": one.source.corp_id,
        "month": one.month.first_day[:6],
        "calls": one.month.calls,
        "spent": sum(one.month.spent.values()),
        "spentByApi": dict(one.month.spent),
        "left": one.month.left,
        "refused": one.month.refused,
        "forecast": one.spent_in_the_end,
        "plan": {
            "listing": one.plan.listing,
            "listingAgain": one.plan.reviews,
            "listingToday": one.plan.running,
            "lastReadings": one.plan.last,
            "earlyReadingsADay": one.plan.early,
        },
    }


def _print(one: Forecast) -> None:
    month, plan = one.month, one.plan
    spent = sum(month.spent.values())
    say(f"{one.source.name}, {month.first_day} to {month.last_day}: {spent:,} of {month.calls:,} calls spent")
    if month.refused:
        say(f"{one.title} says that no call is left in this month: others have spent them.")
    print_table(["spent on", "calls"], [[api, f"{count:,}"] for api, count in month.spent.items()], numbers=[1])
    rows = [
        ["each day's reports, once", plan.listing],
        ["listed again, for withdrawals", plan.reviews],
        ["the running day", plan.running],
        ["comments, read a last time", plan.last],
        [f"comments, read early ({plan.early:,} a day)", plan.early * month.days_left],
    ]
    print_table(
        ["what the rest buys", "calls"], [[what, f"{count:,}"] for what, count in rows], numbers=[1], messages=[0]
    )
    say(f"Forecast: at most {one.spent_in_the_end:,} calls at the end of the month.")
    if plan.for_past < 0:
        say(f"Listing each day once takes {count_of(-plan.for_past, 'call more than is', 'calls more than are')} left.")
    elif not plan.whole:
        say("Not all comments can be read: those that promise most are.")
