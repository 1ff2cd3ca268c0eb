"""A file of settings: which of option, environment, file and default holds, and what `reportdata config` says of it."""

from __future__ import annotations

import json
import os
import tomllib
from itertools import product
from pathlib import Path
from tempfile import NamedTemporaryFile

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from reportdata.cli import cli
from reportdata.cli.configuration import COMMON, leaves, options_of, read_configuration
from reportdata.errors import BadFile
from tests.support.folders import Folder


def reportdata(*arguments: str | Path, **environment: str) -> Result:
    return CliRunner(env=environment).invoke(cli, [*map(str, arguments)])


def settings(*arguments: str | Path, **environment: str) -> dict[tuple[str | None, str], dict[str, object]]:
    told = reportdata(*arguments, "--json", **environment)
    assert told.exit_code == 0, told.output
    return {(one["command"], one["name"]): one for one in json.loads(told.stdout)["settings"]}


@pytest.mark.parametrize(("option", "variable", "file"), list(product((True, False), repeat=3)))
def test_an_option_beats_the_environment_that_the_file_and_that_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: bool, variable: bool, file: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    places = {"option": option, "variable": variable, "file": file, "reportdata-data": True}
    for name in places:
        Folder(tmp_path / name).add_organisation(f"in-{name}")
    config = tmp_path / "settings.toml"
    config.write_text('data = "file"\n' if file else "")
    words = ["--data", "option"] if option else []
    told = reportdata(
        "--config", config, "org", "list", "--json", *words, **({"REPORTDATA_DATA": "variable"} if variable else {})
    )
    holding = next(name for name, is_set in places.items() if is_set)
    assert [one["corpId"] for one in json.loads(told.stdout)] == [f"in-{holding}"]


def test_a_table_holds_for_its_command_and_beats_what_holds_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        Folder(tmp_path / name).add_organisation(f"in-{name}")
    (tmp_path / "reportdata.toml").write_text('data = "a"\n[org.list]\ndata = "b"\njson = true\n')
    assert json.loads(reportdata("org", "list").stdout) == [{"corpId": "in-b", "timeZone": "Asia/Shanghai"}]
    assert "in-a" in reportdata("status", "--json").stdout
    found = settings("config")
    assert found[None, "data"]["source"] == found["org list", "data"]["source"] == "file"
    assert (found[None, "data"]["value"], found["org list", "data"]["value"]) == ("a", "b")
    assert found["org list", "data"]["said_in"] == "reportdata.toml [org.list]"


def test_what_holds_is_printed_with_where_it_comes_from_and_no_secret(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text('log-format = "json"\nlake-cache = 3\n[serve]\nport = 8081\nweb = false\n')
    environment = {
        "REPORTDATA_CONFIG": str(config),
        "REPORTDATA_STORE": "postgresql://app:geheim@db.example/numbers",
        "REPORTDATA_DINGTALK_APP_SECRET": "geheim",
        "AWS_SECRET_ACCESS_KEY": "geheim",
        "REPORTDATA_RATE": "7",
    }
    found = settings("config", **environment)
    assert {key: (one["value"], one["source"]) for key, one in found.items() if one["source"] != "default"} == {
        (None, "store"): ("postgresql://app:********@db.example/numbers", "environment"),
        (None, "lake-cache"): (3.0, "file"),
        (None, "log-format"): ("json", "file"),
        ("serve", "port"): (8081, "file"),
        ("serve", "web"): (False, "file"),
        ("serve", "rate"): ("7", "environment"),
        (None, "REPORTDATA_DINGTALK_APP_SECRET"): ("********", "environment"),
        (None, "AWS_SECRET_ACCESS_KEY"): ("********", "environment"),
    }
    assert found[None, "data"]["source"] == "default"
    table = reportdata("config", "serve", **environment)
    assert (table.exit_code, "geheim" in table.output) == (0, False)
    assert "8081" in table.stdout
    assert "environment REPORTDATA_RATE" in table.stdout
    assert reportdata("config", "sevre").exit_code == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('dta = "x"', "dta is no setting\n  'data' may be meant"),
        ("serve = 4", "serve is a command"),
        ("org = 4", "org is a command"),
        ("[org]\nlist = 4", "org.list is no table"),
        ("[org.lst]\njson = true", "org.lst is no setting"),
        ("[org.list]\njsn = true", "org.list.jsn is no setting\n  'json' may be meant"),
        ("[org.list]\nwith-parent = true", "org.list.with-parent is no setting"),
        ('[org.list]\njson = "yes"', "org.list.json cannot be 'yes'\n  it is true or false"),
        ('data = ["a"]', "data is not written as it must be"),
        ('services = "a"', "it is written as a list"),
        ("data = true", "data cannot be True"),
        ("data = 5", "data cannot be 5"),
        ("data = 1.5", "data cannot be 1.5"),
        ("store = 5", "store cannot be 5"),
        ("services = [5]", "services cannot be [5]"),
        ('services = [["a"]]', "services cannot be [['a']]"),
        ("lake-cache = inf\n[org.list]\njson = 1", "org.list.json cannot be 1"),
        ("data =", "is no TOML: Invalid value (at "),
        ("data = 2026-01-01", "data cannot be"),
        ("\udcff", "is no TOML"),
    ],
)
def test_what_a_file_says_wrongly_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    config = tmp_path / "settings.toml"
    config.write_bytes(text.encode(errors="surrogateescape"))
    result = reportdata("--config", config, "org", "list", "--data", tmp_path)
    assert result.exit_code == 1
    assert f"{config}: " in result.stderr
    assert said in result.stderr


@given(st.text().map(str.encode) | st.binary())
def test_no_text_ends_in_anything_but_a_refusal(text: bytes) -> None:
    with NamedTemporaryFile() as file:
        file.write(text)
        file.flush()
        try:
            content = tomllib.loads(text.decode())
        except (ValueError, RecursionError):
            with pytest.raises(BadFile, match="is no TOML"):
                read_configuration(Path(file.name))
        else:
            assert read_configuration(Path(file.name)).content == content


def test_a_file_that_is_not_there_or_not_ones_own_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "is not there" in reportdata("--config", "nothing.toml", "status").stderr
    found = tmp_path / "reportdata.toml"
    found.write_text('data = "d"')
    found.chmod(0o666)
    assert "may have been written by another user" in reportdata("status").stderr
    assert "there is no data folder d" in reportdata("--config", found, "status").stderr
    found.chmod(0o644)
    assert "there is no data folder d" in reportdata("status").stderr
    found.write_bytes(b"#" * 1_000_001)
    assert "is no file of settings" in reportdata("status").stderr


def test_what_is_no_file_or_a_link_to_nowhere_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = tmp_path / "reportdata.toml"
    os.mkfifo(found)
    assert "reportdata.toml: is no file" in reportdata("status").stderr
    found.unlink()
    found.symlink_to(tmp_path / "mounted" / "reportdata.toml")
    assert "reportdata.toml: is a link to nowhere" in reportdata("status").stderr


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://app:geheim@db/n", "postgresql://app:********@db/n"),
        ("postgresql://app:gehe@im/ge:heim@db/n", "postgresql://app:********@db/n"),
        (
            "postgresql://db/n?user=a&password=geheim&sslpassword=geheim",
            "postgresql://db/n?user=a&password=********&ssl",
        ),
        ("postgresql://db:5432/n", "postgresql://db:5432/n"),
    ],
)
def test_a_file_may_name_the_store_and_its_password_is_shown_nowhere(tmp_path: Path, address: str, shown: str) -> None:
    config = tmp_path / "settings.toml"
    config.write_text(f'store = "{address}"\n')
    assert str(settings("--config", config, "config")[None, "store"]["value"]).startswith(shown)
    for words in (("config",), ("config", "serve")):
        assert "geheim" not in reportdata("--config", config, *words).output
    config.write_text("[store.copy]\njson = true\n")
    assert settings("--config", config, "config")["store copy", "json"]["value"] is True


def test_numbers_are_whole_where_they_must_be(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    for said, fits in (("1.5", False), ("inf", False), ("true", False), ("81", True), ('"81"', True)):
        config.write_text(f"[serve]\nport = {said}\n")
        assert (reportdata("--config", config, "config").exit_code == 0) == fits, said
    config.write_text("[serve]\nsession-hours = 2\n")
    assert settings("--config", config, "config")["serve", "session-hours"]["value"] == 2


def test_what_a_server_starts_reads_no_file_that_lies_in_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They work among files that people brought."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reportdata.toml").write_text("=")
    hidden = [name for name in ("answer", "bring") if (one := cli.get_command(click.Context(cli), name)) and one.hidden]
    for name in hidden:
        assert "TOML" not in reportdata(name, "--nonsense").stderr
    assert "TOML" in reportdata("status").stderr
    assert hidden


def test_the_first_keys_are_the_settings_that_several_commands_share() -> None:
    taking: dict[str, int] = {}
    for _, command in leaves(cli):
        for name, option in options_of(command).items():
            if option.envvar == f"REPORTDATA_{name.upper().replace('-', '_')}":
                taking[name] = taking.get(name, 0) + 1
    assert {name for name, count in taking.items() if count > 1 and name != "tls-cert"} == set(COMMON)
    assert not any(name in os.environ for name in ("REPORTDATA_CONFIG", "REPORTDATA_DATA"))
