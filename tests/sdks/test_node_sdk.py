"""DingTalk's official Node SDK against the server. It gives up after 3 s, and asks for a token in chunks."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.calling import ORGANISATIONS, Call, import_organisation
from tests.support.causes import BY_SDK, DETAILS, all_arranged
from tests.support.folders import Folder
from tests.support.serving import serving
from tests.support.tools import REQUIRED, require_tool
from tests.support.waiting import SOON

pytestmark = pytest.mark.tool

NODE = Path(__file__).parent / "node"


@pytest.fixture(scope="module")
def node() -> str:
    """The path of Node, which finds the SDK."""
    found, npm = require_tool("node"), require_tool("npm")
    wanted, installed = NODE / "package-lock.json", NODE / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
        command = [npm, "ci", "--ignore-scripts", "--prefer-offline", "--fetch-retries=1", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=NODE, capture_output=True, text=True)
        if done.returncode:
            (pytest.fail if "node" in REQUIRED else pytest.skip)(f"npm ci failed: {done.stderr.strip()[-500:]}")
    return found


def results(node: str, calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the SDK makes of the answers."""
    done = subprocess.run(
        [node, "client.cjs"], cwd=NODE, input=json.dumps(calls), capture_output=True, text=True, timeout=SOON
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def described(call: Call) -> dict[str, Any]:
    """A call as the program reads it."""
    fields = {"token": call.token, "statDate": call.stat_date}
    given = {name: value for name, value in fields.items() if value is not None}
    return {"endpoint": call.endpoint, "headers": dict(call.headers), **given}


@pytest.mark.parametrize("name", ORGANISATIONS)
def test_the_sdk_reads_every_day_of_an_organisation(node: str, folder: Folder, name: str) -> None:
    corp_id, rows = import_organisation(folder, name)
    app, secret = folder.add_app(corp_id)
    with serving(folder) as served:
        credentials = {"endpoint": served.endpoint, "appKey": app.app_key, "appSecret": secret}
        found = results(node, [{**credentials, "statDate": day} for day in rows])
    assert [result["body"]["dataList"] for result in found] == [*rows.values()]
    for result in found:
        assert [(kpi["kpiId"], kpi["unit"], kpi["period"]) for kpi in result["body"]["metaList"]] == [
            ("4100", "", "DAY"),
            ("4101", "人", "DAY"),
            ("4102", "人", "DAY"),
        ]


@pytest.mark.slow
def test_the_sdk_understands_every_error(node: str, tmp_path: Path) -> None:
    with all_arranged(tmp_path, {name: (cause,) for name, cause in BY_SDK.items()}) as calls:
        found = dict(zip(calls, results(node, [described(call) for call in calls.values()]), strict=True))
    for result in found.values():
        result["message"] = re.sub(" request id: [0-9A-F-]{36}$", "", result["message"])
    assert found == {
        name: {
            "code": cause.code,
            "statusCode": cause.error.status,
            "message": f"{cause.code}: code: {cause.error.status}, {cause.error.message}",
            **({"accessDeniedDetail": DETAILS[cause.code]} if cause.code in DETAILS else {}),
        }
        for name, cause in BY_SDK.items()
    }


def test_the_sdk_gets_a_token_or_understands_why_not(node: str, folder: Folder) -> None:
    folder.add_organisation("ding1")
    app, secret = folder.add_app("ding1")
    with serving(folder) as served:
        found = results(
            node,
            [
                {"endpoint": served.endpoint, "appKey": app.app_key, "appSecret": text}
                for text in (secret, secret, "wrong", "")
            ],
        )
    first, again, wrong, missing = found
    assert first == again
    assert first["body"]["expireIn"] == 7200
    assert re.fullmatch("[0-9a-f]{32}", first["body"]["accessToken"])
    assert (wrong["code"], wrong["statusCode"]) == ("invalidClientIdOrSecret", 400)
    assert (missing["code"], missing["statusCode"]) == ("MissingappSecret", 400)
