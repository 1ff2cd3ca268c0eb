"""The calls of the directory, which do not count by the month: names of departments, a person's departments, and names
of people, which are asked for where an organisation has turned them on.

Other fields of the answers, such as a person's name beside their departments, are passed over while they are decoded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from reportdata.errors import BadAnswer
from reportdata.suites.dingtalk.client import Client

USER = "topapi/v2/user/get"
DEPARTMENTS = "topapi/v2/department/listsub"
MEMBERS = "topapi/user/listsimple"
PAGE = 100
"""People of a page at most."""
ROOT = 1
"""The id of the department that is the whole organisation."""


class _User(msgspec.Struct):
    dept_id_list: list[int] | None = None


class _Department(msgspec.Struct):
    dept_id: int
    name: str


class _Member(msgspec.Struct):
    userid: str
    name: str = ""


class _Members(msgspec.Struct):
    has_more: bool
    members: list[_Member] = msgspec.field(name="list")
    next_cursor: int = 0


_T = TypeVar("_T")
_user = msgspec.json.Decoder(_User)
_departments = msgspec.json.Decoder(list[_Department])
_members = msgspec.json.Decoder(_Members)


def list_departments(client: Client) -> dict[str, str]:
    """The names of all departments below the root, by id; the root is the organisation itself and has no name to
    tell."""
    names: dict[int, str] = {}
    waiting = [ROOT]
    while waiting:
        content = client.call(DEPARTMENTS, {"dept_id": waiting.pop()}, free=True)
        for department in _decoded(_departments, content, DEPARTMENTS):
            if department.dept_id not in names:
                names[department.dept_id] = department.name
                waiting.append(department.dept_id)
    return {str(number): name for number, name in names.items()}


def departments_of(client: Client, user_id: str) -> Sequence[str]:
    """The ids of a person's departments."""
    user = _decoded(_user, client.call(USER, {"userid": user_id}, free=True), USER)
    return [str(number) for number in user.dept_id_list or ()]


def list_people(client: Client) -> dict[str, str]:
    """The names of the people of all departments, by id.

    :raises BadAnswer: when a department's list has no end.
    """
    names: dict[str, str] = {}
    for department in (ROOT, *map(int, list_departments(client))):
        cursor, more = 0, True
        turned: set[str] = set()
        while more:
            body = {"dept_id": department, "cursor": cursor, "size": PAGE}
            page = _decoded(_members, client.call(MEMBERS, body, free=True), MEMBERS)
            names |= {member.userid: member.name for member in page.members if member.userid and member.name}
            people = {member.userid for member in page.members}
            if page.has_more and (page.next_cursor <= cursor or people <= turned):
                raise BadAnswer(f"{MEMBERS} answered that there is more, and not where")
            turned |= people
            cursor, more = page.next_cursor, page.has_more
    return names


def _decoded(decoder: msgspec.json.Decoder[_T], content: bytes, api: str) -> _T:
    try:
        return decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadAnswer(f"{api} answered with something else than its documentation says: {error}") from error
