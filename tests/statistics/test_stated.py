"""What is counted, summed, stated as of a day, and ratios of these, over any range and by any of what facts have: of
any facts and looks, as of any moment, every row is the oracle's."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.coverage import Observation
from reportdata.days import from_date
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.errors import BadValue
from reportdata.pipeline.asking import Asking
from reportdata.services import read_services
from reportdata.statistics.words import read_question
from tests.support.examples import tried_with
from tests.support.known_lake import KnownLake
from tests.support.paths import DATA

SERVICES = read_services(DATA / "services" / "shifts")
SERVICE = SERVICES.service("shiftData")
CORP, ZONE = "c", ZoneInfo("Asia/Shanghai")
FIRST, DAYS = date(2026, 8, 24), 14
USERS, DEPARTMENTS = ("u1", "u2", "u3"), ("甲", "乙", "")
FIRST_BATCH, NOW = (datetime(2026, 10, day, tzinfo=UTC) for day in (1, 9))


class Fact(NamedTuple):
    """A shift that somebody worked, in departments; or what somebody stated of a unit."""

    kind: str
    day: int
    hour: int
    user: str
    minutes: int = 0
    departments: tuple[str, ...] = ()
    unit: str = ""
    own: int | None = None
    planned: int | None = None

    @property
    def date(self) -> date:
        return FIRST + timedelta(self.day)

    def cells(self) -> str:
        at = f"timestamptz '{self.date} {self.hour:02}:00:00+08'"
        names = ",".join(self.departments)
        if self.kind == "worked":
            return f"'{self.user}', {at}, {self.minutes}, {f'{names!r}' if names else 'cast(null as varchar)'}"
        numbers = (f"cast({'null' if number is None else number} as bigint)" for number in (self.own, self.planned))
        return f"'{self.unit}', '{self.user}', {at}, {', '.join(numbers)}"


COLUMNS = {
    "worked": "user_id, worked_at, minutes, departments",
    "heads": "unit_id, user_id, stated_at, own, planned",
}


class Batch(NamedTuple):
    """What became known at a time: facts, and days that were observed, by kind."""

    facts: Sequence[Fact]
    observed: dict[str, set[int]]


_day, _hour, _user = st.integers(0, DAYS - 1), st.integers(7, 9), st.sampled_from(USERS)
_departments = st.lists(st.sampled_from(DEPARTMENTS[:2]), unique=True, max_size=2).map(tuple)
_number = st.none() | st.integers(0, 5)


def worked(day: int, hour: int, user: str, minutes: int, departments: tuple[str, ...]) -> Fact:
    return Fact("worked", day, hour, user, minutes, departments)


def heads(day: int, hour: int, user: str, unit: str, own: int | None, planned: int | None) -> Fact:
    return Fact("heads", day, hour, user, unit=unit, own=own, planned=planned)


_worked = st.builds(worked, _day, _hour, _user, st.integers(0, 60), _departments)
_heads = st.builds(heads, _day, _hour, _user, st.sampled_from("ab"), _number, _number)
_observed = st.sets(_day) | st.just(set(range(DAYS)))
batches = st.builds(
    Batch,
    st.lists(_worked | _heads, max_size=12).map(lambda facts: list(dict.fromkeys(facts))),
    st.fixed_dictionaries({"worked": _observed, "heads": _observed}),
)


def add(made: KnownLake, at: datetime, batch: Batch, number: int) -> None:
    made.now = at
    with made.lake.incoming() as incoming:
        for kind, day in {(fact.kind, fact.date) for fact in batch.facts}:
            own = [fact for fact in batch.facts if (fact.kind, fact.date) == (kind, day)]
            folder = incoming.folder / kind / f"stat_day={day}"
            folder.mkdir(parents=True)
            told = f"timestamptz '{at.isoformat()}', cast(null as varchar)"
            rows = ", ".join(f"('{CORP}', date '{day}', {fact.cells()}, {told})" for fact in own)
            named = f"rows_(corp_id, stat_day, {COLUMNS[kind]}, known_at, origin)"
            made.write(f"select * from (values {rows}) {named}", folder / f"{number}.parquet")
        looks = [
            Observation(CORP, text, text, int(at.timestamp() * 1000), kind)
            for kind, days in batch.observed.items()
            for text in (from_date(FIRST + timedelta(day)) for day in days)
        ]
        made.lake.add(incoming, looks)


METRICS = ("9101", "9102", "9103", "9104", "9105", "9106", "9107")
KINDS_OF = {"9101": "worked", "9102": "worked", "9104": "heads", "9105": "heads"}
PARTS = {"9103": ("9102", "9101"), "9106": ("9101", "9105"), "9107": ("9102", "9104")}


class Known(NamedTuple):
    """All that is known at a moment."""

    facts: Sequence[Fact]
    observed: dict[str, set[int]]

    def number(self, kpi: str, days: Sequence[int], of: tuple[str, ...], by: Sequence[str]) -> int | None:
        """The number of a part over days, of the facts that have some values."""
        kind = KINDS_OF[kpi]
        own = [
            fact
            for fact in self.facts
            if fact.kind == kind
            and fact.day in self.observed[kind]
            and all(value in {"user": [fact.user], "department": fact.departments or [""]}[name]
                    for name, value in zip(by, of, strict=True))
        ]  # fmt: skip
        if kpi in ("9104", "9105"):
            return self._stated(kpi, own, days[-1])
        there = [fact for fact in own if fact.day in days]
        return len({fact.user for fact in there}) if kpi == "9101" else sum(fact.minutes for fact in there)

    def _stated(self, kpi: str, facts: Sequence[Fact], day: int) -> int | None:
        if day not in self.observed["heads"]:
            return None
        if kpi == "9105":
            said = [(fact.hour, fact.planned) for fact in facts if fact.day == day and fact.planned is not None]
            return max(said)[1] if said else self._stated(kpi, facts, day - 1)
        last: dict[str, tuple[int, int]] = {}
        for fact in facts:
            if fact.day == day and fact.own is not None:
                last[fact.unit] = max(last.get(fact.unit, (0, 0)), (fact.hour, fact.own))
        return sum(own for _, own in last.values()) if last else None

    def days(self, kpi: str, days: Sequence[int]) -> list[int]:
        """The days over which a part is taken."""
        taken = days[-1:] if kpi in ("9104", "9105") else days
        return [day for day in taken if day in self.observed[KINDS_OF[kpi]]]


def rows_of(known: Known, days: Sequence[int], metrics: Sequence[str], by: Sequence[str]) -> list[dict[str, Any]]:
    """The rows, in any order."""
    dimensions = [name for name in by if name in ("user", "department")]
    parts = dict.fromkeys(part for metric in metrics for part in PARTS.get(metric, (metric,)))
    cells: dict[tuple[Any, ...], list[int]] = {}
    for day in days:
        cells.setdefault(cell_of(by, FIRST + timedelta(day)), []).append(day)
    groups: dict[tuple[Any, ...], dict[str, int]] = {}
    for cell, own in cells.items():
        for of in values(known, dimensions):
            for part in parts:
                if not known.days(part, own):
                    continue
                number = known.number(part, own, of, dimensions)
                counted = known.number("9101", own, of, dimensions) if KINDS_OF[part] == "worked" else None
                if counted or (counted is None and number is not None):
                    groups.setdefault((cell, of), {})[part] = number or 0
    found = []
    for cell, own in cells.items():
        everybody = sorted({of for _, of in groups}) if dimensions else [()]
        for of in everybody:
            if "user" in by and (cell, of) not in groups:
                continue
            row = _row(known, own, metrics, groups.get((cell, of), {}))
            if row is not None:
                found.append({"cell": cell, "of": of, **row})
    return found


def values(known: Known, dimensions: Sequence[str]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [()]
    for name in dimensions:
        found = [(*of, value) for of in found for value in (USERS if name == "user" else DEPARTMENTS)]
    return found


def _row(known: Known, days: Sequence[int], metrics: Sequence[str], counted: dict[str, int]) -> dict[str, Any] | None:
    row: dict[str, Any] = {}
    states, covered = {}, []
    for metric in metrics:
        parts = PARTS.get(metric, (metric,))
        over = [known.days(part, days) for part in parts]
        row[metric] = None
        states[metric] = "missing"
        if not all(over):
            continue
        stated = [part in ("9104", "9105") for part in parts]
        ranged = min(
            (len(own) for own, is_stated in zip(over, stated, strict=True) if not is_stated), default=len(days)
        )
        covered.append(ranged)
        numbers = [counted.get(part, None if is_stated else 0) for part, is_stated in zip(parts, stated, strict=True)]
        if None not in numbers:
            states[metric] = "final" if covered[-1] == len(days) else "partial"
            row[metric] = numbers[0] if len(parts) == 1 else over_(*numbers)
    return row | {"states": states, "coveredDays": min(covered), "days": len(days)} if covered else None


def over_(part: int | None, whole: int | None) -> float | None:
    return part / whole if part is not None and whole else None


def cell_of(by: Sequence[str], day: date) -> tuple[Any, ...]:
    year, week, weekday = day.isocalendar()
    names = {"day": f"{day}", "week": f"{year}-W{week:02}", "month": f"{day:%Y-%m}"}
    return next((names[name] for name in by if name in names), ""), weekday if "weekday" in by else None


def told(row: dict[str, Any], metrics: Sequence[str], by: Sequence[str]) -> dict[str, Any]:
    period = row["period"] if any(name in by for name in ("day", "week", "month")) else ""
    states = dict.fromkeys(metrics, row["state"])
    states |= dict(pair.split("=") for pair in row["states"].split(",")) if row["states"] else {}
    return {
        "cell": (period, row.get("weekday")),
        "of": tuple(row[name] for name in by if name in ("user", "department")),
        **{metric: row[metric] for metric in metrics},
        "states": states,
        **{name: row[name] for name in ("coveredDays", "days")},
    }


@pytest.mark.whole
@tried_with(6, 240)
def test_every_row_is_the_oracles(examples: int) -> None:
    with tempfile.TemporaryDirectory() as temporary, closing(DuckDBEngine(Path(temporary))) as engine:

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(batches, batches, st.data())
        def check(first: Batch, second: Batch, data: st.DataObject) -> None:
            with tempfile.TemporaryDirectory() as folder, closing(KnownLake(Path(folder), {CORP: ZONE})) as made:
                add(made, FIRST_BATCH, first, 1)
                add(made, NOW, second, 2)
                asking = Asking(made.lake, made.store, engine, SERVICE, SERVICES.kinds)
                for _ in range(4):
                    ask(asking, data, (first, second))

        def ask(asking: Asking, data: st.DataObject, both: tuple[Batch, Batch]) -> None:
            begin = data.draw(st.integers(0, DAYS - 1))
            days = list(range(begin, min(DAYS, begin + data.draw(st.integers(1, 10)))))
            by = [data.draw(st.sampled_from(("day", "week", "month", "")))]
            by += [data.draw(st.sampled_from(("weekday", ""))), data.draw(st.sampled_from(("user", "department", "")))]
            by = [name for name in by if name]
            choice = ("9101", "9102", "9103") if "department" in by else METRICS
            metrics = data.draw(st.lists(st.sampled_from(choice), min_size=1, unique=True))
            batches_known = data.draw(st.sampled_from([both[:1], both]))
            facts = list(dict.fromkeys(fact for batch in batches_known for fact in batch.facts))
            observed = {kind: set().union(*(batch.observed[kind] for batch in batches_known)) for kind in COLUMNS}
            moment = FIRST_BATCH + timedelta(minutes=1) if len(batches_known) == 1 else NOW + timedelta(minutes=1)
            pairs = [("from", str(FIRST + timedelta(days[0]))), ("to", str(FIRST + timedelta(days[-1])))]
            pairs += [("by", ",".join(by)), ("metrics", ",".join(metrics)), ("asOf", moment.isoformat())]
            found = asking.answer(read_question(pairs, SERVICE), CORP, (NOW + timedelta(1)).timestamp())
            expected = rows_of(Known(facts, observed), days, metrics, by)
            assert sorted((told(row, metrics, by) for row in found.data), key=repr) == sorted(expected, key=repr)

        check()


def test_what_is_stated_has_no_departments_of_its_own_and_no_hours(tmp_path: Path) -> None:
    batch = Batch([Fact("heads", 0, 8, "u1", unit="a", own=3)], {"heads": {0}, "worked": {0}})
    with closing(KnownLake(tmp_path, {CORP: ZONE})) as made, closing(DuckDBEngine()) as engine:
        add(made, FIRST_BATCH, batch, 1)
        asking = Asking(made.lake, made.store, engine, SERVICE, SERVICES.kinds)
        for by, reason in (("hour", "have no hours"), ("template", "cannot be grouped by template")):
            asked = read_question([("from", str(FIRST)), ("by", by), ("metrics", "9104")], SERVICE)
            with pytest.raises(BadValue, match=reason):
                asking.answer(asked, CORP, NOW.timestamp())
