"""What operators see: health, metrics, the log, the audit, and addresses behind proxies."""

from __future__ import annotations

import json
import os
import re
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from reportdata.audit import Audit, Read
from reportdata.days import SECOND, end_of, time_zone
from tests.support.calling import CORP, DAY, NOW, OK, OTHER_DAY, SAMPLE, UNCOVERED_DAY, Call, add_sample, connected
from tests.support.folders import Folder, run
from tests.support.processes import served
from tests.support.serving import Serving, serving
from tests.support.waiting import until


@pytest.fixture
def call(folder: Folder) -> Call:
    """A good call to nowhere yet."""
    add_sample(folder)
    return Call(("", 0), folder.token(folder.add_app(CORP)[0]))


@pytest.fixture
def watched(folder: Folder) -> Iterator[Serving]:
    """A server with a port for operators."""
    with serving(folder, operations_port=0) as found:
        yield found


def _get(url: str) -> tuple[int, bytes]:
    try:
        with urlopen(url) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()


def _metrics(found: Serving) -> dict[tuple[str, str], float]:
    """Name and labels to value."""
    _, text = _get(f"{found.server.listeners[1].url}/metrics")
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_health_is_served_on_both_ports_and_metrics_on_one(folder: Folder, call: Call, watched: Serving) -> None:
    for listener in watched.server.listeners:
        assert _get(f"{listener.url}/healthz") == (200, b'{"status":"ok"}')
        assert _get(f"{listener.url}/readyz") == (200, b'{"status":"ready"}')
    assert _get(f"{watched.url}/metrics")[0] == 404
    assert _get(f"{watched.server.listeners[1].url}/v1.0/datacenter/reportData")[0] == 404


def test_a_server_that_cannot_answer_or_is_stopping_is_not_ready(folder: Folder, call: Call) -> None:
    with serving(folder, operations_port=0) as found:
        with urlopen(f"{found.url}/readyz"):
            pass
        with closing(sqlite3.connect(folder.settings.store)) as store:
            store.execute("pragma wal_checkpoint(truncate)")
        with folder.settings.store.open("r+b") as file:
            file.write(b"\xff" * 100)
        status, body = _get(f"{found.url}/readyz")
        assert (status, json.loads(body)["code"]) == (500, "systemError")
        assert _get(f"{found.url}/healthz")[0] == 200


@pytest.mark.usefixtures("long_goodbye")
def test_a_server_that_is_stopping_says_so(folder: Folder, call: Call) -> None:
    with serving(folder) as found, connected(found.address) as ask:
        ready = b"GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n"
        assert ask(ready).status == OK
        found.server.stop()
        answers = iter(lambda: ask(ready), None)  # until it has noticed
        answer = next(answer for answer in answers if answer.status != OK)
        assert answer.status == "HTTP/1.1 503 Service Unavailable"
        assert answer.headers["connection"] == "close"


def test_metrics_count_what_was_answered(folder: Folder, call: Call, watched: Serving) -> None:
    _, secret = app = folder.add_app(CORP)
    call = call._replace(address=watched.address)
    for _ in range(3):
        assert call.answer().status == OK
    call._replace(token="x").answer()
    call._replace(prefix="/nowhere").answer()
    body = json.dumps({"appKey": app[0].app_key, "appSecret": secret}).encode()
    with urlopen(Request(f"{watched.url}/v1.0/oauth2/accessToken", body, {"content-type": "application/json"})):
        pass
    assert _get(f"{watched.url}/gettoken?appkey=a&appsecret=b")[0] == 200
    found = _metrics(watched)
    path = "/v1.0/datacenter/reportData"
    assert found["reportdata_requests_total", f"{path},ok"] == 3
    assert found["reportdata_requests_total", f"{path},InvalidAuthentication"] == 1
    assert found["reportdata_requests_total", "other,InvalidAction.NotFound"] == 1
    assert found["reportdata_requests_total", "/gettoken,40096"] == 1
    assert found["reportdata_tokens_issued_total", ""] == 1
    assert found["reportdata_request_seconds_count", path] == 4
    assert found["reportdata_request_seconds_bucket", f"{path},+Inf"] == 4
    assert 0 < found["reportdata_request_seconds_sum", path] < 4
    assert found["reportdata_stale_days", ""] == 0


@pytest.mark.whole
def test_metrics_tell_of_this_process_and_of_those_that_answer(folder: Folder, call: Call) -> None:
    with serving(folder, operations_port=0, answering=1) as found:
        token = folder.token(folder.add_app(CORP, scopes=("Statistics.Report.Read",))[0])
        address = f"{found.url}/v1/statistics?from={DAY}&by=day,hour"
        with urlopen(Request(address, headers={"x-acs-dingtalk-access-token": token})):
            pass
        metrics = _metrics(found)
    own = {name for name, labels in metrics if name.startswith("process_") and not labels}
    answering = {
        (name, labels) for name, labels in metrics if name.startswith("process_") and labels.endswith(",answer")
    }
    assert {name for name, _ in answering} == own
    assert len(own) == len(answering) == 6
    for labels in ("", *{labels for _, labels in answering}):
        assert (
            10_000_000
            < metrics["process_resident_memory_bytes", labels]
            < metrics["process_virtual_memory_bytes", labels]
        )
        assert 0 < metrics["process_open_fds", labels] < metrics["process_max_fds", labels]
        assert metrics["process_cpu_seconds_total", labels] > 0
        assert abs(time.time() - metrics["process_start_time_seconds", labels]) < 86_400


def test_metrics_tell_how_the_numbers_stand(folder: Folder, call: Call, watched: Serving, tmp_path: Path) -> None:
    folder.add_organisation("dingnew")
    (tmp_path / "reports.csv").write_text(f"corp_id,report_id,user_id,sent_at\n{CORP},r1,u1,2021-06-30 09:00:00\n")
    folder.import_(tmp_path / "reports.csv", refresh=False)
    found = _metrics(watched)
    end = end_of("20210630", time_zone("Asia/Shanghai")) / SECOND
    assert found["reportdata_stale_days", ""] == 1
    assert found["reportdata_newest_day_end_seconds", CORP] == end == 1_625_068_800
    assert found["reportdata_lag_seconds", CORP] == pytest.approx(time.time() - end, abs=60)
    assert ("reportdata_lag_seconds", "dingnew") not in found
    folder.refresh()
    assert _metrics(watched)["reportdata_stale_days", ""] == 0
    (tmp_path / "gone.csv").write_text(f"corp_id,report_id,withdrawn_at\n{CORP},r1,2021-07-01 09:00:00\n")
    folder.import_(tmp_path / "gone.csv", refresh=False)
    assert _metrics(watched)["reportdata_unapplied_withdrawal_files", ""] == 1


def test_metrics_tell_what_keeps_the_numbers_coming(folder: Folder, watched: Serving, tmp_path: Path) -> None:
    assert _metrics(watched)["reportdata_free_bytes", ""] > 0
    assert ("reportdata_backup_seconds", "") not in _metrics(watched)
    assert run(folder, "backup", str(tmp_path / "copy")).exit_code == 0
    assert _metrics(watched)["reportdata_backup_seconds", ""] == pytest.approx(time.time(), abs=600)
    command = ("source", "add", "dingtalk", "--corp", CORP, "--app-key", "dingabc", "--name", "ours", "--calls", "500")
    added = run(folder, *command, "--from", "20210101")
    assert added.exit_code == 0, added.output
    found = _metrics(watched)
    assert found["reportdata_calls_left", "ours"] == 500
    assert (found["reportdata_left_alone", "ours"], found["reportdata_set_aside", "ours"]) == (0, 0)
    assert ("reportdata_listed_until_seconds", "ours") not in found


def test_what_cannot_be_read_keeps_no_other_metric_from_being_told(
    folder: Folder, call: Call, watched: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    ledger, backups = folder.settings.ledger, folder.path / "backups.jsonl"
    assert _metrics(watched)["reportdata_unreadable", "collecting"] == 0
    ledger.write_bytes(b"no database" * 1000)
    backups.mkdir()
    for _ in range(2):
        found = _metrics(watched)
        assert (found["reportdata_unreadable", "collecting"], found["reportdata_unreadable", "backups"]) == (1, 1)
        assert found["reportdata_stale_days", ""] == 0
        assert found["reportdata_newest_day_end_seconds", CORP] > 0
        assert ("reportdata_backup_seconds", "") not in found
    assert [record.name for record in caplog.records].count("reportdata.metrics") == 2
    ledger.unlink()
    backups.rmdir()
    found = _metrics(watched)
    assert (found["reportdata_unreadable", "collecting"], found["reportdata_unreadable", "backups"]) == (0, 0)


@pytest.mark.whole
def test_the_serving_process_computes_nothing_for_its_metrics(folder: Folder, call: Call) -> None:
    with served(folder, "--no-work", "--operations-port", 0) as process:
        assert process.running.stdout is not None
        url = re.findall(r"http://\S+(?=/metrics)", process.running.stdout.readline())[0]
        assert _get(f"{url}/metrics")[0] == 200
        maps = Path(f"/proc/{process.running.pid}/maps")
        if maps.exists():
            assert "duckdb" not in maps.read_text()


@pytest.mark.parametrize("form", ["json", pytest.param("readable", marks=pytest.mark.whole)])
def test_the_log_names_the_request_id_that_the_client_got(folder: Folder, call: Call, form: str) -> None:
    with served(folder, "--no-work", "--log-requests", "--log-format", form) as process:
        good = call._replace(address=process.address).answer()
        wrong = call._replace(address=process.address, stat_date="x").answer()
        process.terminate()
    lines = (folder.path.parent / "server.log").read_text().splitlines()
    assert good.request_id in lines[0]
    assert wrong.request_id in lines[1]
    if form == "json":
        fields = json.loads(lines[1])
        assert (fields["request_id"], fields["status"], fields["outcome"]) == (
            wrong.request_id,
            500,
            "statDate.format.iserror",
        )
        assert fields["app_key"]
    assert call.token is not None
    assert call.token not in "".join(lines)


def test_the_audit_tells_who_read_which_day(folder: Folder, call: Call) -> None:
    app = folder.store.apps()[0]
    with serving(folder, clock=lambda: NOW) as found:
        call = call._replace(address=found.address, token=folder.token(app, NOW))
        first = call.answer()
        call.answer()
        call._replace(stat_date=UNCOVERED_DAY).answer()
        call._replace(stat_date="x").answer()
        call._replace(token="x").answer()
    audit = run(folder, "audit", "--json").output.splitlines()
    rows = [json.loads(line) for line in audit]
    assert [(row["appKey"], row["corpId"], row["statDate"], row["address"]) for row in rows] == [
        (app.app_key, CORP, DAY, "127.0.0.1"),
        (app.app_key, CORP, UNCOVERED_DAY, "127.0.0.1"),
    ]
    assert rows[0]["at"] == "2026-11-22T08:00:00.000Z"
    assert rows[0]["requestId"] == first.request_id
    assert rows[0]["reads"] == 2
    assert UNCOVERED_DAY not in run(folder, "audit", "--day", DAY).output
    assert "127.0.0.1" in run(folder, "audit", "--from", "20261122", "--to", "20261122").output
    for other in (["--app", "x"], ["--corp", "x"], ["--from", "20261123"], ["--day", OTHER_DAY]):
        assert run(folder, "audit", "--json", *other).output == ""


def test_the_audit_survives_cut_off_lines_and_forgets_old_days(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit")
    reads = [Read(int(NOW * 1000), "app", CORP, DAY, "192.0.2.1", str(number)) for number in range(3)]
    audit.write(reads[:1])
    (path,) = (tmp_path / "audit").iterdir()
    with path.open("ab") as file:
        file.write(msgspec.json.encode(reads[1])[:20])
    audit.write(reads[2:])
    assert list(audit.read()) == [reads[0], reads[2]]
    assert audit.forget_before("20261122") == 0
    assert audit.forget_before("20261123") == 1
    assert list(audit.read()) == []


@pytest.mark.usefixtures("fast_ticks")
def test_an_audit_that_cannot_be_written_keeps_nobody_from_reading(
    folder: Folder, call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    folder.settings.audit.write_text("in the way")
    with serving(folder) as found:
        assert call._replace(address=found.address).answer().body == SAMPLE
        until(lambda: "cannot be written" in caplog.text)
        assert call._replace(address=found.address).answer().body == SAMPLE


FORWARDED = [
    # trusted proxies, what they sent, whether an app that allows 192.0.2.0/24 only is let in
    ((), "192.0.2.7", False),
    (("10.0.0.0/8",), "192.0.2.7", False),
    (("127.0.0.1",), "192.0.2.7", True),
    (("127.0.0.0/8",), "192.0.2.7", True),
    (("127.0.0.1",), "198.51.100.1, 192.0.2.7", True),
    (("127.0.0.1",), "192.0.2.7, 198.51.100.1", False),
    (("127.0.0.1", "10.0.0.0/8"), "198.51.100.1, 192.0.2.7, 10.1.1.1", True),
    (("127.0.0.1",), "nonsense", False),
    (("127.0.0.1",), "", False),
]


@pytest.mark.whole
@pytest.mark.parametrize(("proxies", "forwarded", "allowed"), FORWARDED)
def test_allow_lists_believe_configured_proxies_only(
    folder: Folder, proxies: tuple[str, ...], forwarded: str, allowed: bool
) -> None:
    add_sample(folder)
    token = folder.token(folder.add_app(CORP, allow_list=("192.0.2.0/24",))[0])
    with serving(folder, proxies=proxies) as found:
        answer = Call(found.address, token, headers={"x-forwarded-for": forwarded}).answer()
    assert answer.status.endswith("200 OK") == allowed
    if not allowed:
        assert b"IpNotInWhiteList" in answer.body


def test_a_proxy_that_is_no_network_is_refused(folder: Folder) -> None:
    result = run(folder, "serve", "--proxy", "my-proxy")
    assert (result.exit_code, "neither an address nor a network" in result.output) == (1, True)


@pytest.mark.parametrize(("default", "own", "answered"), [(20, None, 20), (5, None, 5), (0, None, 40), (5, 0, 40)])
def test_apps_have_the_rate_of_the_server_unless_they_have_their_own(
    folder: Folder, default: int, own: int | None, answered: int
) -> None:
    add_sample(folder)
    token = folder.token(folder.add_app(CORP, rate=own)[0], NOW)
    with serving(folder, clock=lambda: NOW, rate=default) as found:
        call = Call(found.address, token)
        statuses = [call.answer().status for _ in range(40)]
    assert statuses.count(OK) == answered


def test_the_default_rate_is_that_of_dingtalk(folder: Folder) -> None:
    assert re.search(r"--rate\b[^-]*default: 20", run(folder, "serve", "--help").output, re.DOTALL)


def test_callers_over_ipv4_are_seen_as_such_on_a_socket_of_both_kinds(folder: Folder) -> None:
    add_sample(folder)
    token = folder.token(folder.add_app(CORP, allow_list=("192.0.2.0/24",))[0])
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as listening:
        port = listening.getsockname()[1]
        with serving(folder, proxies=("127.0.0.1",), descriptor=os.dup(listening.fileno())):
            call = Call(("127.0.0.1", port), token, headers={"x-forwarded-for": "192.0.2.7"})
            assert call.answer().status == OK
        with serving(folder, descriptor=os.dup(listening.fileno())):
            assert b"request ip=127.0.0.1 " in call.answer().body
