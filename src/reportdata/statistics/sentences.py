"""What a number is, in a sentence, in English and in Chinese."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from reportdata.causes import in_chinese
from reportdata.measures import Kpi, Number
from reportdata.statistics.question import Question
from reportdata.statistics.words import dashed

_STATES = {
    "final": "最终",
    "provisional": "可能还会变化",
    "partial": "只涵盖了部分日期或数据",
    "damaged": "所依据的文件已损坏，是损坏之前的数字",
    "missing": "未知",
}


class Told(NamedTuple):
    """What a sentence tells: the KPI, the cell, its number, None when that is not known, how certain it is, the moment
    whose knowledge counted, empty for now, and the last change: when, what it was before, and why."""

    kpi: Kpi
    cell: Question
    number: Number | None
    state: str
    as_of: str
    change: tuple[str | None, Number | None, Sequence[str]] | None


def sentence(told: Told, lang: str) -> str:
    """The sentence in a language, one of `reportdata.statistics.question.LANGUAGES`."""
    return _chinese(told) if lang == "zh" else _english(told)


def meaning(kpi: Kpi, lang: str) -> str:
    """What is counted."""
    return (kpi.meaning_zh if lang == "zh" else kpi.meaning) or kpi.caliber


def _english(told: Told) -> str:
    cell, kpi = told.cell, told.kpi
    first, last = dashed(cell.first_day), dashed(cell.last_day)
    where = f"on {first}" if first == last else f"from {first} to {last}"
    below = " and below" if cell.children else ""
    for values, one, more in (
        (cell.departments, "department", below),
        (cell.templates, "template", ""),
        (cell.users, "user", ""),
    ):
        where += f", {one} {' or '.join(value or '(none)' for value in values)}{more}" if values else ""
    where += f", as known at {_to_the_minute(told.as_of)}" if told.as_of else ""
    if told.number is None:
        named = kpi.word or f"{kpi.id} ({kpi.name_en or kpi.name})"
        return f"The number of {named} {where} is not known: no day is covered for what is counted."
    if kpi.word:
        word = kpi.word.removesuffix("s") if told.number == 1 else kpi.word
        found = f"{told.number:,} {word} {where}: {meaning(kpi, 'en')}. The number is {told.state}."
    else:
        found = f"{kpi.name_en or meaning(kpi, 'en')} ({kpi.id}) {where}: {told.number:,}. The number is {told.state}."
    if told.change is None:
        return found
    when, was, causes = told.change
    before = "it was not known" if was is None else f"it was {was:,}"
    return (
        f"{found} {f'Before {_to_the_minute(when)}' if when else 'Before'} {before}; changed by: {', '.join(causes)}."
    )


def _chinese(told: Told) -> str:
    cell, name = told.cell, told.kpi.name
    first, last = dashed(cell.first_day), dashed(cell.last_day)
    where = first if first == last else f"{first} 至 {last}"
    below = "及其下级" if cell.children else ""
    for values, one in ((cell.departments, f"部门{below}"), (cell.templates, "模板"), (cell.users, "用户")):
        where += f"，{one}：{'、'.join(value or '（无）' for value in values)}" if values else ""
    where += f"（截至 {_to_the_minute(told.as_of)} 所知）" if told.as_of else ""
    if told.number is None:
        return f"{where} 的{name}未知：其中没有一天有相关的数据。"
    found = f"{where} 的{name}为 {told.number:,}，即{meaning(told.kpi, 'zh')}。状态：{_STATES[told.state]}。"
    if told.change is None:
        return found
    when, was, causes = told.change
    before = "未知" if was is None else f"为 {was:,}"
    before = f"{_to_the_minute(when)} 之前{before}" if when else f"此前{before}"
    return f"{found}{before}；变化原因：{'、'.join(map(in_chinese, causes))}。"


def _to_the_minute(moment: str) -> str:
    """A moment as people write it, in the zone that it is in; what is no moment stays as it is."""
    try:
        return datetime.fromisoformat(moment).replace(tzinfo=None).isoformat(" ", "minutes")
    except ValueError:
        return moment
