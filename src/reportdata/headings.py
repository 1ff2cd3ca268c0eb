"""Headings of columns: the form in which they are compared, what those of a kind are, and what to say about a field
that no column holds."""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache

from reportdata.errors import BadField
from reportdata.kinds import NUMBERS, Kind

CORP_ID = ("corp_id", "组织id", "企业id", "企业corpid", "公司id")
BRACKETS = re.compile(r"[(\[{【<《][^)\]}】>》]*[)\]}】>》]")
"""What a heading has in brackets."""
_MAGNITUDES = re.compile(r"[万亿千百%‰]|^[kwm]$|thousand|million|percent")
_OTHERWISE = re.compile(
    r"(?<!\d)[周月季年]|累计|近\d|week|month|quarter|year|小时|秒|^(?:时|h|hrs?|hours?|s|ms|secs?|seconds?)$"
)
_ENDS_OTHERWISE = re.compile(r"(?:毫?秒钟?|小时|[\s_/-](?:m?s|secs?|seconds?|h|hrs?|hours?)|seconds|hours)$")
_OF_DAYS = re.compile(r"天|日|^d$|days?")
_PLACE = re.compile(r" \((?!1\))\d+\)$")
"""What stands behind a heading that is there again."""
_DECORATION = re.compile(r"[*★☆·:?#\s_\-—/]+")
_SIMPLIFIED = str.maketrans(
    "誌發門報間創評論員編號單類稱屬點復寫撤時匯週組織業戶經辦審萬億計統數傳範閱讀應電話簽視頻會議參與條臨處理種態檢",
    "志发门报间创评论员编号单类称属点复写撤时汇周组织业户经办审万亿计统数传范阅读应电话签视频会议参与条临处理种态检",
)
"""The signs of headings that traditional Chinese writes otherwise."""
_SHOWN = 12
"""How many columns a message names."""
_PLAIN = re.compile(r"[\w@%+=:,./-]+")
"""What no shell takes apart."""
BOTH = "+"
"""Between the headings of the two columns of a time."""
_TIMES = re.compile(r"时间|时刻|日期|time|date|_at$", re.IGNORECASE)
_DATES = re.compile(r"日期$|date$|day$", re.IGNORECASE)
_CLOCKS = re.compile(r"时间$|时刻$|time$", re.IGNORECASE)
_IDS = re.compile(r"id|编号|工号|单号|号码?$|no\.?$|number", re.IGNORECASE)
_OF_RECORDS = re.compile(r"(?:row|record)?id|编号|单号|序号|no\.?|number|uuid|guid")
"""Headings of ids that do not say of what: of the records themselves, and of nobody."""
_NAMES = re.compile(r"人|者|姓名|名字|员工?$|name|who", re.IGNORECASE)


def normal(heading: str) -> str:
    """The form in which headings are compared: half-width, lower case, in simplified Chinese,
    without blanks and decorations."""
    text = heading.lower() if heading.isascii() else plain(heading)
    return _DECORATION.sub("", BRACKETS.sub("", text)) or _DECORATION.sub("", text)


def is_corp_id(heading: str) -> bool:
    """Whether a heading is that of the organisation."""
    return normal(heading) in _CORP_IDS


def corp_id_of(content: Mapping[str, object]) -> str | None:
    """The organisation that an object names, as text or number; None when it names none."""
    for name, value in content.items():
        if isinstance(value, str | int) and str(value).strip() and is_corp_id(name):
            return str(value)
    return None


def of_organisation(corp_id: str | None, record: Mapping[str, object]) -> Mapping[str, object]:
    """A record with the organisation that stands beside it, where it names none itself."""
    if corp_id is None or corp_id_of(record) is not None:
        return record
    return {CORP_ID[0]: corp_id} | {name: value for name, value in record.items() if not is_corp_id(name)}


def other_unit(heading: str, *, daily: bool = False) -> str | None:
    """What a heading has in brackets that makes its numbers others than counts and minutes: a magnitude, a share,
    another unit of time, or a period; or a unit of time at its end.

    :param daily: whether the numbers are of days, so that *day* says nothing else.
    """
    said = plain(heading)
    for found in BRACKETS.findall(said):
        text = str(found)[1:-1].strip()
        if _MAGNITUDES.search(text) or _OTHERWISE.search(text) or (not daily and _OF_DAYS.search(text)):
            return text
    end = _ENDS_OTHERWISE.search(BRACKETS.sub("", said).strip())
    return end[0].strip(" _/-") if end is not None else None


def require_own_unit(field: str, heading: str, *, daily: bool = False) -> None:
    """:raises BadField: when a heading says that the numbers below it are others than those of the field."""
    unit = other_unit(heading, daily=daily)
    if unit is not None:
        raise BadField(
            field,
            f"{heading!r} says {unit!r}, so its numbers are others",
            "write the numbers as they are meant, and the heading without it",
        )


def plain(heading: str) -> str:
    """A heading half-width, in small letters and simplified Chinese, without signs that are not seen."""
    text = unicodedata.normalize("NFKC", heading)
    if not text.isprintable():  # of what is printed, every sign is seen
        text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    return text.lower().translate(_SIMPLIFIED)


def seen(columns: Iterable[str]) -> str:
    """The columns that were seen, for a message."""
    names = [repr(" ".join(column.split())) for column in columns if column.strip()]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more or "none with a name"


def option(field: str, heading: str) -> str:
    """The option that says which column holds a field, as a shell takes it."""
    text = f"{field}={' '.join(heading.split())}"
    return f"--column {text if _PLAIN.fullmatch(text) else shlex.quote(text)}"


_CORP_IDS = frozenset(map(normal, CORP_ID))


@cache
def known_headings(kinds: tuple[Kind, ...]) -> frozenset[str]:
    """The headings of all fields of the kinds, in normal form."""
    fields = {name for kind in kinds for groups in headings_of(kind).values() for group in groups for name in group}
    return frozenset(fields | {normal(name) for kind in kinds for name in kind.shared_times})


@cache
def headings_of(kind: Kind) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The headings of each field in their normal form, the kind's own first, then those that are general."""
    found: dict[str, tuple[tuple[str, ...], ...]] = {"corp_id": (tuple(map(normal, CORP_ID)),)}
    for field in (*kind.columns, *([kind.person_name] if kind.person_name else [])):
        own, general = kind.headings.get(field, ()), kind.general.get(field, ())
        groups = ((field, *own), general) if field == kind.time else (own, (field, *general))
        found[field] = tuple(tuple(dict.fromkeys(map(normal, group))) for group in groups)
    return found


def is_twin(heading: str, columns: Iterable[str]) -> bool:
    """Whether others of the columns have the same heading: each but the first of them has its place behind it, in
    brackets."""
    own = _PLACE.sub("", heading)
    return sum(_PLACE.sub("", column) == own for column in columns) > 1


def is_of_days(heading: str) -> bool:
    """Whether a heading is one of days, and not of times."""
    return _DATES.search(normal(heading)) is not None


def likely_time(kind: Kind, columns: Sequence[str]) -> str | None:
    """The column that is likeliest to hold a kind's time, though its heading is not known; None when none is."""
    return next(
        iter([*_like_time(kind, columns), *(column for column in columns if _TIMES.search(normal(column)))]), None
    )


def has_like(kind: Kind, columns: Sequence[str]) -> bool:
    """Whether a column's heading is very nearly one of a kind's time."""
    return bool(_like_time(kind, columns, 0.8))


def _like_time(kind: Kind, columns: Sequence[str], least: float = 0.6) -> list[str]:
    own = sorted(
        {name for group in headings_of(kind)[kind.time] for name in group} | set(map(normal, kind.shared_times))
    )
    return [column for column in columns if get_close_matches(normal(column), own, 1, least)]


def day_and_clock(columns: Sequence[str]) -> tuple[str, str] | None:
    """Two columns of which, by headings that differ in this alone, one has days and the other times of day; None when
    there are none."""
    clocks = {_CLOCKS.sub("", name): column for column in columns if _CLOCKS.search(name := normal(column))}
    for column in columns:
        name = normal(column)
        if _DATES.search(name) and (clock := clocks.get(_DATES.sub("", name))) not in (None, column):
            return column, str(clock)
    return None


def how_to_name_both(field: str, columns: Sequence[str]) -> list[str]:
    """What to do where a time may stand in two columns; nothing where none do."""
    pair = day_and_clock(columns)
    if pair is None:
        return []
    return [f"where one has days and the other times of day, name both: {option(field, BOTH.join(pair))}"]


def how_to_name(field: str | None, kinds: Sequence[Kind], columns: Sequence[str]) -> str:
    """What to do about a field that no column holds: the options that say which column it is, and the names by which it
    is known. It never asks to give names of people as ids.

    :param field: of the one kind in ``kinds``; None for the time of any of them.
    :param columns: those that hold no other field.
    """
    known = known_headings(tuple(kinds))
    near = []
    if field is not None and kinds[0].columns.get(field, "").removesuffix("?") in NUMBERS:
        other = next((column for column in columns if other_unit(column) is not None), None)
        if other is not None:
            said = f"{' '.join(other.split())!r} says {other_unit(other)!r}, so its numbers are others"
            return f"{said}: convert them, and name the column {field}"
    for column in columns:
        name = normal(column)
        if (
            name not in known
            and not _OF_RECORDS.fullmatch(name)
            and (found := get_close_matches(name, sorted(known), 1, 0.6))
        ):
            near.append((column, found[0]))
    told = [f"{' '.join(column.split())!r} is like {heading!r}" for column, heading in near[:3]]
    wanted = [(kind, kind.time if field is None else field) for kind in kinds]
    options = [_options(name, kind, columns, near) for kind, name in wanted]
    alternatives = " or ".join(f"{name} ({kind.name})" if field is None else name for kind, name in wanted)
    examples = [name for kind, field in wanted for name in kind.headings.get(field, ())[:2]]
    if len(kinds) == 1:
        examples += [name for kind, field in wanted for name in kind.general.get(field, ())[:1]]
    others = f", or for example {', '.join(examples)}" if examples else ""
    said = f"say which it is with {' or '.join(options)}; or name the column {alternatives}{others}"
    times = [kind.time for kind, name in wanted if name == kind.time]
    return "; ".join([*told, *(how_to_name_both(times[0], columns) if times else []), said])


def _options(field: str, kind: Kind, columns: Sequence[str], near: Sequence[tuple[str, str]]) -> str:
    """The options that say which column holds a field, with the heading of the likeliest one, where there is one."""
    if field == kind.time:
        return option(field, likely_time(kind, columns) or "HEADING") + f" ({kind.name})"
    own = {name for group in headings_of(kind).get(field, ()) for name in group}
    alike = [column for column, heading in near if heading in own]
    if field != kind.person or kind.person_name is None:
        alike += [column for column in columns if _IDS.search(normal(column))]
        return option(field, alike[0] if alike else "HEADING")
    names = [column for column in columns if _NAMES.search(normal(column)) and not _IDS.search(normal(column))]
    left = [column for column in columns if column not in names and not _OF_RECORDS.fullmatch(normal(column))]
    ids = [column for column in left if column in alike or _IDS.search(normal(column))]
    by_id, by_name = option(field, ids[0] if ids else "HEADING"), option(kind.person_name, (names or ["HEADING"])[0])
    if names and not ids:
        return f"{by_name}, where names are, or {by_id}, where ids are"
    return f"{by_id}, where ids are, or {by_name}, where names are"
