"""The new gateway: the services of the catalogue of data, a day late: ``GET /v1.0/datacenter/reportData`` with the
organisation's true numbers, the others with made-up ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reportdata.days import day_of, is_day
from reportdata.measures import Number
from reportdata.services import Service
from reportdata.twin.activity import BEIJING
from reportdata.twin.answers import JSON_NEW, TOO_FAST, Answer, Request, failed_new, html_answer, json_answer
from reportdata.twin.oldapi import Entrance
from reportdata.twin.world import World

Kpis = Callable[[str], Mapping[str, Number]]
"""The figures of a day."""
TOKEN = "x-acs-dingtalk-access-token"  # noqa: S105 - a header's name
_MISSING = "缺少参数：x-acs-dingtalk-access-token"
_DENIED = "没有调用该接口的权限，接口权限申请参考：https://open.dingtalk.com/document/orgapp-server/add-api-permission"
_ADDRESS = "访问ip不在白名单之中，请参考FAQ：https://open.dingtalk.com/document/org-faq/app-faq"


def answer_new(
    request: Request,
    world: World,
    entrance: Entrance,
    known: Service,
    kpis: Kpis,
    request_id: str,
) -> tuple[Answer, bool]:
    """The answer to a call of the service, and whether it counts to the quota."""
    trouble = world.trouble

    def refused(status: int, code: str, message: str, scope: str = "") -> tuple[Answer, bool]:
        return failed_new(status, code, message, request_id, scope=scope), False

    token = request.headers.get(TOKEN, "")
    if any(name.startswith("expired") for name in trouble):
        entrance.end_token()
    if not token:
        return refused(400, "AuthenticationFailed.MissingParameter", _MISSING)
    if not entrance.token_lives(token):
        return refused(400, "InvalidAuthentication", "不合法的access_token")
    if "address" in trouble:
        text = f"{_ADDRESS},request ip=203.0.113.9 appKey({entrance.app_key})"
        return refused(403, "Forbidden.AccessDenied.IpNotInWhiteList", text)
    if "permission" in trouble or known.scope not in entrance.scopes:
        return refused(403, "Forbidden.AccessDenied.AccessTokenPermissionDenied", _DENIED, known.scope)
    if not entrance.within_rate(known.path.strip("/")) or "qps" in trouble:
        return refused(403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", TOO_FAST)
    if "qps-all" in trouble:
        return refused(403, "Forbidden.AccessDenied.QpsLimitForApi", TOO_FAST)
    if not entrance.within_budget() or "quota" in trouble:
        return refused(403, "Forbidden.AccessDenied.ApiCountLimitForOrg", TOO_FAST)
    if trouble & {"stall", "504"}:
        return html_answer(504, "504 Gateway Timeout", "504"), True
    return _served(request, world, known, kpis, request_id), True


def _served(request: Request, world: World, known: Service, kpis: Kpis, request_id: str) -> Answer:
    def failed(code: str, message: str) -> Answer:
        return failed_new(500, code, message, request_id, by_service=True)

    if world.trouble & {"busy", "busy-1", "blank"}:
        return failed("systemError", "系统异常")
    stat_date = str(request.queried().get("statDate", ""))
    if not stat_date:
        return failed("statDate.is.null", "statDate请求参数为空")
    if not is_day(stat_date):
        return failed("statDate.format.iserror", "statDate请求参数格式不正确，正确格式：yyyyMMdd")
    rows = []
    today = day_of(world.now * 1000, BEIJING)
    if world.activity.first_day <= stat_date < today:
        values = kpis(stat_date)
        cells = {kpi.key: values[kpi.id] for kpi in known.kpis}
        fixed = {"stat_date": stat_date, "corp_id": world.organisation.corp_id}
        rows.append({key: fixed.get(key, cells.get(key)) for key in known.row})
    meta = [
        {"unit": kpi.unit, "period": kpi.period, "kpiId": kpi.id, "kpiCaliber": kpi.caliber, "kpiName": kpi.name}
        for kpi in known.kpis
    ]
    return json_answer(200, {"metaList": meta, "dataList": rows}, JSON_NEW)
