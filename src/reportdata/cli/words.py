"""Words of tables in the language that is spoken: how certain numbers are, and the headings of answers. English
headings are the ids that programs get."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from reportdata.causes import in_chinese
from reportdata.cli.language import is_english, kind_name, spoken, translated
from reportdata.cli.output import Long
from reportdata.coverage import partly
from reportdata.measures import Kpi
from reportdata.states import State
from reportdata.statistics.answers import Answer, Row

STATES = ("final", "provisional", "partial", "damaged", "missing")
HEADINGS = (
    "period", "periodStart", "periodEnd", "weekday", "hour", "department", "topDepartment", "template", "user",
    "userName", "state", "states", "asOf", "coveredDays", "all days", "day", "metric", "was", "is", "when", "cause",
    "set", "report", "time", "departments", "origin", "knownAt",
)  # fmt: skip
"""Columns of answers, but for those of KPIs, which have names."""
_PARTLY = partly("")
_ORDER = [state.value for state in State]


def heading_of(column: Mapping[str, Any], language: str | None = None) -> str:
    """The heading of a column of an answer's ``meta``, in the language that is spoken, or another."""
    name, language = str(column["name"]), language or spoken()
    if language == "en":
        return name
    name = {"days": "all days"}.get(name, name)
    return str(column.get("kpiName") or (translated(name, language) if name in HEADINGS else name))


def for_people(answer: Answer, language: str | None = None) -> Answer:
    """An answer whose states and notes are words of the language that is spoken, or of another, for sheets."""
    language = language or spoken()
    if language == "en":
        return answer
    counted = {
        str(column["name"]): heading_of(column, language) for column in answer.meta["columns"] if "kpiId" in column
    }
    data = [_for_people(row, counted, language) if "state" in row else row for row in answer.data]
    meta = dict(answer.meta)
    if "state" in meta:
        meta["state"] = translated(meta["state"], language)
    if "notes" in meta:
        meta["notes"] = [translated(note, language) for note in meta["notes"]]
    return msgspec.structs.replace(answer, data=data, meta=meta)


def _for_people(row: Row, counted: Mapping[str, str], language: str) -> Row:
    if not counted or "states" not in row:
        return {**row, "state": translated(row["state"], language)}
    states = states_of(row, counted)
    each = "，".join(f"{name} {translated(state, language)}" for name, state in states.items())
    return {**row, "state": states_text(states, language).text, "states": each if row["states"] else None}


def states_of(row: Mapping[str, Any], counted: Mapping[str, str]) -> dict[str, str]:
    """The state of each number of a row.

    :param counted: what each number is called, by the name of its column.
    """
    told = dict(one.split("=", 1) for one in row["states"].split(",")) if row["states"] else {}
    return {called: told.get(name, row["state"]) for name, called in counted.items()}


def metric_of(metric: str, names: Mapping[str, str]) -> str:
    """What a number is called, of which the names are known."""
    return metric if is_english() else names.get(metric, metric)


def state_word(state: str) -> str:
    """A state, in the language that is spoken."""
    return translated(state)


def states_text(states: Mapping[str, str], language: str | None = None) -> Long:
    """The states of several numbers in the language that is spoken, or another: that of most, and those that are
    otherwise, the most certain first.

    In little room it is the least certain one, with a star where others are more certain.
    """
    found = Counter(states.values())
    if not found:
        return Long("–", "–")
    language = language or spoken()
    least = max(found, key=_ORDER.index)
    if len(found) == 1:
        return Long(translated(least, language), translated(least, language))
    most = min(found, key=lambda state: (-found[state], _ORDER.index(state)))
    others = sorted(
        ((name, state) for name, state in states.items() if state != most), key=lambda one: _ORDER.index(one[1])
    )
    parts = [translated(most, language), *(f"{name} {translated(state, language)}" for name, state in others)]
    return Long((", " if language == "en" else "，").join(parts), f"{translated(least, language)}*")


def kpi_word(kpi: Kpi) -> str:
    """A KPI's name where Chinese is spoken, and otherwise its id."""
    return kpi.id if is_english() else kpi.name


def kind_word(kind: str) -> str:
    """A kind of facts, as options call it, with what it is where that is no word of the language that is spoken."""
    whole = kind.removesuffix(_PARTLY)
    meant = "" if is_english() else kind_name(whole)
    part = "" if whole == kind else translated(", in part")
    return f"{meant}（{whole}{part}）" if meant else f"{whole}{part}"


def causes_text(causes: str) -> str:
    """What changed a number, one after the other."""
    return causes if is_english() else "、".join(map(in_chinese, causes.split(", ")))
