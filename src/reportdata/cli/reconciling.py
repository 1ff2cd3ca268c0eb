"""``reportdata reconcile``: what DingTalk's own figures say of the computed ones."""

from __future__ import annotations

import time

import click

from reportdata.cli.known import only_organisation
from reportdata.cli.language import say
from reportdata.cli.options import json_option, lake_options, service_option, settings_options
from reportdata.cli.output import MOST_NAMED, days_text, print_json, print_table, progress_bar
from reportdata.cli.periods import DAY, Today, check_period
from reportdata.cli.places import open_existing_store, workspace
from reportdata.cli.words import state_word
from reportdata.pipeline.reconciling import Reconciled, Trial, reconcile
from reportdata.pipeline.refreshing import refresh
from reportdata.services import Service
from reportdata.settings import Settings


@click.command("reconcile")
@click.option("--corp", "corp_id", help="The organisation.  [default: the only one, when there is one]")
@click.option(
    "--from", "first_day", type=DAY, help="The first day that is compared.  [default: the first with figures]"
)
@click.option("--to", "last_day", type=DAY, help="The last day that is compared.  [default: the last with figures]")
@service_option
@click.option("--provisional", is_flag=True, help="Judge calibres by provisional days, too.")
@json_option
@lake_options
@settings_options
def reconcile_command(
    corp_id: str | None,
    first_day: str | None,
    last_day: str | None,
    service_id: str,
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
    organisation = only_organisation(store, corp_id)
    corp_id = organisation.corp_id
    first_day, last_day = Today.of([organisation], None, time.time()).between(first_day, last_day)
    with progress_bar() as progress, workspace(settings, store) as work:
        service = work.services.service(service_id)
        refresh(work, time.time(), progress=progress)
        found = reconcile(work, service, corp_id, (first_day, last_day), now=time.time(), provisional=provisional)
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
                "calibre": trial.calibre,
                "against": [
                    {"statDate": day.stat_day, "official": day.official, "counted": day.counted}
                    for day in trial.against
                ],
            }
            for trial in found.trials
        ],
        "verdict": found.verdict,
        "fitting": found.fitting,
    }


def _print(found: Reconciled, service: Service) -> None:
    differing = found.differing()
    if differing:
        print_table(
            [
                "统计日期",
                *(heading for kpi in service.kpis for heading in (f"{kpi.id} official", f"{kpi.id} computed")),
                *([f"{found.kpi} is"] if found.kpi else []),
            ],
            (
                [
                    day.stat_day,
                    *(of.get(kpi.id, "–") for kpi in service.kpis for of in (day.official, day.computed)),
                    *([state_word(day.states[found.kpi].value)] if found.kpi else []),
                ]
                for day in differing
            ),
            numbers=range(1, 1 + 2 * len(service.kpis)),
        )
    if not found.days:
        say("Nothing was compared: there is no day with both DingTalk's own figures and computed numbers.")
    else:
        say(f"{days_text([day.stat_day for day in found.days])} compared; {len(differing)} differ.")
    for kpi in service.kpis if found.days else ():
        days = [day.stat_day for day in differing if kpi.id in day.differences()]
        say(f"{kpi.id} {kpi.name}: " + (f"differs on {days_text(days)}" if days else "no difference"))
    if found.uncovered:
        say(f"Not compared, because nothing was imported for them: {days_text(found.uncovered)}.")
    if found.unofficial:
        say(f"Not compared, because there are no official figures: {days_text(found.unofficial)}.")
    if found.kpi:
        say(_verdict(found, service))


def _verdict(found: Reconciled, service: Service) -> str:
    kpi = found.kpi
    judged = f"all {len(found.judged)} final days" if len(found.judged) != 1 else "the one final day"
    match found.verdict:
        case "nothing":
            why = (
                "it is not final yet on any of them; see --provisional"
                if found.unjudged
                else "`reportdata mirror` brings figures"
            )
            return f"{kpi}: no calibre can be judged, because no compared day is final: {why}."
        case "one":
            (calibre,) = found.fitting
            served = ", which is the one that is served" if calibre == service.kpi(kpi or "").calibre else ""
            return f"{kpi}: DingTalk counts by {calibre}{served}. It alone agrees on {judged}.\n" + _reasons(found)
        case "several":
            names = " and ".join(found.fitting)
            return f"{kpi}: {names} fit, and cannot be told apart: each agrees on {judged}.\n" + _reasons(found)
        case _:
            return f"{kpi}: no calibre agrees on {judged}.\n" + _reasons(found)


def _reasons(found: Reconciled) -> str:
    """The calibres that do not fit, those with the fewest days against them first."""
    against = sorted((trial for trial in found.trials if trial.against), key=lambda trial: len(trial.against))
    return "\n".join(map(_told, against))


def _told(trial: Trial) -> str:
    days = ", ".join(f"{a.stat_day} ({a.official}, counted {a.counted})" for a in trial.against[:MOST_NAMED])
    more = len(trial.against) - MOST_NAMED
    return f"  against {trial.calibre}: {days}" + (f" and {more} more" if more > 0 else "")
