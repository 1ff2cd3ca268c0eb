"""Whatever is asked, of any facts, as of any moment: every row is the oracle's."""

from __future__ import annotations

import tempfile
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.engines.duckdb import DuckDBEngine
from reportdata.pipeline.asking import Asking
from reportdata.pipeline.counting import LARGE
from reportdata.pipeline.explaining import Explaining
from reportdata.statistics.explained import Explained, read_explained, words_of_explained
from reportdata.statistics.words import read_question, words_of
from tests.support.examples import tried_with
from tests.support.known_lake import KnownLake
from tests.support.oracle import Commented, Sent
from tests.support.question_oracle import WORDS, Known, items_of, rows_of
from tests.support.questions import put, questions, told
from tests.support.services import KINDS, SERVICE
from tests.support.worlds import BEGIN, ZONES, of_its_own, worlds


@pytest.mark.whole
@tried_with(10, 300)
def test_every_row_is_the_oracles(examples: int) -> None:
    with tempfile.TemporaryDirectory() as temporary, closing(DuckDBEngine(Path(temporary))) as engine:

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
        @given(worlds(), st.data())
        def check(world: tuple[datetime, list[Known]], data: st.DataObject) -> None:
            around, batches = world
            if data.draw(st.booleans()):
                batches = of_its_own(batches, data.draw(st.booleans()))
            with tempfile.TemporaryDirectory() as folder, closing(KnownLake(Path(folder), ZONES)) as made:
                large = data.draw(st.sampled_from((0, LARGE)))
                asking = Asking(made.lake, made.store, engine, SERVICE, KINDS, large)
                now = BEGIN + timedelta(days=1)
                for number, batch in enumerate(batches):
                    made.add(batch.at, batch.facts, batch.looks)
                    for _ in range(6 if number == len(batches) - 1 else 1):
                        ask(asking, data, around, batches[: number + 1], now)

        def ask(asking: Asking, data: st.DataObject, around: datetime, batches: list[Known], now: datetime) -> None:
            question, corp_id, until = data.draw(put(around, now))
            expected = rows_of(question, corp_id, ZONES[corp_id], batches, until)
            found = asking.answer(question, corp_id, now.timestamp())
            assert told(found.data, expected) == told(expected, expected)
            assert found.meta["totalRows"] == len(expected) == len(found.data)
            assert (found.meta["emptyReason"] is None) == bool(expected)

        check()


@st.composite
def cells(draw: st.DrawFn, around: datetime, metric: str) -> list[tuple[str, str]]:
    """The parameters of a cell."""
    question = draw(questions(around))
    asked = read_question([*_without(words_of(question, SERVICE), "by", "metrics"), ("metrics", metric)], SERVICE)
    return _without(words_of(asked, SERVICE), "by", "metrics")


def _without(pairs: list[tuple[str, str]], *names: str) -> list[tuple[str, str]]:
    return [pair for pair in pairs if pair[0] not in names]


@pytest.mark.whole
@tried_with(4, 300)
def test_the_records_of_any_number_are_the_number_and_its_history_is_the_oracles(examples: int) -> None:
    with tempfile.TemporaryDirectory() as temporary, closing(DuckDBEngine(Path(temporary))) as engine:

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
        @given(worlds(), st.data())
        def check(world: tuple[datetime, list[Known]], data: st.DataObject) -> None:
            around, batches = world
            with tempfile.TemporaryDirectory() as folder, closing(KnownLake(Path(folder), ZONES)) as made:
                for number, batch in enumerate(batches):
                    made.add(batch.at, batch.facts, batch.looks, f"batch{number}/0")
                asking = Asking(made.lake, made.store, engine, SERVICE, KINDS)
                explaining = Explaining(asking, made, engine, SERVICE)
                now = BEGIN + timedelta(days=1)
                for _ in range(2):
                    metric = data.draw(st.sampled_from(("4100", "4101", "4102")))
                    corp_id = data.draw(st.sampled_from(sorted(ZONES)))
                    moments = st.none() | st.integers(-1, 4).map(lambda n: BEGIN + timedelta(hours=n))
                    pairs = [*data.draw(cells(around, metric)), ("metric", metric)]
                    if (until := data.draw(moments)) is not None:
                        pairs.append(("asOf", until.isoformat()))
                    explained = read_explained(pairs, SERVICE)
                    if data.draw(st.booleans()):
                        than = read_explained([*data.draw(cells(around, metric)), ("metric", metric)], SERVICE).cell
                        explained = msgspec.structs.replace(explained, than=than)
                    assert read_explained(words_of_explained(explained, SERVICE), SERVICE) == explained
                    _check(explaining, explained, corp_id, batches, now, until)

        check()


def _check(
    explaining: Explaining,
    explained: Explained,
    corp_id: str,
    batches: list[Known],
    now: datetime,
    until: datetime | None,
) -> None:
    cell, zone = explained.cell, ZONES[corp_id]
    expected = items_of(cell, corp_id, zone, batches, until)
    found = explaining.explain(explained, corp_id, now.timestamp(), with_records=True)
    totals = explaining.explain(explained, corp_id, now.timestamp(), with_records=False)
    assert totals.data == []
    assert {name: value for name, value in totals.meta.items() if name in _SAME} == {
        name: found.meta[name] for name in _SAME
    }
    single = cell.first_day == cell.last_day and not cell.is_filtered
    rows = rows_of(cell, corp_id, zone, batches, until)
    word = WORDS[cell.metrics[0]]
    if not (single and until is None):  # the store of this lake has no numbers
        assert found.meta["value"] == (rows[0][word] if rows else None) == (len(expected) if rows else None)
    own = [row for row in found.data if row.get("set") != "gone"]
    assert {row["item"] for row in own} == expected
    assert len(expected) == found.meta["counted"]
    facts = {fact for batch in batches for fact in batch.facts if fact.corp_id == corp_id}
    for row in found.data:
        kind = Commented if word == "commenters" else Sent
        same = [f for f in facts if isinstance(f, kind) and (f.report_id, f.user_id) == (row["report"], row["user"])]
        assert any(f.at.astimezone(zone).isoformat(timespec="seconds") == row["time"] for f in same)
        assert row["item"] == (row["report"] if word == "reports" else row["user"])
        assert row["origin"].startswith("import batch")
    if explained.than is not None:
        other = items_of(explained.than, corp_id, zone, batches, None)
        sets = {"new": expected - other, "gone": other - expected, "both": expected & other}
        assert found.meta["sets"] == {name: len(items) for name, items in sets.items()}
        assert {name: {r["item"] for r in found.data if r["set"] == name} for name in sets} == sets
    if single:
        return
    was, history = None, []
    for number, batch in enumerate(batches):
        if until is None or batch.at <= until:
            at = rows_of(cell, corp_id, zone, batches, batch.at)
            if (number_ := at[0][word] if at else None) != was:
                history.append((batch.at.astimezone(zone).isoformat(timespec="seconds"), was, number_))
                causes = [h["cause"] for h in found.meta["history"] if h["when"] == history[-1][0]]
                assert all(f"batch{number} file 1" in c or c == "coverage" for c in causes)
                was = number_
    assert [(h["when"], h["was"], h["is"]) for h in found.meta["history"]] == history


_SAME = ("value", "state", "sentence", "history", "sets", "than", "definition")
