"""``reportdata collect --dry-run``: which calls would be made, without making one."""

from __future__ import annotations

from reportdata.cli.collectors import asked_sources, kind_of, reaching, today_of
from reportdata.cli.known import known_organisation
from reportdata.cli.language import say
from reportdata.cli.output import print_json, print_table
from reportdata.cli.places import open_existing_store
from reportdata.collector.clock import StillClock, SystemClock
from reportdata.collector.listings import PAST, PRESENT, REVIEW, RUNNING
from reportdata.collector.rehearsal import Foreseen, copied, foresee
from reportdata.collector.schedule import Period
from reportdata.days import time_zone
from reportdata.errors import NotKnown
from reportdata.plurals import count_of
from reportdata.settings import Settings


def rehearse(
    settings: Settings, name: str | None, first_day: str | None, last_day: str | None, *, as_json: bool
) -> None:
    """Say what `collect --once` would ask of each source now. Nothing is asked, and nothing is kept.

    :raises NotKnown: when nothing is collected.
    """
    store = open_existing_store(settings)
    clock = StillClock(SystemClock().now())
    if not settings.ledger.exists():
        raise NotKnown("nothing is collected", "reportdata source add dingtalk --corp CORP_ID --app-key KEY")
    with copied(settings.ledger) as ledger:
        found = asked_sources(ledger, name)
        first_day, last_day = today_of(found, store).between(first_day, last_day)
        foreseen = [
            foresee(
                ledger,
                source,
                kind_of(source),
                clock,
                time_zone(known_organisation(store, source.corp_id).time_zone),
                Period(first_day or source.first_day, last_day),
            )
            for source in [reaching(ledger, source, first_day) for source in found]
        ]
    if as_json:
        print_json(list(map(_described, foreseen)))
        return
    for one in foreseen:
        _print(one)


def _described(one: Foreseen) -> dict[str, object]:
    return {
        "dryRun": True,
        "source": one.source.name,
        "lists": [
            {"purpose": of.purpose, "firstDay": of.first_day, "lastDay": of.last_day, "pages": of.pages}
            for of in one.lists
        ],
        "comments": one.comments,
        "callsForeseen": one.spent,
        "calls": one.calls,
        "callsLeft": one.left,
    }


def _print(one: Foreseen) -> None:
    lines = {
        PRESENT: "reports of days that were not listed",
        PAST: "reports of days that were not listed",
        REVIEW: "listed again, for withdrawals",
        RUNNING: "the running day",
    }
    rows = [
        [lines[of.purpose], "–".join(dict.fromkeys((of.first_day, of.last_day))), f"{of.pages:,}"] for of in one.lists
    ]
    if one.comments:
        rows.append([f"comments of {count_of(one.comments, 'report', 'reports')}", "", f"{one.comments:,}"])
    if rows:
        print_table(["what would be asked for", "which days", "calls"], rows, numbers=[2], messages=[0])
    if rows and one.guessed:
        say(
            f"{one.source.name}: about {count_of(one.spent, 'call', 'calls')} of the {one.left:,} that are left "
            "this month."
        )
    elif rows:
        say(
            f"{one.source.name}: at least {count_of(one.spent, 'call', 'calls')} of the {one.left:,} that are "
            "left this month."
        )
    else:
        say(
            f"{one.source.name}: there is nothing to ask for now; {count_of(one.left, 'call is', 'calls are')} "
            "left this month."
        )
    if any(of.purpose in (PRESENT, PAST) for of in one.lists):
        say("Besides, comments of reports that are not known yet: a call for each, as far as calls are left.")
    say("Nothing was asked: this was a dry run.")
