"""Answers as people save them: recorded by browsers, in logs, within answers of other services, with pages missing."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.folders import Folder, run
from tests.support.numbers import ONE, TWO, numbers

URL = "https://oapi.dingtalk.com/topapi/report/list?access_token=x"


def report(number: int) -> dict[str, object]:
    return {"report_id": f"r{number}", "creator_id": f"u{number}", "create_time": 1704412980000}


def own(number: int) -> dict[str, object]:
    """A report as another service writes it."""
    return {"report_id": f"r{number}", "user_id": f"u{number}", "sent_at": "2024-01-05 08:03:00"}


def answer(*numbers: int, **others: object) -> dict[str, object]:
    result = {"data_list": [report(number) for number in numbers], "has_more": False, "size": 20, **others}
    return {"errcode": 0, "result": result}


def entry(body: Mapping[str, object], cursor: int = 0, url: str = URL, *, packed: bool = False) -> dict[str, object]:
    """An exchange as browsers record it."""
    text = json.dumps(body)
    content = {"text": base64.b64encode(text.encode()).decode(), "encoding": "base64"} if packed else {"text": text}
    request = {"method": "POST", "url": url, "postData": {"text": json.dumps({"cursor": cursor, "size": 20})}}
    return {"request": request, "response": {"status": 200, "content": content}}


def recorded(*entries: Mapping[str, object]) -> str:
    return json.dumps({"log": {"version": "1.2", "creator": {"name": "x"}, "entries": entries}})


LOG = "2024-01-05 08:0{}:00.123 INFO [main] c.d.Client - answer: {}\n"
PICTURE = {"request": {"url": "https://a.b/logo.png"}, "response": {"status": 200, "content": {"size": 1}}}

READ: dict[str, str] = {
    "a recording": recorded(PICTURE, entry(answer(1, 2))),
    "a recording in base64": recorded(entry(answer(1, 2), packed=True)),
    "a log": LOG.format(0, json.dumps(answer(1)))
    + LOG.format(1, "nothing to do")
    + LOG.format(2, json.dumps(answer(2))),
    "a log of records": "".join(LOG.format(number, json.dumps(report(number))) for number in (1, 2)),
    "a page of a service": json.dumps({"code": 200, "data": {"records": [report(1), report(2)], "total": 2}}),
    "a list of a service": json.dumps({"code": 200, "data": {"total": 2, "list": [own(1), own(2)]}}),
    "a result of a service": json.dumps({"success": True, "result": [own(1), own(2)]}),
    "pages of a service": json.dumps(
        [
            {"data": {"records": [report(1)], "current": 1, "pages": 2, "total": "2"}},
            {"data": {"records": [report(2)], "current": 2, "pages": 2, "total": "2"}},
        ]
    ),
    "a list of all": json.dumps({"count": 2, "next": None, "previous": None, "results": [report(1), report(2)]}),
    "hits of a search engine": "".join(
        json.dumps({"_index": "reports", "_id": str(number), "_source": report(number)}) + "\n" for number in (1, 2)
    ),
    "a page of a search engine": json.dumps(
        {
            "took": 3,
            "_shards": {"total": 1},
            "hits": {
                "total": {"value": 2, "relation": "eq"},
                "hits": [{"_index": "reports", "_id": str(number), "_source": report(number)} for number in (1, 2)],
            },
        }
    ),
    "a page of an older search engine": json.dumps(
        {"took": 3, "hits": {"total": 2, "hits": [{"_id": str(n), "_source": report(n)} for n in (1, 2)]}}
    ),
    "edges of GraphQL": json.dumps(
        {
            "data": {
                "reports": {
                    "totalCount": 2,
                    "edges": [{"cursor": "x", "node": report(n)} for n in (1, 2)],
                    "pageInfo": {"hasNextPage": False, "endCursor": "x"},
                }
            }
        }
    ),
    "nodes of GraphQL, page by page": "\n".join(
        json.dumps({"data": {"corp": {"reports": {"nodes": [report(n)], "pageInfo": {"hasNextPage": n == 1}}}}})
        for n in (1, 2)
    ),
    "answers by day": json.dumps({"2024-01-05": answer(1), "2024-01-06": answer(2)}),
}
MISSING: dict[str, str] = {
    "a page of a service": json.dumps({"code": 200, "rows": [report(1), report(2)], "total": 45}),
    "a page of a service, further within": json.dumps(
        {"code": 200, "data": {"list": [report(1), report(2)], "total": 45}}
    ),
    "a page of a service with records": json.dumps({"data": {"records": [report(1), report(2)], "total": 45}}),
    "a total that is a text": json.dumps({"data": {"records": [report(1), report(2)], "total": "45"}}),
    "a page of several": json.dumps({"data": {"records": [report(1), report(2)], "current": 1, "pages": 5}}),
    "a page that has a next one": json.dumps({"results": [report(1), report(2)], "next": "https://a.b/?page=2"}),
    "a list that has a next page": json.dumps({"data": {"list": [report(1), report(2)], "hasNext": True}}),
    "a list that has more": json.dumps({"items": [report(1), report(2)], "has_more": True}),
    "a recording without its last page": recorded(entry(answer(1, 2, has_more=True, next_cursor=20))),
    "a page of a search engine": json.dumps(
        {"took": 3, "hits": {"total": {"value": 20}, "hits": [{"_id": "x", "_source": report(n)} for n in (1, 2)]}}
    ),
    "a search that was not counted to its end": json.dumps(
        {"hits": {"total": {"value": 2, "relation": "gte"}, "hits": [{"_source": report(n)} for n in (1, 2)]}}
    ),
    "a page of GraphQL": json.dumps(
        {"data": {"reports": {"edges": [{"node": report(n)} for n in (1, 2)], "pageInfo": {"hasNextPage": True}}}}
    ),
    "a page in between": "\n".join(
        json.dumps(page)
        for page in (
            answer(1, has_more=True, next_cursor=20),
            answer(2, has_more=True, next_cursor=60),
            answer(has_more=False, next_cursor=60),
        )
    ),
}
REFUSED: dict[str, tuple[str, str, str]] = {
    "what Python prints": (str(answer(1)), "line 1: json: is not JSON", "json.dumps"),
    "what is cut off": (json.dumps(answer(1, 2))[:-70], "line 1: json: is not JSON", "ends in the middle"),
    "JavaScript": ("{errcode: 0, result: {data_list: [],},}", "line 1: json: is not JSON", "between double quotes"),
    "headers of HTTP": (
        "HTTP/1.1 200 OK\nServer: x\n\n" + json.dumps(answer(1)),
        "has the headers of HTTP",
        "without -i",
    ),
    "a recording of others": (
        recorded(entry({"errcode": 0}, url="https://oapi.dingtalk.com/topapi/v2/user/get")),
        "line 1: api: .*user/get' tells no reports or comments",
        "save answers of topapi/report/list",
    ),
    "a recording without contents": (
        recorded({"request": {"url": URL}, "response": {"status": 200, "content": {"size": 1}}}),
        "line 1: response: has no body in the recording",
        "with the contents of answers",
    ),
}


@pytest.mark.parametrize("case", READ)
def test_answers_are_read_as_they_were_saved(folder: Folder, tmp_path: Path, case: str) -> None:
    (path := tmp_path / "answers").write_text(READ[case], "utf-8")
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 0, result.output
    assert numbers(folder) == {"20240105": TWO}
    assert "are missing" not in result.output


@pytest.mark.parametrize("case", MISSING)
def test_pages_that_are_missing_are_told(folder: Folder, tmp_path: Path, case: str) -> None:
    (path := tmp_path / "answers").write_text(MISSING[case], "utf-8")
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert "sent facts are missing" in result.output
    assert numbers(folder) == {"20240105": TWO}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_says_what_to_do(folder: Folder, tmp_path: Path, case: str) -> None:
    text, reason, advice = REFUSED[case]
    (path := tmp_path / "answers").write_text(text, "utf-8")
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 1
    assert re.search(f"{reason}(?s:.*){re.escape(advice)}", result.output), result.output
    assert numbers(folder) == {}


def test_records_of_another_organisation_are_not_taken_for_those_of_the_given_one(
    folder: Folder, tmp_path: Path
) -> None:
    listed = [report(1), report(2) | {"corpId": "ding2"}]
    (path := tmp_path / "answers.json").write_text(json.dumps({"errcode": 0, "result": {"data_list": listed}}))
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert "the organisation 'ding2' is not known" in result.output
    assert numbers(folder) == {}


OF_ANOTHER: dict[str, object] = {
    "beside the result": answer(1) | {"corpId": "ding2"},
    "beside the list": answer(1, corp_id="ding2"),
    "around the answer": {"corpId": "ding2", "body": answer(1)},
    "in an exchange": {"corp_id": "ding2", "api": "topapi/report/list", "request": {}, "response": answer(1)},
    "in a request": {"api": "topapi/report/list", "request": {"corpId": "ding2"}, "response": answer(1)},
    "in an answer as text": {"corpId": "ding2", "body": json.dumps(answer(1))},
    "beside the records of a service": {"corpId": "ding2", "data": {"records": [report(1)], "total": 1}},
    "with the records of a service": {"data": {"corpId": "ding2", "records": [report(1)], "total": 1}},
    "where the record has none": answer(1, data_list=[report(1) | {"corpId": None}], corpId="ding2"),
    "with comments": answer(
        1,
        data_list=[report(1) | {"comments": [{"userid": "u9", "create_time": "2024-01-05 19:30:00"}]}],
        corpId="ding2",
    ),
}


@pytest.mark.parametrize("case", OF_ANOTHER)
def test_an_answer_of_another_organisation_is_not_taken_for_one_of_the_given_one(
    folder: Folder, tmp_path: Path, case: str
) -> None:
    (path := tmp_path / "answers.json").write_text(json.dumps(OF_ANOTHER[case]))
    folder.add_organisation("ding1")
    refused = run(folder, "import", path)
    assert "line 1: corp_id: the organisation 'ding2' is not known" in refused.output, refused.output
    assert numbers(folder) == {}
    folder.add_organisation("ding2")
    assert run(folder, "import", path, "--corp", "ding2").exit_code == 0
    (row,) = json.loads(run(folder, "query", "20240105", "--corp", "ding2", "--json").output)
    assert row["4100_DAY"] == 1
    assert json.loads(run(folder, "query", "20240105", "--corp", "ding1", "--json").output) == []


def test_figures_of_another_organisation_are_not_taken_for_those_of_the_given_one(
    folder: Folder, tmp_path: Path
) -> None:
    row = {"stat_date": "20240105", "4100_DAY": 1, "4101_DAY": 1, "4102_DAY": 0}
    folder.add_organisation("ding1")
    for number, content in enumerate(({"corpId": "ding2", "dataList": [row]}, {"corp_id": "ding2", "data": [row]})):
        (path := tmp_path / f"{number}.json").write_text(json.dumps(content))
        assert "'ding2' is not known" in run(folder, "figures", "import", path).output
        path.write_text(path.read_text().replace("ding2", "ding1"))
        assert run(folder, "figures", "import", path).exit_code == 0


def test_comments_in_a_recording_are_of_the_report_that_was_asked_for(folder: Folder, tmp_path: Path) -> None:
    comments = {"errcode": 0, "result": {"comments": [{"userid": "u9", "create_time": "2024-01-05 19:30:00"}]}}
    asked = entry(comments, url="https://oapi.dingtalk.com/topapi/report/comment/list")
    asked["request"] = {"url": "https://oapi.dingtalk.com/topapi/report/comment/list?report_id=r1"}
    (path := tmp_path / "a.har").write_text(recorded(entry(answer(1)), asked))
    folder.add_organisation("ding1")
    run(folder, "import", path)
    assert numbers(folder) == {"20240105": (ONE[0], ONE[1], 1)}


def test_what_another_service_lists_is_told_by_its_own_names(folder: Folder, tmp_path: Path) -> None:
    """Lists of services have the names of DingTalk's."""
    rows = [{"report_id": "r1", "user_id": "u1", "create_time": "2024-01-05 08:03:00"}]
    (path := tmp_path / "page.json").write_text(json.dumps({"code": 0, "data": {"list": rows}}))
    folder.add_organisation("ding1")
    refused = run(folder, "import", path)
    assert "'create_time' may be the time of sent or commented" in refused.output
    assert "say which with --kind sent" in refused.output
    assert run(folder, "import", path, "--kind", "sent").exit_code == 0
    comments = [{"report_id": "r1", "user_id": "u2", "commented_at": "2024-01-05 08:03:00"}]
    path.write_text(json.dumps({"data": {"comments": comments, "total": 1}}))
    assert run(folder, "import", path).exit_code == 0
    path.write_text(json.dumps({"reports": [own(1), own(2)], "comments": comments, "total": 2}))
    assert re.search("read +3", run(folder, "import", path).output)
    path.write_text(json.dumps({"errcode": 0, "result": {"data_list": [report(1) | {"creator_id": None}]}}))
    assert "user_id: is missing" in run(folder, "import", path).output
