"""Statistics over HTTP: what is answered, in pages and files, and who may ask."""

from __future__ import annotations

import csv
import io
import json
import threading
import time
import zipfile
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
import pytest
from python_calamine import load_workbook

from reportdata.audit import Audit
from reportdata.store.standing import standing
from tests.support.asked import RECORDS, TOTALS, Asked
from tests.support.calling import Call
from tests.support.services import SERVICE
from tests.support.views import WORDS, viewed
from tests.support.waiting import SOON


@pytest.mark.whole
def test_by_day_it_is_what_the_contract_and_the_command_say(server: Asked) -> None:
    rows = {row["period"].replace("-", ""): row for row in server.rows(by="day", **server.period)}
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
    again = server.rows(by="day", asOf=moment, **server.period)
    assert again == list(rows.values())


def _standing(server: Asked) -> list[Any]:
    days = server.period
    return list(standing(server.folder.store, SERVICE, server.corp_id, days["from"], days["to"], time.time()))


def test_ways_to_sign_in(server: Asked) -> None:
    query = urlencode({**server.period})
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


def test_guessing_is_slowed(server: Asked) -> None:
    app, secret = server.folder.add_app(server.corp_id, scopes=(TOTALS,))
    server.apps["guessed"] = (app, secret)
    answers = [server.ask("range=7d", authorization=server.basic("guessed", "wrong")) for _ in range(7)]
    assert {answer.status for answer in answers} == {401}
    assert "retry-after" in answers[-1].headers
    assert server.ask("range=7d", authorization=server.basic("guessed")).status == 401


def test_scopes(server: Asked) -> None:
    query = urlencode({**server.period, "by": "user"})
    contract = server.ask("range=7d", authorization=server.basic("DataCenter.Report.Read"))
    assert contract.status == 403
    assert contract.json["accessdenieddetail"] == {"requiredScopes": [TOTALS, RECORDS]}
    for asked in (query, urlencode({**server.period, "user": "u"})):
        refused = server.ask(asked, authorization=server.basic(TOTALS))
        assert refused.status == 403
        assert refused.json["accessdenieddetail"] == {"requiredScopes": [RECORDS]}
    assert server.ask(query, authorization=server.basic(RECORDS)).status == 200


def test_what_is_not_known_is_refused_with_what_is(server: Asked) -> None:
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


def test_nothing_there_is_an_empty_answer_with_the_reason(server: Asked) -> None:
    answer = server.ask("from=20000101&to=20000131&by=day", authorization=server.basic()).json
    assert answer["data"] == []
    assert "nothing is known of it" in answer["meta"]["emptyReason"]


@pytest.mark.whole
def test_pages_fit_together(server: Asked) -> None:
    query = urlencode({**server.period, "by": "day,department", "pageSize": "7"})
    whole = server.rows(by="day,department", **server.period)
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


def test_a_sheet_speaks_the_language_that_is_asked_for(server: Asked, tmp_path: Path) -> None:
    def sheet(query: dict[str, str], path: str = "/v1/statistics") -> list[list[Any]]:
        answer = server.ask(urlencode(query | {"format": "xlsx"}), path=path, authorization=server.basic())
        assert answer.status == 200, answer.body
        (tmp_path / "a.xlsx").write_bytes(answer.body)
        return load_workbook(tmp_path / "a.xlsx").get_sheet_by_index(0).to_python()

    parameters = {**server.period, "by": "week,department"}
    english, chinese = sheet(parameters | {"lang": "en"}), sheet(parameters | {"lang": "zh"})
    assert sheet(parameters) == english
    assert not any(str(heading).isascii() for heading in chinese[0])
    assert {"发送日志数", "部门"} <= set(chinese[0])
    place = english[0].index("state")
    assert [row[:place] for row in chinese[1:]] == [row[:place] for row in english[1:]]
    assert not any(row[place].isascii() for row in chinese[1:])
    day = {"metric": "reports", "from": server.period["from"], "lang": "zh"}
    assert {"时间", "用户"} & set(sheet(day, "/v1/statistics/explain")[0])


def test_files_have_all_rows_and_the_right_types(server: Asked, tmp_path: Path) -> None:
    parameters = {**server.period, "by": "week,department", "pageSize": "1"}
    expected = server.rows(by="week,department", **server.period)
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


def test_coverage(server: Asked) -> None:
    answer = server.ask("", "/v1/statistics/coverage", authorization=server.basic(TOTALS))
    assert answer.status == 200
    covered = [day for day, rows in server.days.items() if rows]
    found = answer.json
    assert found["meta"]["coveredDays"] == sum(piece["days"] for piece in found["data"])
    assert found["data"][0]["from"].replace("-", "") == min(covered)
    assert found["data"][-1]["to"].replace("-", "") == max(covered) == found["meta"]["newestDay"].replace("-", "")


@pytest.mark.whole
def test_reads_are_audited(server: Asked) -> None:
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
