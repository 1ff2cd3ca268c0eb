"""The tools: their names, arguments and schemas. Names and meanings of arguments are those of the API's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from reportdata.errors import BadValue
from reportdata.states import State
from reportdata.statistics.changes import CHANGES_PARAMETERS, CHANGES_PATH
from reportdata.statistics.explained import EXPLAIN_PARAMETERS, EXPLAIN_PATH
from reportdata.statistics.question import GROUPINGS
from reportdata.statistics.words import PARAMETERS, PATH, SERVICE

MOST_ROWS = 200
"""Rows of a reply at most."""
USUAL_ROWS = 100
"""Rows of a reply where nothing else is asked for: some clients cut replies of more than 25,000 tokens."""
Json = dict[str, Any]

_PAGE = {
    "page": "The page of rows, from 1.",
    "pageSize": f"Rows of a reply, at most {MOST_ROWS}; {USUAL_ROWS} without it.",
}
_SEVERAL = ("by", "metrics", "order")
"""Arguments that the API takes with commas between their values."""
_REPEATED = ("department", "template", "user")
PAGES = ("page", "pageSize")
"""Arguments that are whole numbers: which rows are wanted."""
_BOOLEANS = ("children",)


_THAN = (
    'Another cell to compare with: what of day, from, to, range, filters and asOf differs, like {"day": "2021-06-19"}; '
    '"without" in it names what the other cell does not have, like "department,user".'
)


def _arguments(parameters: Mapping[str, str]) -> dict[str, str]:
    """The parameters of the API that a tool takes, and those that it has by itself."""
    return {name: meaning for name, meaning in parameters.items() if name not in ("format", "bom", *_PAGE)} | _PAGE


@dataclass(frozen=True)
class Tool:
    """A tool.

    :ivar path: of the API, whose answers it gives.
    :ivar arguments: names and meanings.
    :ivar paged: whether the API cuts its answers into pages; otherwise the reply is cut.
    :ivar tells_services: whether the reply says which services there are, where none is named.
    """

    name: str
    title: str
    description: str
    path: str
    arguments: Mapping[str, str]
    paged: bool = True
    tells_services: bool = False

    @property
    def input_schema(self) -> Json:
        """What it takes, as JSON Schema."""
        properties = {name: _schema(name) | {"description": meaning} for name, meaning in self.arguments.items()}
        return {"type": "object", "properties": properties, "additionalProperties": False}

    @property
    def output_schema(self) -> Json:
        """What it gives, as JSON Schema."""
        optional = {"type": ["string", "null"]}
        properties: Json = {
            "from": optional
            | {"description": "The first day that the reply is about, in the organisation's zone; null: all days."},
            "to": optional | {"description": "The last day, included."},
            "timeZone": {"type": "string"},
            "state": {
                "enum": [*(state.value for state in State), None],
                "description": "How certain the least certain number is. final: settled; provisional: may still "
                "change; partial: not all was seen; damaged: as it was before facts were damaged; missing: not known; "
                "null: no rows.",
            },
            "asOf": {"type": "string", "description": "The moment whose knowledge counted."},
            "totalRows": {"type": "integer", "description": "Rows on all pages."},
            "nextPage": {
                "type": ["object", "null"],
                "description": "The arguments that give the next page; null after the last one.",
            },
            "nextSince": optional
            | {"description": "Of changes: the since that gives what comes after these, without a gap and once."},
            "rows": {"type": "array", "items": {"type": "object"}, "maxItems": MOST_ROWS},
            "about": {"type": "object", "description": "What else has to be known to read the rows."},
        }
        return {
            "type": "object",
            "properties": properties,
            "required": [name for name in properties if name != "nextSince"],
        }


STATISTICS = Tool(
    "statistics",
    "Numbers of work reports",
    "Counts an organisation's DingTalk work reports (日志): reports sent (4100), people who sent one (4101), people "
    "who commented on one (4102), over any range of days, by period, department, template and more, as of any moment. "
    "Every row is an exact distinct count of its own cell: never add rows up to get a total; ask for the total without "
    f"that grouping. null means not known, which is not 0. by is up to three of: {', '.join(GROUPINGS)}. Days are "
    "local days of the organisation; say the state and asOf with the numbers. service names another of DingTalk's "
    "services, whose metrics are the ids of its KPIs; coverage tells which there are.",
    PATH,
    _arguments({name: meaning for name, meaning in PARAMETERS.items() if name != "lang"}),  # of sheets
)
COVERAGE = Tool(
    "coverage",
    "Days that are known",
    "Says which days of the organisation's work reports are known and how certain they are, in pieces of days that "
    "stand alike, the newest first. Days that no piece has are not known. Ask this first, without arguments, when it "
    "is not clear what can be asked for: about.services then has those of DingTalk's services that may be asked about "
    "and have numbers, with their days and the ids and names of their metrics; about.withoutNumbers has the ids of the "
    "others. With service it says the days of that one.",
    f"{PATH}/coverage",
    {SERVICE: PARAMETERS[SERVICE]} | _PAGE,
    paged=False,
    tells_services=True,
)
EXPLAIN = Tool(
    "explain",
    "Why a number is what it is",
    "Explains one number of an organisation's work reports: a sentence, its definition, the values that it has had and "
    "what changed them (about.history), and its records, where those may be told. metric and the days are needed; a "
    "cell has no groupings, but filters. With than it is compared with another cell: about.sets says how many people "
    "or reports are new, gone, and in both, which tells why a number is not that of another day.",
    EXPLAIN_PATH,
    _arguments(EXPLAIN_PARAMETERS) | {"than": _THAN},
)
CHANGES = Tool(
    "changes",
    "Numbers that changed",
    "Lists which numbers of days changed since a moment, what they were and are, when, and what changed them: an "
    "import, a push, a collection, a withdrawal, somebody who was forgotten. Only since is needed. To ask again later "
    "for what is new, give the last nextSince.",
    CHANGES_PATH,
    _arguments(CHANGES_PARAMETERS),
)
TOOLS = {tool.name: tool for tool in (COVERAGE, STATISTICS, EXPLAIN, CHANGES)}


def read_arguments(tool: Tool, arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The parameters of the API that arguments stand for.

    :raises BadValue: when one is not known, or has a value that none of the API's parameters has.
    """
    pairs: list[tuple[str, str]] = []
    for name, value in arguments.items():
        if name not in tool.arguments:
            raise BadValue(
                f"{tool.name} has no argument {name[:40]!r}", f"there are {', '.join(tool.arguments) or 'none'}"
            )
        values = value if isinstance(value, list) else [value]
        if name == "than" and isinstance(value, dict):
            cell = [(key, _text(f"than.{key}", one)) for key, one in value.items()]
            values = [urlencode(cell, quote_via=quote)]  # a + would stand for itself
        texts = [_text(name, one) for one in values if one is not None]
        if len(texts) > 1 and name in _SEVERAL:
            texts = [",".join(texts)]
        pairs += [(name, text) for text in texts]
    given = {"page": "1", "pageSize": str(USUAL_ROWS)} | dict(pairs)
    for name, most in (("page", 1_000_000), ("pageSize", MOST_ROWS)):
        text = given[name]
        if not (text.isascii() and text.isdigit() and len(text) < 8 and 1 <= int(text) <= most):
            raise BadValue(f"{name}={text[:40]!r} cannot be had", f"give a number from 1 to {most}")
    return [*(pair for pair in pairs if pair[0] != "pageSize"), ("pageSize", given["pageSize"])]


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise BadValue(f"{name} is no text, number or list of these", "write it as the schema says")


def _schema(name: str) -> Json:
    if name in PAGES:
        return {"type": "integer", "minimum": 1} | ({"maximum": MOST_ROWS} if name == "pageSize" else {})
    if name == "than":
        return {"type": ["object", "string"]}
    if name in _BOOLEANS:
        return {"type": "boolean"}
    if name in (*_SEVERAL, *_REPEATED):
        return {"type": ["string", "array"], "items": {"type": "string"}}
    return {"type": "string"}
