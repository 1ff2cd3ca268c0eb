"""Questions as Hypothesis draws them, and answers as they are compared with the judge's ."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from hypothesis import strategies as st

from reportdata.days import from_date
from reportdata.statistics.question import CYCLES, DIMENSIONS, PERIODS, Question
from reportdata.statistics.words import read_question, words_of
from tests.support.services import SERVICE
from tests.support.worlds import BEGIN, DEPARTMENTS, TEMPLATES, USERS, ZONES


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


class Put(NamedTuple):
    """A question about an organisation, as of a moment; None for now."""

    question: Question
    corp_id: str
    until: datetime | None


@st.composite
def put(draw: st.DrawFn, around: datetime, now: datetime) -> Put:
    """A question that is answered from the facts."""
    question = draw(questions(around))
    assert read_question(words_of(question, SERVICE), SERVICE) == question
    corp_id = draw(st.sampled_from(sorted(ZONES)))
    until = draw(st.none() | st.integers(-1, 4).map(lambda n: BEGIN + timedelta(hours=n)))
    if until is not None:
        question = read_question([*words_of(question, SERVICE), ("asOf", until.isoformat())], SERVICE)
    within = draw(st.lists(st.sampled_from(DEPARTMENTS[:3]), unique=True, max_size=2))
    question = msgspec.structs.replace(question, within=tuple(within))
    if until is None and question.is_of_days:
        question = read_question([*words_of(question, SERVICE), ("asOf", now.isoformat())], SERVICE)
    return Put(question, corp_id, until)
