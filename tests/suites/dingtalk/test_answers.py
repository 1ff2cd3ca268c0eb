"""What DingTalk's answers mean, and that no bytes make reading them fail."""

from __future__ import annotations

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdata.collector.suite import Trouble
from reportdata.errors import BadAnswer
from reportdata.suites.dingtalk.answers import read_answer, wait_of
from reportdata.suites.dingtalk.reports import read_comments, read_reports

WRAPPED = '{"errcode":88,"sub_code":"%s","sub_msg":"x","errmsg":"ding talk error[subcode=%s,submsg=x]"}'


@pytest.mark.parametrize(
    ("status", "body", "trouble"),
    [
        (200, '{"errcode":0,"result":{}}', Trouble.NONE),
        (200, '{"errcode":"0","result":{}}', Trouble.NONE),
        (200, '{"expireIn":7200,"accessToken":"a"}', Trouble.NONE),
        (200, WRAPPED % ("40014", "40014"), Trouble.TOKEN),
        (200, '{"errcode":42001,"errmsg":"x"}', Trouble.TOKEN),
        (400, '{"code":"InvalidAuthentication","requestid":"A","message":"x"}', Trouble.TOKEN),
        (400, '{"requestid":"A","code":"invalidClientIdOrSecret","message":"x"}', Trouble.CREDENTIALS),
        (200, '{"errcode":40096,"errmsg":"x"}', Trouble.CREDENTIALS),
        (200, WRAPPED % ("90018", "90018"), Trouble.BUSY),
        (200, '{"errcode":88,"errmsg":"ding talk error[subcode=90002,submsg=x]"}', Trouble.BUSY),
        (403, '{"code":"Forbidden.AccessDenied.QpsLimitForAppkeyAndApi","message":"x"}', Trouble.BUSY),
        (403, '{"code":"Forbidden.AccessDenied.QpmLimitForAppkeyAndApi","message":"x"}', Trouble.CROWDED),
        (200, WRAPPED % ("90020", "90020"), Trouble.SPENT),
        (403, '{"code":"Forbidden.AccessDenied.ApiCountLimitForOrg","message":"x"}', Trouble.SPENT),
        (200, WRAPPED % ("60011", "60011"), Trouble.PERMISSION),
        (200, '{"errcode":88,"errmsg":"ding talk error[subcode=60020,submsg=x]"}', Trouble.ADDRESS),
        (200, '{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"xxx"}', Trouble.BANNED),
        (200, "<html>denied</html>", Trouble.BANNED),
        (502, "<html>Powered by DingTalk/1.0.0</html>", Trouble.FAULT),
        (200, '{"errcode":15,"sub_code":"isp.-1"}', Trouble.FAULT),
        (200, '{"errcode":-1,"errmsg":"x"}', Trouble.FAULT),
        (200, '{"errcode":88,"sub_code":"","errmsg":"ding talk error[subcode=,submsg=]"}', Trouble.FAULT),
        (504, "", Trouble.FAULT),
        (200, '{"errcode":0,"result":', Trouble.FAULT),
        (200, '{"errcode":400002,"errmsg":"x"}', Trouble.REJECTED),
        (200, '{"errcode":22,"sub_msg":"x"}', Trouble.REJECTED),
        (404, '{"code":"InvalidAction.NotFound","message":"x"}', Trouble.REJECTED),
        (403, '{"error":"not today"}', Trouble.FAULT),
        (404, "{}", Trouble.FAULT),
        (429, '{"message":"slowly"}', Trouble.CROWDED),
        (429, "<html>slowly</html>", Trouble.CROWDED),
        (429, "slowly", Trouble.CROWDED),
        (429, '{"code":"TooManyRequests","message":"x"}', Trouble.CROWDED),
        (503, '{"message":"x"}', Trouble.FAULT),
    ],
)
def test_an_answer_means_what_is_to_be_done(status: int, body: str, trouble: Trouble) -> None:
    answer = read_answer(status, body.encode())
    assert answer.trouble is trouble
    assert answer.counted is (trouble not in (Trouble.BUSY, Trouble.CROWDED, Trouble.SPENT)), "by the documentation"


def test_the_lacking_permission_is_named() -> None:
    older = WRAPPED % ("60011", "60011")
    newer = older.replace('"sub_msg":"x"', '"sub_msg":"应用尚未开通所需的权限：[qyapi_report_query]，点击"')
    code = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
    gateway = f'{{"code":"{code}","accessdenieddetail":{{"requiredScopes":["A.B.C"]}}}}'
    assert read_answer(200, newer.encode()).scope == "qyapi_report_query"
    assert read_answer(403, gateway.encode()).scope == "A.B.C"
    assert read_answer(200, older.encode()).scope == ""


def test_a_ban_lasts_as_long_as_the_answer_says() -> None:
    assert read_answer(200, b'{"status":1111,"wait":3}').wait == 180
    assert read_answer(200, b"<html>").wait == 300


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("120", 120),
        ("Mon, 07 Sep 2026 00:02:00 GMT", 120),
        ("Sun, 06 Sep 2026 00:02:00 GMT", 0),
        ("", 0),
        ("soon", 0),
        ("-5", 0),
    ],
)
def test_how_long_a_server_asks_to_wait(asked: str, seconds: float) -> None:
    assert wait_of(asked, "Mon, 07 Sep 2026 00:00:00 GMT") == seconds
    assert wait_of(asked, "") in (seconds, 0)


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_makes_it_fail(asked: str, date: str) -> None:
    assert wait_of(asked, date) >= 0


@given(st.integers(100, 599), st.binary(max_size=200))
def test_no_bytes_make_it_fail(status: int, content: bytes) -> None:
    read_answer(status, content)


FIELDS = (
    *("errcode", "sub_code", "errmsg", "code", "result", "data_list", "comments", "has_more", "next_cursor"),
    *("report_id", "creator_id", "create_time", "template_name", "dept_name", "userid", "status", "wait"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6),
    max_leaves=20,
)


@pytest.mark.whole
@given(JSON)
def test_no_json_makes_it_fail_but_as_a_bad_answer(content: object) -> None:
    body = msgspec.json.encode(content)
    read_answer(200, body)
    for read in (lambda body: read_reports(body, ""), lambda body: read_comments(body, 0)):
        with suppress(BadAnswer):
            read(body)


def test_a_page_holds_ids_times_template_and_departments_and_nothing_else() -> None:
    page = read_reports(
        '{"data_list":[{"report_id":"r","creator_id":"u","creator_name":"名","create_time":1605680704000,'
        '"template_name":"日报","dept_name":"开放平台,市场部","contents":[{"value":"文"}]}],"has_more":false,'
        '"next_cursor":2862455276}'.encode(),
        "",
    )
    assert page.cursor is None
    assert page.reports == [("r", "u", 1605680704000, "日报", "开放平台,市场部")]
