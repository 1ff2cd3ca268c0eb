"""No question over HTTP tells more than its scope."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.statistics.question import CYCLES, DIMENSIONS, PERIODS
from tests.support.asked import RECORDS, TOTALS, Asked
from tests.support.examples import tried_with


@pytest.mark.whole
@tried_with(6, 150)
def test_no_question_tells_more_than_the_scope_and_nothing_of_another_organisation(
    server: Asked, examples: int
) -> None:
    server.apps["another"] = server.folder.add_app("another", scopes=(RECORDS,))
    users = {row["user"] for row in server.rows(by="user", **server.period)}
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
        query = urlencode({**server.period, **asked})
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
    server: Asked, examples: int
) -> None:
    server.apps["another"] = server.folder.add_app("another", scopes=(RECORDS,))
    users = {row["user"] for row in server.rows(by="user", **server.period)}
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
