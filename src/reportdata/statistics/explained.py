"""What one number is made of, as it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qsl, quote, urlencode
from zoneinfo import ZoneInfo

import msgspec

from reportdata.days import SECOND, moment_of
from reportdata.errors import BadValue
from reportdata.services import Service
from reportdata.statistics.parameters import FLAG, given_in, listed, one_of
from reportdata.statistics.question import LANGUAGES, Question
from reportdata.statistics.words import PAGES, PARAMETERS, PATH, SERVICE, metrics_in, read_question, words_of

EXPLAIN_PATH = f"{PATH}/explain"
"""Where this is asked over HTTP."""
_CELL = ("from", "to", "range", "department", "template", "user", "children", "departments", "asOf")
EXPLAIN_PARAMETERS: Mapping[str, str] = {
    "metric": "What is counted, by one word or id.",
    "day": "One day, in place of from, to and range.",
    **{name: PARAMETERS[name] for name in _CELL},
    "than": "Another cell to compare with: what of day, from, to, range, filters and asOf differs, as parameters of an "
    "address, like than=day%3D2021-06-19 or than=asOf%3D2021-06-22T08:00:00%2B08:00; without=department,user "
    "names what the other cell does not have.",
    "lang": f"The language of sentence and definition, and of headings in XLSX: {', '.join(LANGUAGES)}.",
    **{name: PARAMETERS[name] for name in PAGES},
    **{name: PARAMETERS[name] for name in ("names", SERVICE)},
}
"""The parameters of an explanation, and what each means."""


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
    own = [(name, value) for name, values in given.items() for value in values if name in (*_CELL, "day", *PAGES)]
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


def moment_text(instant: int, zone: ZoneInfo) -> str:
    """An instant as it is written in answers."""
    return moment_of(instant // SECOND * SECOND, zone).isoformat(timespec="seconds")
