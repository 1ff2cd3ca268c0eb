"""The closed calls on logs: their numbers, pages, bytes and errors."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from reportdata.audit import Audit
from reportdata.identity import AppType
from tests.support import periods
from tests.support.calling import CORP, NOW, OK, Answer, Call, add_sample
from tests.support.folders import Folder
from tests.support.periods import DEPARTMENTS_PATH, FIRST, LAST, ORGANISATION_PATH, Organisation
from tests.support.serving import Serving, serving
from tests.support.waiting import until

BOTH = (DEPARTMENTS_PATH, ORGANISATION_PATH)
WHOLE = "nextToken=0&maxResults=1000"
MESSAGES = {"param.illegal": "参数不合法", "param.null": "参数不能为空", "system.busy": "系统内部错误"}


class Server(NamedTuple):
    """A server of the organisation, and a token."""

    served: Serving
    folder: Folder
    organisation: Organisation
    token: str

    def ask(self, path: str, day: str, query: str = WHOLE, token: str | None = None) -> Answer:
        return Call(self.served.address, token or self.token, None, path=path.format(day), more_query=query).answer()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = Folder(tmp_path_factory.mktemp("closed"))
    organisation = Organisation()
    with closing(folder.store):
        organisation.imported(folder, folder.path / "files")
        token = folder.token(folder.add_app(periods.CORP, scopes=periods.SCOPES)[0])
        with serving(folder) as served:
            yield Server(served, folder, organisation, token)


@pytest.mark.whole
def test_every_day_has_the_oracles_numbers(server: Server) -> None:
    for number in range(-1, (LAST - FIRST).days + 2, 4):
        day = FIRST + timedelta(days=number)
        answer = server.ask(DEPARTMENTS_PATH, f"{day:%Y%m%d}")
        rows = server.organisation.departments(day)
        assert answer.status == OK
        assert json.loads(answer.body) == {"data": rows, "nextToken": len(rows), "hasMore": False}
        other = server.ask(ORGANISATION_PATH, f"{day:%Y%m%d}", "")
        assert (other.status, json.loads(other.body)) == (OK, server.organisation.commenters(day))
        for found in (answer, other):
            assert found.headers["x-reportdata-state"] == ("final" if FIRST <= day <= LAST else "missing")


@pytest.mark.whole
def test_pages_fit_together(server: Server) -> None:
    days = (FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1))
    day = max(days, key=lambda day: len(server.organisation.departments(day)))
    rows = server.organisation.departments(day)
    assert len(rows) > 2
    for size in (1, 2, len(rows)):
        found: list[Any] = []
        token, more = 0, True
        while more:
            page = json.loads(
                server.ask(DEPARTMENTS_PATH, f"{day:%Y%m%d}", f"nextToken={token}&maxResults={size}").body
            )
            assert 0 < len(page["data"]) <= size
            found += page["data"]
            token, more = page["nextToken"], page["hasMore"]
        assert found == rows
    beyond = server.ask(DEPARTMENTS_PATH, f"{day:%Y%m%d}", f"nextToken=99&maxResults={2**63 - 1}")
    assert json.loads(beyond.body) == {"data": [], "nextToken": 99, "hasMore": False}


def test_bytes(server: Server) -> None:
    answer = server.ask(DEPARTMENTS_PATH, "20241209", "nextToken=0&maxResults=1")
    assert answer.body.decode() == (
        '{"data":[{"deptName":"","dingReportSendUsrCnt":"2","dingReportSendCnt":"2"}],"nextToken":1,"hasMore":true}'
    )
    answer = server.ask(ORGANISATION_PATH, "20241209", "")
    assert answer.body.decode() == '{"reportCommentUserCnt1d":"1"}'


def test_who_wants_zeros_for_what_is_not_known_is_given_them(server: Server) -> None:
    app, _ = server.folder.add_app(periods.CORP, zero_unknown=True)
    answer = server.ask(ORGANISATION_PATH, "20300101", "", server.folder.token(app))
    assert answer.body == b'{"reportCommentUserCnt1d":"0"}'
    assert answer.headers["x-reportdata-state"] == "missing"


def said(answer: Answer) -> tuple[int, str]:
    return int(answer.status.split()[1]), json.loads(answer.body)["code"]


@pytest.mark.parametrize(
    ("path", "day", "query", "code"),
    [
        *((path, day, WHOLE, "param.illegal") for path in BOTH for day in ("2025-01-08", "20250230", "x", "%EF%BC%92")),
        (DEPARTMENTS_PATH, "%20", WHOLE, "param.illegal"),
        (ORGANISATION_PATH, "%20", "", "param.null"),
        *(
            (DEPARTMENTS_PATH, "20250108", query, "param.illegal")
            for query in (
                "",
                "nextToken=0",
                "maxResults=10",
                "nextToken=&maxResults=10",
                "nextToken=-1&maxResults=10",
                "nextToken=0&maxResults=0",
                "nextToken=a&maxResults=10",
                "nextToken=0&maxResults=1.5",
                f"nextToken={2**63}&maxResults=10",
                "nextToken=0&maxResults=%D9%A1",
            )
        ),
    ],
)
def test_parameters_that_cannot_be_used(server: Server, path: str, day: str, query: str, code: str) -> None:
    answer = server.ask(path, day, query)
    assert answer.body.decode() == (
        f'{{"requestid":"{answer.request_id}","code":"{code}","message":"{MESSAGES[code]}"}}'
    )
    assert answer.status == "HTTP/1.1 400 Bad Request"


@pytest.mark.parametrize("path", BOTH)
def test_callers_are_admitted_as_by_the_contract(server: Server, path: str) -> None:
    def refused(**properties: Any) -> tuple[int, str]:
        properties = {"scopes": periods.SCOPES, **properties}
        app, _ = server.folder.add_app(properties.pop("corp_id", periods.CORP), **properties)
        return said(server.ask(path, "20250108", token=server.folder.token(app)))

    missing = Call(server.served.address, None, None, path=path.format("20250108"), more_query=WHOLE).answer()
    assert said(missing) == (400, "AuthenticationFailed.MissingParameter")
    assert said(server.ask(path, "20250108", token="0" * 32)) == (400, "InvalidAuthentication")
    assert refused(disabled=True) == (400, "InvalidAuthentication")
    assert refused(allow_list=("192.0.2.0/24",)) == (403, "Forbidden.AccessDenied.IpNotInWhiteList")
    no_scope = (403, "Forbidden.AccessDenied.AccessTokenPermissionDenied")
    assert refused(scopes=()) == refused(type=AppType.THIRD_PARTY_ENTERPRISE) == no_scope
    assert refused(corp_id=None) == (500, "orgId.is.null")
    app, _ = server.folder.add_app(periods.CORP, scopes=periods.SCOPES, rate=1)
    token = server.folder.token(app)
    answers = [server.ask(path, "20250108", token=token) for _ in range(8)]
    assert (403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi") in [
        said(answer) for answer in answers if answer.status != OK
    ]


def test_departments_need_the_scope_of_statistics(server: Server) -> None:
    app, _ = server.folder.add_app(periods.CORP)
    token = server.folder.token(app)
    assert server.ask(ORGANISATION_PATH, "20250108", token=token).status == OK
    answer = server.ask(DEPARTMENTS_PATH, "20250108", token=token)
    assert json.loads(answer.body)["accessdenieddetail"] == {"requiredScopes": ["Statistics.Report.Read"]}


@pytest.mark.whole
def test_no_token_reads_another_organisation(server: Server) -> None:
    server.folder.add_organisation("ding-other")
    app, _ = server.folder.add_app("ding-other", scopes=periods.SCOPES)
    token = server.folder.token(app)
    assert json.loads(server.ask(ORGANISATION_PATH, "20250108", token=token).body) == {}
    assert json.loads(server.ask(DEPARTMENTS_PATH, "20250108", token=token).body)["data"] == []


@pytest.mark.whole
def test_a_store_that_cannot_be_read_is_busy(folder: Folder) -> None:
    add_sample(folder)
    token = folder.token(folder.add_app(CORP, scopes=periods.SCOPES)[0], NOW)
    with serving(folder, clock=lambda: NOW) as served:
        with closing(sqlite3.connect(folder.settings.store)) as store:
            store.execute("drop table kpis")
        for path in BOTH:
            call = Call(served.address, token, None, path=path.format("20210620"), more_query=WHOLE)
            assert said(call.answer()) == (500, "system.busy")


@pytest.mark.whole
def test_reads_are_audited(server: Server) -> None:
    server.ask(DEPARTMENTS_PATH, "20250102")
    server.ask(ORGANISATION_PATH, "20250103")
    audit = Audit(server.folder.settings.audit)
    until(lambda: {"20250102", "20250103"} <= {read.stat_date for read in audit.read()})
