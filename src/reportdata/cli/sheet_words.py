"""Workbooks in the language that is spoken: the headings, the names of the sheets, and what is told beside the rows.
English ones have the ids that programs get."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from reportdata.cli.language import spoken, translated
from reportdata.cli.words import causes_text, heading_of
from reportdata.pipeline.answer_files import AS_PROGRAMS, Wording, as_text

_NAMES = {
    "from": "首日", "to": "末日", "timeZone": "时区", "asOf": "按此时所知", "lookedAt": "截至", "since": "起始时间",
    "nextSince": "之后的变化从这里查", "newestFinalDay": "最近的最终日", "totalRows": "行数",
    "emptyReason": "没有数据的原因", "metric": "指标", "value": "数字", "sentence": "说明", "counted": "不同的项数",
    "service": "服务", "coveredDays": "覆盖天数", "days": "总天数",
}  # fmt: skip
"""What is told beside the rows, in Chinese; what is not among these has its id."""
_UNSAID = ("state", "page", "pageSize", "nextPage")
"""What rows tell better, and what is of pages, which a file does not have."""
_TIMES = ("asOf", "lookedAt", "since")
_Line = tuple[str, str]


def wording(language: str | None = None) -> Wording:
    """How a workbook says things in the language that is spoken, or in another."""
    language = language or spoken()
    if language == "en":
        return AS_PROGRAMS
    return Wording(partial(heading_of, language=language), ("统计", "说明"), partial(_lines, language=language))


def _lines(meta: Mapping[str, Any], *, language: str) -> Iterator[_Line]:
    """What is told beside the rows, for people who read Chinese, a line each."""
    for name, value in meta.items():
        if name in _UNSAID or value is None:
            continue
        if name in _SEVERAL:
            yield from _SEVERAL[name](value)
            continue
        text = translated(value, language) if name == "emptyReason" else as_text(value)
        if name in _TIMES and "T" in text:
            text = _time(text)
        yield _NAMES.get(name, name), text


def _time(text: str) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}"


def _notes(notes: list[str]) -> Iterator[_Line]:
    yield from (("注意", note) for note in notes)


def _columns(columns: list[dict[str, Any]]) -> Iterator[_Line]:
    for column in columns:
        if "kpiId" in column:
            unit = f"（{column['unit']}）" if column["unit"] else ""
            yield f"指标 {column['kpiId']}", f"{column['kpiName']}{unit}：{column['kpiCaliber']}"


def _calibres(calibres: Mapping[str, str]) -> Iterator[_Line]:
    """Those that are not DingTalk's words, which stand beside the KPI."""
    yield from (("统计口径", f"{name}={text}") for name, text in calibres.items() if text.isascii())


def _definition(definition: Mapping[str, Any]) -> Iterator[_Line]:
    yield "定义", f"{definition['kpiName']}：{definition['meaning']}"


def _history(history: list[dict[str, Any]]) -> Iterator[_Line]:
    for one in history:
        was, became = ("–" if one[key] is None else one[key] for key in ("was", "is"))
        yield f"变化 {_time(one['when'])}" if one["when"] else "变化", f"{was} → {became}，{causes_text(one['cause'])}"


def _query(query: Mapping[str, Any]) -> Iterator[_Line]:
    yield "查询条件", "，".join(f"{name}={as_text(one)}" for name, one in query.items())


_SEVERAL: Mapping[str, Callable[[Any], Iterator[_Line]]] = {
    "notes": _notes, "columns": _columns, "calibre": _calibres, "definition": _definition, "history": _history,
    "query": _query,
}  # fmt: skip
