"""An organisation's reports straight from DingTalk, over real sockets, against the twin's truth."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from reportdata.cli import cli
from reportdata.collector.ledger import Ledger
from reportdata.days import days_between
from reportdata.twin import BEIJING, Habits, Server, Twin, running
from tests.support.calling import Call
from tests.support.documents import document, lines
from tests.support.folders import Folder, run
from tests.support.python_sdk import query
from tests.support.python_sdk import token as issued
from tests.support.serving import serving
from tests.support.waiting import SOON, until

pytestmark = pytest.mark.whole

SECRET = "REPORTDATA_DINGTALK_APP_SECRET"
TODAY = datetime.now(BEIJING)


def _day(ago: int) -> str:
    """A day as it is written, so many days ago."""
    return f"{TODAY - timedelta(days=ago):%Y%m%d}"


@pytest.fixture
def server() -> Iterator[Server]:
    """A twin of this moment, whose people have sent reports for two weeks that ended a month ago."""
    twin = Twin(
        seed=7,
        people=8,
        habits=Habits(reports_per_day=5, popular=0.05),
        first_day=_day(50),
        last_day=_day(35),
        now=time.time(),
        speed=1.0,
        rate=0,
    )
    with running(twin) as found:
        yield found


def add(folder: Folder, server: Server, *more: object) -> None:
    """Add the twin's organisation as a source."""
    twin = server.twin
    arguments = ["--corp", twin.corp_id, "--app-key", twin.app_key, "--api", server.url, "--oapi", server.url]
    result = run(folder, "source", "add", "dingtalk", *arguments, "--per-second", 1000, *more)
    assert result.exit_code == 0, result.output


def collect(folder: Folder, server: Server, *more: str) -> Result:
    """Collect once."""
    environment = {SECRET: server.twin.app_secret}
    return CliRunner().invoke(cli, ["collect", "--once", *more, "--data", str(folder.path)], env=environment)


def numbers(folder: Folder) -> dict[str, dict[str, int]]:
    """The numbers of all days, as a command tells them."""
    rows = json.loads(run(folder, "query", _day(50), "--to", _day(36), "--format", "json").stdout)
    return {row["stat_date"]: {kpi: row[f"{kpi}_DAY"] for kpi in ("4100", "4101", "4102")} for row in rows}


def test_from_nothing_to_the_numbers_of_weeks(folder: Folder, server: Server) -> None:
    twin, first, last = server.twin, _day(50), _day(36)
    add(folder, server, "--from", first)
    result = collect(folder, server)
    assert result.exit_code == 0, result.output
    truth = twin.truth(first, last)
    rows = json.loads(run(folder, "query", first, "--to", last, "--format", "json").stdout)
    assert {row["stat_date"]: {kpi: row[f"{kpi}_DAY"] for kpi in ("4100", "4101", "4102")} for row in rows} == truth
    assert {state for row in rows for state in row["states"].values()} == {"final"}
    assert twin.calls.repeats == 0
    assert twin.calls.over_budget == 0
    spent = json.loads(run(folder, "budget", "--json").stdout)[0]["spent"]
    assert spent == twin.calls.charged
    before = twin.calls.charged
    assert collect(folder, server).exit_code == 0
    assert twin.calls.charged <= before + 2, "what is known is not asked for again"


@pytest.mark.parametrize("kind", ["sent", "commented"])
def test_what_was_given_up_of_the_lake_is_collected_again(folder: Folder, server: Server, kind: str) -> None:
    twin, first, last = server.twin, _day(50), _day(36)
    add(folder, server, "--from", first)
    assert collect(folder, server).exit_code == 0
    truth = numbers(folder)
    paths = folder.lake.paths(kind)
    paths[0].unlink()
    assert run(folder, "repair", "--give-up", paths[0]).exit_code == 0
    rows = json.loads(run(folder, "query", first, "--to", last, "--format", "json").stdout)
    known = [(row["stat_date"], kpi) for row in rows for kpi in row if kpi.endswith("_DAY")]
    assert len(known) < 3 * len(truth)
    assert all(row[kpi] == truth[day][kpi.removesuffix("_DAY")] for row in rows for day, kpi in known if day in row)
    assert collect(folder, server).exit_code == 0
    assert numbers(folder) == truth
    rows = json.loads(run(folder, "query", first, "--to", last, "--format", "json").stdout)
    assert {state for row in rows for state in row["states"].values()} == {"final"}
    assert twin.truth(first, last) == truth


def test_official_clients_get_the_same_numbers_as_from_dingtalk(folder: Folder, server: Server) -> None:
    twin, first, last = server.twin, _day(50), _day(45)
    add(folder, server, "--from", first)
    assert collect(folder, server).exit_code == 0
    token = folder.token(folder.add_app(twin.corp_id)[0])
    theirs = issued(server.endpoint, twin.app_key, twin.app_secret, "sync")
    with serving(folder) as ours:
        for day in days_between(first, last):
            mine, given = Call(ours.address, token, day), Call(server.address, theirs, day)
            assert query(mine, "sync") == query(given, "sync")


def test_no_file_holds_a_name_a_text_or_a_secret(folder: Folder, server: Server, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(server.twin.app_secret)
    server.twin.trouble("permission@topapi/report/simplelist")  # so that texts travel
    add(folder, server, "--from", _day(50), "--secret-file", secret)
    assert collect(folder, server).exit_code == 0
    assert server.twin.calls.by_api["topapi/report/list"] > 0
    assert run(folder, "backup", tmp_path / "backup").exit_code == 0
    files = [path for path in (*folder.path.rglob("*"), *(tmp_path / "backup").rglob("*")) if path.is_file()]
    contents = {path: path.read_bytes() for path in files}
    assert any(path.name == "collector.db" for path in files)
    for mark in server.twin.marks:
        assert not [path for path, content in contents.items() if mark.encode() in content], mark
    engine = duckdb.connect()
    for path in files:
        if path.suffix == ".parquet":
            text = str(engine.execute(f"select columns(*)::varchar from '{path}'").fetchall())
            assert not [mark for mark in server.twin.marks if mark in text]
    engine.close()


def test_a_secret_in_the_data_folder_is_refused(folder: Folder, server: Server) -> None:
    inside = folder.path / "secret"
    inside.write_text("x")
    result = run(folder, "source", "add", "dingtalk", "--corp", "c", "--app-key", "k", "--secret-file", inside)
    assert result.exit_code == 1
    assert "which holds no secret" in result.output


def test_a_wrong_secret_and_a_missing_one_are_told(folder: Folder, server: Server) -> None:
    add(folder, server)
    result = CliRunner().invoke(cli, ["collect", "--once", "--data", str(folder.path)], env={SECRET: "wrong"})
    assert result.exit_code == 1
    assert "the app key or the secret is wrong" in result.output
    result = CliRunner().invoke(cli, ["collect", "--once", "--data", str(folder.path)])
    assert result.exit_code == 1
    assert "REPORTDATA_DINGTALK_APP_SECRET" in result.output
    assert server.twin.calls.charged == 0


def test_sources_are_listed_and_removed(folder: Folder, server: Server) -> None:
    add(folder, server, "--from", "20260901")
    (source,) = json.loads(run(folder, "source", "list", "--json").stdout)
    assert (source["corp_id"], source["first_day"]) == (server.twin.corp_id, "20260901")
    assert "20260901" in run(folder, "source", "list").stdout
    assert run(folder, "source", "remove", server.twin.corp_id).exit_code == 0
    assert json.loads(run(folder, "source", "list", "--json").stdout) == []
    result = collect(folder, server)
    assert result.exit_code == 1
    assert "source add dingtalk" in result.output


def test_the_budget_is_shown_and_set(folder: Folder, server: Server) -> None:
    add(folder, server, "--calls", 40, "--from", _day(50))
    result = collect(folder, server)
    assert server.twin.calls.charged <= 40, result.output
    (told,) = json.loads(run(folder, "budget", "--json").stdout)
    assert told["spent"] == server.twin.calls.charged
    assert told["forecast"] <= told["calls"] == 40
    assert "calls spent" in run(folder, "budget").stdout
    assert run(folder, "budget", "--calls", 4_000, "--per-second", 500).exit_code == 0
    assert collect(folder, server).exit_code == 0
    rows = json.loads(run(folder, "query", _day(50), "--to", _day(36), "--format", "json").stdout)
    assert {row["stat_date"]: row["4102_DAY"] for row in rows} == {
        day: kpis["4102"] for day, kpis in server.twin.truth(_day(50), _day(36)).items()
    }


def test_who_is_forgotten_is_not_collected_again(folder: Folder, server: Server) -> None:
    twin = server.twin
    add(folder, server, "--from", _day(50))
    assert collect(folder, server).exit_code == 0
    with closing(Ledger(folder.settings.ledger)) as ledger:
        ((user_id,),) = ledger.rows("select user_id from reports group by user_id order by count(*) desc limit 1")
        result = run(folder, "forget", "--corp", twin.corp_id, "--user", user_id, "--yes")
        assert result.exit_code == 0, result.output
        ledger.write("delete from listed")
    assert collect(folder, server).exit_code == 0
    with closing(Ledger(folder.settings.ledger)) as ledger:
        assert ledger.mentions(user_id) == {}
    result = run(folder, "forget", "--corp", twin.corp_id, "--yes", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["found"] == []


@pytest.mark.slow
def test_a_process_that_is_killed_goes_on_where_it_was(folder: Folder, server: Server) -> None:
    add(folder, server, "--from", _day(50), "--per-second", 60)
    command = [sys.executable, "-m", "reportdata", "collect", "--once", "--data", str(folder.path)]
    environment = {**os.environ, SECRET: server.twin.app_secret}
    for pages in (3, 8, 30):
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            until(lambda: server.twin.calls.charged >= pages or process.poll() is not None)  # noqa: B023
            process.kill()
    assert server.twin.calls.charged >= 8
    result = collect(folder, server)
    assert result.exit_code == 0, result.output
    assert numbers(folder) == server.twin.truth(_day(50), _day(36))
    assert server.twin.calls.repeats <= 3, "at most the call that was on its way is asked again"


def test_the_commands_of_the_document_work(server: Server, tmp_path: Path) -> None:
    commands = lines(document("docs/collect.md").partition("\n## Trying it without DingTalk\n")[0])
    assert len(commands) == 8
    twin = server.twin
    environment = {
        SECRET: twin.app_secret,
        "REPORTDATA_DINGTALK_API": server.url,
        "REPORTDATA_DINGTALK_OAPI": server.url,
    }
    for line in commands:
        words = shlex.split(line.replace("dingsample", twin.corp_id).replace("dingkey", twin.app_key))
        result = CliRunner().invoke(cli, [*words[1:], "--data", str(tmp_path / "data")], env=environment)
        assert result.exit_code == 0, f"{line}\n{result.output}"


def test_the_worker_collects(folder: Folder, server: Server) -> None:
    add(folder, server, "--from", _day(50))
    command = [sys.executable, "-m", "reportdata", "work", "--data", str(folder.path)]
    truth = server.twin.truth(_day(50), _day(36))
    with subprocess.Popen(command, env={**os.environ, SECRET: server.twin.app_secret}) as process:
        until(lambda: numbers(folder) == truth)
        process.terminate()
        assert process.wait(SOON) == 0
