"""``reportdata query`` and ``reportdata status``: the numbers, and how things stand."""

from __future__ import annotations

import csv
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from reportdata.api.contract.wire import Body
from reportdata.cli.language import say
from reportdata.cli.options import (
    DAY,
    check_period,
    json_option,
    known_organisation,
    lake_options,
    service_option,
    settings_options,
)
from reportdata.cli.output import print_json, print_table, size_text
from reportdata.cli.places import ledger_of, open_existing_store, services_of, workspace
from reportdata.cli.questions import FORMS, print_answer, question_options
from reportdata.cli.terminals import showable
from reportdata.collector.clocks import differing, said
from reportdata.collector.set_aside import SetAside
from reportdata.collector.sources import sources
from reportdata.days import MILLISECOND, from_date, latest, moment_of, time_zone, to_date
from reportdata.errors import BadValue
from reportdata.pipeline.staleness import stale_days
from reportdata.services import REPORTS, Service
from reportdata.services.service import is_official
from reportdata.settings import Settings
from reportdata.states import State
from reportdata.store import Store
from reportdata.store.standing import Standing, standing


@click.command("query")
@click.argument("first_day", metavar="DAY", type=DAY, required=False)
@click.option("--to", "last_day", type=DAY, help="The last day of a period that begins with DAY.")
@click.option("--corp", "corp_id", help="One organisation.  [default: all]")
@service_option
@question_options
@click.option("--format", "format_", type=click.Choice(FORMS), default="table", show_default=True)
@click.option(
    "--output", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file, all rows."
)
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
    settings: Settings,
) -> None:
    """Print the numbers of DAY (yyyyMMdd), or of the days from DAY on; or answer a question about a range of days.

    With any of --range, --by, --metrics, filters, --order, --as-of, --output and the formats xlsx and parquet it is a
    question about one organisation, as GET /v1/statistics answers it: each row is an exact count of its own, with how
    certain it is and how many of its days are covered. JSON has the same document, CSV the same columns.

    A number is not known unless the facts that it is counted from were observed that day: JSON leaves it out, CSV has
    nothing in its place, the table shows –; days without any known number are left out of JSON and CSV. Each day has a
    state: final, provisional (it may still change), partial (a look was not finished), damaged (what
    it rests on is damaged: `reportdata repair`) or missing, and the time of the last look.
    """
    check_period(first_day, last_day)
    if words or output is not None or format_ in ("xlsx", "parquet"):
        if service_id != REPORTS:
            raise BadValue(f"questions are not answered about {service_id}", f"leave out --service, or name {REPORTS}")
        named = [(name, day) for name, day in (("from", first_day), ("to", last_day)) if day is not None]
        print_answer([*named, *words], corp_id, format_, output, settings)
        return
    if first_day is None:
        raise BadValue("no day is named", "name DAY, or a range like --range 30d")
    last_day = last_day or first_day
    store = open_existing_store(settings)
    if corp_id is not None:
        known_organisation(store, corp_id)
    service = services_of(settings).service(service_id)
    body = Body(service)
    zones = {o.corp_id: time_zone(o.time_zone) for o in store.organisations()}
    corps = [corp_id] if corp_id else list(zones)
    now = time.time()
    days = [day for corp in corps for day in standing(store, service, corp, first_day, last_day, now)]
    days.sort(key=lambda day: (day.stat_day, corps.index(day.corp_id)))
    rows = [body.row(day.corp_id, day.stat_day, day.values) | _certainty(day, zones) for day in days if day.values]
    keys = ["stat_date", "corp_id", *(kpi.key for kpi in service.kpis)]
    if format_ == "json":
        print_json(rows)
        return
    if format_ == "csv":
        writer = csv.DictWriter(sys.stdout, [*keys, "state", "as_of"], lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
        return
    print_table(
        [
            showable("统计日期", "stat_date"),
            showable("组织ID", "corp_id"),
            *(showable(kpi.name, kpi.key) for kpi in service.kpis),
            "state",
            "as of",
        ],
        (
            [
                day.stat_day,
                day.corp_id,
                *(day.values.get(kpi.id, "–") for kpi in service.kpis),
                state_text(day),
                *_time(day, zones),
            ]
            for day in days
        ),
        numbers=range(2, len(keys)),
    )
    if any(len(day.values) < len(service.kpis) for day in days):
        say(
            "– means not known: nothing that it is counted from was imported for that day. "
            "`reportdata status` shows what is covered."
        )


def state_text(day: Standing) -> str:
    """A day's state, and those of KPIs that are more certain."""
    better = [f"{kpi.kpi_id} {kpi.state.value}" for kpi in day.kpis if kpi.state is not day.state]
    return f"{day.state.value} ({', '.join(better)})" if better else day.state.value


def _certainty(day: Standing, zones: Mapping[str, ZoneInfo]) -> dict[str, object]:
    as_of = moment_of(day.as_of * MILLISECOND, zones[day.corp_id]).isoformat(timespec="seconds") if day.as_of else None
    return {"state": day.state.value, "as_of": as_of, "states": {kpi.kpi_id: kpi.state.value for kpi in day.kpis}}


def _time(day: Standing, zones: Mapping[str, ZoneInfo]) -> list[str]:
    return [f"{moment_of(day.as_of * MILLISECOND, zones[day.corp_id]):%Y-%m-%d %H:%M}" if day.as_of else "–"]


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
    return ", ".join(f"{first} to {last}" for first, last in pieces)


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
                *((pieces[-1][1], state_text(newest[corp_id][0]), newest[corp_id][1] or "–") if pieces else "–––"),
            ]
            for corp_id, pieces in coverage.items()
        ),
        messages=(1,),
    )
    for corp_id, of_all in kinds.items():
        by_kind = {kind: pieces for kind, pieces in of_all.items() if not is_official(kind)}
        if any(pieces != coverage[corp_id] for pieces in by_kind.values()):
            found = "; ".join(f"{kind} {_days_text(pieces)}" for kind, pieces in by_kind.items())
            say(f"{corp_id}: {found}")
    say(f"stale days  {len(stale)}" + (" – `reportdata refresh` computes them" if stale else ""))
    if aside:
        say(f"set aside   {sum(aside.values()):,} records that cannot be used – see `reportdata doctor`")
    for name, ahead in clocks.items():
        say(f"clock       {name}: {said(ahead)}: what is collected makes no day certain")
    say(f"lake        {size_text(lake.size())}")
    say(f"store       {size_text(store.size())}")


def _set_aside(settings: Settings) -> dict[str, int]:
    """How many records that were collected cannot be used, by organisation."""
    if not settings.ledger.exists():
        return {}
    with closing(ledger_of(settings)) as ledger:
        found: Counter[str] = Counter()
        for source in sources(ledger):
            found[source.corp_id] += SetAside(ledger, source.id).count()
    return {corp_id: count for corp_id, count in found.items() if count}


def _differing(settings: Settings) -> dict[str, float]:
    """By how many seconds this machine's clock is ahead of suites, by the names of sources, where they differ."""
    if not settings.ledger.exists():
        return {}
    with closing(ledger_of(settings)) as ledger:
        return differing(ledger)
