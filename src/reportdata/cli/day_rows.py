"""Rows of days: the numbers of each with how certain they are, as a table, CSV, JSON or JSON Lines."""

from __future__ import annotations

import csv
import sys
from collections.abc import Collection, Mapping, Sequence
from zoneinfo import ZoneInfo

from reportdata.api.contract.wire import Body
from reportdata.cli.language import say
from reportdata.cli.output import Long, print_json, print_table
from reportdata.cli.terminals import showable
from reportdata.cli.words import kpi_word, states_text
from reportdata.days import MILLISECOND, moment_of
from reportdata.services import Service
from reportdata.store.standing import Standing


def print_days(
    days: Sequence[Standing],
    service: Service,
    zones: Mapping[str, ZoneInfo],
    form: str,
    waiting: Collection[str] = (),
) -> None:
    """Print days as they stand; those without any known number are in the table alone.

    :param zones: those of the organisations, by id.
    :param form: one of `reportdata.cli.questions.FORMS`.
    :param waiting: KPIs that are not computed yet, of which the table does not say why they are not known.
    """
    if form == "table":
        _print_table(days, service, zones)
        if any(kpi.id not in {*day.values, *waiting} for day in days for kpi in service.kpis):
            say(_NOT_KNOWN if service.has_facts else _NOT_BROUGHT)
        return
    body = Body(service)
    rows = [body.row(day.corp_id, day.stat_day, day.values) | _certainty(day, zones) for day in days if day.values]
    if form == "csv":
        keys = ["stat_date", "corp_id", *(kpi.key for kpi in service.kpis), "state", "as_of"]
        writer = csv.DictWriter(sys.stdout, keys, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    elif form == "jsonl":
        for row in rows:
            print_json(row)
    else:
        print_json(rows)


def _print_table(days: Sequence[Standing], service: Service, zones: Mapping[str, ZoneInfo]) -> None:
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
                state_text(day, service),
                _time(day, zones),
            ]
            for day in days
        ),
        numbers=range(2, 2 + len(service.kpis)),
        least=(len(service.kpis) + 3, *([1] if len(zones) == 1 else [])),
    )


_NOT_KNOWN = (
    "– means not known: nothing that it is counted from was imported for that day. "
    "`reportdata status` shows what is covered."
)
_NOT_BROUGHT = (
    "– means not known: no figures of it were brought for that day. `reportdata mirror` fetches DingTalk's own, "
    "`reportdata figures import` reads them from files."
)


def state_text(day: Standing, service: Service) -> Long:
    """The states of a day's KPIs, by their ids, or by their names where Chinese is spoken."""
    called = {kpi.id: kpi_word(kpi) for kpi in service.kpis}
    return states_text({called[kpi.kpi_id]: kpi.state.value for kpi in day.kpis})


def _certainty(day: Standing, zones: Mapping[str, ZoneInfo]) -> dict[str, object]:
    as_of = moment_of(day.as_of * MILLISECOND, zones[day.corp_id]).isoformat(timespec="seconds") if day.as_of else None
    return {"state": day.state.value, "as_of": as_of, "states": {kpi.kpi_id: kpi.state.value for kpi in day.kpis}}


def _time(day: Standing, zones: Mapping[str, ZoneInfo]) -> str:
    return f"{moment_of(day.as_of * MILLISECOND, zones[day.corp_id]):%Y-%m-%d %H:%M}" if day.as_of else "–"
