"""Why numbers are what they are, as it is asked for: what changed since a moment, and what one number is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from urllib.parse import parse_qsl, quote, urlencode
from zoneinfo import ZoneInfo

import msgspec

from reportdata.days import DEFAULT_TIME_ZONE, SECOND, instant_of, is_day, moment_of, parse_day, time_zone, to_date
from reportdata.errors import BadValue
from reportdata.services import Service
from reportdata.statistics.cursors import Reached, cursor_in
from reportdata.statistics.question import AHEAD, FORMATS, LANGUAGES, LARGEST_PAGE, Question, fixed_moment
from reportdata.statistics.words import (
    FLAG,
    PARAMETERS,
    PATH,
    SERVICE,
    dashed,
    given_in,
    listed,
    metrics_in,
    number_in,
    one_of,
    range_in,
    read_question,
    words_of,
    words_of_service,
)
from reportdata.times import read_instant

CHANGES_PATH, EXPLAIN_PATH = f"{PATH}/changes", f"{PATH}/explain"
"""Where these are asked over HTTP."""
_CELL = ("from", "to", "range", "department", "template", "user", "children", "departments", "asOf")
_PAGES = ("page", "pageSize", "format", "bom")
CHANGES_PARAMETERS: Mapping[str, str] = {
    "since": "The nextSince of an answer: only what was committed after it; that misses nothing and repeats nothing. "
    "Or a moment, ISO 8601, or a day, which means its beginning: only changes that began later. Without an offset it "
    "is in the organisation's time zone.",
    "from": "Only days from this one on, yyyy-MM-dd or yyyyMMdd; without it, all.",
    "to": "Only days up to this one.",
    "metrics": PARAMETERS["metrics"],
    "asOf": "A moment: only changes that began up to then; without it, all that are committed.",
    "upTo": "The nextSince of an answer: only what was committed up to it, as on its further pages.",
    **{name: PARAMETERS[name] for name in (*_PAGES, SERVICE)},
}
"""The parameters of changes, and what each means."""
EXPLAIN_PARAMETERS: Mapping[str, str] = {
    "metric": "What is counted, by one word or id.",
    "day": "One day, in place of from, to and range.",
    **{name: PARAMETERS[name] for name in _CELL},
    "than": "Another cell to compare with: what of day, from, to, range, filters and asOf differs, as parameters of an "
    "address, like than=day%3D2021-06-19 or than=asOf%3D2021-06-22T08:00:00%2B08:00; without=department,user "
    "names what the other cell does not have.",
    "lang": f"The language of sentence and definition, and of headings in XLSX: {', '.join(LANGUAGES)}.",
    **{name: PARAMETERS[name] for name in _PAGES},
    **{name: PARAMETERS[name] for name in ("names", SERVICE)},
}
"""The parameters of an explanation, and what each means."""
_FIRST, _LAST = "20000101", "20991231"
"""Facts lie between."""


class Changes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What changed since a cursor (`reportdata.statistics.cursors`), a moment, or the beginning of a day, on days
    (yyyyMMdd) from one to another; up to a moment or a cursor, which are empty for all that is there."""

    since: str
    first_day: str = _FIRST
    last_day: str = _LAST
    metrics: tuple[str, ...]
    as_of: str = ""
    up_to: str = ""
    page: int = 1
    page_size: int = LARGEST_PAGE
    format: str = "json"
    bom: bool = True

    @property
    def bounds_days(self) -> bool:
        """Whether not all days are asked for."""
        return (self.first_day, self.last_day) != (_FIRST, _LAST)


class Explained(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a number is made of: that of a cell, which is a question with one metric and without groupings; and
    beside it that of another one, where there is one. Page and format are those of the cell. With ``names``, names of
    people stand beside their ids."""

    cell: Question
    than: Question | None = None
    lang: str = "en"
    names: bool = False

    @property
    def names_users(self) -> bool:
        """Whether it asks for single people, by their ids or for their names."""
        return self.names or self.cell.names_users or (self.than is not None and self.than.names_users)


def narrowed(explained: Explained, within: tuple[str, ...]) -> Explained:
    """The same, for who may be told of these departments only."""
    cells = {"cell": msgspec.structs.replace(explained.cell, within=within)}
    if explained.than is not None:
        cells["than"] = msgspec.structs.replace(explained.than, within=within)
    return msgspec.structs.replace(explained, **cells)


def read_changes(pairs: Iterable[tuple[str, str]], service: Service) -> Changes:
    """The changes that parameters ask for.

    :raises BadValue: when a name or value is not known.
    """
    given = given_in(pairs, CHANGES_PARAMETERS)
    since = given.get("since", [""])[0]
    if not since:
        raise BadValue("no moment is given", "give since, like since=2026-09-22 or since=2026-09-22T08:00:00+08:00")
    first, last = given.get("from", [""])[0], given.get("to", [""])[0]
    days = range_in({"from": [first or _FIRST], "to": [last or _LAST]})
    changes = Changes(
        since=since,
        first_day=days[0],
        last_day=days[1],
        metrics=metrics_in(listed(given, "metrics"), service),
        as_of=given.get("asOf", [""])[0],
        up_to=given.get("upTo", [""])[0],
        page=number_in(given, "page", 1, 1_000_000),
        page_size=number_in(given, "pageSize", LARGEST_PAGE, LARGEST_PAGE),
        format=one_of(given, "format", {name: name for name in FORMATS}),
        bom=one_of(given, "bom", {"1": True, "0": False}),
    )
    since_of(changes, time_zone(DEFAULT_TIME_ZONE))
    if changes.up_to and cursor_in(changes.up_to) is None:
        raise BadValue(f"upTo={changes.up_to[:40]!r} is not the nextSince of an answer", "leave it out, or copy one")
    return changes


def since_of(changes: Changes, zone: ZoneInfo) -> int | Reached:
    """The moment since which changes are asked for, as an instant; or the place.

    :raises BadValue: when it is neither.
    """
    text = changes.since
    if (cursor := cursor_in(text)) is not None:
        return cursor
    if is_day(text.replace("-", "")) and len(text) in (8, 10):
        day = parse_day(text)
        if not _FIRST <= day <= _LAST:
            raise BadValue(f"{day} is none of the days that facts may have", f"they are {_FIRST} to {_LAST}")
        return instant_of(datetime.combine(to_date(day), time.min, zone))
    try:
        return read_instant(text, zone)
    except ValueError as error:
        raise BadValue(
            f"since={text[:40]!r} is no moment: {error}", "write it like 2026-09-22T00:10:00+08:00"
        ) from error


def words_of_changes(changes: Changes, service: Service) -> list[tuple[str, str]]:
    """The parameters that ask for changes: `read_changes` of them gives the same again."""
    pairs = [*words_of_service(service), ("since", changes.since)]
    if changes.bounds_days:
        pairs += [("from", dashed(changes.first_day)), ("to", dashed(changes.last_day))]
    pairs.append(("metrics", ",".join(service.kpi(kpi).name_of_column for kpi in changes.metrics)))
    pairs.append(("asOf", changes.as_of))
    pairs.append(("upTo", changes.up_to))
    pairs.append(("page", str(changes.page) if changes.page != 1 else ""))
    pairs.append(("pageSize", str(changes.page_size) if changes.page_size != LARGEST_PAGE else ""))
    pairs.append(("format", changes.format if changes.format != "json" else ""))
    pairs.append(("bom", "" if changes.bom else "0"))
    return [(name, value) for name, value in pairs if value]


def read_explained(pairs: Iterable[tuple[str, str]], service: Service) -> Explained:
    """What parameters ask to be explained.

    :raises BadValue: when a name or value is not known.
    """
    given = given_in(pairs, EXPLAIN_PARAMETERS)
    metric = given.get("metric", [""])[0]
    if not metric:
        known = ", ".join(kpi.name_of_column for kpi in service.kpis)
        raise BadValue("no metric is given", f"give metric, one of {known}")
    kpi = service.kpi(metrics_in([metric], service)[0])
    if kpi.measure is None and service.has_facts:
        if not kpi.ratio:
            raise BadValue(f"{kpi.name_of_column} is counted from no facts", "nothing else is known of it")
        parts = " and ".join(service.kpi(part).name_of_column for part in kpi.ratio)
        raise BadValue(f"{kpi.name_of_column} is a ratio", f"ask for its parts: {parts}")
    own = [(name, value) for name, values in given.items() for value in values if name in (*_CELL, "day", *_PAGES)]
    cell = _cell(own, metric, service)
    than = None
    if text := given.get("than", [""])[0]:
        than = _cell(_merged(own, text), metric, service)
    lang = one_of(given, "lang", {name: name for name in LANGUAGES})
    return Explained(cell=cell, than=than, lang=lang, names=one_of(given, "names", FLAG))


def words_of_explained(explained: Explained, service: Service) -> list[tuple[str, str]]:
    """The parameters that ask for an explanation: `read_explained` of them gives the same again."""
    own = [(name, value) for name, value in words_of(explained.cell, service) if name != "by"]
    pairs = [("metric" if name == "metrics" else name, value) for name, value in own]
    if explained.than is not None:
        other = [pair for pair in words_of(explained.than, service) if pair[0] in _CELL]
        left = {name for name, value in own if name in _DROPPED} - {name for name, _ in other}
        other += [("without", ",".join(name for name in _DROPPED if name in left))] if left else []
        pairs.append(("than", urlencode(other, quote_via=quote)))
    pairs += [("names", "true")] if explained.names else []
    return [*pairs, *([("lang", explained.lang)] if explained.lang != LANGUAGES[0] else [])]


def _cell(pairs: Sequence[tuple[str, str]], metric: str, service: Service) -> Question:
    days = [value for name, value in pairs if name == "day" and value]
    if days and any(name in ("from", "to", "range") and value for name, value in pairs):
        raise BadValue("day is given with from, to or range", "give one of them")
    named = [(name, value) for name, value in pairs if name != "day"]
    return read_question([*named, *(("from", day) for day in days), ("metrics", metric)], service)


_RANGE = ("day", "from", "to", "range")
_DROPPED = ("department", "template", "user", "children", "departments", "asOf")
"""What another cell may do without."""


def _merged(own: Sequence[tuple[str, str]], text: str) -> list[tuple[str, str]]:
    """A cell's parameters with others in the place of those of the same name, or of any range."""
    try:
        # A + is meant as it stands, as in a moment.
        others = parse_qsl(text.replace("+", "%2B"), keep_blank_values=True, strict_parsing=True, max_num_fields=100)
    except ValueError as error:
        raise BadValue(f"than={text[:40]!r} is no parameters", "write it like than=day%3D2021-06-19") from error
    given = given_in(others, ("day", *_CELL, "without"))
    without = listed(given, "without")
    for name in without:
        if name not in _DROPPED:
            raise BadValue(f"than cannot do without {name[:40]!r}", f"there are {', '.join(_DROPPED)}")
    replaced = {*given, *without, *(_RANGE if given.keys() & set(_RANGE) else ())}
    return [pair for pair in own if pair[0] not in replaced] + [pair for pair in others if pair[0] != "without"]


def until_of(changes: Changes, zone: ZoneInfo, now: float) -> int:
    """The moment up to which changes are asked for, as an instant. Who asks again since the moment of the last answer
    may have had it from a machine whose clock is ahead: then there is nothing between.

    :param now: seconds since 1970.
    :raises BadValue: when it is none, or lies ahead.
    """
    if changes.as_of:
        return fixed_moment(changes.as_of, zone, now)
    instant, since = int(now * SECOND), since_of(changes, zone)
    return max(instant, since) if isinstance(since, int) and since <= instant + AHEAD else instant


def url_of_page(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    """The address that asks with these parameters, without the server."""
    return f"{path}?{urlencode(pairs)}"


def moment_text(instant: int, zone: ZoneInfo) -> str:
    """An instant as it is written in answers."""
    return moment_of(instant // SECOND * SECOND, zone).isoformat(timespec="seconds")
