"""The offline DingTalk: what is read from it over a socket is what it says is true."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportdata.days import days_between, to_date
from reportdata.errors import BadValue
from reportdata.twin import BEIJING, CALIBRES, DEFAULT_CALIBRE, Calibre, Habits, Request, Twin, running
from reportdata.twin.calendar import is_working_day
from reportdata.twin.habits import TEMPLATES
from reportdata.twin.oldapi import APIS
from tests.support.effort import examples
from tests.support.oracle import Commented, Fact, Sent, days_of
from tests.support.twins import Caller, old

FIRST, LAST = "20260914", "20260922"
LATER = datetime(2026, 12, 1, tzinfo=BEIJING)


def instant(day: str, hour: float = 0) -> int:
    """Milliseconds since 1970 of an hour of a day in Beijing."""
    date = to_date(day)
    moment = datetime(date.year, date.month, date.day, tzinfo=BEIJING) + timedelta(hours=hour)
    return int(moment.timestamp() * 1000)


PERIOD = (instant(FIRST), instant(LAST, 24))


@pytest.fixture
def caller() -> Iterator[Caller]:
    """An organisation with nine days of reports, two months later."""
    twin = Twin(people=30, first_day=FIRST, last_day=LAST, now=LATER, rate=0, budget=0, habits=Habits(popular=0.03))
    with running(twin) as server, Caller(server) as caller:
        yield caller


def facts_of(caller: Caller, name: str) -> set[Fact]:
    """What the report APIs tell."""
    corp_id = caller.twin.corp_id
    facts: set[Fact] = set()
    for report in caller.reports(*PERIOD, name):
        report_id = report["report_id"]
        sent = datetime.fromtimestamp(report["create_time"] / 1000, BEIJING)
        facts.add(Sent(corp_id, report_id, report["creator_id"], sent))
        for comment in caller.comments(report_id):
            at = datetime.fromisoformat(comment["create_time"]).replace(tzinfo=BEIJING)
            facts.add(Commented(corp_id, report_id, comment["userid"], at))
    return facts


@pytest.mark.whole
@pytest.mark.parametrize("name", ["report/list", "report/simplelist"])
@pytest.mark.parametrize("troubles", [(), ("shuffle", "change", "big-cursors")])
def test_what_is_read_is_what_is_true(caller: Caller, name: str, troubles: tuple[str, ...]) -> None:
    caller.twin.trouble(*troubles)
    days = days_of(facts_of(caller, name), {caller.twin.corp_id: BEIJING})
    truth = caller.twin.truth(FIRST, "20261130")
    assert {day: tuple(kpis.values()) for day, kpis in truth.items() if any(kpis.values())} == {
        day: numbers for (_, day), numbers in days.items()
    }
    for day in days_between(FIRST, LAST):
        (row,) = caller.official(day).json()["dataList"]
        assert list(row) == ["stat_date", "4100_DAY", "corp_id", "4101_DAY", "4102_DAY"]
        assert [row[f"{kpi}_DAY"] for kpi in ("4100", "4101", "4102")] == list(truth[day].values())


def counted(facts: set[Fact], calibre: Calibre) -> dict[str, int]:
    """The judge of 4102: commenters by day, as plainly as can be."""
    sent = {fact.report_id: fact for fact in facts if isinstance(fact, Sent)}
    found: dict[str, set[tuple[str, str]]] = {}
    for fact in facts:
        if isinstance(fact, Commented):
            report = sent[fact.report_id]
            day = f"{(report.at if calibre.day == 'report-day' else fact.at):%Y%m%d}"
            if calibre.own == "with-own" or report.user_id != fact.user_id:
                found.setdefault(day, set()).add(
                    (fact.user_id, fact.report_id if calibre.commenters == "summed" else "")
                )
    return {day: len(people) for day, people in found.items()}


@pytest.mark.whole
def test_every_calibre_is_served_and_they_differ(caller: Caller) -> None:
    facts = facts_of(caller, "report/simplelist")
    rows = {}
    for calibre in CALIBRES:
        caller.twin.calibre = calibre
        expected = counted(facts, calibre)
        truth = caller.twin.truth(FIRST, "20261130", calibre=calibre)
        assert {day: kpis["4102"] for day, kpis in truth.items() if kpis["4102"]} == expected
        rows[calibre] = [caller.official(day).json()["dataList"][0]["4102_DAY"] for day in days_between(FIRST, LAST)]
        assert rows[calibre] == [expected.get(day, 0) for day in days_between(FIRST, LAST)]
        assert Calibre.parse(str(calibre)) == calibre
    assert len({tuple(row) for row in rows.values()}) == len(CALIBRES) == 8
    assert Calibre.parse("") == DEFAULT_CALIBRE == CALIBRES[0]
    with pytest.raises(BadValue, match="no part of a calibre"):
        Calibre.parse("monthly")


def test_its_own_numbers_come_a_day_late_and_not_before_it_began() -> None:
    twin = Twin(first_day=FIRST, now=datetime(2026, 9, 16, 8, tzinfo=BEIJING), rate=0)
    with running(twin) as server, Caller(server) as caller:
        rows = {day: caller.official(day).json()["dataList"] for day in days_between("20260913", "20260917")}
        assert [day for day, row in rows.items() if row] == ["20260914", "20260915"]
        assert len(caller.official("20260917").json()["metaList"]) == 3


def test_the_wire_looks_as_the_document_says(caller: Caller) -> None:
    start, end = PERIOD
    page = caller.post("report/list", start_time=start, end_time=end, cursor=0, size=1).json()
    assert list(page) == ["errcode", "errmsg", "result", "request_id"]
    assert list(page["result"]) == ["data_list", "has_more", "next_cursor", "size"]
    (report,) = page["result"]["data_list"]
    assert list(report) == [
        "contents", "create_time", "creator_id", "creator_name", "dept_name", "modified_time", "report_id",
        "template_name",
    ]  # fmt: skip
    assert page["result"]["next_cursor"] > 2**31
    assert int(report["report_id"][:11], 16) == report["create_time"] == report["modified_time"]
    assert all(isinstance(item[key], str) for item in report["contents"] for key in ("sort", "type", "value"))
    simple = caller.post("report/simplelist", start_time=start, end_time=end, cursor=0, size=1).json()
    assert list(simple) == ["errcode", "result", "request_id"]
    assert simple["result"]["data_list"][0]["remark"] == ""
    everything = caller.result("report/list", start_time=end, end_time=end, cursor=0, size=20)
    assert (everything["data_list"], everything["has_more"], "next_cursor" in everything) == ([], False, True)
    comments = caller.post("report/comment/list", report_id=report["report_id"]).json()
    assert list(comments) == ["errcode", "result", "success", "request_id"]


def test_lists_are_narrowed_by_user_template_and_time(caller: Caller) -> None:
    reports = list(caller.reports(*PERIOD))
    assert {report["template_name"] for report in reports} <= set(TEMPLATES)
    user_id = reports[0]["creator_id"]
    own = [report["report_id"] for report in reports if report["creator_id"] == user_id]
    assert [report["report_id"] for report in caller.reports(*PERIOD, userid=user_id)] == own
    weekly = [report["report_id"] for report in reports if report["template_name"] == "周报"]
    assert [report["report_id"] for report in caller.reports(*PERIOD, template_name="周报")] == weekly
    assert list(caller.reports(*PERIOD, userid="nobody")) == []
    edge = reports[10]["create_time"]
    here = {report["report_id"] for report in reports if report["create_time"] == edge}
    assert {report["report_id"] for report in caller.reports(edge, edge)} == here
    changed = [report["report_id"] for report in reports if report["create_time"] <= edge]
    listed = caller.reports(*PERIOD, modified_start_time=PERIOD[0], modified_end_time=edge)
    assert [report["report_id"] for report in listed] == changed


def test_long_comment_lists_have_pages_without_a_cursor_at_the_end(caller: Caller) -> None:
    reports = [report for day in days_between(FIRST, LAST) for report in caller.twin.activity.of_day(day)]
    report = max(reports, key=lambda report: len(report.comments))
    assert len(report.comments) > 20
    assert len(list(caller.comments(report.report_id))) == len(report.comments)
    last = caller.result("report/comment/list", report_id=report.report_id, offset=20 * (len(report.comments) // 20))
    assert "next_cursor" not in last
    numbers = caller.result("report/statistics", report_id=report.report_id)
    people = {comment.person for comment in report.comments}
    assert (numbers["comment_num"], numbers["comment_user_num"]) == (len(report.comments), len(people))
    commenters = caller.result("report/statistics/listbytype", report_id=report.report_id, type=1)
    assert len(commenters["userid_list"]) == len(people)
    readers = caller.result("report/statistics/listbytype", report_id=report.report_id, type=0)["userid_list"]
    assert readers == caller.result("report/receiver/list", report_id=report.report_id)["userid_list"]
    likers = caller.result("report/statistics/listbytype", report_id=report.report_id, type=2)["userid_list"]
    assert set(likers) <= set(readers)
    templates = caller.result("report/template/listbyuserid", userid="manager0000", offset=0, size=3)
    assert [item["name"] for item in templates["template_list"]] == list(TEMPLATES[:3])
    assert templates["next_cursor"] == 3
    assert caller.post("report/getunreadcount", userid="manager0000").json()["count"] >= 0


def test_the_directory_agrees_with_itself(caller: Caller) -> None:
    names: dict[int, str] = {}
    members: dict[str, set[int]] = {}
    waiting = [1]
    while waiting:
        dept_id = waiting.pop()
        below = caller.result("v2/department/listsub", dept_id=dept_id)
        assert [item["dept_id"] for item in below] == caller.result("v2/department/listsubid", dept_id=dept_id)[
            "dept_id_list"
        ]
        assert {item["parent_id"] for item in below} <= {dept_id}
        names |= {item["dept_id"]: item["name"] for item in below}
        waiting += [item["dept_id"] for item in below]
        cursor: int | None = 0
        while cursor is not None:
            page = caller.result("user/listsimple", dept_id=dept_id, cursor=cursor, size=5)
            for person in page["list"]:
                members.setdefault(person["userid"], set()).add(dept_id)
            cursor = page.get("next_cursor")
    assert len(members) == 30
    assert any(len(departments) > 1 for departments in members.values())
    for user_id, departments in members.items():
        user = caller.result("v2/user/get", userid=user_id)
        assert set(user["dept_id_list"]) == departments
        paths = caller.result("v2/department/listparentbyuser", userid=user_id)["parent_list"]
        assert {path["parent_dept_id_list"][0] for path in paths} == departments
        assert {path["parent_dept_id_list"][-1] for path in paths} == {1}
    for report in caller.reports(*PERIOD):
        assert set(report["dept_name"].split(",")) == {names[found] for found in members[report["creator_id"]]}


def test_people_who_left_stay_in_the_lists_and_are_in_no_directory(caller: Caller) -> None:
    def known() -> set[str]:
        departments = caller.twin.organisation.departments
        pages = [caller.result("user/listsimple", dept_id=found, cursor=0, size=100) for found in departments]
        return {person["userid"] for page in pages for person in page["list"]}

    before = known()
    caller.twin.trouble("left")
    gone = before - known()
    assert 0 < len(gone) < 10
    assert gone & {report["creator_id"] for report in caller.reports(*PERIOD)}
    for user_id in gone:
        assert caller.post("v2/user/get", userid=user_id).json()["errcode"] == 33012


def test_what_is_seen_depends_on_the_clock() -> None:
    twin = Twin(people=30, first_day=FIRST, rate=0, budget=0, habits=Habits(withdrawn=0.2), now=instant(FIRST) / 1000)
    seen: list[set[str]] = []
    with running(twin) as server, Caller(server) as caller:
        for hour in (0, 12, 24, 48, 120):
            twin.clock.set(instant(FIRST, hour) / 1000)
            caller.new_token()
            window = (instant(FIRST), instant(FIRST, 24) - 1)
            seen.append({report["report_id"] for report in caller.reports(*window)})
            assert len(seen[-1]) == twin.truth(FIRST, FIRST)[FIRST]["4100"]
        gone = min(set.union(*seen) - seen[4])
        assert caller.post("report/comment/list", report_id=gone).json()["errcode"] == 400002
        assert len(seen[0]) < len(seen[2]) > len(seen[4])
        assert twin.truth(FIRST, FIRST, at=math.inf)[FIRST]["4100"] == len(seen[4])
        report = max(twin.activity.of_day(FIRST), key=lambda report: len(report.comments))
        for comment in report.comments:
            for moment, more in ((comment.at - 1, 0), (comment.at, 1)):
                twin.clock.set(moment / 1000)
                caller.new_token()
                there = [found for found in report.comments if found.at <= moment]
                assert len(list(caller.comments(report.report_id))) == len(there)
                assert sum(found.at == comment.at for found in there) >= more


@settings(max_examples=examples(30))
@given(seed=st.integers(0, 2**40), size=st.integers(1, 20), order=st.sampled_from(["", "shuffle", "big-cursors"]))
def test_pages_hold_each_report_once_while_others_come_and_go(seed: int, size: int, order: str) -> None:
    habits = Habits(withdrawn=0.3)
    twin = Twin(seed=seed, people=12, habits=habits, first_day=FIRST, rate=0, budget=0, now=instant(FIRST, 17) / 1000)
    twin.trouble(*filter(None, [order]))
    window = {"start_time": instant(FIRST), "end_time": instant(LAST), "size": size}
    before = {report.report_id for report in twin.activity.of_day(FIRST) if report.seen_at(int(twin.clock() * 1000))}
    cursor, found, going_on = 0, [], True
    while going_on:
        page = json.loads(old(twin, "report/list", window, cursor=cursor).body)["result"]
        assert len(page["data_list"]) == size or not page["has_more"]
        found += [report["report_id"] for report in page["data_list"]]
        cursor, going_on = page["next_cursor"], page["has_more"]
        twin.clock.sleep(300)
    after = {report.report_id for report in twin.activity.of_day(FIRST) if report.seen_at(int(twin.clock() * 1000))}
    assert len(found) == len(set(found))
    assert before & after <= set(found)


def test_pages_that_shift_vanish_and_change() -> None:
    twin = Twin(people=100, first_day=FIRST, last_day=FIRST, rate=0, now=LATER, habits=Habits(withdrawn=0))
    window = {"start_time": instant(FIRST), "end_time": instant(FIRST, 24), "size": 20}
    everything = {report.report_id for report in twin.activity.of_day(FIRST)}

    def pages(pause: float = 0) -> list[str]:
        cursor, found, going_on = 0, [], True
        while going_on:
            page = json.loads(old(twin, "report/list", window, cursor=cursor).body)["result"]
            found += [report["report_id"] for report in page["data_list"]]
            cursor, going_on = page["next_cursor"], page["has_more"]
            twin.clock.sleep(pause)
        return found

    twin.trouble("shift")
    assert sorted(pages()) == sorted(everything)
    twin.clock.set(instant(FIRST, 18) / 1000)
    assert len(found := pages(1800)) > len(set(found))  # newer ones pushed others to the next page
    twin.clock.set(LATER.timestamp())
    twin.trouble("vanish")
    first, second = set(pages()), set(pages())
    assert first != second
    assert first < everything
    twin.trouble("change")
    changed = json.loads(old(twin, "report/list", window, cursor=0).body)["result"]["data_list"][0]
    twin.trouble()
    unchanged = json.loads(old(twin, "report/list", window, cursor=0).body)["result"]["data_list"][0]
    assert changed["modified_time"] > unchanged["modified_time"]
    assert changed["contents"] != unchanged["contents"]
    twin.trouble("big-cursors")
    assert json.loads(old(twin, "report/list", window, cursor=0).body)["result"]["next_cursor"] > 2**53


def test_the_same_seed_makes_the_same_organisation_in_any_order() -> None:
    days = list(days_between(FIRST, LAST))
    one, two = Twin(seed=7, people=20, first_day=FIRST), Twin(seed=7, people=20, first_day=FIRST)
    forwards = [one.activity.of_day(day) for day in days]
    backwards = [two.activity.of_day(day) for day in reversed(days)]
    assert forwards == backwards[::-1]
    assert (one.corp_id, one.app_secret) == (two.corp_id, two.app_secret)
    other = Twin(seed=8, people=20, first_day=FIRST)
    assert one.corp_id != other.corp_id
    assert forwards[0] != other.activity.of_day(FIRST)


def test_people_rest_when_china_does() -> None:
    assert is_working_day("20261010")  # a Saturday that makes up for the holiday
    assert not is_working_day("20261007")  # a Wednesday of the holiday
    assert is_working_day("20260930")
    assert not is_working_day("20260926")
    assert [is_working_day(day) for day in ("20990103", "20990105")] == [False, True]  # no holidays are known yet
    twin = Twin(people=100, first_day="20260928", last_day="20261011", now=LATER)
    truth = twin.truth("20260928", "20261011")
    working = {day for day, kpis in truth.items() if kpis["4100"] > 40}
    assert working == {"20260928", "20260929", "20260930", "20261008", "20261009", "20261010"}


def test_comments_come_within_minutes_and_within_weeks() -> None:
    twin = Twin(people=200, first_day=FIRST, last_day=LAST)
    delays = [
        (comment.at - report.at) / 3_600_000
        for day in days_between(FIRST, LAST)
        for report in twin.activity.of_day(day)
        for comment in report.comments
    ]
    assert 0 <= min(delays) < 0.1
    assert Habits().longest_delay * 24 > max(delays) > 20 * 24
    shares = [sum(delay < hours for delay in delays) / len(delays) for hours in (3, 24, 24 * 7)]
    assert all(earlier + 0.05 < later for earlier, later in pairwise([0.1, *shares, 1.05]))
    reports = [report for day in days_between(FIRST, LAST) for report in twin.activity.of_day(day)]
    assert 0.3 < len(delays) / len(reports) < 1.2
    assert any(comment.person == report.person for report in reports for comment in report.comments)
    assert 0 < sum(report.withdrawn_at is not None for report in reports) / len(reports) < 0.03


def test_names_and_texts_are_marked_wherever_they_appear(caller: Caller) -> None:
    name, text, remark, secret, *tokens = caller.twin.marks
    report = next(caller.reports(*PERIOD))
    assert name in report["creator_name"]
    assert all(text in item["value"] for item in report["contents"])
    commented = next(found for found in caller.twin.activity.of_day(FIRST) if found.comments)
    assert all(remark in comment["content"] for comment in caller.comments(commented.report_id))
    assert secret == caller.twin.app_secret
    assert tokens == [caller.token]
    kept = json.dumps([report[key] for key in ("report_id", "creator_id", "template_name", "dept_name")])
    assert not any(mark in kept for mark in caller.twin.marks)


_ANY = Twin(people=3, rate=0, budget=0)
_VALUES = st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.floats() | st.text(max_size=8) | st.just([1])
_NAMES = (
    "start_time",
    "end_time",
    "cursor",
    "size",
    "offset",
    "report_id",
    "userid",
    "dept_id",
    "type",
    "template_name",
)


@given(
    path=st.sampled_from(["/gettoken", "/v1.0/oauth2/accessToken", "/twin/clock", "/twin/truth", "/"])
    | st.text(max_size=20).map(lambda text: f"/{text}"),
    method=st.sampled_from(["GET", "POST", "DELETE"]),
    query=st.text(max_size=30),
    body=st.binary(max_size=60),
)
def test_no_request_breaks_it(path: str, method: str, query: str, body: bytes) -> None:
    answer = _ANY.answer(Request(method, path, query, {"content-type": "application/json"}, body))
    assert isinstance(json.loads(answer.body), dict | list)
    assert 200 <= answer.status < 500


@given(name=st.sampled_from(sorted(APIS)), parameters=st.dictionaries(st.sampled_from(_NAMES), _VALUES))
def test_no_parameter_breaks_it(name: str, parameters: dict[str, object]) -> None:
    assert "errcode" in json.loads(old(_ANY, name.removeprefix("topapi/"), parameters).body)
