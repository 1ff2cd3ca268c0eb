"""Saved exchanges with DingTalk's report APIs, and their bare answers.

An exchange is ``{"api": …, "request": …, "response": …}``; the API may be named by its path, its URL or the method of
an SDK. The answers of ``report/comment/list`` do not name their report, so they need their request. Exchanges of other
APIs hold no facts and are passed over, and so are answers that are errors when the same request has a good answer
elsewhere in the file: without one, facts are missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from reportdata.columns import Columns, read_columns
from reportdata.errors import BadField
from reportdata.headings import of_organisation
from reportdata.json_texts import RepeatedName
from reportdata.kinds import Kinds
from reportdata.nested import Nested
from reportdata.readers.answer_lists import BEIJING
from reportdata.readers.answers import (
    COMMENT_LIST,
    REPORT_LISTS,
    ErrorAnswer,
    Page,
    body_of,
    organisation_of,
    read_answer,
)
from reportdata.readers.pages import Pages
from reportdata.records import Line
from reportdata.remarks import Remarks

_NAME = re.compile(r"(?:.*\btopapi[/.]|.*\boapi\.)?(report[/.](?:comment[/.])?(?:simple)?list)(?:[/?#].*)?", re.I)
"""The name of an API at the end of a path, a URL or a method."""
_KNOWN = ", ".join(f"topapi/{name}" for name in (*REPORT_LISTS, COMMENT_LIST))


class Exchanges:
    """The exchanges of one file.

    :param remarks: is given what lists within reports say.
    """

    def __init__(self, kinds: Kinds, remarks: Remarks) -> None:
        self._kinds = kinds
        self._nested = Nested(kinds, remarks, zone=BEIJING)
        self._known: dict[tuple[str, ...], Columns] = {}
        self._answered: set[bytes] = set()
        self._failed: dict[bytes, Line] = {}
        self._pages = Pages()
        self._others: list[Line] = []
        self._understood = False

    def lines(self, number: int, place: int, content: Mapping[str, object]) -> Iterator[Line]:
        """The reports and comments in an exchange, or what is wrong with it."""
        request = msgspec.json.encode((content.get("api"), content.get("request")), order="sorted")
        try:
            found = _read(content)
            if found is None:
                if not self._others:
                    self._others.append(Line(number, place, None, {}, _OtherApi(content.get("api"))))
                return
            self._understood = True
            corp_id = organisation_of(content)
            for record in found.records:
                told = of_organisation(corp_id, record)
                fields = found.fields if told is record else tuple(told)
                yield Line(number, place, self._columns(fields), told)
            for report in found.reports:
                yield from self._nested.lines(number, place, of_organisation(corp_id, report))
            self._pages.add(self._columns(found.fields).kind.name, number, found.request, found.result)
            self._answered.add(request)
        except ErrorAnswer as error:
            if content.get("request") is None:  # no other answer can be told to be to the same request
                yield Line(number, place, None, {}, error)
            else:
                self._failed.setdefault(request, Line(number, place, None, {}, error))
        except BadField as error:
            lines = error.lines if isinstance(error, RepeatedName) else 0
            yield Line(number + lines, place, None, {}, error)

    def _columns(self, names: tuple[str, ...]) -> Columns:
        if names not in self._known:
            self._known[names] = read_columns(names, self._kinds)
        return self._known[names]

    def partial(self) -> Iterator[tuple[str, str]]:
        """The kinds of which facts are missing, each with a reason."""
        return self._pages.partial()

    def windows(self) -> dict[str, list[tuple[int, int]]]:
        """The first and the last instants that requests asked for, by kind of facts."""
        return self._pages.windows()

    def unanswered(self) -> Iterator[Line]:
        """The requests that were only ever answered by errors."""
        return (line for request, line in self._failed.items() if request not in self._answered)

    def of_others_alone(self) -> list[Line]:
        """The first exchange, when all are with APIs that tell no facts."""
        return [] if self._understood or self._failed else self._others[:1]


class _OtherApi(BadField):
    """An API whose answers tell no facts."""

    def __init__(self, name: object) -> None:
        reason = f"{str(name)[:80]!r} tells no reports or comments, and the file has nothing else"
        super().__init__("api", reason, f"save answers of {_KNOWN}")


def tells_facts(api: object) -> bool:
    """Whether an API, by its path, is one whose answers have facts."""
    return isinstance(api, str) and _NAME.fullmatch(api.lstrip("/")) is not None


def _read(exchange: Mapping[str, object]) -> Page | None:
    """What an exchange holds; None when it is one with an API that has no facts."""
    request: Mapping[str, object] = {}
    if "response" in exchange:
        api = _api(exchange.get("api"))
        if api is None:
            return None
        body = body_of(exchange["response"])
        if isinstance(exchange.get("request"), dict | str):
            request = body_of(exchange["request"], "request")
    else:
        api, body = "", exchange
    return read_answer(body, request, api)


def _api(value: object) -> str | None:
    """The name of the API, None for one that has no facts."""
    if not isinstance(value, str) or not value.strip():
        raise BadField("api", "is missing", f"name it, for example topapi/{REPORT_LISTS[0]}")
    words = value.strip().split()
    found = _NAME.fullmatch(words[-1].lstrip("/"))
    if found is not None:
        return found[1].lower().replace(".", "/")
    word = words[-1].lower()
    others = ("unread", "template", "statistics", "receiver", "listbytype")
    if "report" in word and "list" in word and not any(other in word for other in others):
        raise BadField("api", f"{value[:80]!r} is not known", f"the known ones are {_KNOWN}")
    return None
