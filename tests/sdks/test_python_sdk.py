"""DingTalk's official Python SDK against the server, with nothing configured but endpoint, protocol and token."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from alibabacloud_dingtalk.datacenter_1_0.client import Client as DataCenter
from alibabacloud_dingtalk.datacenter_1_0.models import (
    QueryReportStatisticalDataHeaders,
    QueryReportStatisticalDataRequest,
)
from alibabacloud_dingtalk.oauth2_1_0.client import Client as OAuth2
from alibabacloud_dingtalk.oauth2_1_0.models import GetAccessTokenRequest
from alibabacloud_tea_openapi.models import Config
from alibabacloud_tea_util.models import RuntimeOptions

from calling import ORGANISATIONS, Call, import_organisation
from causes import BY_SDK, DETAILS, all_arranged
from conftest import Folder, serving

STYLES = ("sync", "async")


def query(call: Call, style: str) -> dict[str, Any]:
    """What the SDK makes of an answer."""
    client = DataCenter(Config(endpoint=call.endpoint, protocol="http"))
    request = QueryReportStatisticalDataRequest(stat_date=call.stat_date)
    headers = QueryReportStatisticalDataHeaders(dict(call.headers), call.token)
    if style == "sync":
        answer = client.query_report_statistical_data_with_options(request, headers, RuntimeOptions())
    else:
        answer = asyncio.run(
            client.query_report_statistical_data_with_options_async(request, headers, RuntimeOptions())
        )
    return dict(answer.body.to_map())


def token(endpoint: str, app_key: str, secret: str, style: str) -> str:
    """A token, as the SDK gets it."""
    client = OAuth2(Config(endpoint=endpoint, protocol="http"))
    request = GetAccessTokenRequest(app_key=app_key, app_secret=secret)
    answer = (
        client.get_access_token(request) if style == "sync" else asyncio.run(client.get_access_token_async(request))
    )
    assert answer.body.expire_in == 7200
    return str(answer.body.access_token)


@pytest.mark.parametrize("name", ORGANISATIONS)
def test_the_sdk_reads_every_day_of_an_organisation(folder: Folder, name: str) -> None:
    corp_id, rows = import_organisation(folder, name)
    app, secret = folder.add_app(corp_id)
    with serving(folder) as served:
        for style in STYLES:
            found = Call(served.address, token(served.endpoint, app.app_key, secret, style))
            for day, expected in rows.items():
                body = query(found._replace(stat_date=day), style)
                assert body["dataList"] == expected
                assert all(type(row[key]) is int for row in body["dataList"] for key in row if key.endswith("_DAY"))
                assert [(kpi["kpiId"], kpi["unit"], kpi["period"]) for kpi in body["metaList"]] == [
                    ("4100", "", "DAY"),
                    ("4101", "人", "DAY"),
                    ("4102", "人", "DAY"),
                ]


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Call]]:
    """The calls that run into causes."""
    with all_arranged(tmp_path_factory.mktemp("scenes"), {name: (cause,) for name, cause in BY_SDK.items()}) as found:
        yield found


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", BY_SDK)
def test_the_sdk_understands_every_error(calls: dict[str, Call], name: str, style: str) -> None:
    cause = BY_SDK[name]
    with pytest.raises(Exception, match=cause.code) as caught:
        query(calls[name], style)
    error: Any = caught.value
    assert (error.code, error.statusCode) == (cause.code, cause.error.status)
    request_id = error.data["requestid"]
    assert error.message == f"code: {cause.error.status}, {cause.error.message} request id: {request_id}"
    # Version 0.4 of the SDK's library keeps the detail only in the exception that it wraps.
    assert getattr(error, "inner_exception", error).accessDeniedDetail == DETAILS.get(cause.code)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("secret", "code"), [("wrong", "invalidClientIdOrSecret"), ("", "MissingappSecret")])
def test_the_sdk_understands_why_it_gets_no_token(folder: Folder, style: str, secret: str, code: str) -> None:
    with serving(folder) as served, pytest.raises(Exception, match=code) as caught:
        token(served.endpoint, "ding1", secret, style)
    error: Any = caught.value
    assert (error.code, error.statusCode) == (code, 400)
