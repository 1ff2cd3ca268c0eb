"""The old API as a table, and its entrance: name, token, address, permission, rate and quota, in this order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, NamedTuple

from reportdata.twin import directory, pages, reports
from reportdata.twin.activity import BEIJING
from reportdata.twin.answers import (
    TOKEN_ENDED,
    TOO_FAST,
    Answer,
    Failed,
    Refused,
    Request,
    failed_old,
    failed_service,
    json_answer,
)
from reportdata.twin.world import Parameters, World

Shape = Literal["bare", "errmsg", "success", "flat"]


class Api(NamedTuple):
    """A call of the old API: what answers it, the permissions of which it needs one, whether it counts to the quota,
    and what its body has besides the result."""

    answer: Callable[[World, Parameters], object]
    scopes: tuple[str, ...]
    counts: bool
    shape: Shape


REPORTS = ("qyapi_report_query",)
STATISTICS = ("qyapi_report_statistics",)
DEPARTMENTS = ("qyapi_get_department_list",)
APIS = {
    "topapi/report/list": Api(pages.report_list, REPORTS, True, "errmsg"),
    "topapi/report/simplelist": Api(pages.simple_list, STATISTICS + REPORTS, True, "bare"),
    "topapi/report/comment/list": Api(reports.comment_list, REPORTS, True, "success"),
    "topapi/report/statistics": Api(reports.statistics, STATISTICS, True, "success"),
    "topapi/report/statistics/listbytype": Api(reports.statistics_by_type, STATISTICS, True, "success"),
    "topapi/report/receiver/list": Api(reports.receiver_list, REPORTS, True, "success"),
    "topapi/report/getunreadcount": Api(reports.unread_count, REPORTS, True, "flat"),
    "topapi/report/template/listbyuserid": Api(reports.template_list, REPORTS, True, "bare"),
    "topapi/v2/user/get": Api(directory.user_get, ("qyapi_get_member",), False, "errmsg"),
    "topapi/v2/department/listsub": Api(directory.departments_below, DEPARTMENTS, False, "errmsg"),
    "topapi/v2/department/listsubid": Api(directory.department_ids_below, DEPARTMENTS, False, "errmsg"),
    "topapi/v2/department/listparentbyuser": Api(directory.parents_of_user, DEPARTMENTS, False, "errmsg"),
    "topapi/user/listsimple": Api(directory.members, ("qyapi_get_department_member",), False, "bare"),
}
SCOPES = frozenset(scope for api in APIS.values() for scope in api.scopes)
"""All permissions of the old API."""
_DENIED = (
    "应用尚未开通所需的权限：[{scope}]，点击链接申请并开通即可："
    "https://open-dev.dingtalk.com/appscope/apply?content={app_key}%23{scope}"
)
_TOO_FAST_ALL = (
    "当前所有钉钉应用调用该接口次数过多，超出了该接口承受的最大qps，请求被暂时限制了，建议错开整点时刻调用该接口"
)
_SPENT = "您的企业本月调用钉钉开放平台接口的次数已用完"


class Entrance(NamedTuple):
    """What the entrance needs to know of the caller and the state of things."""

    app_key: str
    scopes: frozenset[str]
    token_lives: Callable[[str], bool]
    end_token: Callable[[], None]
    within_rate: Callable[[str], bool]
    within_budget: Callable[[], bool]


def answer_old(name: str, request: Request, world: World, entrance: Entrance, request_id: str) -> tuple[Answer, bool]:
    """The answer to a call of the old API, and whether it counts to the quota."""
    api = APIS.get(name)
    if api is None:
        return _unknown(name, request_id), False
    parameters = request.parameters()
    try:
        if request.method != "POST":
            return failed_old(Failed("43002", "需要POST请求"), request_id), False
        _enter(name, api, parameters, world, entrance)
    except Failed as failed:
        return failed_old(failed, request_id), False
    return _answer(api, parameters, world, request_id), api.counts


def _enter(name: str, api: Api, parameters: Parameters, world: World, entrance: Entrance) -> None:
    """:raises Failed: when the call is refused."""
    trouble = world.trouble
    if "blank" in trouble:
        raise Refused("", "")
    for form, ended in TOKEN_ENDED.items():
        if f"expired-{form}" in trouble:
            entrance.end_token()
            raise Refused(form, ended)
        if f"expired-plain-{form}" in trouble:
            entrance.end_token()
            raise Failed(form, ended)
    token = parameters.pop("access_token", "")
    if not token:
        raise Refused("40000", "access_token is blank")
    if not entrance.token_lives(str(token)):
        raise Refused("40014", TOKEN_ENDED["40014"])
    if "address" in trouble:
        raise Refused("60020", f"访问ip不在白名单之中,request ip=203.0.113.9 appKey({entrance.app_key})")
    if "permission" in trouble or not entrance.scopes & set(api.scopes):
        raise Refused("60011", _DENIED.format(scope=api.scopes[0], app_key=entrance.app_key), api.scopes[0])
    if not entrance.within_rate(name) or "qps" in trouble:
        raise Refused("90018", TOO_FAST)
    if "qps-all" in trouble:
        raise Refused("90002", _too_fast_all(name, world.now))
    if api.counts and (not entrance.within_budget() or "quota" in trouble):
        raise Refused("90020", _SPENT)


def _answer(api: Api, parameters: Parameters, world: World, request_id: str) -> Answer:
    if world.trouble & {"stall", "504"}:
        return failed_service(request_id, "isp.top-remote-connection-timeout", "Remote service connection timeout")
    if "busy" in world.trouble:
        return failed_service(request_id, "isp.-1", "system busy")
    if "busy-1" in world.trouble:
        return failed_old(Failed("-1", "系统繁忙"), request_id)
    try:
        result = api.answer(world, parameters)
    except Failed as failed:
        return failed_old(failed, request_id)
    body: dict[str, object] = {"errcode": 0}
    if api.shape == "flat" and isinstance(result, dict):
        return json_answer(200, {**result, **body, "errmsg": "ok", "request_id": request_id})
    if api.shape == "errmsg":
        body["errmsg"] = "ok"
    body["result"] = result
    if api.shape == "success":
        body["success"] = True
    return json_answer(200, {**body, "request_id": request_id})


def _unknown(name: str, request_id: str) -> Answer:
    text = f"不合法ApiName，ApiName = {_top_name(name)}"
    body = {"errcode": 22, "sub_msg": text, "errmsg": f"Invalid method[submsg={text}]", "request_id": request_id}
    return json_answer(200, body, outcome="22")


def _too_fast_all(name: str, now: int) -> str:
    this, following = (datetime.fromtimestamp(now // 1000 + more, BEIJING) for more in (0, 1))
    return (
        f"{_TOO_FAST_ALL}, apiPath({_top_name(name)}), 从 {this:%Y-%m-%d %H:%M:%S} 到 {this:%Y-%m-%d %H:%M:%S} "
        f"请求总次数超过 1200 次, 限制将在 {following:%Y-%m-%d %H:%M:%S} 结束."
    )


def _top_name(name: str) -> str:
    """The name that the entrance has for an API."""
    return "dingtalk.oapi." + name.removeprefix("topapi/").replace("/", ".")
