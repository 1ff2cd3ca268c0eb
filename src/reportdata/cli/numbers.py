"""``reportdata query`` and ``reportdata status``: the numbers, and how things stand."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing
from datetime import date
from pathlib import Path

import click

from reportdata.cli.day_rows import print_days, state_text
from reportdata.cli.known import known_organisation
from reportdata.cli.language import say, translated
from reportdata.cli.options import json_option, lake_options, service_option, settings_options
from reportdata.cli.output import print_json, print_table, size_text
from reportdata.cli.periods import DAY, DaysCommand, Today, check_period
from reportdata.cli.places import ledger_of, open_existing_store, services_of, workspace
from reportdata.cli.questions import format_option, print_answer, question_options
from reportdata.cli.requiring import require, require_option
from reportdata.cli.words import kind_word, kpi_word
from reportdata.collector.clocks import differing, said
from reportdata.collector.set_aside import SetAside
from reportdata.collector.sources import sources
from reportdata.coverage import latest
from reportdata.days import from_date, time_zone, to_date
from reportdata.errors import BadValue
from reportdata.measures import Kpi
from reportdata.pipeline.staleness import stale_days
from reportdata.plurals import count_of
from reportdata.services import REPORTS, Service
from reportdata.services.service import is_official
from reportdata.settings import Settings
from reportdata.states import State
from reportdata.statistics.words import SERVICE
from reportdata.store import Store
from reportdata.store.standing import Standing, standing


@click.command("query", cls=DaysCommand)
@click.argument("first_day", metavar="DAY", type=DAY, required=False)
@click.option("--to", "last_day", type=DAY, help="The last day of a period that begins with DAY.")
@click.option("--corp", "corp_id", help="One organisation.  [default: all]")
@service_option
@question_options
@format_option
@click.option(
    "--output", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file, all rows."
)
@require_option
@lake_options
@settings_options
def query_command(
    first_day: str | None,
    last_day: str | None,
    corp_id: str | None,
    service_id: str,
    words: list[tuple[str, str]],
    format_: str,
    output: Path | None,
    required: str | None,
    settings: Settings,
) -> None:
    """Print the numbers of DAY (yyyyMMdd), or of the days from DAY on; or answer a question about a range of days.

    DAY may be in words, as all days on the command line may: today, yesterday, -7d, last-week, this-month, 昨天, 上周,
    本月.

    With any of --range, --by, --metrics, filters, --order, --as-of, --output and the formats xlsx and parquet it is a
    question about one organisation, as GET /v1/statistics answers it: each row is an exact count of its own, with how
    certain it is and how many of its days are covered. JSON has the same document, CSV the same columns.

    A number is not known unless the facts that it is counted from were observed that day: JSON leaves it out, CSV has
    nothing in its place, the table shows –; days without any known number are left out of JSON and CSV. Each day has a
    state: final, provisional (it may still change), partial (a look was not finished), damaged (what
    it rests on is damaged: `reportdata repair`) or missing, and the time of the last look. With --require they are
    printed all the same, and the exit code tells a script whether all are so certain.
    """
    check_period(first_day, last_day)
    store, now = open_existing_store(settings), time.time()
    today = Today.of(store.organisations(), corp_id, now)
    first_day, last_day = today.asked(first_day, last_day)
    if words or output is not None or format_ in ("xlsx", "parquet"):
        given = ((SERVICE, service_id), ("from", first_day), ("to", last_day))
        named = [(name, value) for name, value in given if value is not None]
        print_answer([*named, *today.words(words)], corp_id, format_, output, settings, required)
        return
    if first_day is None:
        raise BadValue("no day is named", "name DAY, or a range like --range 30d")
    last_day = last_day or first_day
    if corp_id is not None:
        known_organisation(store, corp_id)
    service = services_of(settings).service(service_id)
    zones = {o.corp_id: time_zone(o.time_zone) for o in store.organisations()}
    corps = [corp_id] if corp_id else list(zones)
    days = [day for corp in corps for day in standing(store, service, corp, first_day, last_day, now)]
    days.sort(key=lambda day: (day.stat_day, corps.index(day.corp_id)))
    uncomputed = _uncomputed(store, service) if format_ == "table" else {}
    print_days(days, service, zones, format_, uncomputed)
    if uncomputed and days:
        waiting = ", ".join(kpi_word(kpi) for kpi in uncomputed.values() if not kpi.ratio)
        say(f"Not computed yet: {waiting}. Next: `reportdata refresh` computes all days.")
    require(required, days, [kpi.id for kpi in service.kpis])


def _uncomputed(store: Store, service: Service) -> dict[str, Kpi]:
    """The KPIs that wait for the computation of all days, as new ones of a service do, by id."""
    if not service.has_facts or not any(store.coverage()):
        return {}
    computed = store.computed(service.id)
    own = {kpi.id: kpi for kpi in service.kpis if not kpi.ratio and kpi.id not in computed}
    return own | {kpi.id: kpi for kpi in service.kpis if own.keys() & set(kpi.ratio)}


_LOOK_BACK = 366
"""Days before the newest one among which `status` looks for the newest final one."""


def _newest(store: Store, service: Service, corp_id: str, newest: str) -> tuple[Standing, str | None]:
    """How the newest covered day stands, and the newest final day."""
    first = from_date(date.fromordinal(max(1, to_date(newest).toordinal() - _LOOK_BACK)))
    days = list(standing(store, service, corp_id, first, newest, time.time()))
    final = [day.stat_day for day in days if _is_final(day)]
    return days[-1], final[-1] if final else None


def _is_final(day: Standing) -> bool:
    """Whether all numbers that are known are final."""
    known = [kpi.state for kpi in day.kpis if kpi.kpi_id in day.values]
    return bool(known) and all(state is State.FINAL for state in known)


Pieces = list[tuple[str, str]]


def _covered_by_kind(store: Store) -> dict[str, dict[str, Pieces]]:
    """The days that each organisation is covered for, by kind of facts."""
    found: dict[str, dict[str, Pieces]] = {}
    for look in latest(look._replace(at=0) for look in store.observations()):
        found.setdefault(look.corp_id, {}).setdefault(look.kind, []).append((look.first_day, look.last_day))
    return found


def _as_json(pieces: Pieces) -> list[dict[str, str]]:
    return [{"firstDay": first, "lastDay": last} for first, last in pieces]


def _days_text(pieces: Pieces) -> str:
    return ", ".join("–".join(dict.fromkeys((first, last))) for first, last in pieces)


@click.command("status")
@json_option
@lake_options
@settings_options
def status_command(as_json: bool, settings: Settings) -> None:
    """Show organisations, what is covered and how certain it is, stale days and sizes.

    The newest final day, on which all numbers that are known are final, is looked for among the 366 days before the
    newest one.
    """
    store = open_existing_store(settings)
    with workspace(settings, store) as work:
        lake, service = work.lake, work.services.service(REPORTS)
        stale = stale_days(work)
        kinds = _covered_by_kind(store)
    coverage: dict[str, list[tuple[str, str]]] = {o.corp_id: [] for o in store.organisations()}
    for piece in store.coverage():
        coverage.setdefault(piece.corp_id, []).append((piece.first_day, piece.last_day))
    newest = {
        corp_id: _newest(store, service, corp_id, pieces[-1][1]) for corp_id, pieces in coverage.items() if pieces
    }
    aside, clocks = _set_aside(settings), _differing(settings)
    if as_json:
        print_json(
            {
                "organisations": [
                    {
                        "corpId": corp_id,
                        "coverage": _as_json(pieces),
                        "coverageByKind": {kind: _as_json(of) for kind, of in kinds.get(corp_id, {}).items()},
                        "newestDay": pieces[-1][1] if pieces else None,
                        "newestState": newest[corp_id][0].state.value if pieces else None,
                        "newestFinalDay": newest[corp_id][1] if pieces else None,
                        "setAside": aside.get(corp_id, 0),
                    }
                    for corp_id, pieces in coverage.items()
                ],
                "staleDays": stale,
                "clocksDiffer": clocks,
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
                _days_text(pieces) or "nothing yet",
                *(
                    (pieces[-1][1], state_text(newest[corp_id][0], service), newest[corp_id][1] or "–")
                    if pieces
                    else "–––"
                ),
            ]
            for corp_id, pieces in coverage.items()
        ),
        messages=(1,),
        least=(2,),
    )
    for corp_id, of_all in kinds.items():
        by_kind = {kind: pieces for kind, pieces in of_all.items() if not is_official(kind)}
        if any(pieces != coverage[corp_id] for pieces in by_kind.values()):
            found = "; ".join(f"{kind_word(kind)} {translated(_days_text(pieces))}" for kind, pieces in by_kind.items())
            say(f"{corp_id}: {found}")
    say(f"stale days  {len(stale)}" + (" – `reportdata refresh` computes them" if stale else ""))
    if aside:
        say(
            f"set aside   {count_of(sum(aside.values()), 'record', 'records')} that cannot be used – see "
            "`reportdata doctor`"
        )
    for name, ahead in clocks.items():
        say(f"clock       {name}: {said(ahead)}: what is collected makes no day certain")
    say(f"lake        {size_text(lake.size())}")
    say(f"store       {size_text(store.size())}")


def _set_aside(settings: Settings) -> dict[str, int]:
    """How many records that were collected cannot be used, by organisation."""
    if not settings.ledger.exists():
        return {}
    with closing(ledger_of(settings, new=False)) as ledger:
        found: Counter[str] = Counter()
        for source in sources(ledger):
            found[source.corp_id] += SetAside(ledger, source.id).count()
    return {corp_id: count for corp_id, count in found.items() if count}


def _differing(settings: Settings) -> dict[str, float]:
    """By how many seconds this machine's clock is ahead of suites, by the names of sources, where they differ."""
    if not settings.ledger.exists():
        return {}
    with closing(ledger_of(settings, new=False)) as ledger:
        return differing(ledger)
