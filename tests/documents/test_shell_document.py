"""The page about the shell, in both languages: its commands work, its file of settings is read, its codes are all."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from reportdata.cli import cli
from reportdata.cli.exits import Exit
from tests.support.documents import blocks, document, lines
from tests.support.folders import Folder

PAGES = ["docs/shell.md", "docs/shell.zh-CN.md"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    Folder(tmp_path / "reportdata-data").add_organisation("ding1")
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
def test_its_commands_work(place: Path, page: str) -> None:
    told = lines(document(page))
    assert len(told) == 8
    for line in told:
        words = shlex.split(line)
        if words[0] != "reportdata":
            assert words[0] == "mkdir"
            continue
        own = [word.replace("~", str(place)) for word in words[1:]]
        own = own[: own.index(">")] if ">" in own else own
        result = CliRunner().invoke(cli, own)
        expected = Exit.NOT_KNOWN_YET if "--require" in own else Exit.DONE
        assert result.exit_code == expected, (line, result.output)


@pytest.mark.parametrize("page", PAGES)
def test_its_file_of_settings_is_read(place: Path, page: str) -> None:
    (text,) = blocks(document(page), "toml")
    (place / "reportdata.toml").write_text(text)
    told = CliRunner().invoke(cli, ["config"])
    assert (told.exit_code, told.stdout.count("file reportdata.toml")) == (0, 4), told.output
    assert "[serve]" in CliRunner().invoke(cli, ["config", "serve"]).stdout


@pytest.mark.parametrize("page", PAGES)
def test_it_has_every_exit_code(page: str) -> None:
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", document(page), re.MULTILINE)] == list(Exit)
