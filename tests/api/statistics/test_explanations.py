"""Numbers that are explained over HTTP."""

from __future__ import annotations

import pytest

from tests.support.asked import TOTALS, Asked


@pytest.mark.whole
def test_each_day_is_explained_by_its_records_and_its_last_change(server: Asked) -> None:
    day, expected = next((day, rows[0]) for day, rows in server.days.items() if rows and int(rows[0]["4102_DAY"]) > 1)
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


@pytest.mark.whole
def test_what_cannot_be_explained_is_refused_with_what_can(server: Asked) -> None:
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
