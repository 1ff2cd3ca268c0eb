"""What is said of one number that is explained: a sentence, its definition, how certain it is."""

from __future__ import annotations

from typing import Any

from reportdata.days import to_date
from reportdata.measures import Kpi
from reportdata.statistics.answers import Row
from reportdata.statistics.question import Question, days_of_question
from reportdata.statistics.sentences import Told, meaning, sentence


def value_of(kpi: Kpi, question: Question, row: Row | None, lang: str, history: list[dict[str, Any]]) -> dict[str, Any]:
    """What is said of the number of a cell, by its row among statistics, if it has one."""
    number = row[kpi.name_of_column] if row is not None else None
    state = row["state"] if row is not None else "missing"
    change = None
    if len(history) > 1 and history[-1]["is"] == number:
        change = (history[-1]["when"], history[-1]["was"], history[-1]["cause"].split(", "))
    return {
        "value": number,
        "sentence": sentence(Told(kpi, question, number, state, question.as_of, change), lang),
        "state": state,
        "from": to_date(question.first_day).isoformat(),
        "to": to_date(question.last_day).isoformat(),
        "lookedAt": row["asOf"] if row is not None else None,
        "coveredDays": row["coveredDays"] if row is not None else 0,
        "days": len(days_of_question(question)),
    }


def definition_of(kpi: Kpi, lang: str) -> dict[str, str]:
    """What DingTalk says of a KPI, and what it means."""
    return {
        "kpiId": kpi.id,
        "kpiName": kpi.name,
        "unit": kpi.unit,
        "kpiCaliber": kpi.caliber,
        "calibre": kpi.calibre or kpi.caliber,
        "meaning": meaning(kpi, lang),
    }
