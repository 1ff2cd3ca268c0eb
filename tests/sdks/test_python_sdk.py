"""DingTalk's official Python SDK against the server, with nothing configured but endpoint, protocol and token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.calling import ORGANISATIONS, Call, import_organisation
from tests.support.causes import BY_SDK, DETAILS, all_arranged
from tests.support.folders import Folder
from tests.support.python_sdk import query, token
from tests.support.serving import serving

STYLES = ("sync", "async")


@pytest.mark.whole
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


@pytest.mark.whole
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


@pytest.mark.whole
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("secret", "code"), [("wrong", "invalidClientIdOrSecret"), ("", "MissingappSecret")])
def test_the_sdk_understands_why_it_gets_no_token(folder: Folder, style: str, secret: str, code: str) -> None:
    with serving(folder) as served, pytest.raises(Exception, match=code) as caught:
        token(served.endpoint, "ding1", secret, style)
    error: Any = caught.value
    assert (error.code, error.statusCode) == (code, 400)
