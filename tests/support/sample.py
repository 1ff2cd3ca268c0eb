"""A data folder whose numbers look like an organisation's: holidays, moved working days, days that nobody collected, a
day that was collected in part, and a present day that goes on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from reportdata.days import DEFAULT_TIME_ZONE, day_of, from_date, time_zone, to_date
from reportdata.identity import Organisation as Served
from reportdata.services import REPORTS
from reportdata.states import DayState, State
from reportdata.twin.activity import Activity
from reportdata.twin.habits import Habits
from reportdata.twin.organisation import ROOT, Organisation
from reportdata.twin.records import Record, Records
from tests.support.folders import Folder

ZONE = time_zone(DEFAULT_TIME_ZONE)
NOW = datetime(2026, 11, 27, 15, 20, tzinfo=ZONE)
"""A Friday afternoon."""
SEED = 7
COMMENTS_CHANGE = 7
"""Days for which the number of commenters is provisional."""


def fill(folder: Folder, days: int, people: int, *, now: datetime = NOW, more: Iterable[Record] = ()) -> str:
    """Fill an empty data folder; returns the organisation's id.

    :param days: days of the past that have facts.
    :param more: reports besides those that are made up.
    """
    organisation = _organisation(people)
    folder.store.add_organisations([Served(organisation.corp_id, DEFAULT_TIME_ZONE)])
    today = from_date(now.date())
    first = _before(today, days)
    lost = _before(today, days // 3)
    made = Records(organisation, Activity(organisation, _habits(people), SEED, first, today), first, today)
    records = [
        record
        for record in (*made.reports(), *made.comments(), *made.withdrawals())
        if datetime.fromisoformat(_time_of(record)) <= now
    ]
    records += [{"corp_id": organisation.corp_id, **record} for record in more]
    millisecond = int(now.timestamp() * 1000)
    pieces = ((first, _before(lost, 3)), (lost, today))
    for from_day, to_day in pieces:  # of the days between, nothing is known
        path = folder.path.parent / f"{from_day}.jsonl"
        _write(path, [record for record in records if from_day <= _day(record) <= to_day])
        folder.import_(path, refresh=False, first_day=from_day, last_day=to_day, exported_at=millisecond)
        path.unlink()
    folder.refresh()
    states = [
        DayState(organisation.corp_id, _before(today, back), "4102", State.PROVISIONAL, millisecond)
        for back in range(COMMENTS_CHANGE)
    ]
    broken = _before(today, days // 4)
    states += [
        DayState(organisation.corp_id, broken, kpi, State.PARTIAL, millisecond) for kpi in ("4100", "4101", "4102")
    ]
    folder.store.put_states(REPORTS, states)
    return organisation.corp_id


def _organisation(people: int) -> Organisation:
    """A made-up organisation whose departments have the names of those above them before their own."""
    made = Organisation(SEED, people)
    named = {
        found: "/".join(made.departments[above].name for above in reversed(made.path(found)) if above != ROOT)
        for found in made.departments
        if found != ROOT
    }
    for found, name in named.items():
        made.departments[found] = made.departments[found]._replace(name=name)
    return made


def _habits(people: int) -> Habits:
    return Habits(reports_per_day=people * 0.85, withdrawn=0.01)


def _before(day: str, count: int) -> str:
    return from_date(to_date(day) - timedelta(days=count))


def _time_of(record: Record) -> str:
    return str(next(value for name, value in record.items() if name.endswith("_at")))


def _day(record: Record) -> str:
    return day_of(int(datetime.fromisoformat(_time_of(record)).timestamp() * 1_000_000), ZONE)


def _write(path: Path, records: Iterable[Record]) -> None:
    with path.open("wb") as file:
        file.writelines(msgspec.json.encode(record) + b"\n" for record in records)
