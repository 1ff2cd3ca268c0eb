"""The client against the real server: answers as values, pages, frames, sign-in, errors."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from reportdata.client import (
    ApiError,
    Client,
    ClientError,
    NotAllowed,
    NotSignedIn,
    Patience,
    Unreachable,
)
from reportdata.days import to_date
from reportdata.pipeline.mirroring import keep_export
from reportdata.services import read_services
from reportdata.store import Official
from tests.support.asked import ANOTHER, CONTRACT, RECORDS, TOTALS, Asked
from tests.support.folders import Folder
from tests.support.serving import serving
from tests.support.tools import require_package

OLD = ("20210601", "20210602")
"""Days before those of the sample organisation."""


def test_rows_are_values_with_dates_moments_and_what_is_not_known(sample: Asked) -> None:
    with sample.client() as client:
        answer = client.statistics(to_date(sample.first), sample.last, by=["week", "department"], order="-reports")
        rows = list(answer)
        assert len(rows) == len(answer) == answer.meta.total_rows > 1
        assert [row.reports for row in rows] == sorted((row.reports for row in rows if row.reports), reverse=True) + [
            0
        ] * sum(row.reports == 0 for row in rows)
        first = rows[0]
        assert isinstance(first.period_start, date)
        assert first.period_end >= first.period_start
        assert first.department is not None
        assert first.user is None
        assert set(first.numbers) == set(first.states) == {"reports", "senders", "commenters"}
        assert answer.meta.first_day == to_date(sample.first)
        assert answer.meta.as_of.utcoffset() == timedelta(hours=8)
        assert answer.meta.query["by"] == "week,department"
        kinds = {column.name: column.kpi_id for column in answer.meta.columns}
        assert (kinds["reports"], kinds["period"]) == ("4100", None)
        with pytest.raises(FrozenInstanceError):
            first.period = ""  # type: ignore[misc]
        with pytest.raises(KeyError):
            _ = next(iter(client.statistics(sample.first, by="day", metrics="reports"))).senders


def test_pages_are_fetched_while_they_are_iterated_and_fit_together(sample: Asked) -> None:
    with sample.client() as client:
        whole = list(client.statistics(sample.first, sample.last, by="day,department"))
        answer = client.statistics(sample.first, sample.last, by="day,department", page_size=7)
        rows = list(answer)
        assert rows == whole
        assert len(rows) > 14
        assert list(answer) == rows


def test_an_answer_without_rows_says_why(sample: Asked) -> None:
    with sample.client() as client:
        answer = client.statistics("2000-01-01", "2000-01-31", by="day")
        assert list(answer) == []
        assert "nothing is known of it" in str(answer.meta.empty_reason)


def test_coverage(sample: Asked) -> None:
    with sample.client(TOTALS) as client:
        found = client.coverage()
    assert found.covered_days == sum(piece.days for piece in found.pieces) > 0
    assert found.pieces[0].first_day == to_date(sample.first)
    assert found.newest_day == found.pieces[-1].last_day < to_date(sample.last)
    assert set(found.pieces[0].states) == {"reports", "senders", "commenters"}
    with sample.client(ANOTHER) as client:
        nothing = client.coverage()
    assert (nothing.pieces, nothing.newest_day) == ([], None)
    assert nothing.empty_reason


@pytest.mark.whole
def test_services_and_their_newest_numbers(sample: Asked) -> None:
    online = read_services().service("onlineUserData")
    days = [Official(sample.corp_id, day, {"4001": 30 + place, "4002": 20}, 0) for place, day in enumerate(OLD)]
    keep_export(sample.folder.store, online, days)
    app, secret = sample.folder.add_app(sample.corp_id, scopes=(RECORDS, online.scope))
    with Client(sample.served.url, app.app_key, secret) as client:
        listed = {service.id: service for service in client.services()}
        newest = {one.service: one for one in client.overview()}
        assert client.overview().damaged == []
        reports = listed["reportData"]
        assert [metric.kpi_id for metric in reports.metrics] == ["4100", "4101", "4102"]
        assert (reports.metrics[0].name, reports.metrics[0].several) == ("reports", "counted")
        assert (reports.origin, reports.records, reports.first_day) == ("computed", True, to_date(sample.first))
        found = listed["onlineUserData"]
        assert (found.origin, found.records, found.name_en) == ("official", False, online.name_en)
        assert (found.first_day, found.newest_day) == (to_date(OLD[0]), to_date(OLD[1]))
        ratio = next(metric for metric in found.metrics if metric.kpi_id == "4003")
        assert (ratio.is_ratio, ratio.several, ratio.type, list(ratio.groupings)) == (True, None, "number", [])
        assert found.main in {metric.name for metric in found.metrics}
        assert set(newest) <= set(listed)
        for name, one in newest.items():
            rows = client.statistics(one.day, by="day", metrics=one.metric, service=name)
            assert [(row.numbers[one.metric], row.state, row.as_of) for row in rows] == [
                (one.number, one.state, one.as_of)
            ]
            assert (one.days[-1].day, one.days[-1].number) == (one.day, one.number)
        assert [(each.day, each.number) for each in newest["onlineUserData"].days] == [
            (to_date(day), 20) for day in OLD
        ]
        with pytest.raises(FrozenInstanceError):
            found.name = ""  # type: ignore[misc]
    with sample.client(TOTALS) as client:
        (alone,) = client.services()
        assert (alone.id, alone.records) == ("reportData", False)
    none, secret = sample.folder.add_app(sample.corp_id, scopes=())
    with Client(sample.served.url, none.app_key, secret) as client:
        for ask in (client.services, client.overview):
            with pytest.raises(NotAllowed):
                ask()


@pytest.mark.whole
def test_changes_say_what_numbers_were_and_are_and_why(sample: Asked) -> None:
    with sample.client(TOTALS) as client:
        found = client.changes(datetime(2020, 1, 1, tzinfo=UTC), page_size=5)
        rows = list(found)
        first = to_date(sample.first)
        numbers = next(iter(client.statistics(first, by="day"))).numbers
        assert len(rows) == len(found) > 5
        assert {row.metric: row.became for row in rows if row.day == first} == numbers
        assert {row.was for row in rows} == {None}
        assert all(cause.startswith("import ") for row in rows if row.became for cause in row.causes)
        assert (found.first_day, found.time_zone) == (None, "Asia/Shanghai")
        one = client.changes(first, first, sample.first, metrics="reports")
        assert [row.became for row in one] == [numbers["reports"]]
        assert one.last_day == first
        nothing = client.changes(found.as_of)
        assert (list(nothing), nothing.state) == ([], None)
        assert found.next_since
        later = client.changes(found.next_since)
        assert (list(later), later.since, later.next_since) == ([], found.next_since, found.next_since)
        assert client.changes(first, as_of=found.as_of).next_since is None
        assert nothing.empty_reason
        require_package("polars")
        assert one.to_polars()["is"].to_list() == [numbers["reports"]]


@pytest.mark.whole
def test_an_explanation_has_sentence_definition_history_and_records(sample: Asked) -> None:
    first = to_date(sample.first)
    with sample.client() as client:
        number = next(iter(client.statistics(first, by="day"))).senders
        found = client.explain("senders", first, page_size=4)
        records = list(found)
        assert found.value.number == number == found.counted == len({record.item for record in records})
        assert len(records) == len(found) > 4
        assert str(number) in found.value.sentence
        assert (found.definition.kpi_id, found.metric) == ("4101", "senders")
        assert [(version.was, version.became) for version in found.history] == [(None, number)]
        assert all(record.day == first and record.user == record.item for record in records)
        assert all(record.known_at is not None and record.set is None for record in records)
        assert found.than is None
        then = first + timedelta(days=1)
        compared = client.explain("senders", first, than={"day": then}, lang="zh")
        assert compared.than is not None
        assert compared.than.first_day == then
        assert compared.sets["new"] + compared.sets["both"] == number
        assert {record.set for record in compared} == {name for name, count in compared.sets.items() if count}
        assert "发送日志用户数" in compared.value.sentence
        assert client.explain("reports", range="7d", department="nowhere").value.number is None
        spaced = client.explain("senders", first, than={"department": "a b+c", "user": "u&1"})
        assert spaced.than is not None
        assert "department a b+c, user u&1: " in spaced.than.sentence
    with sample.client(TOTALS) as client:
        totals = client.explain("senders", first)
        assert (totals.value.number, list(totals)) == (number, [])
        assert RECORDS in str(totals.empty_reason)


def test_the_contract(sample: Asked) -> None:
    with sample.client(CONTRACT) as client:
        for day in (sample.first, to_date(sample.first)):
            found = client.report_data(day)
            expected = sample.days[sample.first][0]
            assert [kpi.id for kpi in found.kpis] == ["4100", "4101", "4102"]
            assert found.rows[0].stat_date == sample.first
            assert found.rows[0].corp_id == sample.corp_id
            assert found.rows[0].numbers == {kpi: expected[f"{kpi}_DAY"] for kpi in ("4100", "4101", "4102")}
            assert found.states == dict.fromkeys(("4100", "4101", "4102"), found.state)
            assert found.as_of is not None
        assert client.report_data(sample.last).rows == []
        with pytest.raises(ApiError) as refused:
            client.report_data("2021")
        assert refused.value.code == "statDate.format.iserror"


@pytest.mark.whole
def test_frames(sample: Asked) -> None:
    require_package("polars")
    require_package("pandas")
    import pandas as pd
    import polars as pl

    with sample.client() as client:
        answer = client.statistics(sample.first, sample.last, by="day,department", page_size=50)
        rows = list(answer)
        polars = answer.to_polars()
        assert polars.schema["periodStart"] == pl.Date
        assert polars.schema["reports"] == pl.Int64
        assert polars.schema["asOf"] == pl.Datetime("us", "UTC")
        assert polars["reports"].to_list() == [row.reports for row in rows]
        assert polars["asOf"].to_list() == [row.as_of for row in rows]
        pandas = answer.to_pandas()
        assert str(pandas["reports"].dtype) == "Int64"
        assert pandas["reports"].tolist() == [row.reports for row in rows]
        assert pandas["periodStart"].dt.date.tolist() == [row.period_start for row in rows]
        assert list(pandas.columns) == polars.columns == [column.name for column in answer.meta.columns]
        nothing = client.statistics("2000-01-01", by="day")
        assert nothing.to_polars().schema["reports"] == pl.Int64
        assert str(nothing.to_pandas()["periodStart"].dtype).startswith("datetime64")
        assert isinstance(nothing.to_pandas(), pd.DataFrame)


@pytest.mark.whole
def test_numbers_that_are_not_known_are_none_and_missing(folder: Folder, tmp_path: Path) -> None:
    file = tmp_path / "reports.csv"
    file.write_text("report_id,user_id,sent_at\nr1,u1,2026-09-21 09:00:00\n")
    folder.add_organisation("one")
    folder.import_(file, corp_id="one", first_day="20260921", last_day="20260921")
    app, secret = folder.add_app("one", scopes=(TOTALS,))
    with serving(folder, answering=1) as served, Client(served.url, app.app_key, secret) as client:
        answer = client.statistics("2026-09-21", by="day")
        (row,) = answer
        assert (row.reports, row.commenters) == (1, None)
        assert (row.state, row.states["commenters"]) == ("missing", "missing")
        assert row.states["reports"] != "missing"
        assert answer.to_polars()["commenters"].to_list() == [None]
        assert answer.to_pandas()["commenters"].isna().all()


@pytest.mark.whole
def test_every_way_to_sign_in(sample: Asked) -> None:
    app, secret = sample.apps[CONTRACT]
    token = sample.folder.token(app)
    ways = (
        Client(sample.served.url, app.app_key, secret),
        Client(sample.served.url, app.app_key, secret, basic=True),
        Client(sample.served.url + "/", token=token),
    )
    for client in ways:
        with client:
            assert client.report_data(sample.first).rows
            assert len(client.statistics(sample.first)) == 1
    for wrong in ({}, {"key": "k"}, {"key": "k", "secret": "s", "token": "t"}, {"token": "t", "basic": True}):
        with pytest.raises(ClientError, match="name key and secret of an app, or a token"):
            Client(sample.served.url, **wrong)
    with pytest.raises(ValueError, match="no address of a server"):
        Client("localhost:8080", token=token)


@pytest.mark.whole
def test_a_token_that_is_not_valid_any_more_is_renewed(sample: Asked) -> None:
    now = [time.time()]
    with (
        serving(sample.folder, clock=lambda: now[0], answering=1) as served,
        Client(served.url, *sample.key(CONTRACT).split(":")) as client,
    ):
        assert client.report_data(sample.first).rows
        now[0] += 7_300  # the server's clock: the client holds the token for good
        assert client.report_data(sample.first).rows
        assert len(client.statistics(sample.first)) == 1
        old = Client(served.url, token=sample.folder.token(sample.apps[CONTRACT][0], now[0] - 7_300))
        with closing(old), pytest.raises(NotSignedIn):
            old.report_data(sample.first)


@pytest.mark.whole
def test_errors_have_code_message_and_request_id(sample: Asked) -> None:
    with sample.client(TOTALS) as client:
        with pytest.raises(ApiError) as refused:
            client.statistics(range="7d", by="colour")
        assert (refused.value.status, refused.value.code) == (400, "InvalidParameter")
        assert "there are day, week" in refused.value.message
        assert refused.value.request_id in str(refused.value)
        assert len(refused.value.request_id) == 36
        with pytest.raises(NotAllowed) as forbidden:
            client.statistics(range="7d", by="user")
        assert forbidden.value.detail == {"requiredScopes": [RECORDS]}
        assert RECORDS in str(forbidden.value)
    app, _ = sample.folder.add_app(sample.corp_id, scopes=(TOTALS,))
    for basic in (False, True):
        with Client(sample.served.url, app.app_key, "wrong", basic=basic) as client, pytest.raises(NotSignedIn):
            client.coverage()


@pytest.mark.whole
def test_as_of_is_a_moment(sample: Asked) -> None:
    with sample.client() as client:
        before = datetime(2021, 1, 1, tzinfo=UTC)
        assert list(client.statistics(sample.first, sample.last, by="day", as_of=before)) == []
        assert list(client.statistics(sample.first, sample.last, by="day", as_of=datetime.now(UTC)))


@pytest.mark.whole
def test_a_private_ca(sample: Asked) -> None:
    key, secret = sample.key().split(":")
    with serving(sample.folder, tls=True, answering=1) as served:
        with Client(served.url, key, secret, ca=served.ca) as client:
            assert client.coverage().covered_days
        once = Patience(tries=1)
        with Client(served.url, key, secret, patience=once) as client, pytest.raises(Unreachable, match="`ca`"):
            client.coverage()
        with (
            Client(served.url, key, secret, ca=served.ca.parent / "none.pem") as client,
            pytest.raises(Unreachable, match="cannot be read"),
        ):
            client.coverage()


@pytest.mark.whole
def test_threads_share_one(sample: Asked) -> None:
    with sample.client() as client, ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: list(client.statistics(sample.first, by="day")), range(8)))
    assert all(answer == answers[0] for answer in answers)
