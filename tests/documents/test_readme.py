"""The documents say what is so: every command in them is executed, every list in them is complete."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from reportdata.columns import _NAMES
from tests.support.causes import ERRORS
from tests.support.paths import ROOT
from tests.support.readme import RECORDS, _blocks, _environment, _free_port, _running
from tests.support.reference import reference
from tests.support.tools import require_tool

READMES = ("README.md", "README.zh-CN.md")


def _lines(readme: str) -> list[str]:
    return [line for block in _blocks(readme, "sh") for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("readme", READMES)
def test_the_commands_of_the_readme_work(readme: str, tmp_path: Path) -> None:
    port = str(_free_port())
    for name, text in RECORDS.items():
        (tmp_path / name).write_text(text)
    lines = [line for line in _lines(readme) if not line.startswith("make ")]
    assert lines[-1] == "reportdata serve"
    for line in lines[:-1]:
        run = subprocess.run(["bash", "-ec", line], cwd=tmp_path, env=_environment(), capture_output=True, text=True)
        assert run.returncode == 0, f"{line}\n{run.stdout}{run.stderr}"
        if " query " in line:
            assert "20260921" in run.stdout
    (program,) = _blocks(readme, "python")
    with _running([*shlex.split(lines[-1]), "--port", port], tmp_path, "Serving"):
        code = program.replace("127.0.0.1:8080", f"127.0.0.1:{port}")
        run = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code],
            cwd=tmp_path,
            env=_environment(),
            capture_output=True,
            text=True,
        )
    assert run.returncode == 0, run.stderr
    row = {"stat_date": "20260921", "4100_DAY": 1, "corp_id": "dingsample", "4101_DAY": 1, "4102_DAY": 1}
    assert f"'dataList': [{row}]" in run.stdout


def test_both_readmes_have_the_same_commands() -> None:
    english, chinese = READMES
    assert _lines(english) == _lines(chinese)
    assert _blocks(english, "python") == _blocks(chinese, "python")
    assert {line for line in _lines(english) if line.startswith("make ")} == {"make run", "make test"}


def test_make_run_prints_a_curl_that_answers_with_numbers(tmp_path: Path) -> None:
    require_tool("curl")
    arguments = f"ARGS=--port {_free_port()} --days 5 --data {tmp_path / 'demo'}"
    with _running(["make", "--no-print-directory", "run", arguments], ROOT, "reportdata import") as printed:
        (line,) = [line for line in printed.splitlines() if line.strip().startswith("curl ")]
        answer = subprocess.run(["bash", "-ec", line], capture_output=True, text=True, check=True).stdout
        (row,) = json.loads(answer)["dataList"]
        assert row["4100_DAY"] >= row["4101_DAY"] > 0
        code = "\n".join(part[2:] for part in printed.splitlines() if part.startswith("  ") and "curl" not in part)
        program = code[: code.index("\n", code.index("print("))]
        run = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True)
        assert str(row) in run.stdout, run.stderr


def test_make_test_is_what_continuous_integration_runs() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    assert {"make check", "make test"} <= set(script)


def test_the_reference_of_commands_is_their_help() -> None:
    written = (ROOT / "docs" / "cli.md").read_text("utf-8")
    assert written == reference(), "write it anew with: python -m tests.support.reference > docs/cli.md"


def test_the_contract_names_every_error() -> None:
    text = (ROOT / "src/reportdata/api/datacenter/README.md").read_text("utf-8")
    for code, error in ERRORS.items():
        assert re.search(rf"\| {error.status} \| `{re.escape(code)}` \|", text), code


@pytest.mark.parametrize("readme", READMES)
def test_the_readme_names_every_column(readme: str) -> None:
    text = (ROOT / readme).read_text("utf-8")
    for field in set(_NAMES) - {"user_name"}:
        assert f"`{field}`" in text, field


def test_links_between_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_changelog_names_the_version() -> None:
    from reportdata import __version__

    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_every_runtime_dependency_has_its_reason() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    table = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    for requirement in project["dependencies"]:
        name = re.split(r"[<>=;\[ ]", requirement)[0]
        assert f"| {name} |" in table, name


def test_no_file_names_a_registry_or_this_machine() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a clone")
    git = [require_tool("git"), "ls-files"]
    files = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    hosts = [
        ".".join(parts)
        for parts in (("pypi", "org"), ("registry", "npmjs"), ("pythonhosted", "org"), ("proxy", "golang"))
    ]
    for name in files:
        text = (ROOT / name).read_text("utf-8", "replace")
        assert not [host for host in hosts if host in text], name
