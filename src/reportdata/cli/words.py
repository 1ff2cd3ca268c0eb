"""Words of tables in the language that is spoken: how certain numbers are, and the headings of answers. English
headings are the ids that programs get."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from reportdata.causes import in_chinese
from reportdata.cli.language import is_english, spoken, translated
from reportdata.cli.output import Long
from reportdata.coverage import partly
from reportdata.states import State
from reportdata.statistics.answers import Answer

STATES = ("final", "provisional", "partial", "damaged", "missing")
HEADINGS = (
    "period", "periodStart", "periodEnd", "weekday", "hour", "department", "topDepartment", "template", "user",
    "userName", "state", "states", "asOf", "coveredDays", "all days", "day", "metric", "was", "is", "when", "cause",
    "set", "report", "time", "departments", "origin", "knownAt",
)  # fmt: skip
"""Columns of answers, but for those of KPIs, which have names."""
_KINDS = {"sent": "日志", "commented": "评论", "withdrawn": "撤回"}
"""Kinds that everybody has, in Chinese; those of services of one's own have no words."""
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
    """An answer whose states are words of the language that is spoken, or of another, for sheets."""
    language = language or spoken()
    if language == "en":
        return answer
    data = [{**row, "state": translated(row["state"], language)} if "state" in row else row for row in answer.data]
    return msgspec.structs.replace(answer, data=data)


def metric_of(metric: str, names: Mapping[str, str]) -> str:
    """What a number is called, of which the names are known."""
    return metric if is_english() else names.get(metric, metric)


def state_word(state: str) -> str:
    """A state, in the language that is spoken."""
    return translated(state)


def states_text(states: Mapping[str, str]) -> Long:
    """The states of several numbers: that of most, and those that are otherwise, the most certain first.

    In little room it is the least certain one, with a star where others are more certain.
    """
    found = Counter(states.values())
    if not found:
        return Long("–", "–")
    least = max(found, key=_ORDER.index)
    if len(found) == 1:
        return Long(state_word(least), state_word(least))
    most = min(found, key=lambda state: (-found[state], _ORDER.index(state)))
    others = sorted(
        ((name, state) for name, state in states.items() if state != most), key=lambda one: _ORDER.index(one[1])
    )
    parts = [state_word(most), *(f"{name} {state_word(state)}" for name, state in others)]
    return Long((", " if is_english() else "，").join(parts), f"{state_word(least)}*")


def kind_word(kind: str) -> str:
    """A kind of facts, as options call it, with what it is where that is no word of the language that is spoken."""
    whole = kind.removesuffix(_PARTLY)
    meant = "" if is_english() else _KINDS.get(whole, "")
    part = "" if whole == kind else translated(", in part")
    return f"{meant}（{whole}{part}）" if meant else f"{whole}{part}"


def causes_text(causes: str) -> str:
    """What changed a number, one after the other."""
    return causes if is_english() else "、".join(map(in_chinese, causes.split(", ")))
