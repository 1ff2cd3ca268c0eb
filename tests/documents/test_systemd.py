"""The units for systemd: it finds no fault in them, and what they start and set exists."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import click
import pytest

from reportdata.cli import cli
from reportdata.http import connections, server
from tests.support.deployment import BIN, DEFAULTS, DEPLOY, check_command, executed, settings_of, unit
from tests.support.tools import require_tool


@pytest.mark.tool
def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    analyze = require_tool("systemd-analyze")
    for path in (DEPLOY / "systemd").glob("reportdata*"):
        (tmp_path / path.name).write_text(path.read_text("utf-8").replace("/usr/local/lib/reportdata/bin/", f"{BIN}/"))
    units = sorted(tmp_path.glob("reportdata*"))
    done = subprocess.run([analyze, "verify", "--man=no", *units], capture_output=True, text=True)
    faults = [line for line in done.stderr.splitlines() if "reportdata" in line]
    assert (done.returncode, faults) == (0, [])


def test_the_service_outlives_the_grace_and_cannot_write_elsewhere() -> None:
    of = unit((DEPLOY / "systemd" / "reportdata.service").read_text("utf-8"))
    assert int(of["TimeoutStopSec"][0]) > connections.GRACE + server.GOODBYE
    assert int(of["LimitNOFILE"][0]) > DEFAULTS.connections
    assert (of["ProtectSystem"], of["NoNewPrivileges"]) == (["strict"], ["true"])
    (command,) = executed(of)
    check_command(command[1:])


def test_the_settings_show_what_there_is_to_set_and_its_defaults() -> None:
    text = (DEPLOY / "systemd" / "environment").read_text("utf-8")
    serve = cli.get_command(click.Context(cli), "serve")
    assert serve is not None
    options = {str(option.envvar): option for option in serve.params if option.envvar}
    shown = dict(re.findall(r"^#?(REPORTDATA_\w+)=(.*)$", text, re.MULTILINE))
    assert shown.keys() == options.keys()
    without_default = {
        "STORE",
        "LAKE",
        "PROXIES",
        "TLS_CERT",
        "TLS_KEY",
        "LOG_REQUESTS",
        "SERVICES",
        "SPARK_MASTER",
        "SPARK_CONF",
        "INSECURE_PERMISSIONS",
        "BASE_PATH",
    }
    for name in shown.keys() - settings_of(text).keys() - {f"REPORTDATA_{name}" for name in without_default}:
        assert shown[name] == str(options[name].default), name
