"""A data folder is set up by answering."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reportdata.cli import cli
from reportdata.cli.places import ledger_of, store_of
from reportdata.collector.sources import sources
from reportdata.settings import Settings
from tests.support import postgres

HEAD = "report_id,user_id,sent_at\n"


def answered(data: Path, *answers: str, options: Sequence[str] = ()) -> Result:
    """What becomes of these answers."""
    words = [*options, "init", "--data", str(data)]
    return CliRunner().invoke(cli, words, input="".join(f"{answer}\n" for answer in answers))


def test_files_are_imported_and_programs_may_read(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "reports.csv"
    file.write_text(HEAD + "r1,u1,2026-09-21 09:00:00\n")
    done = answered(data, "CORP_ID", "ding1", "", "", str(tmp_path / "none.csv"), str(file), "", "ours")
    assert done.exit_code == 0, done.output
    assert "stands for an organisation's id" in done.output, "what a document prints is asked again"
    assert "there is no file" in done.output
    commands = [line for line in done.output.splitlines() if line.startswith("$ ")]
    assert commands == [
        "$ reportdata org add ding1 --time-zone Asia/Shanghai",
        f"$ reportdata import {file} --corp ding1",
        "$ reportdata app add --corp ding1 --name ours",
    ]
    with closing(store_of(Settings(data))) as store:
        assert [one.corp_id for one in store.organisations()] == ["ding1"]
        assert [(app.name, app.scopes) for app in store.apps()] == [("ours", ("DataCenter.Report.Read",))]
        assert [(piece.first_day, piece.last_day) for piece in store.coverage()]


def test_what_is_known_is_not_asked_again_and_a_suite_is_a_source(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert answered(data, "ding1", "Europe/Berlin", "", "", "n").exit_code == 0
    done = answered(data, "", "dingtalk", "dingkey", "", "n", options=("--lang", "zh"))
    assert done.exit_code == 0, done.output
    assert "时区" not in done.output, "the organisation has one"
    with closing(ledger_of(Settings(data))) as ledger:
        assert [(one.corp_id, one.app_key) for one in sources(ledger)] == [("ding1", "dingkey")]


def test_programs_that_push_get_the_scope_for_it(tmp_path: Path) -> None:
    done = answered(tmp_path / "data", "ding1", "", "programs", "pusher")
    assert done.exit_code == 0, done.output
    with closing(store_of(Settings(tmp_path / "data"))) as store:
        (app,) = store.apps()
    assert set(app.scopes) == {"DataCenter.Report.Read", "DataCenter.Report.Write"}


def test_the_commands_have_the_settings_that_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "settings.toml"
    config.write_text('data = "elsewhere"\n[org.add]\ntime-zone = "Europe/Berlin"\n')
    done = CliRunner().invoke(cli, ["--config", str(config), "init"], input="ding1\n\n\n\nn\n")
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "settings.toml"]
    config.write_text('[org.add]\nzone = "x"\n')
    done = CliRunner().invoke(cli, ["--config", str(config), "init"], input="ding1\n\n")
    assert (done.exit_code, "org.add.zone is no setting" in done.output) == (1, True)


@pytest.mark.postgres
def test_a_shared_store_is_set_up_and_no_other(tmp_path: Path) -> None:
    options = ["--data", str(tmp_path / "data"), "--store", postgres.address()]
    for answers in ("ding1\n\n\n\nn\n", "\n\n\nn\n"):  # then it is known
        done = CliRunner().invoke(cli, ["init", *options], input=answers)
        assert done.exit_code == 0, done.output
    assert "Organisations that are known: ding1" in done.output
    assert not list(tmp_path.rglob("store.db"))


def test_a_command_that_fails_ends_it(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(HEAD + "r1,u1,never\n")
    done = answered(tmp_path / "data", "ding1", "", "", str(bad))
    assert done.exit_code == 1
    assert "is not a time" in done.output


def test_what_cannot_be_used_is_said_in_chinese(tmp_path: Path) -> None:
    none = tmp_path / "none.csv"
    done = answered(tmp_path / "data", "ding1", "", "1", "files", str(none), "", "n", options=("--lang", "zh"))
    assert done.exit_code == 0, done.output
    assert "没有 '1' 这个选项\n  请写其中之一：files, dingtalk, programs\n" in done.output
    assert f"没有文件 {none}\n  请写文件的路径，或直接回车\n" in done.output
    assert "Error" not in done.output
