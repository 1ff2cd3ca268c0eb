"""Whatever is asked, of any facts, as of any moment: every row is the oracle's."""

from __future__ import annotations

import tempfile
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.days import from_date
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.pipeline.asking import Asking
from reportdata.statistics.question import CYCLES, DIMENSIONS, PERIODS, Question
from reportdata.statistics.words import read_question, words_of
from tests.support.examples import tried_with
from tests.support.known_lake import KnownLake
from tests.support.question_oracle import Known, rows_of
from tests.support.services import KINDS, SERVICE
from tests.support.worlds import BEGIN, DEPARTMENTS, TEMPLATES, USERS, ZONES, worlds


@st.composite
def questions(draw: st.DrawFn, around: datetime) -> Question:
    """A question of days around a date."""
    period = draw(st.sampled_from((*PERIODS, "")))
    others = draw(st.lists(st.sampled_from((*CYCLES, *DIMENSIONS)), max_size=2, unique=True))
    first = around + timedelta(days=draw(st.integers(-9, 4)))
    pairs = [("from", from_date(first)), ("to", from_date(first + timedelta(days=draw(st.integers(0, 16)))))]
    pairs.append(("by", ",".join([*([period] if period else []), *others])))
    pairs.append(("metrics", ",".join(draw(st.lists(st.sampled_from(("reports", "senders", "4102")), unique=True)))))
    for name, values in (("department", DEPARTMENTS), ("template", TEMPLATES), ("user", USERS)):
        if draw(st.integers(0, 3)) == 0:
            pairs += [(name, value) for value in draw(st.lists(st.sampled_from(values), unique=True, max_size=2))]
    pairs.append(("children", draw(st.sampled_from(("true", "false")))))
    pairs.append(("departments", draw(st.sampled_from(("now", "then")))))
    return read_question(pairs, SERVICE)


def told(rows: list[dict[str, Any]], like: list[dict[str, Any]]) -> list[list[tuple[str, Any]]]:
    """Rows in one order, with what the oracle has of them."""
    names = like[0].keys() if like else ()
    return sorted(([(name, row[name]) for name in sorted(names)] for row in rows), key=repr)


@tried_with(25, 300)
def test_every_row_is_the_oracles(examples: int) -> None:
    with tempfile.TemporaryDirectory() as temporary, closing(DuckDBEngine(Path(temporary))) as engine:

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
        @given(worlds(), st.data())
        def check(world: tuple[datetime, list[Known]], data: st.DataObject) -> None:
            around, batches = world
            with tempfile.TemporaryDirectory() as folder, closing(KnownLake(Path(folder), ZONES)) as made:
                asking = Asking(made.lake, made.store, engine, SERVICE, KINDS)
                now = BEGIN + timedelta(days=1)
                for number, batch in enumerate(batches):
                    made.add(batch.at, batch.facts, batch.looks)
                    for _ in range(6 if number == len(batches) - 1 else 1):
                        ask(asking, data, around, batches[: number + 1], now)

        def ask(asking: Asking, data: st.DataObject, around: datetime, batches: list[Known], now: datetime) -> None:
            question = data.draw(questions(around))
            assert read_question(words_of(question, SERVICE), SERVICE) == question
            corp_id = data.draw(st.sampled_from(sorted(ZONES)))
            until = data.draw(st.none() | st.integers(-1, 4).map(lambda n: BEGIN + timedelta(hours=n)))
            if until is not None:
                pairs = [*words_of(question, SERVICE), ("asOf", until.isoformat())]
                question = read_question(pairs, SERVICE)
            within = data.draw(st.lists(st.sampled_from(DEPARTMENTS[:3]), unique=True, max_size=2))
            question = msgspec.structs.replace(question, within=tuple(within))
            if until is None and question.is_of_days:
                question = read_question([*words_of(question, SERVICE), ("asOf", now.isoformat())], SERVICE)
            expected = rows_of(question, corp_id, ZONES[corp_id], batches, until)
            found = asking.answer(question, corp_id, now.timestamp())
            assert told(found.data, expected) == told(expected, expected)
            assert found.meta["totalRows"] == len(expected) == len(found.data)
            assert (found.meta["emptyReason"] is None) == bool(expected)

        check()
