"""What docs/twin.md says of the offline DingTalk is so, and the command does what it says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from reportdata.cli import cli
from reportdata.twin import TROUBLES
from reportdata.twin.oldapi import APIS
from tests.support.documents import blocks, document, follow, running
from tests.support.tools import require_tool

TEXT = document("docs/twin.md")


@pytest.mark.tool
def test_its_commands_work(tmp_path: Path) -> None:
    require_tool("curl")
    start, hold = blocks(TEXT)
    assert "--port 9080" in start
    with running(start.replace("9080", "0").split(), tmp_path, "twin/truth") as printed:
        (port,) = set(re.findall(r"http://127\.0\.0\.1:(\d+)", printed))
        answers = [json.loads(follow(line, tmp_path)) for line in hold.replace("9080", port).splitlines()]
        app, later, _, troubles, none, truth, own, calls, log, _ = answers
        assert app["appSecret"] in printed
        assert later["local"].startswith("2026-10-02 09:")
        assert [trouble["name"] for trouble in troubles["troubles"]] == ["busy", "shuffle"]
        assert none["troubles"] == []
        assert (len(truth), len(own)) == (30, 1)
        assert (calls["total"], log) == (0, [])


@pytest.mark.whole
def test_its_program_works(tmp_path: Path) -> None:
    (program,) = blocks(TEXT, "python")
    run = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("{'4100': ")


def test_it_names_every_trouble_and_every_call() -> None:
    assert dict(re.findall(r"^\| `([a-z0-9-]+)` \| (.+) \|$", TEXT, re.MULTILINE)).items() >= TROUBLES.items()
    for name in APIS:
        assert f"`{name}`" in TEXT, name


@pytest.mark.whole
def test_the_command_tells_programs_where_it_is(tmp_path: Path) -> None:
    command = ["reportdata", "twin", "--json", "--reports-per-day", "8", "--calibre", "summed", "--trouble", "busy=2"]
    before = time.time()
    with running(command, tmp_path, "url") as printed:
        app = json.loads(printed)
        with urlopen(f"{app['url']}/twin/clock") as answer:
            clock = json.load(answer)
    assert int(before) <= clock["now"] <= time.time() + 1
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
