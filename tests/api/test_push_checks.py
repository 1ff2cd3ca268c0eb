"""Who may push, how often, and what a key stands for; and what the page about pushing says of it."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reportdata.api import push_body, pushes
from reportdata.http.answers import Fault
from reportdata.identity import AppType
from tests.support.calling import CORP, NOW, Call, add_sample
from tests.support.causes import ERRORS
from tests.support.folders import Folder, run
from tests.support.paths import ROOT
from tests.support.pushing import WRITE, Pushing, changed, fact, post, pushing, sent
from tests.support.scopes import REPORT_READ, REPORT_WRITE
from tests.support.serving import serving
from tests.support.tools import require_tool


@pytest.fixture
def pushed(folder: Folder) -> Iterator[Pushing]:
    with pushing(folder) as made:
        yield made


@pytest.mark.parametrize("large", [False, True])
def test_names_of_people_among_ids_are_told(pushed: Pushing, large: bool) -> None:
    beside = {"contents": "x" * (1 << 15)} if large else {}  # large ones are read by another process
    record = {"report_id": "r1", "sent_at": "2026-09-21 17:05:00"}
    said = pushed.push([record | {"user_id": name} | beside for name in ("张三", "李四")]).body
    assert (said["added"], len(said["notes"])) == (2, 1)
    assert said["notes"][0].startswith("user_id looks like names of people")
    ids = [f"u{number}" for number in range(9)]
    for people in (["u1"], ["张三", *ids]):  # one of an organisation's own, among others
        assert "notes" not in pushed.push([record | {"user_id": one} | beside for one in people]).body
    named = pushed.push([record | {"user_name": "张三"}]).body  # as the note says
    assert (named["added"], "notes" in named) == (1, False)


# What is wrong, in the order of the checks; each but the last comes with all that follow it.
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("AuthenticationFailed.MissingParameter", {"token": ""}),
    ("InvalidAuthentication", {"token": "0123456789abcdef0123456789abcdef"}),
    ("Forbidden.AccessDenied.IpNotInWhiteList", {"allow_list": ("192.0.2.0/24",)}),
    ("Forbidden.AccessDenied.AccessTokenPermissionDenied", {"scopes": (REPORT_READ,)}),
    ("orgId.is.null", {"corp_id": None}),
    ("Missingbody", {"body": b""}),
]


@pytest.mark.whole
@pytest.mark.parametrize("first", range(len(WRONG)))
def test_the_order_of_the_checks_is_the_contracts(pushed: Pushing, first: int) -> None:
    wrong = {key: value for _, found in reversed(WRONG[first:]) for key, value in found.items()}
    code = WRONG[first][0]
    token, body = wrong.pop("token", pushed.token), wrong.pop("body", b"")
    with changed(pushed, **wrong):
        answer = pushed._replace(token=token).push(body)
    message = answer.body["message"]
    if code in ERRORS:
        assert answer.status == ERRORS[code].status
        assert re.sub(r"appKey\(\w+\)", "", message) == re.sub(r"appKey\(\w+\)", "", ERRORS[code].message)
    assert answer.body["code"] == code
    detail = {"requiredScopes": [REPORT_WRITE]} if "Permission" in code else None
    assert answer.body.get("accessdenieddetail") == detail
    assert pushed.push([sent(1)]).status == 200


def test_an_app_that_is_not_internal_may_not_push(pushed: Pushing) -> None:
    with changed(pushed, type=AppType.THIRD_PARTY_ENTERPRISE):
        assert pushed.push([sent(1)]).status == 403


def test_the_scope_is_granted_on_purpose_and_opens_nothing_else(folder: Folder) -> None:
    with pushing(folder) as pushed:
        answer = Call(pushed.address, pushed.token).answer()
        assert b'{"requiredScopes":["DataCenter.Report.Read"]}' in answer.body
        added = json.loads(run(folder, "app", "add", "--corp", CORP, "--name", "x", "--json").stdout)
        token = run(folder, "token", added["appKey"]).stdout.strip()
        assert pushed._replace(token=token).push([sent(1)]).status == 403
        assert run(folder, "app", "grant", added["appKey"], REPORT_WRITE).exit_code == 0
        assert pushed._replace(token=token).push([sent(1)]).status == 200
        assert run(folder, "app", "revoke", added["appKey"], REPORT_WRITE).exit_code == 0
        assert pushed._replace(token=token).push([sent(1)]).status == 403
    refused = run(folder, "app", "add", "--name", "x", "--type", "third-party-personal", "--scope", REPORT_WRITE)
    assert "only internal apps may" in refused.output


def test_pushes_have_a_rate_of_their_own(folder: Folder) -> None:
    add_sample(folder)
    app, _ = folder.add_app(CORP, scopes=(REPORT_READ, REPORT_WRITE), rate=3)
    token = folder.token(app, NOW)
    with serving(folder, clock=lambda: NOW) as served:
        pushed = Pushing(folder, served.address, app, token, [])
        answers = [pushed.push([sent(1)]) for _ in range(5)]
        assert [answer.status for answer in answers] == [200, 200, 200, 403, 403]
        assert answers[-1].body["code"] == "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
        assert Call(served.address, token).answer().status.endswith("OK")


@pytest.mark.parametrize("packed", [False, True])
def test_records_of_days_that_have_not_begun_are_refused(folder: Folder, packed: bool) -> None:
    add_sample(folder)
    app, _ = folder.add_app(CORP, scopes=WRITE)
    token = folder.token(app, NOW)
    with serving(folder, clock=lambda: NOW) as served:  # 16:00 on 22 November in Shanghai
        times = ["2026-11-22 23:59:59", "2026-11-23 00:00:00", "2036-11-22T09:00:00+08:00"]
        body = json.dumps([{**sent(n), "sent_at": time} for n, time in enumerate(times)]).encode()
        headers = {"content-encoding": "gzip"} if packed else {}
        found = post(
            served.address, gzip.compress(body) if packed else body, {"x-acs-dingtalk-access-token": token} | headers
        )
    assert [(one["record"], one["field"], one["reason"]) for one in found.body["records"]] == [
        (1, "sent_at", "is on 20261123, which lies in the future"),
        (2, "sent_at", "is on 20361122, which lies in the future"),
    ]
    assert found.body["added"] == 1


def test_records_that_say_themselves_that_they_do_not_stand_are_refused(pushed: Pushing) -> None:
    gone = {"withdrawn_at": "2026-09-21 18:00", "status": "已撤回", "is_deleted": True}
    stands = {"withdrawn_at": None, "status": "已提交", "is_deleted": False}
    found = pushed.push([sent(1) | stands, *(sent(2) | {name: value} for name, value in gone.items())])
    assert (found.body["added"], found.body["refused"]) == (1, 3)
    assert [(one["record"], one["field"]) for one in found.body["records"]] == list(enumerate(gone, 1))


@pytest.mark.whole
def test_a_key_stands_for_one_body(pushed: Pushing) -> None:
    assert pushed.push(b"[", idempotency_key="k1").error == (400, "Invalidbody")
    first = pushed.push([sent(1), {}], idempotency_key="k1")
    assert first.body["added"] == 1
    again = pushed.push([sent(1), {}], idempotency_key="k1")
    assert (again.status, again.body) == (first.status, first.body)
    body = gzip.compress(json.dumps([sent(1), {}]).encode())
    assert pushed.push(body, idempotency_key="k1", content_encoding="gzip").body == first.body
    other = pushed.push([sent(2)], idempotency_key="k1")
    assert other.error == (400, "IdempotentParameterMismatch")
    assert pushed.push([sent(2)], idempotency_key="k2").status == 200
    assert set(pushed.facts()) == {fact(1), fact(2)}
    app, _ = pushed.folder.add_app(CORP, scopes=WRITE)
    assert pushed._replace(token=pushed.folder.token(app)).push([sent(3)], idempotency_key="k1").status == 200


def test_a_key_is_no_client_token_of_the_contract(folder: Folder) -> None:
    with pushing(folder) as pushed, changed(pushed, scopes=(REPORT_READ, REPORT_WRITE)):
        call = Call(pushed.address, pushed.token, headers={"x-client-token": "k1"})
        assert call.answer().status.endswith("200 OK")
        assert pushed.push([sent(1)], idempotency_key="k1").status == 200
        assert call.answer().status.endswith("200 OK")


@pytest.mark.tool
def test_the_page_about_pushing_says_what_is_so(pushed: Pushing) -> None:
    text = (ROOT / "docs" / "push.md").read_text("utf-8")
    require_tool("curl")
    (commands,) = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (answer,) = re.findall(r"^```json\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)
    assert REPORT_WRITE in commands
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "APP_KEY": pushed.app.app_key,
        "REPORTDATA_DATA": str(pushed.folder.path),
    }
    host, port = pushed.address
    command = ["bash", "-ec", commands.replace("127.0.0.1:8080", f"{host}:{port}")]
    with changed(pushed, scopes=()):
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        assert done.stdout.splitlines()[-1] == answer
    assert len(pushed.facts()) == 3
    codes = {fault.code for fault in (vars(pushes) | vars(push_body)).values() if isinstance(fault, Fault)} - set(
        ERRORS
    )
    assert not [code for code in codes if f"`{code}`" not in text]
