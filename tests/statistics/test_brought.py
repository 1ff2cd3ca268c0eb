"""Questions about figures that were brought of single days: whatever days are known, every row is the oracle's."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.days import from_date
from reportdata.errors import BadValue
from reportdata.identity import Organisation
from reportdata.measures import Digits, Kpi, Number
from reportdata.pipeline.brought import Brought
from reportdata.pipeline.mirroring import keep_export
from reportdata.services import Service, Services
from reportdata.statistics.explained import read_explained
from reportdata.statistics.words import read_question
from reportdata.store import Official
from tests.support.examples import tried_with
from tests.support.folders import Folder

CORP, FIRST, DAYS = "c", date(2026, 8, 22), 24
NOW = 1_795_000_000


def kpi(kpi_id: str, **more: Any) -> Kpi:
    return Kpi(unit="", period="DAY", id=kpi_id, caliber="", name=kpi_id, **more)


def service(service_id: str, *kpis: Kpi) -> Service:
    row = ("stat_date", "corp_id", *(one.key for one in kpis))
    return Service(service_id, f"/v1.0/datacenter/{service_id}", "", "DataCenter.Made.Read", row, kpis)


SERVICES = Services(
    [
        service("headData", kpi("1", over="last"), kpi("8", over="last", stands=True)),
        service(
            "madeData",
            kpi("2", over="sum"),
            kpi("3"),
            kpi("4", over="last"),
            kpi("5", over="last", stands=True),
            kpi("6", ratio=("2", "4")),
            kpi("7", ratio=("3", "headData/1")),
            kpi("9", ratio=("4", "headData/1")),
            kpi("10", ratio=("3", "2"), over="sum"),
            kpi("11", ratio=("2", "headData/8")),
        ),
    ]
)
HEADS, MADE = SERVICES
Figures = Mapping[str, Mapping[date, Mapping[str, Number]]]
"""What was brought, by service and day; of a day that is there, some numbers may not be."""
ALL = range(DAYS)


@st.composite
def figures(draw: st.DrawFn) -> Figures:
    found = {}
    for one in SERVICES:
        numbers = st.dictionaries(st.sampled_from(sorted(one.ids)), st.integers(0, 9), min_size=1)
        days = draw(st.dictionaries(st.sampled_from(ALL).map(lambda n: FIRST + timedelta(n)), numbers, max_size=DAYS))
        found[one.id] = days
    return found


def bring(folder: Folder, brought: Figures, at: int) -> None:
    for one in SERVICES:
        keep_export(
            folder.store, one, [Official(CORP, from_date(day), of, at) for day, of in brought.get(one.id, {}).items()]
        )


def known(brought: Figures, service_id: str, kpi_id: str, day: date) -> Number | None:
    """The number of a day: what was brought or, of what stands, what was before, while days follow each other."""
    days = brought[service_id]
    while day in days:
        if kpi_id in days[day]:
            return days[day][kpi_id]
        if kpi_id not in ("5", "8"):
            return None
        day -= timedelta(1)
    return None


def number(brought: Figures, kpi_id: str, days: Sequence[date]) -> tuple[Number | None, bool]:
    """The number of a cell, and whether it is one of all its days."""
    if len(days) == 1:
        return known(brought, "madeData", kpi_id, days[0]), True
    own = {day: known(brought, "madeData", kpi_id, day) for day in days}
    there = [found for found in own.values() if found is not None]
    heads, own_heads, standing = (
        known(brought, of, of_kpi, days[-1]) for of, of_kpi in (("headData", "1"), ("madeData", "4"), ("headData", "8"))
    )
    match kpi_id:
        case "2":
            return (sum(there), len(there) == len(days)) if there else (None, True)
        case "4" | "5":
            return own[days[-1]], True
        case "6" | "11":
            total, whole = number(brought, "2", days)
            return over(total, own_heads if kpi_id == "6" else standing), whole
        case "9":
            return over(own_heads, heads), True
        case "10":
            parts = [[(day, n) for day in days if (n := known(brought, "madeData", k, day)) is not None] for k in "32"]
            if [day for day, _ in parts[0]] != [day for day, _ in parts[1]]:
                return None, True
            return over(*(sum(n for _, n in part) if part else None for part in parts)), len(parts[0]) == len(days)
    return None, True


def over(part: Number | None, whole: Number | None) -> Number | None:
    return part / whole if part is not None and whole else None


PERIODS = ("day", "week", "month", "quarter", "year", "")


def cell_of(by: Sequence[str], day: date) -> tuple[Any, ...]:
    year, week, weekday = day.isocalendar()
    names = {
        "day": f"{day}",
        "week": f"{year}-W{week:02}",
        "month": f"{day:%Y-%m}",
        "quarter": f"{day.year}-Q{(day.month + 2) // 3}",
        "year": f"{day.year}",
    }
    return next((names[name] for name in by if name in names), ""), weekday if "weekday" in by else None


def told(row: Mapping[str, Any], metrics: Sequence[str]) -> list[Any]:
    return [row.get("weekday"), *(row[metric] for metric in metrics)]


@pytest.mark.parametrize("moment", ["", "2099-11-01T00:00:00+08:00"])
@tried_with(8, 150)
def test_every_row_is_the_oracles(examples: int, moment: str) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        _check(examples, Path(temporary), moment)


def _check(examples: int, path: Path, moment: str) -> None:
    numbered = iter(range(1_000_000))

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(figures(), st.data())
    def check(brought: Figures, data: st.DataObject) -> None:
        folder = Folder(path / str(next(numbered)))
        with closing(folder.store):
            folder.store.add_organisations([Organisation(CORP, "Asia/Shanghai")])
            bring(folder, brought, NOW * 1000 - 1)
            for _ in range(12):
                first = FIRST + timedelta(data.draw(st.integers(0, DAYS - 1)))
                last = first + timedelta(data.draw(st.integers(0, 20)))
                by = [data.draw(st.sampled_from(PERIODS)), data.draw(st.sampled_from(("weekday", "")))]
                metrics = data.draw(st.lists(st.sampled_from([k.id for k in MADE.kpis]), min_size=1, unique=True))
                ask(folder, brought, (first, last), [name for name in by if name], metrics)

    def ask(
        folder: Folder, brought: Figures, span: tuple[date, date], by: Sequence[str], metrics: Sequence[str]
    ) -> None:
        first, last = span
        pairs = [("from", str(first)), ("to", str(last)), ("by", ",".join(by)), ("metrics", ",".join(metrics))]
        pairs += [("asOf", moment)] if moment else []
        question = read_question([*pairs, ("service", "madeData")], MADE)
        later = 1 << 32 if moment else NOW
        answer = Brought(folder.store, MADE, SERVICES).answer(question, CORP, later)
        cells: dict[tuple[Any, ...], list[date]] = {}
        for n in range((last - first).days + 1):
            cells.setdefault(cell_of(by, first + timedelta(n)), []).append(first + timedelta(n))
        expected = []
        for days in cells.values():
            numbers = {metric: number(brought, metric, days) for metric in metrics}
            if any(found is not None for found, _ in numbers.values()):
                expected.append((days, numbers))
        rows = {(row["periodStart"], row.get("weekday")): row for row in answer.data}
        for days, numbers in expected:
            weekday = days[0].isoweekday() if "weekday" in by else None
            row = next(r for (start, w), r in rows.items() if w == weekday and _holds(r, days))
            assert told(row, metrics) == [weekday, *(found for found, _ in numbers.values())]
            each = dict(pair.split("=") for pair in (row["states"] or "").split(",") if pair)
            for metric, (found, whole) in numbers.items():
                state = each.get(metric, row["state"])
                if found is None:
                    assert state in ("missing", "final", "partial")
                else:
                    assert state == ("final" if whole else "partial")
        ratio_of_nothing = [row for row in answer.data if all(row[metric] is None for metric in metrics)]
        assert len(answer.data) - len(ratio_of_nothing) == len(expected)
        assert answer.meta["query"]["service"] == "madeData"

    def _holds(row: Mapping[str, Any], days: Sequence[date]) -> bool:
        return bool(row["periodStart"] <= str(days[0])) and bool(str(days[-1]) <= row["periodEnd"])

    check()


def folder_with(path: Path, brought: Figures, at: int = NOW * 1000 - 1) -> Folder:
    folder = Folder(path)
    folder.store.add_organisations([Organisation(CORP, "Asia/Shanghai")])
    bring(folder, brought, at)
    return folder


def test_what_cannot_be_told_apart_is_refused(tmp_path: Path) -> None:
    with closing(folder_with(tmp_path, {}).store) as store:
        brought = Brought(store, MADE, SERVICES)
        for name, value in (("by", "department"), ("by", "hour"), ("user", "u"), ("children", "true")):
            asked = read_question([("from", "20260901"), (name, value)], MADE)
            with pytest.raises(BadValue, match="of days of the whole organisation"):
                brought.answer(asked, CORP, NOW)
        within = msgspec.structs.replace(read_question([("from", "20260901")], MADE), within=("a",))
        with pytest.raises(BadValue, match="tell of the whole organisation"):
            brought.answer(within, CORP, NOW)


def test_numbers_say_how_they_are_made_and_what_they_were(tmp_path: Path) -> None:
    now = int(time.time())
    numbers: dict[str, Number] = {"2": 4, "3": 5, "6": Digits("0.250")}
    with closing(folder_with(tmp_path, {"madeData": {FIRST: numbers}}).store) as store:
        brought = Brought(store, MADE, SERVICES)
        pairs = [("from", str(FIRST)), ("to", str(FIRST + timedelta(1))), ("metrics", "2,3,6,10")]
        found = brought.answer(read_question(pairs, MADE), CORP, NOW)
        (row,) = found.data
        assert (row["2"], row["3"], row["6"], row["10"]) == (4, None, None, 1.25)
        assert row["states"] == "2=partial,3=missing,6=missing,10=partial"
        assert found.meta["notes"][1:] == [
            "2: of several days, their sum.",
            "3: not known of several days, as those of one day may be those of another; ask by=day.",
            "6: of several days, 2/4 over these days.",
            "10: of several days, the sum of 3 by that of 2.",
        ]
        adds = {column["name"]: column["addsUp"] for column in found.meta["columns"] if "kpiId" in column}
        assert adds == {"2": True, "3": False, "6": False, "10": False}
        keep_export(store, MADE, [Official(CORP, from_date(FIRST), {"2": 7}, (now + 3600) * 1000)])
        for seconds, known_then in ((1800, 4), (5400, 7)):
            moment = datetime.fromtimestamp(now + seconds, UTC).isoformat()
            words = [("metric", "2"), ("day", str(FIRST)), ("asOf", moment)]
            told_then = brought.explain(read_explained(words, MADE), CORP, now + 7200)
            assert told_then.meta["value"] == known_then
            history = [(change["is"], change["cause"]) for change in told_then.meta["history"]]
            assert history == [(4, "coverage"), (7, "figures")][: 1 + (seconds > 3600)]
        ratio = brought.explain(read_explained([("metric", "6"), ("day", str(FIRST))], MADE), CORP, now + 7200)
        assert (ratio.meta["value"], ratio.data) == (None, [])
