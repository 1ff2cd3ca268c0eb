"""Real causes of every error of the contract, and what the server answers to each.

Nothing is simulated: a cause is wrong in a data folder, an entry of the contract, a running server or a request. Causes
can be combined, so that a request fails several checks at once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

import msgspec

from reportdata.api.contract.entry import Entry, entry_of
from reportdata.identity import AppType
from reportdata.services import Service
from tests.support.calling import CORP, DAY, NOW, OK, OTHER_DAY, Call, add_sample
from tests.support.folders import Folder
from tests.support.serving import serving


class Error(NamedTuple):
    """An error of the wire: ``by_service`` tells which of the two shapes its body has."""

    status: int
    message: str
    by_service: bool = True


GATEWAY = False
APP_KEY = "dingcallsfromcauses0"
"""The key of every app that runs into a cause; one error names it."""

ERRORS = {
    "InvalidAction.NotFound": Error(
        404, "Specified api is not found, please check your url and method.", by_service=GATEWAY
    ),
    "AuthenticationFailed.MissingParameter": Error(400, "缺少参数：x-acs-dingtalk-access-token", by_service=GATEWAY),
    "InvalidAuthentication": Error(400, "不合法的access_token", by_service=GATEWAY),
    "Forbidden.AccessDenied.IpNotInWhiteList": Error(
        403,
        "访问ip不在白名单之中，请参考FAQ：https://open.dingtalk.com/document/org-faq/app-faq"
        f",request ip=127.0.0.1 appKey({APP_KEY})",
        by_service=GATEWAY,
    ),
    "Forbidden.AccessDenied.AccessTokenPermissionDenied": Error(
        403,
        "没有调用该接口的权限，接口权限申请参考：https://open.dingtalk.com/document/orgapp-server/add-api-permission",
        by_service=GATEWAY,
    ),
    "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi": Error(
        403, "您的企业应用调用钉钉开放平台当前接口的所有请求都被暂时禁用了", by_service=GATEWAY
    ),
    "IdempotentParameterMismatch": Error(
        400,
        "The request uses the same client token as a previous, but non-identical request. "
        "Do not reuse a client token with different requests, unless the requests are identical.",
        by_service=GATEWAY,
    ),
    "statDate.is.null": Error(500, "statDate请求参数为空"),
    "service.meta.isNull": Error(500, "service meta信息为空"),
    "serviceId.is.null": Error(500, "serviceId为空"),
    "systemError": Error(500, "系统异常"),
    "orgId.is.null": Error(500, "orgId请求参数为空"),
    "statDate.format.iserror": Error(500, "statDate请求参数格式不正确，正确格式：yyyyMMdd"),
    "unknownError": Error(500, "未知错误"),
}
DOCUMENTED = tuple(ERRORS)[-8:]
"""The document's table of errors."""
DETAILS = {"Forbidden.AccessDenied.AccessTokenPermissionDenied": {"requiredScopes": ["DataCenter.Report.Read"]}}


@contextmanager
def _numbers_lost(folder: Folder) -> Iterator[None]:
    with closing(sqlite3.connect(folder.settings.store)) as store:
        store.execute("drop table kpis")
    yield


@contextmanager
def _overwritten(folder: Folder) -> Iterator[None]:
    with closing(sqlite3.connect(folder.settings.store)) as store:
        store.execute("pragma wal_checkpoint(truncate)")
    with folder.settings.store.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (folder.settings.store.stat().st_size - 4096))
    yield


@contextmanager
def _locked(folder: Folder) -> Iterator[None]:
    with closing(sqlite3.connect(folder.settings.store, isolation_level=None)) as store:
        store.execute("begin immediate")
        yield


@contextmanager
def _no_zone(folder: Folder) -> Iterator[None]:
    with closing(sqlite3.connect(folder.settings.store)) as store, store:
        store.execute("update organisations set time_zone = 'Nowhere/Nowhere'")
    yield


@contextmanager
def _no_json(folder: Folder) -> Iterator[None]:
    with closing(sqlite3.connect(folder.settings.store)) as store, store:
        store.execute(
            "insert into kpis (service, stat_day, corp_id, computation, kpi_values) "
            "values ('reportData', ?, ?, 99, 'no JSON')",
            (DAY, CORP),
        )
    yield


class Cause(NamedTuple):
    """Something that is wrong: the row of the order of checks that finds it, and the error that is answered.

    ``wrong`` names what is not as it should be: fields of `Call`; ``token_age`` in seconds; ``app``, properties that
    the app comes to have; ``entry``, what the contract's entry lacks; ``claimed``, a client token that another
    request has used; ``used_up``, a rate of one call that was made; ``harm``, what happens to the store.
    """

    row: int
    name: str
    code: str
    wrong: dict[str, Any]

    @property
    def error(self) -> Error:
        """What is answered."""
        return ERRORS[self.code]

    def body(self, request_id: str) -> bytes:
        """The answer's body."""
        error, code = self.error, f'"code":"{self.code}"'
        fields = [f'"requestid":"{request_id}"', code] if error.by_service else [code, f'"requestid":"{request_id}"']
        fields.append(f'"message":"{error.message}"')
        if self.code in DETAILS:
            fields.append('"accessdenieddetail":' + msgspec.json.encode(DETAILS[self.code]).decode())
        return f"{{{','.join(fields)}}}".encode()


def _cause(row: int, name: str, code: str, **wrong: Any) -> Cause:
    return Cause(row, name, code, wrong)


# The first cause of a row is the one that is combined with others.
CAUSES = (
    _cause(1, "unknown path", "InvalidAction.NotFound", prefix="/elsewhere"),
    _cause(1, "wrong method", "InvalidAction.NotFound", method="PUT"),
    _cause(2, "no token", "AuthenticationFailed.MissingParameter", token=None),
    _cause(2, "empty token", "AuthenticationFailed.MissingParameter", token=""),
    _cause(3, "disabled app", "InvalidAuthentication", app={"disabled": True}),
    _cause(3, "unknown token", "InvalidAuthentication", token="0123456789abcdef0123456789abcdef"),
    _cause(3, "expired token", "InvalidAuthentication", token_age=7200),
    _cause(
        4,
        "address not allowed",
        "Forbidden.AccessDenied.IpNotInWhiteList",
        app={"allow_list": ("192.0.2.0/24",)},
    ),
    _cause(5, "no scope", "Forbidden.AccessDenied.AccessTokenPermissionDenied", app={"scopes": ()}),
    _cause(
        5,
        "third-party app",
        "Forbidden.AccessDenied.AccessTokenPermissionDenied",
        app={"type": AppType.THIRD_PARTY_ENTERPRISE},
    ),
    _cause(6, "rate used up", "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", used_up=True),
    _cause(7, "no organisation", "orgId.is.null", app={"corp_id": None}),
    _cause(8, "service without id", "serviceId.is.null", entry={"service": None, "has_id": False}),
    _cause(9, "service without KPIs", "service.meta.isNull", entry={"service": None}),
    _cause(
        10, "client token reused", "IdempotentParameterMismatch", claimed="7c4a", headers={"x-client-token": "7c4a"}
    ),
    _cause(
        10, "client token reused in query", "IdempotentParameterMismatch", claimed="7c4a", more_query="clientToken=7c4a"
    ),
    _cause(11, "no statDate", "statDate.is.null", stat_date=None),
    _cause(11, "empty statDate", "statDate.is.null", stat_date=""),
    _cause(12, "statDate with hyphens", "statDate.format.iserror", stat_date="2021-06-20"),
    _cause(12, "statDate that never was", "statDate.format.iserror", stat_date="20210230"),
    _cause(12, "statDate in full-width digits", "statDate.format.iserror", stat_date="２０２１０６２０"),
    _cause(13, "numbers lost", "systemError", harm=_numbers_lost),
    _cause(13, "store overwritten", "systemError", harm=_overwritten),
    _cause(13, "store locked", "systemError", harm=_locked, headers={"x-client-token": "9f21"}),
    _cause(13, "numbers that are no JSON", "systemError", harm=_no_json),
    _cause(14, "zone that is none", "unknownError", harm=_no_zone),
)


BY_SDK = {cause.name: cause for cause in CAUSES if not {"method", "more_query"} & cause.wrong.keys()}
"""The causes that an SDK's call can run into."""


def first_of_row(row: int) -> Cause:
    """The cause of that row that is combined with others."""
    return next(cause for cause in CAUSES if cause.row == row)


@contextmanager
def arranged(folder: Folder, *causes: Cause, tls: bool = False) -> Iterator[Call]:
    """Bring all the causes about and yield the call that runs into them. Where two disagree, the first holds."""
    wrong: dict[str, Any] = {}
    for cause in reversed(causes):
        wrong |= cause.wrong | {"app": wrong.get("app", {}) | cause.wrong.get("app", {})}
    lacking = [cause.wrong["entry"] for cause in causes if "entry" in cause.wrong]
    add_sample(folder)
    app, _ = folder.add_app(CORP, app_key=APP_KEY, rate=1 if "used_up" in wrong else None)
    good = folder.token(app, NOW)
    token = folder.token(app, NOW - wrong["token_age"]) if "token_age" in wrong else good
    if "claimed" in wrong:
        with serving(folder, clock=lambda: NOW) as served:
            headers = {"x-client-token": wrong["claimed"]}
            assert Call(served.address, good, OTHER_DAY, headers).answer().status == OK
    harm: Callable[[Folder], AbstractContextManager[None]] = wrong.get("harm", nullcontext)
    with serving(folder, clock=lambda: NOW, entry=lambda service: _entry(service, lacking), tls=tls) as served:
        ca = served.ca if tls else None
        if "used_up" in wrong:
            Call(served.address, good, ca=ca).answer()
        folder.store.change_app(app.app_key, lambda found: msgspec.structs.replace(found, **wrong["app"]))
        fields = {name: wrong[name] for name in Call._fields if name in wrong}
        with harm(folder):
            yield Call(served.address, **({"token": token, "ca": ca} | fields))


@contextmanager
def all_arranged(path: Path, scenes: Mapping[str, tuple[Cause, ...]]) -> Iterator[dict[str, Call]]:
    """The calls of many scenes, each arranged with a folder and a server of its own, all at once: it saves time."""
    calls: dict[str, Future[Call]] = {name: Future() for name in scenes}
    done = Event()

    def arrange(number: int, name: str) -> None:
        folder = Folder(path / str(number))
        try:
            with closing(folder.store), arranged(folder, *scenes[name]) as call:
                calls[name].set_result(call)
                done.wait()
        except BaseException as error:
            if calls[name].done():
                raise
            calls[name].set_exception(error)

    with ThreadPoolExecutor(len(scenes)) as threads:
        ended = [threads.submit(arrange, number, name) for number, name in enumerate(scenes)]
        try:
            yield {name: call.result() for name, call in calls.items()}
        finally:
            done.set()
        for thread in ended:
            thread.result()


def _entry(service: Service, lacking: Sequence[Mapping[str, Any]]) -> Entry:
    entry = entry_of(service)
    for lacks in lacking:
        entry = entry._replace(**lacks)
    return entry
