"""DingTalk's own figures of all services, whatever interrupts it."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import pytest

from reportdata.days import days_between, from_date, to_date
from reportdata.measures import decimal_of
from reportdata.pipeline.brought import Brought
from reportdata.services import read_services
from reportdata.statistics.words import read_question
from reportdata.twin import Server
from tests.support.calling import Call
from tests.support.catalogue import FIGURES
from tests.support.folders import Folder, run
from tests.support.mirrored import LAST, LONGEST, SERVICES, YEAR, asked_of, kept, truth
from tests.support.serving import serving


@pytest.mark.slow
@pytest.mark.whole
def test_kills_and_troubles_cost_no_call_twice(known: Folder, twin: Server) -> None:
    first = from_date(date.fromordinal(to_date(LAST).toordinal() - LONGEST + 1))
    days = list(days_between(first, LAST))
    twin.twin.trouble("busy=0.02", "reset=0.02", "504=0.01", "expired=0.01")
    program = [sys.executable, "-c", PROGRAM, str(known.path), twin.url, first]
    kills = 0
    for part in (0.2, 0.5, 0.8, 2.0, 2.0, 2.0):
        with subprocess.Popen(program, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and twin.twin.calls.total < part * len(days) * len(SERVICES):
                time.sleep(0.01)
            process.kill()
        if process.returncode == 0:
            break
        kills += process.returncode == -signal.SIGKILL
    assert kills >= 3
    assert kept(known, twin.twin) == truth(twin.twin, days)
    assert len(asked_of(twin.twin)) <= len(days) * len(SERVICES) + kills, "a kill may come between answer and keeping"
    served = {day: known.store.kpis("onlineUserData", twin.twin.corp_id, day) for day in days}
    assert served == truth(twin.twin, days)["onlineUserData"]


PROGRAM = """
import sys
from pathlib import Path
from tests.support.mirrored import fetch_in_a_process
fetch_in_a_process(Path(sys.argv[1]), *sys.argv[2:])
"""


class Run(NamedTuple):
    """A process that mirrors: of all figures, the share that the month has calls for, and at which it is killed."""

    calls: float
    killed_at: float = 9


RUNS = (Run(0.3, 0.1), Run(0.3, 0.2), Run(0.3), Run(0.7, 0.5), Run(0.7), Run(2, 0.9), Run(2))


@pytest.mark.slow
def test_a_year_of_all_services_is_mirrored_within_budgets_whatever_interrupts_it(known: Folder, twin: Server) -> None:
    first = from_date(date.fromordinal(to_date(LAST).toordinal() - YEAR + 1))
    days = list(days_between(first, LAST))
    total = len(days) * len(SERVICES)
    twin.twin.trouble("busy=0.02", "reset=0.02", "504=0.01", "expired=0.01")
    kills = 0
    for run_ in RUNS:
        calls = int(run_.calls * total)
        program = [sys.executable, "-c", PROGRAM, str(known.path), twin.url, first, str(calls)]
        with subprocess.Popen(program, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and twin.twin.calls.total < run_.killed_at * total:
                time.sleep(0.01)
            process.kill()
        kills += process.returncode == -signal.SIGKILL
        assert twin.twin.calls.charged <= calls, "no call is made that the month has not"
    assert kills == sum(run_.killed_at < 1 for run_ in RUNS)
    assert process.returncode == 0
    answered = Counter((call.api, json.loads(call.parameters)["statDate"]) for call in asked_of(twin.twin))
    assert len(answered) == total
    assert answered.total() <= total + kills, "a kill may come between answer and keeping"
    told = truth(twin.twin, days)
    assert kept(known, twin.twin) == told
    _served(known, twin.twin.corp_id, told, [days[0], days[len(days) // 2], days[-1]])
    _asked(known, twin.twin.corp_id, told)


def _served(folder: Folder, corp_id: str, told: dict[str, dict[str, Any]], days: Sequence[str]) -> None:
    """What the contract and a file have of figures is what was told."""
    token = folder.token(folder.add_app(corp_id, scopes=tuple({service.scope for service in SERVICES}))[0])
    with serving(folder) as served:
        for service in FIGURES:
            for day in days:
                body = Call(served.address, token, day, path=service.path).answer().body
                row = json.loads(body, parse_float=decimal_of)["dataList"][0]
                assert {kpi.id: row[kpi.key] for kpi in service.kpis} == told[service.id][day]
                assert list(row) == list(service.row)
    for service in FIGURES:
        target = folder.path.parent / "figures.csv"
        words = ("query", min(told[service.id]), "--to", LAST, "--service", service.id, "--by", "day")
        assert run(folder, *words, "--format", "csv", "--output", target).exit_code == 0
        lines = list(csv.DictReader(target.read_text("utf-8-sig").splitlines()))
        numbers = [{kpi: str(number) for kpi, number in of.items()} for of in told[service.id].values()]
        assert [{kpi.id: line[kpi.id] for kpi in service.kpis} for line in lines] == numbers


def _asked(folder: Folder, corp_id: str, told: dict[str, dict[str, Any]]) -> None:
    """By month, what adds up is added up, what is stated is that of the last day, and nothing else is known."""
    services = read_services()
    for service in FIGURES:
        months: dict[str, list[dict[str, Any]]] = {}
        for day, numbers in told[service.id].items():
            months.setdefault(day[:6], []).append(numbers)
        asked = read_question([("from", min(told[service.id])), ("to", LAST), ("by", "month")], service)
        rows = Brought(folder.store, services.service(service.id), services).answer(asked, corp_id, time.time()).data
        found = {row["periodStart"].replace("-", "")[:6]: row for row in rows}
        for month, days in months.items():
            for kpi in service.kpis if len(days) > 1 else ():
                expected = {"sum": sum(day[kpi.id] for day in days), "last": days[-1][kpi.id]}.get(kpi.over)
                if not kpi.ratio:  # ratios, also of several services, are tried by themselves
                    assert (found[month][kpi.id] if month in found else None) == expected, (service.id, kpi.id, month)
