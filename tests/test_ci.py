"""What continuous integration runs: every test there is, with every program that tests need."""

from __future__ import annotations

import ast
import itertools
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.languages import LANGUAGES
from tests.support.paths import ROOT
from tests.support.tools import require_tool

CI = ROOT / ".ci"
SCRIPT = (CI / "run").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
UNREACHABLE = {"php", "composer", "dotnet"}
"""Programs whose packages come from registries that it cannot be relied on to reach."""
MARKS: list[str] = [
    text.split(":")[0]
    for text in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["markers"]
]


def selection(name: str) -> str:
    """The marks by which the Makefile selects tests."""
    (found,) = re.findall(rf"^{name} := (.+)$", MAKEFILE, re.MULTILINE)
    return str(found)


def selects(expression: str, marks: set[str]) -> bool:
    """Whether it selects a test with these marks; pytest's expressions are Python's."""
    return bool(eval(expression, {"__builtins__": {}}, {mark: mark in marks for mark in MARKS}))


def programs() -> set[str]:
    """The programs that continuous integration installs and requires."""
    lines = [line.split() for line in (CI / "packages").read_text("utf-8").splitlines() if not line.startswith("#")]
    return {line[1] for line in lines if len(line) > 1}


def targets_of(text: str) -> list[str]:
    """The targets of make that a script makes."""
    return re.findall(r"^make ([a-z-]+)", text, re.MULTILINE)


def commands(job: str) -> str:
    """What a job of the workflow runs."""
    return "\n".join(step["run"] for step in WORKFLOW["jobs"][job]["steps"] if "run" in step)


def test_every_test_is_run_once() -> None:
    (rest,) = re.findall(r"""make test-all ARGS='-m "(.+)"'""", SCRIPT)
    for some in itertools.product([False, True], repeat=len(MARKS)):
        marks = {mark for mark, there in zip(MARKS, some, strict=True) if there}
        assert selects(selection("TEST"), marks) != selects(rest, marks), marks
        assert selects(selection("TEST"), marks) or not selects(selection("QUICK"), marks), marks


def test_it_makes_what_there_is_to_make() -> None:
    made = targets_of(SCRIPT)
    assert made == ["check", "dist", "site", "test", "test-all", "conformance"]
    assert set(made) <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


@pytest.mark.parametrize(
    ("locale", "said"), [({"LANG": "zh_CN.UTF-8"}, "列出能做什么。"), ({}, "Say what can be done.")]
)
def test_make_says_what_it_does_in_both_languages(locale: dict[str, str], said: str) -> None:
    require_tool("make")
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **locale}
    done = subprocess.run(["make", "help"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[0] == f"make help  {said}"
    assert len(lines) == len(re.findall(r"^[a-z-]+:.* ## .+ ## .+$", MAKEFILE, re.MULTILINE))
    assert all("##" not in line for line in lines)


def test_the_readmes_name_what_there_is_to_make() -> None:
    english, chinese = (
        set(re.findall(r"\bmake ([a-z-]+)[`\n]", (ROOT / name).read_text("utf-8")))
        for name in ("README.md", "README.zh-CN.md")
    )
    assert english == chinese >= {"run", "quick", "test", "test-all", "help"}
    assert english <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_the_public_one_runs_the_same() -> None:
    assert ".ci/run" in commands("everything").splitlines()
    assert set(targets_of("\n".join(map(commands, WORKFLOW["jobs"])))) <= set(targets_of(SCRIPT))
    assert targets_of(commands("check")) == ["check"]
    assert "test" in targets_of(commands("test"))
    lowest = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"].removeprefix(
        ">="
    )
    assert lowest in WORKFLOW["jobs"]["test"]["strategy"]["matrix"]["python"]


def test_the_public_one_audits_the_dependencies() -> None:
    assert "REPORTDATA_OFFLINE" not in yaml.safe_dump(WORKFLOW)
    assert "REPORTDATA_OFFLINE" not in MAKEFILE


def test_actions_are_pinned_by_their_major_version() -> None:
    used = [step["uses"] for job in WORKFLOW["jobs"].values() for step in job["steps"] if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w./-]+@v\d+", action) for action in used)


def test_every_program_that_tests_need_is_required() -> None:
    needed = {tool for language in LANGUAGES for tool in language.tools} - UNREACHABLE
    texts = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py")]
    for text in texts:
        for node in ast.walk(ast.parse(text)) if "require_tool" in text else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "require_tool":
                needed |= {str(argument.value) for argument in node.args if isinstance(argument, ast.Constant)}
    assert needed
    assert needed <= programs()


def test_who_cannot_install_is_told_what_is_missing(tmp_path: Path) -> None:
    for program in ("bash", "dirname", "id"):
        (tmp_path / program).symlink_to(str(shutil.which(program)))
    done = subprocess.run(
        [tmp_path / "bash", CI / "install"], env={"PATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Missing: ca-certificates git make g++ " in done.stderr
    assert "apt-get install --no-install-recommends ca-certificates git" in done.stderr


def test_what_is_there_is_not_installed(tmp_path: Path) -> None:
    place = tmp_path / ".ci"
    place.mkdir()
    shutil.copy(CI / "install", place)
    (place / "packages").write_text("# a comment\n\nbash-package  bash\nid-package   id\n")
    done = subprocess.run([place / "install"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "bash id\n", "")
