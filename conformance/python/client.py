"""DingTalk's official Python SDK as a program: a line of JSON for every call."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from typing import Any

from alibabacloud_dingtalk.datacenter_1_0 import models
from alibabacloud_dingtalk.datacenter_1_0.client import Client as DataCenter
from alibabacloud_dingtalk.oauth2_1_0.client import Client as OAuth2
from alibabacloud_dingtalk.oauth2_1_0.models import GetAccessTokenRequest
from alibabacloud_tea_openapi.models import Config
from alibabacloud_tea_util.models import RuntimeOptions
from Tea.exceptions import TeaException

CALLS = {
    "report": "QueryReportStatisticalData",
    "day": "QueryYydLogDayStatisticalData",
    "week": "QueryYydLogWeekStatisticalData",
    "month": "QueryYydLogMonthStatisticalData",
}
CLOSED = {"departments": "GetDingReportDeptSummary", "organisation": "GetDingReportSummary"}


class Program:
    """The calls, with one client object of each kind."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        config = self._config = Config(endpoint=arguments.endpoint, protocol=arguments.protocol)
        self._arguments = arguments
        self._data_center = DataCenter(config)
        self._oauth2 = OAuth2(config)
        self._runtime = RuntimeOptions(ca=arguments.ca)
        self._token: str | None = arguments.token
        self.call = "report"

    def report(self) -> dict[str, Any]:
        """What the call answers, with a new token if there was none or it has expired."""
        if self._arguments.key is None:
            return self._query()
        if self._token is None:
            self._token = self._new_token()
        try:
            return self._query()
        except TeaException as error:
            if error.code != "InvalidAuthentication":
                raise
        self._token = self._new_token()
        return self._query()

    def _query(self) -> dict[str, Any]:
        given = self._arguments
        common = {"x-client-token": given.client_token, "x-reportdata-partial": given.partial}
        common = {name: value for name, value in common.items() if value is not None}
        if self.call in CLOSED:
            return self._closed(CLOSED[self.call], common)
        name = CALLS.get(self.call, self.call)
        headers = getattr(models, f"{name}Headers")(common, self._token)
        request = getattr(models, f"{name}Request")(stat_date=given.date)
        return self._called(self._data_center, name, request, headers)

    def _closed(self, name: str, common: dict[str, str]) -> dict[str, Any]:
        from alibabacloud_dingtalk.exclusive_1_0 import models as exclusive
        from alibabacloud_dingtalk.exclusive_1_0.client import Client as Exclusive

        given = self._arguments
        headers = getattr(exclusive, f"{name}Headers")(common, self._token)
        asked: list[Any] = [given.date]
        if self.call == "departments":
            asked.append(exclusive.GetDingReportDeptSummaryRequest(given.max_results, given.next_token))
        return self._called(Exclusive(self._config), name, *asked, headers)

    def _called(self, client: Any, name: str, *asked: Any) -> dict[str, Any]:
        """The body of an answer; the methods of the SDK are named like its models."""
        method = re.sub("(?<!^)(?=[A-Z])", "_", name).lower() + "_with_options"
        if self._arguments.use_async:
            answer = asyncio.run(getattr(client, f"{method}_async")(*asked, self._runtime))
        else:
            answer = getattr(client, method)(*asked, self._runtime)
        return dict(answer.body.to_map())

    def _new_token(self) -> str:
        request = GetAccessTokenRequest(app_key=self._arguments.key, app_secret=self._arguments.secret)
        if self._arguments.use_async:
            answer = asyncio.run(self._oauth2.get_access_token_with_options_async(request, {}, self._runtime))
        else:
            answer = self._oauth2.get_access_token_with_options(request, {}, self._runtime)
        return str(answer.body.access_token)


def described(error: TeaException) -> dict[str, Any]:
    """An error as it is printed."""
    # Version 0.4 of the SDK's library keeps the detail only in the exception that it wraps.
    detail = getattr(error, "inner_exception", error).accessDeniedDetail
    shown = {"code": error.code, "message": error.message, "statusCode": error.statusCode}
    return shown if detail is None else {**shown, "accessDeniedDetail": detail}


def main() -> None:
    """Make the calls that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--protocol", required=True, choices=["http", "https"])
    for name in ("key", "secret", "token", "date", "ca", "client-token", "partial"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--call", default=["report"], type=lambda text: text.split(","))
    parser.add_argument("--paths", help="of no use here: the SDK knows them")
    for name in ("next-token", "max-results"):
        parser.add_argument(f"--{name}", type=int)
    parser.add_argument("--calls", type=int, default=1)
    parser.add_argument("--pause", type=float, default=0)
    parser.add_argument("--async", action="store_true", dest="use_async")
    arguments = parser.parse_args()
    program = Program(arguments)
    for number, program.call in enumerate(arguments.call * arguments.calls):
        if number:
            time.sleep(arguments.pause)
        try:
            found = program.report()
        except TeaException as error:
            found = described(error)
        print(json.dumps(found, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
