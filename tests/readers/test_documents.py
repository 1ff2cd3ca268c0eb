"""JSON and answers of APIs in every form in which programs save them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportdata.readers.documents import read_objects
from reportdata.readers.jsonl import read_jsonl
from tests.support.effort import examples
from tests.support.services import KINDS

RECORDS = [
    {"report_id": "r1", "user_id": "u1", "sent_at": "2024-01-05 08:00:00"},
    {"report_id": "r2", "user_id": "u2", "sent_at": "2024-01-05 09:00:00", "departments": ["研发}", "[测试"]},
]
REPORT = {"report_id": "r1", "creator_id": "u1", "create_time": 1704412980000, "template_name": "日报", "contents": []}
COMMENT = {"userid": "u9", "create_time": "2024-01-05 15:19:54", "content": "好"}
LIST = {"errcode": 0, "result": {"data_list": [REPORT], "has_more": False}}
COMMENTS = {"errcode": 0, "result": {"comments": [COMMENT], "has_more": False}}
CAMEL = {
    "body": json.dumps(LIST),
    "errcode": 0,
    "result": {"dataList": [{"reportId": "r1", "creatorId": "u1", "createTime": 1704412980000}], "hasMore": False},
}


def _written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


@settings(deadline=None, max_examples=examples(60))
@given(
    st.lists(
        st.dictionaries(st.text(max_size=4), st.one_of(st.text(max_size=6), st.integers(), st.none())), max_size=5
    ),
    st.sampled_from([None, 2]),
    st.sampled_from(["\n", "\r\n", "", " ", "\n\n"]),
    st.booleans(),
)
def test_objects_are_read_however_they_stand(
    tmp_path_factory: pytest.TempPathFactory,
    objects: list[dict[str, Any]],
    indent: int | None,
    between: str,
    array: bool,
) -> None:
    texts = [json.dumps(found, ensure_ascii=False, indent=indent) for found in objects]
    text = json.dumps(objects, indent=indent) if array else between.join(texts)
    path = _written(tmp_path_factory.mktemp("json") / "a.json", text)
    assert [found.content for found in read_objects(path)] == objects


@pytest.mark.parametrize(
    "answer",
    [
        LIST,
        CAMEL,
        {"api": "topapi/report/list", "request": {}, "response": LIST},
        {"api": "https://oapi.dingtalk.com/topapi/report/list?access_token=x", "request": {}, "response": LIST},
        {"api": "POST /topapi/report/list", "request": {}, "response": json.dumps(LIST)},
        {"api": "dingtalk.oapi.report.list", "request": {}, "response": LIST},
        {"reports": [{"reportId": "r1", "creatorUserId": "u1", "createTime": 1704412980000}], "count": 1},
        {"errcode": 0, "result": [REPORT]},
        {"errcode": "0", "result": {"data_list": [REPORT]}, "success": True},
        {"reportId": "r1", "creatorUserId": "u1", "createTime": 1704412980000, "templateName": "日报"},
    ],
)
def test_a_report_is_the_same_in_every_form(tmp_path: Path, answer: dict[str, Any]) -> None:
    (line,) = read_jsonl(_written(tmp_path / "a.json", json.dumps(answer, indent=1)), KINDS)
    assert line.error is None
    assert line.columns is not None
    columns = line.columns
    cells = [line.record[name] for name in (columns.fields["report_id"], columns.fields["user_id"], columns.at)]
    assert cells == ["r1", "u1", 1704412980000]


@pytest.mark.parametrize("name", ["comments", "commentList"])
@pytest.mark.parametrize("time", ["2024-01-05 15:19:54", "2024-01-05T07:19:54Z", "Jan 5, 2024 3:19:54 PM"])
def test_comments_need_their_request_and_their_times_are_beijings(tmp_path: Path, name: str, time: str) -> None:
    answer = {"errcode": 0, "result": {name: [{**COMMENT, "create_time": time}], "has_more": False}}
    exchange = {"api": "topapi/report/comment/list", "request": {"report_id": "r1"}, "response": answer}
    (line,) = read_jsonl(_written(tmp_path / "a.json", json.dumps(exchange)), KINDS)
    assert line.error is None
    assert line.record["report_id"] == "r1"
    assert line.record["commented_at"] == datetime(2024, 1, 5, 7, 19, 54, tzinfo=UTC)
    (line,) = read_jsonl(_written(tmp_path / "b.json", json.dumps(answer)), KINDS)
    assert "does not say on which report" in str(line.error)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"errcode": 0, "errmsg": "ok"}, "result: is missing"),
        ({"errcode": 0, "result": {}}, "has none of the known lists"),
        ({"errcode": 88, "errmsg": "ding talk error"}, "is an error (errcode 88, errmsg ding talk error)"),
        ({"success": False, "result": {"data_list": []}}, "is an error"),
        ({"result": [{"日期": "2024-01-05", "发送人": "张一"}]}, "is a list of objects without ids ('日期', '发送人')"),
        ({"api": "topapi/report/listing", "request": {}, "response": LIST}, "'topapi/report/listing' is not known"),
        ({"api": "", "request": {}, "response": LIST}, "api: is missing"),
    ],
)
def test_an_answer_of_which_nothing_is_understood_is_refused(tmp_path: Path, content: object, reason: str) -> None:
    (line,) = read_jsonl(_written(tmp_path / "a.json", json.dumps(content, ensure_ascii=False)), KINDS)
    assert line.error is not None
    assert reason in str(line.error)


@pytest.mark.parametrize(
    "answer",
    [
        {"errcode": 0, "result": {"data_list": [], "has_more": False, "size": 0}},
        {"errcode": 0, "result": {"data_list": None, "has_more": False}},
        {"errcode": 0, "result": []},
    ],
)
def test_an_answer_that_says_that_there_is_nothing_is_fine(tmp_path: Path, answer: dict[str, Any]) -> None:
    assert list(read_jsonl(_written(tmp_path / "a.json", json.dumps(answer)), KINDS)) == []


def test_answers_of_other_apis_are_passed_over_beside_others_and_refused_alone(tmp_path: Path) -> None:
    other = {"api": "topapi/report/template/listbyuserid", "request": {}, "response": {"errcode": 0}}
    empty = {"errcode": 0, "result": {"data_list": [], "has_more": False, "size": 0}}
    both = json.dumps(other) + json.dumps(empty)
    assert list(read_jsonl(_written(tmp_path / "a.json", both), KINDS)) == []
    (line,) = read_jsonl(_written(tmp_path / "b.json", json.dumps(other)), KINDS)
    assert "'topapi/report/template/listbyuserid' tells no reports or comments" in str(line.error)


def test_a_line_that_is_no_json_spoils_no_other(tmp_path: Path) -> None:
    good = [json.dumps(record, ensure_ascii=False) for record in RECORDS]
    text = "\n".join([good[0], '{"report_id": ', good[1], "nonsense", good[0] + ","])
    found = [(line.number, line.error is None) for line in read_jsonl(_written(tmp_path / "a.jsonl", text), KINDS)]
    assert (1, True) in found
    assert (4, False) in found


SENT = {"report_id": "r1", "user_id": "u1", "sent_at": "2024-01-05 08:00:00"}


@pytest.mark.parametrize(
    "content",
    [
        {"headers": {}, "statusCode": 200, "body": LIST},
        {"statusCode": 200, "body": json.dumps(LIST)},
        {"code": 0, "message": "ok", "data": LIST},
        {"api": "topapi/report/list", "request": {"cursor": 0}, "response": {"statusCode": 200, "body": LIST}},
        {"RECORDS": [SENT]},
        {"total": 1, "rows": [SENT]},
        {"code": 0, "data": [SENT]},
        {**SENT, "result": "ok", "errcode": 0},
        {**SENT, "comments": []},
    ],
)
def test_one_record_is_read_however_it_is_wrapped(tmp_path: Path, content: object) -> None:
    (line,) = read_jsonl(_written(tmp_path / "in.jsonl", json.dumps(content)), KINDS)
    assert line.error is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"code": "Forbidden.AccessDenied", "requestid": "X", "message": "denied"}, "Forbidden.AccessDenied"),
        ({"api": "topapi/report/list", "request": {}, "response": {"success": "false"}}, "success false"),
        ({"error_response": {"code": 15, "msg": "Remote service error"}}, "code 15"),
    ],
)
def test_an_error_answer_of_any_gateway_is_told_as_one(tmp_path: Path, content: object, reason: str) -> None:
    (line,) = read_jsonl(_written(tmp_path / "in.jsonl", json.dumps(content)), KINDS)
    assert line.error is not None
    assert "is an error" in line.error.reason
    assert reason in line.error.reason


def test_an_answer_without_its_request_makes_good_for_no_error(tmp_path: Path) -> None:
    text = json.dumps({"errcode": -1, "errmsg": "busy"}) + "\n" + json.dumps(LIST)
    found = read_jsonl(_written(tmp_path / "in.jsonl", text), KINDS)
    assert [line.error is None for line in found] == [False, True]
