"""DingTalk's official Python SDK as a client. It takes long to import, so that only processes do that need it."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.support.calling import Call


def query(call: Call, style: str) -> dict[str, Any]:
    """What the SDK makes of an answer."""
    from alibabacloud_dingtalk.datacenter_1_0 import models
    from alibabacloud_dingtalk.datacenter_1_0.client import Client
    from alibabacloud_tea_openapi.models import Config
    from alibabacloud_tea_util.models import RuntimeOptions

    client = Client(Config(endpoint=call.endpoint, protocol="http"))
    request = models.QueryReportStatisticalDataRequest(stat_date=call.stat_date)
    headers = models.QueryReportStatisticalDataHeaders(dict(call.headers), call.token)
    if style == "sync":
        answer = client.query_report_statistical_data_with_options(request, headers, RuntimeOptions())
    else:
        answer = asyncio.run(
            client.query_report_statistical_data_with_options_async(request, headers, RuntimeOptions())
        )
    return dict(answer.body.to_map())


def token(endpoint: str, app_key: str, secret: str, style: str) -> str:
    """A token, as the SDK gets it."""
    from alibabacloud_dingtalk.oauth2_1_0.client import Client
    from alibabacloud_dingtalk.oauth2_1_0.models import GetAccessTokenRequest
    from alibabacloud_tea_openapi.models import Config

    client = Client(Config(endpoint=endpoint, protocol="http"))
    request = GetAccessTokenRequest(app_key=app_key, app_secret=secret)
    answer = (
        client.get_access_token(request) if style == "sync" else asyncio.run(client.get_access_token_async(request))
    )
    assert answer.body.expire_in == 7200
    return str(answer.body.access_token)
