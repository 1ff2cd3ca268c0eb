"""What docs/twin.md says of the offline DingTalk is so, and the command does what it says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from reportdata.cli import cli
from reportdata.twin import BEIJING, TROUBLES
from reportdata.twin.oldapi import APIS
from tests.support.paths import ROOT
from tests.support.readme import _blocks, _environment, _free_port, _running
from tests.support.tools import require_tool

DOCUMENT = "docs/twin.md"
TEXT = (ROOT / DOCUMENT).read_text("utf-8")


def test_its_commands_work(tmp_path: Path) -> None:
    require_tool("curl")
    start, hold = _blocks(DOCUMENT, "sh")
    port = str(_free_port())
    command = start.replace("9080", port).split()
    with _running(command, tmp_path, "twin/truth") as printed:
        assert f"http://127.0.0.1:{port}" in printed
        answers = []
        for line in hold.replace("9080", port).splitlines():
            run = subprocess.run(["bash", "-ec", line], env=_environment(), capture_output=True, text=True, check=True)
            answers.append(json.loads(run.stdout))
        app, later, _, troubles, none, truth, own, calls, log, _ = answers
        assert app["appSecret"] in printed
        assert later["local"].startswith("2026-10-02 09:00:")
        assert [trouble["name"] for trouble in troubles["troubles"]] == ["busy", "shuffle"]
        assert none["troubles"] == []
        assert (len(truth), len(own)) == (30, 1)
        assert (calls["total"], log) == (0, [])


def test_its_program_works(tmp_path: Path) -> None:
    (program,) = _blocks(DOCUMENT, "python")
    run = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("{'4100': ")


def test_it_names_every_trouble_and_every_call() -> None:
    assert dict(re.findall(r"^\| `([a-z0-9-]+)` \| (.+) \|$", TEXT, re.MULTILINE)).items() >= TROUBLES.items()
    for name in APIS:
        assert f"`{name}`" in TEXT, name


def test_the_command_tells_programs_where_it_is(tmp_path: Path) -> None:
    command = ["reportdata", "twin", "--json", "--reports-per-day", "8", "--calibre", "summed", "--trouble", "busy=2"]
    with _running(command, tmp_path, "url") as printed:
        app = json.loads(printed)
        with urlopen(f"{app['url']}/twin/clock") as answer:
            clock = json.load(answer)
    assert abs(clock["now"] - datetime.now(BEIJING).timestamp()) < 300
    assert clock["speed"] == 1


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--trouble", "nothing", "is no trouble"),
        ("--calibre", "monthly", "is no part of a calibre"),
        ("--now", "soon", "is not a time"),
        ("--from", "20261301", "is not a day"),
        ("--to", "20000101", "is before"),
        ("--people", "0", "0 is not in the range"),
    ],
)
def test_wrong_options_are_named(option: str, value: str, says: str) -> None:
    run = CliRunner().invoke(cli, ["twin", option, value])
    assert run.exit_code != 0
    assert says in run.output
