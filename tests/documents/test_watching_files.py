"""What is watched: every alert says what to do, in both languages, and the dashboard shows every metric."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest

from tests.support.deployment import DEPLOY, RULES, check_command, table
from tests.support.grafana import PANELS, written
from tests.support.tools import require_tool

ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
TEXTS = ("summary", "action", "summary_zh", "action_zh")


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alert_says_what_to_do_in_both_languages(rule: dict[str, dict[str, str]]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert list(rule["annotations"]) == list(TEXTS)
    for name, text in rule["annotations"].items():
        assert text
        assert bool(re.search("[一-鿿]", text)) == name.endswith("_zh")
        for command in re.findall(r"`reportdata ([a-z][^`]*)`", text):
            words = shlex.split(command)
            check_command([*words, "x"] if words[-1] == "--from" else words)


def test_the_dashboard_is_the_one_that_is_written_and_has_every_metric() -> None:
    """Write it anew with: python -m tests.support.grafana > deploy/grafana/reportdata.json"""
    assert (DEPLOY / "grafana" / "reportdata.json").read_text("utf-8") == written()
    asked = {
        name
        for panel in PANELS
        for line in panel.lines.values()
        for name in re.findall(r"(?:reportdata|process)_\w+", line)
    }
    metrics = {row[0].strip("`") for heading in ("metric", "metric of a process") for row in table(heading)}
    assert {re.sub("_(bucket|count|sum)$", "", name) for name in asked} == metrics


@pytest.mark.tool
def test_prometheus_takes_what_is_scraped() -> None:
    promtool = require_tool("promtool")
    subprocess.run([promtool, "check", "config", "--syntax-only", DEPLOY / "prometheus" / "scrape.yml"], check=True)
