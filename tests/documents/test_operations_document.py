"""What docs/operations.md names exists, and the numbers in it are those of the code."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import pytest

from reportdata.api import asking, bringing, metrics, sign_in, statistics_description, tokens
from reportdata.certificates import development_certificates
from reportdata.http import answers
from tests.support.calling import CORP, DAY, Call, add_sample
from tests.support.deployment import (
    COMPOSE,
    DEPLOY,
    DOCKERFILE,
    LIMITS,
    OPTIONS,
    PAGE,
    RULES,
    VARIABLES,
    check_command,
    table,
)
from tests.support.documents import lines
from tests.support.folders import Folder, run
from tests.support.paths import ROOT
from tests.support.processes import served
from tests.support.tools import require_tool
from tests.support.waiting import until


def test_the_limits_are_those_of_the_code() -> None:
    assert {row[0]: float(row[1]) for row in table("limit")} == LIMITS


def test_the_errors_of_limits_are_those_of_the_code() -> None:
    known = [value for module in (answers, asking, bringing, statistics_description) for value in vars(module).values()]
    known += sign_in.ENDINGS.values()
    codes = {f"{fault.status} `{fault.code}`" for fault in known if isinstance(fault, answers.Fault)}
    contract = (ROOT / "src/reportdata/api/contract/README.md").read_text("utf-8")
    codes |= {f"{status} `{code}`" for status, code in re.findall(r"\| (\d+) \| `([\w.]+)` \|", contract)}
    for row in table("limit"):
        assert set(re.findall(r"\d{3} `[\w.]+`", row[2])) <= codes, row


def test_every_command_of_the_page_is_one() -> None:
    found = [line for line in lines(PAGE) if re.match(r"reportdata [a-z]|docker compose run", line)]
    found += re.findall(r"`reportdata ([a-z][^`]*)`", PAGE)
    assert len(found) > 20
    for line in found:
        arguments = shlex.split(line.partition(" tools ")[2] if line.startswith("docker") else line)
        check_command(arguments[1:] if arguments[0] == "reportdata" else arguments)


def test_every_option_and_variable_exists() -> None:
    options = {name for option in OPTIONS for name in option.opts}
    for span in re.findall(r"`([^`\n]+)`", PAGE):
        if not span.startswith(("docker", "git", "journalctl")):
            assert set(re.findall(r"(?<!\S)--[a-z-]+", span)) <= options, span
    files = [PAGE, DOCKERFILE, *(path.read_text("utf-8") for path in DEPLOY.rglob("*") if path.is_file())]
    named = {name for text in files for name in re.findall(r"REPORTDATA_[A-Z_]+", text)}
    assert named | set(COMPOSE["services"]["reportdata"]["environment"]) <= VARIABLES


def test_the_checks_are_those_of_the_doctor(folder: Folder) -> None:
    add_sample(folder)
    folder.add_app(CORP)
    files = development_certificates(folder.path.parent / "tls", ["localhost"], time.time())
    found = json.loads(run(folder, "doctor", "--thorough", "--tls-cert", files.certificate, "--json").stdout)
    assert {row[0] for row in table("check")} == {check["check"] for check in found["checks"]}


class Observed(NamedTuple):
    """`reportdata serve` with an organisation, the address of its port for operators, and its log."""

    folder: Folder
    address: tuple[str, int]
    operations: str
    log: Path


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """One server for all that is looked at."""
    place = tmp_path_factory.mktemp("observed")
    folder = Folder(place / "data")
    with closing(folder.store):
        add_sample(folder)
        with served(folder, "--operations-port", 0, "--log-requests", "--log-format", "json") as process:
            assert process.running.stdout is not None
            (url,) = re.findall(r"http://\S+(?=/metrics)", process.running.stdout.readline())
            yield Observed(folder, process.address, url, place / "server.log")


@pytest.mark.whole
def test_metrics_and_paths_are_those_that_are_served(observed: Observed) -> None:
    for path, _ in table("path"):
        with urlopen(observed.operations + path.strip("`")) as answer:
            assert answer.status == 200
    with urlopen(f"{observed.operations}/metrics") as answer:
        text = answer.read().decode()
    families = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    of_processes = {row[0].strip("`") for row in table("metric of a process")}
    assert {name for name in families if name.startswith("process_")} == of_processes
    families -= of_processes
    rows = {row[0].strip("`"): row for row in table("metric")}
    assert rows.keys() == families
    histograms = {f"{name}_{part}" for name in families for part in ("bucket", "count", "sum")}
    alerts = {rule["alert"]: rule["expr"] for group in RULES["groups"] for rule in group["rules"]}
    for expression in alerts.values():
        assert set(re.findall(r"reportdata_\w+", expression)) <= families | histograms
    for name, row in rows.items():
        of_row = re.findall(r"`(Reportdata\w+)`", row[2])
        assert of_row
        assert all(name in alerts[alert] for alert in of_row)
    assert set(re.findall(r"`(Reportdata\w+)`", PAGE)) == alerts.keys()
    assert re.findall(r"given for the (\d+) organisations", PAGE) == [str(metrics.MOST_ORGANISATIONS)]


@pytest.mark.whole
def test_alerts_look_for_outcomes_that_there_are(observed: Observed) -> None:
    known = [*vars(answers).values(), *vars(tokens).values(), *vars(asking).values()]
    codes = {fault.code for fault in known if isinstance(fault, answers.Fault)}
    codes |= {outcome for _, outcome in bringing.RUNS}
    host, port = observed.address
    for names in (("appkey", "appsecret"), ("corpid", "corpsecret")):
        with urlopen(f"http://{host}:{port}/gettoken?{names[0]}=a&{names[1]}=b") as answer:
            codes.add(str(json.load(answer)["errcode"]))
    named = re.findall(r'outcome=~?"([^"]+)"', json.dumps(RULES).replace('\\"', '"'))
    assert named
    assert {code for names in named for code in names.split("|")} <= codes


@pytest.mark.tool
def test_prometheus_takes_the_alerts() -> None:
    promtool = require_tool("promtool")
    subprocess.run([promtool, "check", "rules", DEPLOY / "prometheus" / "reportdata.rules.yml"], check=True)


@pytest.mark.whole
def test_the_line_of_the_log_has_the_fields_that_lines_have(observed: Observed) -> None:
    (shown,) = lines(PAGE, "json")
    Call(observed.address, observed.folder.token(observed.folder.add_app(CORP)[0])).answer()

    def logged() -> list[list[str]]:
        found = map(json.loads, observed.log.read_text().splitlines())
        return [list(line) for line in found if line.get("stat_date") == DAY]

    until(logged)
    assert logged() == [list(json.loads(shown))]
