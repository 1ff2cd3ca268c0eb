"""Business tools ask in their own shapes, byte by byte as they send them, and are answered as they need.

The shapes are those of the tools' documents and sources: Power Query's `Web.Contents`, Grafana Infinity's back end
(Go's client), and Quick BI's API data source (a Java client that waits to be asked for its key).
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from http.client import HTTPResponse
from socket import create_connection, socket
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.support.asked import TOTALS, Answer, Asked, asked
from tests.support.waiting import SOON

pytestmark = pytest.mark.whole  # a server and the processes that count for it

POWER_QUERY = {
    "Cache-Control": "no-cache, no-store",
    "User-Agent": "Microsoft.Data.Mashup (https://go.microsoft.com/fwlink/?LinkID=304225)",
    "Accept-Encoding": "gzip, deflate",
    "Host": "reports.example",
    "Connection": "Keep-Alive",
}
EXCEL_OPENS = {  # Excel, asked to open an address as a workbook
    "User-Agent": "Microsoft Office Excel 2014",
    "X-Office-Major-Version": "16",
    "X-MS-CookieUri-Requested": "t",
    "X-FeatureVersion": "1",
    "X-MSGETWEBURL": "t",
    "Host": "reports.example",
    "Connection": "Keep-Alive",
}
INFINITY = {
    "Host": "reports.example",
    "User-Agent": "Go-http-client/1.1",
    "Accept": "application/json;q=0.9,text/plain",
    "Traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "Accept-Encoding": "gzip",
}
QUICK_BI = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "Host": "reports.example",
    "Connection": "Keep-Alive",
    "User-Agent": "Apache-HttpClient/4.5.13 (Java/1.8.0_312)",
    "Accept-Encoding": "gzip,deflate",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with asked(tmp_path_factory.mktemp("tools"), answering=0) as found:
        yield found


def basic(place: Asked) -> dict[str, str]:
    return {"Authorization": place.basic(TOTALS)}


def span(place: Asked) -> dict[str, str]:
    return {name: date.fromisoformat(day).isoformat() for name, day in place.period.items()}


def connected(place: Asked) -> socket:
    return create_connection(place.served.address, timeout=SOON)


def sent(line: socket, target: str, headers: dict[str, str], method: str = "GET", body: bytes = b"") -> Answer:
    """The answer to a request with exactly these headers, on a connection that is kept."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    line.sendall(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + body)
    with closing(HTTPResponse(line, method=method)) as answer:
        answer.begin()
        return Answer.of(answer)


def plain(answer: Answer) -> bool:
    """Whether an answer came as it is, with its length: what every client reads."""
    return "content-encoding" not in answer.headers and int(answer.headers["content-length"]) == len(answer.body)


def test_power_query_signs_in_when_it_is_told_to_and_follows_the_pages(place: Asked) -> None:
    query = urlencode({**span(place), "by": "day,department", "pageSize": "20"}, quote_via=quote)
    assert "by=day%2Cdepartment" in query
    with connected(place) as line:
        first = sent(line, f"/v1/statistics?{query}", POWER_QUERY)
        assert first.status == 401, "it asks without a key first, and asks its user for one after 401"
        assert re.fullmatch(r'Basic realm="[^"]+".*', first.headers["www-authenticate"])
        rows: list[dict[str, Any]] = []
        following: str | None = f"/v1/statistics?{query}"
        pages = 0
        while following is not None:  # `RelativePath` takes the path with its query
            page = sent(line, following, POWER_QUERY | basic(place))
            assert (page.status, plain(page)) == (200, True)
            assert page.headers["content-type"].startswith("application/json")
            rows += page.json["data"]
            following, pages = page.json["meta"]["nextPage"], pages + 1
            assert following is None or following.startswith("/v1/statistics?")
        assert page.json["meta"]["totalRows"] == len(rows)
        # Or by number, with `Query`, of the days and the moment of the first page.
        said = page.json["meta"]
        fixed = {"by": "day,department", "pageSize": "20", **{name: said[name] for name in ("from", "to", "asOf")}}
        numbered = []
        for number in range(1, pages + 1):
            query_ = urlencode({**fixed, "page": str(number)}, quote_via=quote)
            assert "%2B" in query_, "the plus of a moment's zone is escaped"
            numbered += sent(line, f"/v1/statistics?{query_}", POWER_QUERY | basic(place)).json["data"]
        assert numbered == rows
        assert pages == -(-len(rows) // 20) > 1
        flat = {str, int, type(None)}
        assert {type(cell) for row in rows for cell in row.values()} <= flat, "records expand to columns of one table"
        assert len({tuple(row) for row in rows}) == 1
        whole = sent(line, f"/v1/statistics?{query}&format=csv", POWER_QUERY | basic(place))
        assert whole.headers["content-type"] == "text/csv; charset=utf-8"
        found = list(csv.DictReader(io.StringIO(whole.body.decode("utf-8-sig"))))
        assert [row["department"] for row in found] == [row["department"] for row in rows]
        assert any(not row["department"].isascii() for row in found)


def test_power_query_tells_a_wrong_key_from_a_wrong_question(place: Asked) -> None:
    """401 makes it ask for a key again; anything else is shown to its user."""
    with connected(place) as line:
        wrong = {"Authorization": place.basic(TOTALS, "no")}
        assert sent(line, "/v1/statistics?range=7d", POWER_QUERY | wrong).status == 401
        refused = sent(line, "/v1/statistics?range=7d&by=colour", POWER_QUERY | basic(place))
        assert refused.status == 400
        assert "there are day, week" in refused.json["message"]


def test_excel_that_opens_an_address_finds_a_workbook(place: Asked) -> None:
    target = f"/v1/statistics?{urlencode({**span(place), 'by': 'day', 'format': 'xlsx'})}"
    with connected(place) as line:
        assert sent(line, target, EXCEL_OPENS, "OPTIONS").status == 200
        asked = sent(line, target, EXCEL_OPENS, "HEAD")
        assert (asked.status, asked.body) == (401, b"")
        assert "www-authenticate" in asked.headers
        there = sent(line, target, EXCEL_OPENS | basic(place), "HEAD")
        assert (there.status, there.body) == (200, b"")
        book = sent(line, target, EXCEL_OPENS | basic(place))
        assert book.headers["content-type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        assert book.headers["content-disposition"] == 'attachment; filename="statistics.xlsx"'
        assert book.body.startswith(b"PK")


def test_infinity_reads_rows_under_data_of_the_range_of_a_dashboard(place: Asked) -> None:
    """Its back end sorts parameters; ``${__from:date:YYYY-MM-DD}`` and ``${__to:date:YYYY-MM-DD}`` are days."""
    with connected(place) as line:
        check = sent(line, "/v1/statistics/coverage", INFINITY | basic(place))
        assert (check.status, bool(check.json["data"])) == (200, True)
        query = urlencode(sorted({**span(place), "by": "day"}.items()))
        answer = sent(line, f"/v1/statistics?{query}", INFINITY | basic(place))
        assert (answer.status, plain(answer)) == (200, True)
        assert answer.headers["content-type"].startswith("application/json")
        rows = answer.json["data"]
        days = [date.fromisoformat(row["periodStart"]) for row in rows]
        assert days == sorted(days)
        assert {type(row[word]) for row in rows for word in ("reports", "senders", "commenters")} == {int}
        lists = []
        for page in (1, 2, 3):  # it pages by number up to a limit, and joins what comes
            query = urlencode(sorted({**span(place), "by": "day", "page": str(page), "pageSize": "10"}.items()))
            lists.append(sent(line, f"/v1/statistics?{query}", INFINITY | basic(place)).json["data"])
        assert ([row for page_rows in lists for row in page_rows], lists[2]) == (rows, [])


def test_infinity_reads_csv_without_a_mark(place: Asked) -> None:
    headers = INFINITY | {"Accept": "text/csv; charset=utf-8"} | basic(place)
    with connected(place) as line:
        query = urlencode(sorted({**span(place), "bom": "0", "by": "day", "format": "csv"}.items()))
        answer = sent(line, f"/v1/statistics?{query}", headers)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert not answer.body.startswith(codecs.BOM_UTF8), "Go takes it for a part of the first heading"
        found = list(csv.DictReader(io.StringIO(answer.body.decode())))
        assert [row["period"] for row in found] == [row["periodStart"] for row in found]
        assert answer.body.decode().startswith("period,periodStart,")


def test_quick_bi_counts_pages_and_waits_to_be_asked_for_its_key(place: Asked) -> None:
    with connected(place) as line:
        rows = []
        for page in range(1, 100):  # ${PageIndex}, from 1 until a page is empty
            query = urlencode({"by": "day", **span(place), "pageSize": "5", "page": str(page)})
            asked = sent(line, f"/v1/statistics?{query}", QUICK_BI)
            assert asked.status == 401, "a Java client sends the key after it was asked for"
            assert asked.headers["www-authenticate"].startswith("Basic ")
            answer = sent(line, f"/v1/statistics?{query}", QUICK_BI | basic(place))
            assert (answer.status, plain(answer)) == (200, True)
            assert len(answer.json["data"]) <= 5
            if not answer.json["data"]:
                break
            rows += answer.json["data"]
        assert "beyond the last row" in answer.json["meta"]["emptyReason"]
        assert answer.json["meta"]["totalRows"] == len(rows) == len({row["period"] for row in rows}) > 5
        named = urlencode({"by": "department", **span(place), "department": rows_department(line, place)})
        (row,) = sent(line, f"/v1/statistics?{named}", QUICK_BI | basic(place)).json["data"]
        assert row["reports"] > 0


def rows_department(line: socket, place: Asked) -> str:
    """A department with a Chinese name."""
    query = urlencode({"by": "department", **span(place)})
    rows = sent(line, f"/v1/statistics?{query}", QUICK_BI | basic(place)).json["data"]
    return next(str(row["department"]) for row in rows if not row["department"].isascii() and row["reports"])


def test_quick_bi_gets_a_token_before_it_asks(place: Asked) -> None:
    """Its request beforehand, whose answer gives the header of the next one by a JSON path."""
    app, secret = place.apps[TOTALS]
    body = json.dumps({"appKey": app.app_key, "appSecret": secret}).encode()
    with connected(place) as line:
        headers = QUICK_BI | {"Content-Length": str(len(body))}
        token = sent(line, "/v1.0/oauth2/accessToken", headers, "POST", body).json["accessToken"]
        query = urlencode({"by": "day", **span(place)})
        answer = sent(line, f"/v1/statistics?{query}", QUICK_BI | {"x-acs-dingtalk-access-token": token})
        assert answer.status == 200
        assert answer.json["data"]
