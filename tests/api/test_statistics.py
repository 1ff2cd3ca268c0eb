"""Statistics over HTTP: sign-in, scopes, formats, pages, refusals; and the processes that compute them."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft4Validator
from python_calamine import load_workbook

from reportdata.api.explaining_description import CHANGES_QUERIES, EXPLAIN_QUERIES
from reportdata.api.statistics_description import QUERIES
from reportdata.audit import Audit
from reportdata.identity import App
from reportdata.statistics.question import CYCLES, DIMENSIONS, PERIODS
from reportdata.store.standing import standing
from tests.support.calling import Call, import_organisation
from tests.support.examples import tried_with
from tests.support.folders import Folder
from tests.support.services import SERVICE
from tests.support.serving import Serving, serving
from tests.support.views import WORDS, viewed
from tests.support.waiting import SOON

TOTALS, RECORDS = "Statistics.Report.Read", "Statistics.Report.Records"


class Asked(NamedTuple):
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Server(NamedTuple):
    """A server of the sample organisation, and apps with a scope each."""

    served: Serving
    folder: Folder
    corp_id: str
    days: dict[str, Any]
    apps: dict[str, tuple[App, str]]

    def ask(self, query: str, path: str = "/v1/statistics", **headers: str) -> Asked:
        with closing(HTTPConnection(*self.served.address, timeout=SOON)) as connection:
            connection.request("GET", f"{path}?{query}", headers={k.replace("_", "-"): v for k, v in headers.items()})
            found: HTTPResponse = connection.getresponse()
            return Asked(found.status, {k.lower(): v for k, v in found.getheaders()}, found.read())

    def basic(self, scope: str = RECORDS, secret: str | None = None) -> str:
        app, right = self.apps[scope]
        return "Basic " + base64.b64encode(f"{app.app_key}:{secret or right}".encode()).decode()

    def rows(self, **parameters: str) -> list[dict[str, Any]]:
        answer = self.ask(urlencode(parameters), authorization=self.basic())
        assert answer.status == 200, answer.body
        rows: list[dict[str, Any]] = answer.json["data"]
        return rows


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = Folder(tmp_path_factory.mktemp("statistics"))
    with closing(folder.store):
        corp_id, days = import_organisation(folder, "sample")
        folder.add_organisation("another")
        apps = {
            scope: folder.add_app(corp_id, scopes=(scope,)) for scope in (TOTALS, RECORDS, "DataCenter.Report.Read")
        }
        with serving(folder) as served:
            yield Server(served, folder, corp_id, days, apps)


def period(server: Server) -> dict[str, str]:
    return {"from": min(server.days), "to": max(server.days)}


@pytest.mark.whole
def test_by_day_it_is_what_the_contract_and_the_command_say(server: Server) -> None:
    rows = {row["period"].replace("-", ""): row for row in server.rows(by="day", **period(server))}
    words = {"4100_DAY": "reports", "4101_DAY": "senders", "4102_DAY": "commenters"}
    service = {day.stat_day: day for day in _standing(server)}
    token = server.folder.token(server.apps["DataCenter.Report.Read"][0])
    for day, expected in server.days.items():
        said = [{key: rows[day][word] for key, word in words.items()}] if day in rows else []
        assert said == [{key: row[key] for key in words} for row in expected]
        contract = Call(server.served.address, token, day).answer()
        assert [{key: row[key] for key in words} for row in json.loads(contract.body)["dataList"]] == said
        if said:
            assert rows[day]["state"] == service[day].state.value == contract.headers["x-reportdata-state"]
            assert rows[day]["asOf"] == contract.headers.get("x-reportdata-as-of")
    # So does the view of the store.
    assert {
        day.day: (dict(day.values), day.state, day.as_of) for day in viewed(server.folder.store, server.corp_id)
    } == {
        row["period"]: (
            {word: row[word] for word in WORDS},
            row["state"],
            row["asOf"] and int(datetime.fromisoformat(row["asOf"]).timestamp()),
        )
        for row in rows.values()
    }
    # What the lake says, of the same days as of now, is the same.
    moment = server.ask("range=1d", authorization=server.basic()).json["meta"]["asOf"]
    again = server.rows(by="day", asOf=moment, **period(server))
    assert again == list(rows.values())


def _standing(server: Server) -> list[Any]:
    days = period(server)
    return list(standing(server.folder.store, SERVICE, server.corp_id, days["from"], days["to"], time.time()))


def test_ways_to_sign_in(server: Server) -> None:
    query = urlencode({**period(server)})
    app, _ = server.apps[TOTALS]
    token = server.folder.token(app)
    for headers in (
        {"x_acs_dingtalk_access_token": token},
        {"authorization": f"Bearer {token}"},
        {"authorization": server.basic(TOTALS)},
    ):
        assert server.ask(query, **headers).status == 200
    nothing = server.ask(query)
    assert nothing.status == 401
    assert nothing.headers["www-authenticate"].startswith("Basic ")
    assert "www-authenticate" not in server.ask(query, sec_fetch_mode="cors").headers
    assert server.ask(query, authorization="Bearer 0123").json["code"] == "InvalidAuthentication"
    assert server.ask(query, authorization="Basic !").status == 401


def test_guessing_is_slowed(server: Server) -> None:
    app, secret = server.folder.add_app(server.corp_id, scopes=(TOTALS,))
    server.apps["guessed"] = (app, secret)
    answers = [server.ask("range=7d", authorization=server.basic("guessed", "wrong")) for _ in range(7)]
    assert {answer.status for answer in answers} == {401}
    assert "retry-after" in answers[-1].headers
    assert server.ask("range=7d", authorization=server.basic("guessed")).status == 401


def test_scopes(server: Server) -> None:
    query = urlencode({**period(server), "by": "user"})
    contract = server.ask("range=7d", authorization=server.basic("DataCenter.Report.Read"))
    assert contract.status == 403
    assert contract.json["accessdenieddetail"] == {"requiredScopes": [TOTALS, RECORDS]}
    for asked in (query, urlencode({**period(server), "user": "u"})):
        refused = server.ask(asked, authorization=server.basic(TOTALS))
        assert refused.status == 403
        assert refused.json["accessdenieddetail"] == {"requiredScopes": [RECORDS]}
    assert server.ask(query, authorization=server.basic(RECORDS)).status == 200


def test_what_is_not_known_is_refused_with_what_is(server: Server) -> None:
    for query, said in (
        ("form=20260901", "there are from, to, range"),
        ("range=7d&by=colour", "there are day, week"),
        ("range=7d&asOf=2090-01-01T00:00:00Z", "lies ahead"),
        ("from=20000101&to=20210101", "at most"),
    ):
        answer = server.ask(query, authorization=server.basic())
        assert (answer.status, answer.json["code"]) == (400, "InvalidParameter"), answer.body
        assert said in answer.json["message"]
    assert server.ask("x=1", "/v1/statistics/coverage", authorization=server.basic()).status == 400


def test_nothing_there_is_an_empty_answer_with_the_reason(server: Server) -> None:
    answer = server.ask("from=20000101&to=20000131&by=day", authorization=server.basic()).json
    assert answer["data"] == []
    assert "nothing is known of it" in answer["meta"]["emptyReason"]


def test_pages_fit_together(server: Server) -> None:
    query = urlencode({**period(server), "by": "day,department", "pageSize": "7"})
    whole = server.rows(by="day,department", **period(server))
    rows, pages, moments = [], 0, set()
    while query:
        answer = server.ask(query, authorization=server.basic())
        rows += answer.json["data"]
        moments.add(answer.json["meta"]["asOf"])
        following = answer.json["meta"]["nextPage"]
        assert answer.headers.get("link") == (f'<{following}>; rel="next"' if following else None)
        query, pages = (following or "").partition("?")[2], pages + 1
    assert rows == whole
    assert pages == -(-len(whole) // 7) > 1
    assert len(moments) == 1


def test_files_have_all_rows_and_the_right_types(server: Server, tmp_path: Path) -> None:
    parameters = {**period(server), "by": "week,department", "pageSize": "1"}
    expected = server.rows(by="week,department", **period(server))
    files = {
        name: server.ask(urlencode({**parameters, "format": name}), authorization=server.basic())
        for name in ("csv", "xlsx", "parquet")
    }
    for answer in files.values():
        assert answer.status == 200, answer.body
        assert "attachment" in answer.headers["content-disposition"]
    text = files["csv"].body.decode()
    assert text.startswith("\ufeffperiod,")
    assert text.endswith("\r\n")
    lines = list(csv.DictReader(io.StringIO(text[1:])))
    assert [int(line["reports"]) for line in lines] == [row["reports"] for row in expected]
    assert [line["department"] for line in lines] == [row["department"] for row in expected]
    plain = server.ask(urlencode({**parameters, "format": "csv", "bom": "0"}), authorization=server.basic())
    assert plain.body == files["csv"].body[3:]

    path = tmp_path / "a.xlsx"
    path.write_bytes(files["xlsx"].body)
    book = load_workbook(path)
    assert book.sheet_names == ["statistics", "meta"]
    sheet = book.get_sheet_by_index(0).to_python()
    names = list(expected[0])
    assert sheet[0] == names
    assert [row[names.index("reports")] for row in sheet[1:]] == [row["reports"] for row in expected]
    assert [str(row[names.index("periodStart")]) for row in sheet[1:]] == [r["periodStart"] for r in expected]
    inside = zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in inside
    assert 'state="frozen"' in inside

    path = tmp_path / "a.parquet"
    path.write_bytes(files["parquet"].body)
    with closing(duckdb.connect()) as connection:
        found = connection.execute(f"select reports, department, \"periodStart\" from '{path}'").fetchall()
        said = dict(
            connection.execute(f"select decode(key), decode(value) from parquet_kv_metadata('{path}')").fetchall()
        )
    assert [(a, b, c.isoformat()) for a, b, c in found] == [
        (row["reports"], row["department"], row["periodStart"]) for row in expected
    ]
    assert json.loads(said["meta"])["totalRows"] == len(expected)
    assert said["timeZone"] == "Asia/Shanghai"


def test_coverage(server: Server) -> None:
    answer = server.ask("", "/v1/statistics/coverage", authorization=server.basic(TOTALS))
    assert answer.status == 200
    covered = [day for day, rows in server.days.items() if rows]
    found = answer.json
    assert found["meta"]["coveredDays"] == sum(piece["days"] for piece in found["data"])
    assert found["data"][0]["from"].replace("-", "") == min(covered)
    assert found["data"][-1]["to"].replace("-", "") == max(covered) == found["meta"]["newestDay"].replace("-", "")


def test_examples_of_the_description_are_answered_as_described(server: Server) -> None:
    document = server.ask("", "/openapi.json").json
    for path, queries in (("", QUERIES), ("/changes", CHANGES_QUERIES), ("/explain", EXPLAIN_QUERIES)):
        operation = document["paths"][f"/v1/statistics{path}"]["get"]
        schema = _draft4(operation["responses"]["200"]["content"]["application/json"]["schema"])
        for query in queries:
            assert query in operation["description"]
            answer = server.ask(_quoted(query), f"/v1/statistics{path}", authorization=server.basic())
            assert answer.status == 200, (query, answer.body)
            if "format=csv" not in query:
                Draft4Validator(schema).validate(answer.json)
                totals = server.ask(_quoted(query), f"/v1/statistics{path}", authorization=server.basic(TOTALS))
                Draft4Validator(schema).validate(totals.json)
    coverage = document["paths"]["/v1/statistics/coverage"]["get"]["responses"]["200"]["content"]["application/json"]
    found = server.ask("", "/v1/statistics/coverage", authorization=server.basic()).json
    Draft4Validator(_draft4(coverage["schema"])).validate(found)


def _quoted(query: str) -> str:
    return quote(query, safe="=&,-%")


def _draft4(schema: Any) -> Any:
    """A schema of OpenAPI 3.0 as JSON Schema has it."""
    if isinstance(schema, list):
        return [_draft4(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _draft4(value) for key, value in schema.items() if key != "nullable"}
    if schema.get("nullable"):
        found["type"] = [found["type"], "null"]
    return found


@pytest.mark.whole
def test_each_day_is_explained_by_its_records_and_its_last_change(server: Server) -> None:
    day, expected = next((day, rows[0]) for day, rows in server.days.items() if rows and rows[0]["4102_DAY"] > 1)
    changes = server.ask("since=2021-01-01", "/v1/statistics/changes", authorization=server.basic(TOTALS)).json
    place = changes["meta"]["nextSince"]
    file = server.ask(f"since={place}&format=csv", "/v1/statistics/changes", authorization=server.basic(TOTALS))
    assert (file.headers["x-reportdata-next-since"], file.body.count(b"\n")) == (place, 1)
    for key, word, item in (("4100", "reports", "report"), ("4101", "senders", "user"), ("4102", "commenters", "user")):
        rows, query, pages = [], f"metric={word}&day={day}&pageSize=2", 0
        while query:
            answer = server.ask(query, "/v1/statistics/explain", authorization=server.basic()).json
            rows += answer["data"]
            if not pages:
                assert answer["meta"]["value"] == answer["meta"]["counted"] == expected[f"{key}_DAY"]
                last = answer["meta"]["history"][-1]
                own = [c for c in changes["data"] if c["day"].replace("-", "") == day and c["metric"] == word]
                assert [last] == [{name: c[name] for name in ("when", "was", "is", "cause")} for c in own[-1:]]
                assert last["is"] == answer["meta"]["value"]
                assert last["cause"].startswith("import ")
            query, pages = (answer["meta"]["nextPage"] or "").partition("?")[2], pages + 1
        assert len({row["item"] for row in rows}) == expected[f"{key}_DAY"]
        assert all(row["item"] == row[item] for row in rows)
        assert len(rows) == answer["meta"]["totalRows"]
        assert pages == max(1, -(-len(rows) // 2))


def test_what_cannot_be_explained_is_refused_with_what_can(server: Server) -> None:
    for path, query, said in (
        ("changes", "", "no moment is given"),
        ("changes", "since=yesterday", "is no moment"),
        ("changes", "since=2090-01-01", "lies ahead"),
        ("changes", "since=c1.00000000", "is a place in another store"),
        ("changes", "since=2021-01-01&upTo=2021-02-01", "is not the nextSince of an answer"),
        ("changes", "since=2021-01-01&metric=reports", "there are since, from, to"),
        ("explain", "day=20210601", "one of reports, senders, commenters"),
        ("explain", "metric=reports", "no range is given"),
        ("explain", "metric=reports&day=20210601&by=day", "there are metric, day"),
        ("explain", "metric=reports&day=20210601&range=7d", "give one of them"),
        ("explain", "metric=reports&day=20210601&than=x", "is no parameters"),
        ("explain", "metric=reports&day=20210601&than=by%3Dday", "there are day, from"),
        ("explain", "metric=reports&day=20210601&lang=fr", "there are en, zh"),
    ):
        answer = server.ask(query, f"/v1/statistics/{path}", authorization=server.basic())
        assert (answer.status, answer.json["code"]) == (400, "InvalidParameter"), (query, answer.body)
        assert said in answer.json["message"], answer.json


def test_reads_are_audited(server: Server) -> None:
    server.ask("from=20210601&to=20210607&by=user", authorization=server.basic())
    server.ask("range=7d", authorization=server.basic())
    server.ask("since=20210601", "/v1/statistics/changes", authorization=server.basic())
    for scope in (TOTALS, RECORDS):
        server.ask("day=20210603&metric=reports", "/v1/statistics/explain", authorization=server.basic(scope))
    deadline = threading.Event()
    for _ in range(int(SOON * 10)):
        said = {read.stat_date for read in Audit(server.folder.settings.audit).read() if read.corp_id == server.corp_id}
        if {
            "20210601-20210607 by user",
            "7d",
            "changes since 20210601",
            "20210603-20210603 explained",
            "20210603-20210603 explained by user",
        } <= said:
            return
        deadline.wait(0.1)
    pytest.fail("the audit does not tell")


@tried_with(6, 150)
def test_no_question_tells_more_than_the_scope_and_nothing_of_another_organisation(
    server: Server, examples: int
) -> None:
    server.apps["another"] = server.folder.add_app("another", scopes=(RECORDS,))
    users = {row["user"] for row in server.rows(by="user", **period(server))}
    names = sorted(users)[:2]
    groupings = st.lists(st.sampled_from((*CYCLES, *DIMENSIONS)), unique=True, max_size=2)
    words = st.fixed_dictionaries(
        {"by": st.tuples(st.sampled_from(PERIODS), groupings).map(lambda by: ",".join([by[0], *by[1]]))},
        optional={
            "user": st.sampled_from(names),
            "department": st.sampled_from(("研发部", "")),
            "departments": st.sampled_from(("now", "then")),
            "asOf": st.just(datetime.now(UTC).isoformat()),
            "format": st.sampled_from(("json", "csv")),
        },
    )

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(words)
    def check(asked: dict[str, str]) -> None:
        query = urlencode({**period(server), **asked})
        totals, records, another = (
            server.ask(query, authorization=server.basic(app)) for app in (TOTALS, RECORDS, "another")
        )
        names_users = "user" in asked or "user" in asked["by"].split(",")
        assert (totals.status, records.status, another.status) == (403 if names_users else 200, 200, 200)
        assert not any(re.search(rf"\b{re.escape(user)}\b", totals.body.decode()) for user in users)
        if asked.get("format") == "csv":
            assert len(another.body.decode().splitlines()) == 1
        else:
            assert another.json["data"] == []

    check()


@pytest.mark.whole
@tried_with(4, 150)
def test_no_explanation_tells_more_than_the_scope_and_nothing_of_another_organisation(
    server: Server, examples: int
) -> None:
    server.apps["another"] = server.folder.add_app("another", scopes=(RECORDS,))
    users = {row["user"] for row in server.rows(by="user", **period(server))}
    days = st.sampled_from(sorted(server.days))
    filters = {
        "user": st.sampled_from(sorted(users)[:2]),
        "department": st.sampled_from(("研发部", "")),
        "departments": st.sampled_from(("now", "then")),
        "asOf": st.just(datetime.now(UTC).isoformat()),
    }
    cell = st.fixed_dictionaries({"day": days}, optional=filters)
    explained = st.builds(
        lambda metric, one, other, more: {"metric": metric, **one, **more, **other},
        st.sampled_from(("reports", "senders", "commenters")),
        cell,
        st.just({}) | cell.map(lambda other: {"than": urlencode(other)}),
        st.fixed_dictionaries(
            {}, optional={"lang": st.sampled_from(("en", "zh")), "format": st.sampled_from(("json", "csv"))}
        ),
    )
    changes = st.fixed_dictionaries(
        {"since": st.just("2021-01-01")}, optional={"from": days, "format": st.sampled_from(("json", "csv"))}
    )

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(explained.map(lambda asked: ("explain", asked)), changes.map(lambda asked: ("changes", asked))))
    def check(asked: tuple[str, dict[str, str]]) -> None:
        path, words = asked
        totals, records, another = (
            server.ask(urlencode(words), f"/v1/statistics/{path}", authorization=server.basic(app))
            for app in (TOTALS, RECORDS, "another")
        )
        names_users = "user" in words or "user=" in words.get("than", "")
        assert (totals.status, records.status, another.status) == (403 if names_users else 200, 200, 200), records.body
        for user in users:
            assert not re.search(rf"\b{re.escape(user)}\b", totals.body.decode())
            own_words = (words.get("user"), dict(parse_qsl(words.get("than", ""))).get("user"))
            assert user in own_words or user not in another.body.decode()
        if words.get("format") == "csv":
            assert len(another.body.decode().splitlines()) == 1
        else:
            assert another.json["data"] == []
            assert another.json["meta"].get("value") is None
            assert another.json["meta"].get("history", []) == []

    check()
