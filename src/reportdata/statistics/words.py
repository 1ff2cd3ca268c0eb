"""A question, read from the parameters of an address or the options of a command. What is not known is refused, with
what is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from reportdata.days import parse_day
from reportdata.errors import BadValue
from reportdata.identifiers import read_text
from reportdata.services import REPORTS, Service, Services
from reportdata.statistics.parameters import FLAG, given_in, listed, number_in, one_of, url_of_page
from reportdata.statistics.question import (
    FORMATS,
    GROUPINGS,
    LANGUAGES,
    LARGEST_PAGE,
    LONGEST,
    MOST_GROUPINGS,
    PERIODS,
    RANGES,
    Question,
)

PATH = "/v1/statistics"
"""Where questions are asked over HTTP."""
SERVICE = "service"
PARAMETERS: Mapping[str, str] = {
    "from": "The first day, yyyy-MM-dd or yyyyMMdd, in the organisation's time zone.",
    "to": "The last day, included; without it, the first day alone.",
    "range": f"In place of from and to: {', '.join(RANGES)}, or the last days, like 7d or 30d, today included.",
    "by": f"Up to {MOST_GROUPINGS} of {', '.join(GROUPINGS)}, with commas between them; at most one period. "
    "topDepartment is what a department's name begins with, up to the first /, with all that is below it.",
    "metrics": "What is counted, by words or ids, with commas between them; all without it.",
    "department": "Only facts of this department; may be repeated, and then means any of them.",
    "template": "Only reports by this template, and comments on them; may be repeated.",
    "user": "Only facts of this user id; may be repeated.",
    "children": "true: departments below the named ones, too, whose names begin like theirs with a / after it.",
    "departments": "now: everybody belongs to the departments of their newest report; then (the default): to those of "
    "the report itself or, for comments, of the commenter's latest report up to that day.",
    "order": "Columns to sort by, with commas between them; a - before one sorts it downwards.",
    "page": "The page of rows, from 1.",
    "pageSize": f"Rows of a page, at most {LARGEST_PAGE}, in JSON; files are whole.",
    "asOf": "A moment: only what was known then counts. ISO 8601; without an offset, in the organisation's time zone.",
    "format": f"One of {', '.join(FORMATS)}.",
    "bom": "0: CSV without the mark at its start by which Excel knows UTF-8.",
    "lang": f"The language of headings and states in XLSX: {', '.join(LANGUAGES)}.",
    "names": "true: the names of people beside their ids, where the organisation has names turned on.",
    SERVICE: f"The service whose numbers are meant, by its id, like checkinData; {REPORTS} without it.",
}
"""The parameters, and what each means."""


def read_department(text: str) -> str:
    """The name of a department as facts have it; empty for none."""
    return (read_text("department", text) or "").replace(",", "，")


PAGES = ("page", "pageSize", "format", "bom")
"""The parameters that say how rows are given."""
_FILTERS = ("department", "template", "user")
_CLEANED: Mapping[str, Callable[[str], str]] = {
    "department": read_department,
    "template": lambda text: read_text("template", text) or "",
    "user": str,
}
"""Names as facts have them: a filter that is written as in a record finds its facts."""
_DAYS = re.compile(r"[1-9]\d{0,3}d", re.ASCII)
_LONGEST_TEXT = 200
FIRST, LAST = "20000101", "20991231"
"""The days between which facts lie."""


def read_question(pairs: Iterable[tuple[str, str]], service: Service) -> Question:
    """The question that parameters ask.

    :param pairs: names and values, in their order.
    :raises BadValue: when a name or value is not known.
    """
    given = given_in(pairs, PARAMETERS)
    by = _by(listed(given, "by"))
    metrics = metrics_in(listed(given, "metrics"), service)
    first, last, range_ = range_in(given)
    names = one_of(given, "names", FLAG)
    if names and "user" not in by:
        raise BadValue("names stand beside ids of people, and there are none", "give by=user with names=true")
    lang = one_of(given, "lang", {name: name for name in LANGUAGES})
    format_ = one_of(given, "format", {name: name for name in FORMATS})
    if lang != LANGUAGES[0] and format_ != "xlsx":
        raise BadValue(
            f"lang={lang} is of headings in sheets, and format is {format_}", "leave lang out, or give format=xlsx"
        )
    return Question(
        first_day=first,
        last_day=last,
        range_=range_,
        by=by,
        metrics=metrics,
        departments=_texts(given, "department"),
        templates=_texts(given, "template"),
        users=_texts(given, "user"),
        children=one_of(given, "children", FLAG),
        newest_departments=one_of(given, "departments", {"then": False, "now": True}),
        order=_order(listed(given, "order"), columns(by, metrics, service)),
        page=number_in(given, "page", 1, 1_000_000),
        page_size=number_in(given, "pageSize", LARGEST_PAGE, LARGEST_PAGE),
        as_of=given.get("asOf", [""])[0],
        format=format_,
        bom=one_of(given, "bom", {"1": True, "0": False}),
        lang=lang,
        names=names,
    )


def service_in(pairs: Iterable[tuple[str, str]], services: Services) -> Service:
    """The service that parameters name; that of reports without one.

    :raises BadValue: when there is none, or none of its numbers is known by itself.
    """
    named = next((value.strip() for name, value in pairs if name == SERVICE), "") or REPORTS
    if any(one.id == named for one in services.relayed):
        raise BadValue(
            f"no document tells what the numbers of {named} are",
            "its answers are served whole, at its path; ask about one of "
            f"{', '.join(service.id for service in services)}",
        )
    try:
        return services.service(named)
    except BadValue as error:
        raise BadValue(f"service={named[:40]!r} is no service", error.hint) from error


def words_of_service(service: Service) -> list[tuple[str, str]]:
    """The parameter that names a service; none for that of reports."""
    return [] if service.id == REPORTS else [(SERVICE, service.id)]


def words_of(question: Question, service: Service) -> list[tuple[str, str]]:
    """The parameters that ask a question: `read_question` of them gives it again."""
    pairs = words_of_service(service)
    if question.first_day:
        pairs += [("from", dashed(question.first_day)), ("to", dashed(question.last_day))]
    else:
        pairs.append(("range", question.range_))
    pairs.append(("by", ",".join(question.by)))
    pairs.append(("metrics", ",".join(service.kpi(kpi).name_of_column for kpi in question.metrics)))
    for name, values in (
        ("department", question.departments),
        ("template", question.templates),
        ("user", question.users),
    ):
        pairs += [(name, value) for value in values]
    pairs.append(("children", "true" if question.children else ""))
    pairs.append(("departments", "now" if question.newest_departments else ""))
    pairs.append(("order", ",".join(question.order)))
    pairs.append(("page", str(question.page) if question.page != 1 else ""))
    pairs.append(("pageSize", str(question.page_size) if question.page_size != LARGEST_PAGE else ""))
    pairs.append(("asOf", question.as_of))
    pairs.append(("format", question.format if question.format != "json" else ""))
    pairs.append(("bom", "" if question.bom else "0"))
    pairs.append(("lang", question.lang if question.lang != LANGUAGES[0] else ""))
    pairs.append(("names", "true" if question.names else ""))
    return [(name, value) for name, value in pairs if value or name in _FILTERS]


def url_of(question: Question, service: Service) -> str:
    """The address that asks a question, without the server."""
    return url_of_page(PATH, words_of(question, service))


def columns(by: Sequence[str], metrics: Sequence[str], service: Service) -> list[str]:
    """What rows can be sorted by."""
    return ["period", *(name for name in by if name not in PERIODS), *(service.kpi(m).name_of_column for m in metrics)]


def dashed(day: str) -> str:
    """A day as people read it: 2026-09-22."""
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"


def _texts(given: Mapping[str, list[str]], name: str) -> tuple[str, ...]:
    for text in given.get(name, ()):
        if len(text) > _LONGEST_TEXT:
            raise BadValue(f"a value of {name} has {len(text)} characters", f"there are at most {_LONGEST_TEXT}")
    return tuple(dict.fromkeys(_CLEANED[name](text) for text in given.get(name, ())))


def _by(words: Sequence[str]) -> tuple[str, ...]:
    for word in words:
        if word not in GROUPINGS:
            raise BadValue(f"by={word[:40]!r} is nothing to group by", f"there are {', '.join(GROUPINGS)}")
    if len(set(words)) != len(words):
        raise BadValue("by names something twice", "name it once")
    if len(words) > MOST_GROUPINGS:
        raise BadValue(f"by names {len(words)} groupings", f"name at most {MOST_GROUPINGS}")
    periods = [word for word in words if word in PERIODS]
    if len(periods) > 1:
        raise BadValue(f"by names {' and '.join(periods)}", "name one period")
    return tuple(words)


def metrics_in(words: Sequence[str], service: Service) -> tuple[str, ...]:
    """The ids of KPIs that are named by words or ids; all where none is.

    :raises BadValue: when one is not known.
    """
    ids = {kpi.id: kpi.id for kpi in service.kpis} | {kpi.name_of_column: kpi.id for kpi in service.kpis}
    for word in words:
        if word not in ids:
            known = ", ".join(kpi.name_of_column for kpi in service.kpis)
            raise BadValue(f"metrics={word[:40]!r} is nothing that is counted", f"there are {known}")
    return tuple(dict.fromkeys(ids[word] for word in words)) or tuple(kpi.id for kpi in service.kpis)


def range_in(given: Mapping[str, list[str]]) -> tuple[str, str, str]:
    """The first and the last day that are given, or else the name of a range.

    :raises BadValue: when there is no range, or it is none.
    """
    first, last, range_ = (given.get(name, [""])[0] for name in ("from", "to", "range"))
    if range_ and (first or last):
        raise BadValue("range is given with from or to", "give range alone, or from and to")
    if range_ and range_ not in RANGES and not (_DAYS.fullmatch(range_) and int(range_[:-1]) <= LONGEST):
        raise BadValue(
            f"range={range_[:40]!r} is not known",
            f"there are {', '.join(RANGES)}, and 1d to {LONGEST}d; other days are given by from and to, on the command "
            "line by DAY and --to",
        )
    if not range_ and not first:
        raise BadValue("no range is given", "give from and to, or range")
    days = [parse_day(day) for day in (first, last) if day]
    for day in days:
        if not FIRST <= day <= LAST:
            raise BadValue(f"{day} is none of the days that facts may have", f"they are {FIRST} to {LAST}")
    if len(days) == 2 and days[1] < days[0]:
        raise BadValue(f"to={last} is before from={first}", "name the earlier day first")
    return (days[0], days[-1], "") if days else ("", "", range_)


def _order(words: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    for word in words:
        if word.removeprefix("-") not in known:
            raise BadValue(f"order={word[:40]!r} is no column of the answer", f"there are {', '.join(known)}")
    return tuple(words)
