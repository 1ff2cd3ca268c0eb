"""Shells complete commands, and manual pages are set, from the same parser."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from reportdata.cli import cli
from reportdata.cli.configuration import leaves
from reportdata.named_days import DAYS
from tests.support.tools import require_tool

BIN = Path(sys.executable).parent


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(cli, arguments, prog_name="reportdata")
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.whole
def test_bash_completes_as_it_is_told(tmp_path: Path) -> None:
    script = tmp_path / "reportdata"
    script.write_text(printed("completion", "bash"))
    ask = f"""
source {script}
complete_line() {{
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  _reportdata_completion reportdata
  echo "${{COMPREPLY[*]}}"
}}
complete_line reportdata imp
complete_line reportdata org a
complete_line reportdata query --require p
complete_line reportdata query yest
complete_line reportdata import --time
"""
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, env=environment)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "import imports",
        "add",
        "provisional partial",
        "yesterday",
        "--times-in --time-zone",
    ]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str) -> None:
    assert f"_REPORTDATA_COMPLETE={shell}_complete" in printed("completion", shell)


def test_all_words_for_days_are_offered() -> None:
    command = cli.get_command(click.Context(cli), "query")
    assert command is not None
    day = next(one for one in command.params if one.name == "first_day")
    assert {item.value for item in day.shell_complete(click.Context(command), "")} >= set(DAYS)


def test_pages_replace_links_and_leave_what_these_lead_to(tmp_path: Path) -> None:
    theirs, folder = tmp_path / "theirs", tmp_path / "man1"
    theirs.write_text("kept")
    folder.mkdir()
    for name in ("reportdata.1", "reportdata-import.1"):
        (folder / name).symlink_to(theirs)
    printed("man", "--output", str(folder))
    assert theirs.read_text() == "kept"
    assert not any(path.is_symlink() for path in folder.iterdir())
    assert all(path.suffix == ".1" and not path.name.startswith(".") for path in folder.iterdir())
    umask = os.umask(0)
    os.umask(umask)
    assert (folder / "reportdata.1").stat().st_mode & 0o777 == 0o666 & ~umask


def test_every_command_has_a_page_with_all_its_options(tmp_path: Path) -> None:
    printed("man", "--output", str(tmp_path / "man1"))
    pages = {path.stem: path.read_text("utf-8") for path in (tmp_path / "man1").iterdir()}
    for words, command in leaves(cli):
        text = pages["-".join(["reportdata", *words])]
        assert text == printed("man", *words)
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert option.opts[-1].replace("-", "\\-") in text, words
    assert "reportdata" in pages
    assert not any(name.startswith(("reportdata-answer", "reportdata-bring")) for name in pages)


def test_no_line_of_a_page_steers_the_typesetter_but_ours() -> None:
    for words, _ in leaves(cli):
        text = printed("man", *words)
        steering = {line.partition(" ")[0] for line in text.splitlines() if line.startswith((".", "'"))}
        assert steering <= {".TH", ".nh", ".SH", ".B", ".BR", ".PP", ".TP", ".nf", ".fi"}


def test_what_has_no_page_is_said_so() -> None:
    refused = CliRunner().invoke(cli, ["man", "org", "ad"])
    assert (refused.exit_code, "there is no command 'org ad'" in refused.stderr) == (1, True)


@pytest.mark.tool
@pytest.mark.whole
@pytest.mark.parametrize("words", [(), ("import",), ("source", "add", "dingtalk")])
def test_pages_are_set_without_a_warning(words: tuple[str, ...]) -> None:
    groff = [require_tool("groff"), "-man", "-Tutf8", "-Kutf8", "-ww", "-rLL=80n", "-P-c", "-P-b", "-P-u"]
    done = subprocess.run(groff, input=printed("man", *words), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(cell_len, done.stdout.splitlines())) <= 80
    assert f"SYNOPSIS {' '.join(['reportdata', *words])} [OPTIONS]" in " ".join(done.stdout.split())
    if words == ("import",):
        assert 'user_id = "工号"' in done.stdout
