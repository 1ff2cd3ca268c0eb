"""Each line of a server's log is what the program wrote, whatever callers send."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.calling import CORP, add_sample
from tests.support.folders import Folder
from tests.support.processes import served
from tests.support.scopes import REPORT_READ, REPORT_WRITE
from tests.support.serving import exchange

FORGED = "2026-11-28 00:00:00,000 ERROR forged"
TOLD = f"20260901%0A{FORGED.replace(' ', '%20')}%1b%5b31m%00%c2%9b2J%e2%80%a8%e2%80%ae%0d"
RAW = f"20260901\x85{FORGED}".encode()
STEERING = {*map(chr, range(32)), *map(chr, range(127, 160)), *"\u2028\u2029\u202e"}


@pytest.mark.whole
@pytest.mark.parametrize("form", ["readable", "json"])
def test_callers_forge_no_line_and_steer_no_terminal(folder: Folder, form: str) -> None:
    add_sample(folder)
    token = folder.token(folder.add_app(CORP, scopes=(REPORT_READ, REPORT_WRITE))[0])
    credentials = json.dumps({"appKey": f"x\n{FORGED}\x1b[31m", "appSecret": f"y\n{FORGED}"}).encode()
    pushed = json.dumps([{f"report_id\n{FORGED}": f"\n{FORGED}\x1b"}]).encode()

    def request(line: str, body: bytes = b"") -> bytes:
        head = f"{line} HTTP/1.1\r\nHost: h\r\nx-acs-dingtalk-access-token: {token}\r\nConnection: close\r\n"
        return head.encode() + b"X-Forwarded-For: " + RAW + b"\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)

    with served(folder, "--log-requests", "--log-format", form, "--proxy", "127.0.0.1") as process:
        for sent in (
            request(f"GET /v1.0/datacenter/reportData?statDate={TOLD}"),
            request(f"GET /v1.0/datacenter/reportData?statDate=20260901&x={TOLD}"),
            request(f"GET /{TOLD}"),
            request(f"GET /gettoken?appkey={TOLD}&appsecret={TOLD}"),
            request("POST /v1.0/oauth2/accessToken", credentials),
            request("POST /v1/facts", pushed),
            request("POST /v1/facts", pushed * 2_000),
        ):
            assert exchange(process.address, sent).startswith(b"HTTP/1.1 ")
        assert process.terminate() == 0
    lines = (folder.path.parent / "server.log").read_bytes().decode("utf-8").splitlines()
    assert len(lines) >= 7
    for line in lines:
        assert not STEERING & set(line)
        if form == "json":
            assert {"at", "level", "logger", "message"} <= set(json.loads(line))
        else:
            assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (INFO|WARNING|ERROR) |  ", line)
            assert not line.startswith(FORGED)
