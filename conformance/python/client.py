"""DingTalk's official Python SDK as a program: a line of JSON for every call of reportData."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from typing import Any

from alibabacloud_dingtalk.datacenter_1_0.client import Client as DataCenter
from alibabacloud_dingtalk.datacenter_1_0.models import (
    QueryReportStatisticalDataHeaders,
    QueryReportStatisticalDataRequest,
)
from alibabacloud_dingtalk.oauth2_1_0.client import Client as OAuth2
from alibabacloud_dingtalk.oauth2_1_0.models import GetAccessTokenRequest
from alibabacloud_tea_openapi.models import Config
from alibabacloud_tea_util.models import RuntimeOptions
from Tea.exceptions import TeaException


class Program:
    """The calls, with one client object of each kind."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        config = Config(endpoint=arguments.endpoint, protocol=arguments.protocol)
        self._arguments = arguments
        self._data_center = DataCenter(config)
        self._oauth2 = OAuth2(config)
        self._runtime = RuntimeOptions(ca=arguments.ca)
        self._token: str | None = arguments.token

    def report(self) -> dict[str, Any]:
        """What reportData answers, with a new token if there was none or it has expired."""
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
        common = {} if given.client_token is None else {"x-client-token": given.client_token}
        headers = QueryReportStatisticalDataHeaders(common, self._token)
        request = QueryReportStatisticalDataRequest(stat_date=given.date)
        client, runtime = self._data_center, self._runtime
        if given.use_async:
            answer = asyncio.run(client.query_report_statistical_data_with_options_async(request, headers, runtime))
        else:
            answer = client.query_report_statistical_data_with_options(request, headers, runtime)
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
    for name in ("key", "secret", "token", "date", "ca", "client-token"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--calls", type=int, default=1)
    parser.add_argument("--pause", type=float, default=0)
    parser.add_argument("--async", action="store_true", dest="use_async")
    arguments = parser.parse_args()
    program = Program(arguments)
    for number in range(arguments.calls):
        if number:
            time.sleep(arguments.pause)
        try:
            found = program.report()
        except TeaException as error:
            found = described(error)
        print(json.dumps(found, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
