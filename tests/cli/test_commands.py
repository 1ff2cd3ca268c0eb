"""The other commands as people and programs use them."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest

from reportdata.cli.local_times import local_text
from tests.support.folders import Folder, run
from tests.support.serving import exchange, serving
from tests.support.waiting import SOON

CORP = "ding32xxx"


@pytest.fixture
def filled(folder: Folder, tmp_path: Path) -> Folder:
    """A data folder with one organisation, one report, and three covered days."""
    folder.add_organisation(CORP)
    path = tmp_path / "reports.csv"
    path.write_text("report_id,user_id,sent_at\nr1,u1,2021-06-20 09:00:00\n")
    folder.import_(path, corp_id=CORP, first_day="20210619", last_day="20210621", covers=("sent", "commented"))
    return folder


def test_query_prints_the_documents_table(filled: Folder) -> None:
    lines = run(filled, "query", "20210619", "--to", "20210622").output.splitlines()
    assert lines[1].split() == [
        "统计日期",
        "组织ID",
        "发送日志数",
        "发送日志用户数",
        "评论日志用户数",
        "state",
        "as",
        "of",
    ]
    assert [line.split()[:6] for line in lines[3:7]] == [
        ["20210619", CORP, "0", "0", "0", "final"],
        ["20210620", CORP, "1", "1", "0", "final"],
        ["20210621", CORP, "0", "0", "0", "final"],
        ["20210622", CORP, "–", "–", "–", "missing"],
    ]
    assert "not known" in lines[-1]


def test_query_gives_programs_rows_of_the_contract(filled: Folder) -> None:
    said = run(filled, "query", "20210620", "--to", "20210625", "--format", "json").output
    rows = json.loads(said)
    (as_of,) = {row["as_of"] for row in rows}
    certain = f'"state":"final","as_of":"{as_of}","states":{{"4100":"final","4101":"final","4102":"final"}}}}'
    assert said == (
        f'[{{"stat_date":"20210620","4100_DAY":1,"corp_id":"ding32xxx","4101_DAY":1,"4102_DAY":0,{certain},'
        f'{{"stat_date":"20210621","4100_DAY":0,"corp_id":"ding32xxx","4101_DAY":0,"4102_DAY":0,{certain}]\n'
    )
    assert run(filled, "query", "20210620", "--corp", CORP, "--format", "csv").output == (
        f"stat_date,corp_id,4100_DAY,4101_DAY,4102_DAY,state,as_of\n20210620,ding32xxx,1,1,0,final,{as_of}\n"
    )
    assert run(filled, "query", "20220101", "--format", "json").output == "[]\n"


def test_query_refuses_what_is_no_day_and_whom_it_does_not_know(filled: Folder) -> None:
    assert "'20210631' is not a day" in run(filled, "query", "20210631").output
    assert "ding9" in run(filled, "query", "20210620", "--corp", "ding9").output
    assert "is before" in run(filled, "query", "20210620", "--to", "20210619").output


@pytest.mark.whole
def test_status_shows_coverage_and_what_is_stale(filled: Folder, tmp_path: Path) -> None:
    path = tmp_path / "late.csv"
    path.write_text("report_id,user_id,sent_at\nr2,u1,2021-06-21 09:00:00\n")
    gone = tmp_path / "gone.jsonl"
    gone.write_text('{"report_id":"r1","withdrawn_at":"2021-06-22 09:00:00"}\n')
    filled.import_(
        path, gone, corp_id=CORP, refresh=False, first_day="20210621", last_day="20210621", covers=("sent", "commented")
    )
    found = json.loads(run(filled, "status", "--json").output)
    assert found["staleDays"] == ["20210620", "20210621"], "one day has a new report, one a withdrawn one"
    assert found["organisations"] == [
        {
            "corpId": CORP,
            "coverage": [{"firstDay": "20210619", "lastDay": "20210621"}],
            "coverageByKind": {
                kind: [{"firstDay": "20210619", "lastDay": "20210621"}] for kind in ("commented", "sent")
            },
            "newestDay": "20210621",
            "newestState": "final",
            "newestFinalDay": "20210621",
            "setAside": 0,
        }
    ]
    assert found["lakeBytes"] > 0 < found["storeBytes"]
    assert "20210619–20210621" in run(filled, "status").output
    assert json.loads(run(filled, "refresh", "--json").output) == {
        "days": ["20210620", "20210621"],
        "changed": 2,
    }
    assert json.loads(run(filled, "refresh", "--json").output) == {"days": [], "changed": 0}
    assert json.loads(run(filled, "refresh", "--from", "20210620", "--json").output)["days"] == ["20210620", "20210621"]
    assert "Computed 1 day; 0 values changed." in run(filled, "refresh", "--to", "20210620").output
    assert json.loads(run(filled, "status", "--json").output)["staleDays"] == []


def test_a_data_folder_that_is_not_there_is_said_so(tmp_path: Path, folder: Folder) -> None:
    folder.path = tmp_path / "nowhere"
    for command in (["query", "20210620"], ["status"], ["app", "list"], ["org", "show", CORP], ["refresh"]):
        result = run(folder, *command)
        assert result.exit_code == 1
        assert "there is no data folder" in result.output
    assert not folder.path.exists()


def test_organisations_are_added_listed_and_shown(folder: Folder) -> None:
    assert "Added the organisation ding1" in run(folder, "org", "add", "ding1", "--time-zone", "Europe/Berlin").output
    assert run(folder, "org", "add", "ding1", "--time-zone", "Europe/Berlin").exit_code == 0
    assert "its days were counted in that zone" in run(folder, "org", "add", "ding1").output
    assert "is not a time zone" in run(folder, "org", "add", "ding2", "--time-zone", "Berlin").output
    assert "is not an organisation's id" in run(folder, "org", "add", " ").output
    assert json.loads(run(folder, "org", "list", "--json").output) == [{"corpId": "ding1", "timeZone": "Europe/Berlin"}]
    assert "Europe/Berlin" in run(folder, "org", "list").output
    assert json.loads(run(folder, "org", "show", "ding1", "--json").output)["coverage"] == []
    assert "nothing yet" in run(folder, "org", "show", "ding1").output
    assert "reportdata org add ding9" in run(folder, "org", "show", "ding9").output


def test_apps_live_through_all_their_states(filled: Folder) -> None:
    added = json.loads(
        run(
            filled, "app", "add", "--corp", CORP, "--name", "报表", "--allow", "10.0.0.0/8", "--rate", 20, "--json"
        ).stdout
    )
    key = added["appKey"]
    assert list(added) == ["appKey", "appSecret"]
    assert json.loads(run(filled, "app", "show", key, "--json").output) == {
        "appKey": key,
        "name": "报表",
        "type": "internal",
        "corpId": CORP,
        "scopes": ["DataCenter.Report.Read"],
        "allowList": ["10.0.0.0/8"],
        "rate": 20,
        "disabled": False,
        "oldSecretUntil": None,
        "unknown": "left-out",
    }
    assert added["appSecret"] not in run(filled, "app", "show", key).output
    assert run(filled, "app", "disable", key).exit_code == 0
    assert "disabled" in run(filled, "app", "list").output
    assert run(filled, "app", "enable", key).exit_code == 0
    assert run(filled, "app", "revoke", key).exit_code == 0
    assert "does not have" in run(filled, "app", "revoke", key).output
    assert json.loads(run(filled, "app", "list", "--json").output)[0]["scopes"] == []
    assert run(filled, "app", "grant", key).exit_code == 0
    rotated = json.loads(run(filled, "app", "rotate", key, "--json").stdout)
    assert rotated["appKey"] == key
    assert rotated["appSecret"] != added["appSecret"]
    shown = json.loads(run(filled, "app", "show", key, "--json").stdout)
    assert rotated["oldSecretUntil"] == shown["oldSecretUntil"]
    left = datetime.fromisoformat(shown["oldSecretUntil"]).timestamp() - time.time()
    assert 0 < left <= 86_400
    ends = local_text(datetime.fromisoformat(shown["oldSecretUntil"]).timestamp(), "Asia/Shanghai")
    assert ends in run(filled, "app", "list").output
    assert "oldSecretUntil" not in json.loads(run(filled, "app", "rotate", key, "--now", "--json").stdout)
    assert json.loads(run(filled, "app", "show", key, "--json").stdout)["oldSecretUntil"] is None
    assert len(run(filled, "token", key).stdout.strip()) == 32
    assert json.loads(run(filled, "token", key, "--json").stdout)["expireIn"] == 7200


def test_apps_are_refused_what_they_may_not_have(filled: Folder) -> None:
    third = json.loads(
        run(filled, "app", "add", "--corp", CORP, "--name", "x", "--type", "third-party-personal", "--json").stdout
    )
    assert "only internal apps may" in run(filled, "app", "grant", third["appKey"]).output
    assert "is not a scope" in run(filled, "app", "add", "--name", "x", "--scope", "Everything").output
    assert "neither an address nor a network" in run(filled, "app", "add", "--name", "x", "--allow", "here").output
    assert "is not known" in run(filled, "app", "add", "--name", "x", "--corp", "ding9").output
    for command in ("show", "disable", "enable", "rotate", "grant", "revoke"):
        assert "there is no app 'dingnone'" in run(filled, "app", command, "dingnone").output
    assert "there is no app 'dingnone'" in run(filled, "token", "dingnone").output


@pytest.mark.whole
def test_serving_ends_without_a_word_when_it_is_interrupted(filled: Folder) -> None:
    command = [sys.executable, "-m", "reportdata", "serve", "--port", "0", "--data", str(filled.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.match(r"Serving http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
            assert found is not None
            answer = exchange(("127.0.0.1", int(found[1])), b"GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n")
            assert b"InvalidAction.NotFound" in answer
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=SOON) == ("", "")
        finally:
            process.kill()
    assert process.returncode == 0


def test_a_taken_port_is_said_so(filled: Folder) -> None:
    with serving(filled) as server:
        result = run(filled, "serve", "--port", server.address[1])
    assert result.exit_code == 1
    assert "is taken" in result.output
