"""The offline DingTalk's errors, byte for byte but for the ids, as callers of the real one have seen them."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from reportdata.twin import BEIJING, Answer, Request, Twin
from tests.support.twins import JSON, LIST, new, old, token

UUID = re.compile(r"[0-9A-F]{8}-[0-9A-F]{4}-7[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}")
DENIED = (
    "应用尚未开通所需的权限：[qyapi_report_query]，点击链接申请并开通即可："
    "https://open-dev.dingtalk.com/appscope/apply?content=KEY%23qyapi_report_query"
)


def text(twin: Twin, answer: Answer) -> str:
    """The body without what differs from call to call."""
    found = UUID.sub("ID", answer.body.decode()).replace(twin.app_key, "KEY")
    return re.sub(r'"request_id":"[0-9a-z]{12,13}"', '"request_id":"id"', found)


def wrapped(code: str, message: str, more: str = "") -> str:
    error = f"ding talk error[subcode={code},submsg={message}{more}]"
    return f'{{"errcode":88,"sub_code":"{code}","sub_msg":"{message}","errmsg":"{error}","request_id":"id"}}'


@pytest.mark.parametrize(
    ("trouble", "body"),
    [
        ("expired-40014", wrapped("40014", "不合法的access_token")),
        ("expired-42001", wrapped("42001", "access_token超时")),
        ("expired-plain-40014", '{"errcode":40014,"errmsg":"不合法的access_token","request_id":"id"}'),
        ("expired-plain-42001", '{"errcode":42001,"errmsg":"access_token超时","request_id":"id"}'),
        ("permission", wrapped("60011", DENIED, ", {requiredScopes=[qyapi_report_query]}")),
        ("address", wrapped("60020", "访问ip不在白名单之中,request ip=203.0.113.9 appKey(KEY)")),
        ("blank", wrapped("", "")),
        (
            "busy",
            '{"errcode":15,"errmsg":"Remote service error[subcode=isp.-1,submsg=system busy]","request_id":"id",'
            '"sub_code":"isp.-1","sub_msg":"system busy"}',
        ),
        ("busy-1", '{"errcode":-1,"errmsg":"系统繁忙","request_id":"id"}'),
    ],
)
def test_trouble_at_the_old_api(trouble: str, body: str) -> None:
    twin = Twin()
    twin.trouble(trouble + "@topapi/report/list")
    answer = old(twin, "report/list")
    assert (answer.status, answer.content_type) == (200, "application/json;charset=UTF-8")
    assert text(twin, answer) == body


def test_the_limit_of_all_apps_tells_when_it_ends() -> None:
    twin = Twin(troubles=["qps-all@topapi/v2/department/listsub"], now=datetime(2026, 9, 3, 0, 1, 2, tzinfo=BEIJING))
    answer = old(twin, "v2/department/listsub", {})
    assert text(twin, answer) == wrapped(
        "90002",
        "当前所有钉钉应用调用该接口次数过多，超出了该接口承受的最大qps，请求被暂时限制了，建议错开整点时刻调用该接口, "
        "apiPath(dingtalk.oapi.v2.department.listsub), 从 2026-09-03 00:01:02 到 2026-09-03 00:01:02 "
        "请求总次数超过 1200 次, 限制将在 2026-09-03 00:01:03 结束.",
    )


@pytest.mark.parametrize(("trouble", "code"), [("qps", "90018"), ("qps-all", "90002"), ("quota", "90020")])
def test_limits_of_the_old_api_are_wrapped(trouble: str, code: str) -> None:
    twin = Twin(troubles=[f"{trouble}@topapi/report/list"])
    body = json.loads(old(twin, "report/list").body)
    assert (body["errcode"], body["sub_code"]) == (88, code)
    assert body["errmsg"].startswith(f"ding talk error[subcode={code},submsg=")
    assert (twin.calls.over_budget, twin.calls.over_rate, twin.calls.charged) == (0, 0, 0)


def test_tokens_of_the_old_api() -> None:
    twin = Twin()
    blank = twin.answer(Request("POST", "/topapi/report/list", "", {"x-acs-dingtalk-access-token": token(twin)}))
    assert text(twin, blank) == wrapped("40000", "access_token is blank")
    wrong = twin.answer(Request("POST", "/topapi/report/list", "access_token=wrong"))
    assert text(twin, wrong) == wrapped("40014", "不合法的access_token")
    form = urlencode(LIST | {"access_token": token(twin)}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert json.loads(twin.answer(Request("POST", "/topapi/report/list", "", headers, form)).body)["errcode"] == 0


def test_an_unknown_name_is_told_before_the_token_is_looked_at() -> None:
    twin = Twin()
    answer = twin.answer(Request("POST", "/topapi/v2/user/notexist", "access_token=wrong"))
    name = "不合法ApiName，ApiName = dingtalk.oapi.v2.user.notexist"
    assert text(twin, answer) == (
        f'{{"errcode":22,"sub_msg":"{name}","errmsg":"Invalid method[submsg={name}]","request_id":"id"}}'
    )
    assert text(twin, twin.answer(Request("GET", "/topapi/report/list"))).startswith('{"errcode":43002,')


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("appkey=KEY&appsecret=wrong", '{"errcode":40096,"errmsg":"不合法的appKey或appSecret"}'),
        ("appkey=KEY", '{"errcode":40035,"errmsg":"缺少参数 corpid or appkey"}'),
    ],
)
def test_gettoken_wraps_nothing(query: str, body: str) -> None:
    twin = Twin()
    answer = twin.answer(Request("GET", "/gettoken", query))
    assert (answer.status, answer.content_type, answer.body.decode()) == (200, "application/json", body)


@pytest.mark.parametrize(
    ("headers", "body", "status", "answer"),
    [
        ({}, b"", 400, '{"code":"Missingbody","requestid":"ID","message":"body is mandatory for this action."}'),
        (
            {"content-type": "application/x-www-form-urlencoded"},
            b"appKey=1",
            400,
            '{"code":"Missingbody","requestid":"ID","message":"body is mandatory for this action."}',
        ),
        (
            JSON,
            b"{",
            400,
            '{"code":"Invalidbody","requestid":"ID",'
            '"message":"Specified parameter body is not valid. JSON parsing error"}',
        ),
        (
            JSON,
            b'{"appKey":"1"}',
            400,
            '{"code":"MissingappSecret","requestid":"ID","message":"appSecret is mandatory for this action."}',
        ),
        (
            JSON,
            b'{"appKey":"1","appSecret":"2"}',
            400,
            '{"requestid":"ID","code":"invalidClientIdOrSecret","message":"无效的clientId或者clientSecret"}',
        ),
    ],
)
def test_the_new_host_refuses_a_token(headers: dict[str, str], body: bytes, status: int, answer: str) -> None:
    twin = Twin()
    found = twin.answer(Request("POST", "/v1.0/oauth2/accessToken", "", headers, body))
    assert (found.status, text(twin, found)) == (status, answer)
    assert found.content_type == "application/json;charset=utf-8"


def test_both_hosts_give_the_same_token_until_it_ends() -> None:
    twin = Twin()
    app = json.dumps({"appKey": twin.app_key, "appSecret": twin.app_secret}).encode()

    def asked() -> str:
        answer = twin.answer(Request("POST", "/v1.0/oauth2/accessToken", "", JSON, app))
        assert re.fullmatch(rb'\{"expireIn":7200,"accessToken":"[0-9a-f]{32}"\}', answer.body)
        return str(json.loads(answer.body)["accessToken"])

    first = asked()
    assert token(twin) == first
    twin.clock.sleep(7000)
    assert asked() == first  # and it is renewed
    twin.clock.sleep(7000)
    assert token(twin) == first
    twin.clock.sleep(7200)
    assert token(twin) != first
    twin.end_token()
    ended = twin.answer(Request("POST", "/topapi/report/list", f"access_token={first}"))
    assert json.loads(ended.body)["sub_code"] == "40014"
    assert {first, token(twin)} < set(twin.marks)


def gateway(code: str, message: str, detail: str = "") -> str:
    return f'{{"code":"{code}","requestid":"ID","message":"{message}"{detail}}}'


TOO_FAST = "您的企业应用调用钉钉开放平台当前接口的所有请求都被暂时禁用了"


@pytest.mark.parametrize(
    ("trouble", "status", "body"),
    [
        ("expired", 400, gateway("InvalidAuthentication", "不合法的access_token")),
        (
            "permission",
            403,
            gateway(
                "Forbidden.AccessDenied.AccessTokenPermissionDenied",
                "没有调用该接口的权限，接口权限申请参考："
                "https://open.dingtalk.com/document/orgapp-server/add-api-permission",
                ',"accessdenieddetail":{"requiredScopes":["DataCenter.Report.Read"]}',
            ),
        ),
        (
            "address",
            403,
            gateway(
                "Forbidden.AccessDenied.IpNotInWhiteList",
                "访问ip不在白名单之中，请参考FAQ：https://open.dingtalk.com/document/org-faq/app-faq,"
                "request ip=203.0.113.9 appKey(KEY)",
            ),
        ),
        ("qps", 403, gateway("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", TOO_FAST)),
        ("qps-all", 403, gateway("Forbidden.AccessDenied.QpsLimitForApi", TOO_FAST)),
        ("quota", 403, gateway("Forbidden.AccessDenied.ApiCountLimitForOrg", TOO_FAST)),
        ("busy", 500, '{"requestid":"ID","code":"systemError","message":"系统异常"}'),
    ],
)
def test_trouble_at_the_new_gateway(trouble: str, status: int, body: str) -> None:
    twin = Twin(troubles=[f"{trouble}@v1.0/datacenter/reportData"])
    answer = new(twin)
    assert (answer.status, text(twin, answer)) == (status, body)
    assert answer.content_type == "application/json;charset=utf-8"


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", '{"requestid":"ID","code":"statDate.is.null","message":"statDate请求参数为空"}'),
        (
            "statDate=20260230",
            '{"requestid":"ID","code":"statDate.format.iserror",'
            '"message":"statDate请求参数格式不正确，正确格式：yyyyMMdd"}',
        ),
    ],
)
def test_the_service_has_errors_of_its_own(query: str, body: str) -> None:
    twin = Twin()
    answer = new(twin, query)
    assert (answer.status, text(twin, answer)) == (500, body)


def test_what_is_nowhere() -> None:
    twin = Twin()
    missing = twin.answer(Request("GET", "/v1.0/datacenter/reportData"))
    assert (missing.status, text(twin, missing)) == (
        400,
        gateway("AuthenticationFailed.MissingParameter", "缺少参数：x-acs-dingtalk-access-token"),
    )
    unknown = twin.answer(Request("GET", "/v1.0/datacenter/nothing"))
    assert (unknown.status, text(twin, unknown)) == (
        404,
        gateway("InvalidAction.NotFound", "Specified api is not found, please check your url and method."),
    )
    outside = twin.answer(Request("POST", "/oauth2/corpAccessToken"))
    assert (outside.status, outside.body.decode()) == (200, '{"errcode":404,"errmsg":"请求的URI地址不存在"}')


@pytest.mark.parametrize("ask", [lambda twin: old(twin, "report/list"), new])
def test_the_edge_bans(ask: Any) -> None:
    twin = Twin(troubles=["ban-page@topapi/report/list,v1.0/datacenter/reportData"])
    page = ask(twin)
    assert page.content_type.startswith("text/html")
    assert b"Powered by DingTalk/1.0.0" in page.body
    twin.trouble("ban-json@topapi/report/list,v1.0/datacenter/reportData")
    assert re.fullmatch(
        r'\{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"[0-9a-f]{32}"\}', ask(twin).body.decode()
    )
    assert twin.calls.charged == 0


def test_a_ban_is_waited_out() -> None:
    twin = Twin(troubles=["ban=2"])
    new(twin)
    assert [twin.answer(Request("GET", "/gettoken")).body[:1] for _ in range(2)] == [b"<", b"{"]
    twin.clock.sleep(299)
    assert twin.calls.by_outcome == {"ok": 1, "ban-json": 2, "ban-page": 1}
    assert twin.answer(Request("GET", "/gettoken")).outcome == "ban-page"
    twin.clock.sleep(1)
    assert new(twin).status == 200


@pytest.mark.parametrize("trouble", ["504", "stall"])
def test_time_outs(trouble: str) -> None:
    twin = Twin()
    new(twin)
    twin.trouble(f"{trouble}@topapi/report/list,v1.0/datacenter/reportData")
    assert new(twin).status == 504
    answer = old(twin, "report/list")
    assert json.loads(answer.body)["sub_code"] == "isp.top-remote-connection-timeout"
    assert answer.stall == (3.0 if trouble == "stall" else 0.0)


@pytest.mark.parametrize(
    ("name", "parameters", "code"),
    [
        ("report/list", LIST | {"size": 21}, 400002),
        ("report/list", LIST | {"size": 0}, 400002),
        ("report/list", LIST | {"end_time": LIST["start_time"] + 180 * 86_400_000 + 1}, 400002),
        ("report/list", LIST | {"end_time": LIST["start_time"] - 1}, 400002),
        ("report/list", LIST | {"cursor": 2**63 - 1}, 400002),
        ("report/list", LIST | {"cursor": 2**63}, 400002),
        ("report/list", LIST | {"start_time": 10**18, "end_time": 10**18}, 400002),
        ("report/list", LIST | {"template_name": ["日报"]}, 40035),
        ("report/list", LIST | {"cursor": "-1"}, 40035),
        ("report/list", {"cursor": 0, "size": 20}, 40035),
        ("report/comment/list", {}, 40035),
        ("report/comment/list", {"report_id": "nothing"}, 400002),
        ("report/comment/list", {"report_id": "f" * 32}, 400002),
        ("report/statistics/listbytype", {"report_id": "0" * 32, "type": 1}, 400002),
        ("v2/user/get", {"userid": "nobody"}, 33012),
        ("v2/department/listsub", {"dept_id": 2}, 60003),
        ("v2/department/listsub", {"dept_id": 2**63}, 400002),
        ("user/listsimple", {"dept_id": 1, "cursor": 0, "size": 101}, 40069),
    ],
)
def test_wrong_parameters_are_told_by_the_service_itself(name: str, parameters: dict[str, Any], code: int) -> None:
    body = json.loads(old(Twin(), name, parameters).body)
    assert (body["errcode"], set(body)) == (code, {"errcode", "errmsg", "request_id"})
