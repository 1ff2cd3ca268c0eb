"""Collecting can be tried without DingTalk, as docs/collect.md says."""

from __future__ import annotations

import shlex
import time
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from reportdata.cli import cli
from reportdata.twin import BEIJING, Twin, running
from tests.support.documents import blocks, document, follow
from tests.support.tools import require_tool

PART = document("docs/collect.md").partition("\n## Trying it without DingTalk\n")[2].partition("\n## ")[0]
WRITTEN = "http://127.0.0.1:9080"


@pytest.mark.whole
@pytest.mark.tool
def test_a_month_of_the_twin_is_collected_and_its_numbers_are_true(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_tool("curl")
    start, then = blocks(PART)
    started = shlex.split(start)
    assert started == ["reportdata", "twin", "--port", "9080", "--people", "5"]
    now = time.time()
    first_day = f"{datetime.fromtimestamp(now, BEIJING) - timedelta(days=60):%Y%m%d}"
    twin = Twin(people=int(started[-1]), first_day=first_day, now=now, speed=1.0, rate=0)
    monkeypatch.chdir(tmp_path)
    with running(twin) as server:
        *lines, truth = then.replace(WRITTEN, server.url).replace("--per-second 20", "--per-second 1000").splitlines()
        shown = {}
        for line in lines:
            words = shlex.split(line)
            if words[0] == "export":
                for word in words[1:]:
                    monkeypatch.setenv(*word.split("=", 1))
                continue
            result = CliRunner().invoke(cli, [*words[1:], *["--format", "json"] * (words[1] == "query")])
            assert result.exit_code == 0, (line, result.output)
            shown[words[1]] = result.stdout
        true = msgspec.json.decode(follow(truth, tmp_path))
    rows = [row for row in msgspec.json.decode(shown["query"])["data"] if row["state"] != "missing"]
    assert len(rows) >= 28
    for row in rows[:-1]:  # the running day may have gone on
        of_day = true[row["period"].replace("-", "")]
        assert (row["reports"], row["senders"]) == (of_day["4100"], of_day["4101"]), row
    assert sum(row["reports"] for row in rows) > 0
