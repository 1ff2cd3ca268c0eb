"""Sample programs with exactly the changes of docs/clients.md print the right numbers, and errors."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from tests.support.calling import DAY, EMPTY
from tests.support.folders import Folder
from tests.support.languages import NO_TRACE, PATIENCE
from tests.support.packages import link_csharp, link_go, link_java, link_node, link_php, require_program
from tests.support.paths import ROOT
from tests.support.serving import Serving, serving

CONFORMANCE = ROOT / "conformance"
SAMPLES = ROOT / "tests" / "sdks" / "samples"
TEXT = (ROOT / "docs" / "clients.md").read_text("utf-8")
DOCUMENT = os.environ.get("REPORTDATA_DOCUMENT")
"""A text file of DingTalk's document, with its own sample programs."""

CORP = "dingclients"
ROW = {"stat_date": DAY, "corp_id": CORP, "4100_DAY": 3, "4101_DAY": 2, "4102_DAY": 1}
RECORDS = {
    "reports.csv": "report_id,user_id,sent_at\n"
    "r1,u1,2021-06-20 09:00:00\nr2,u2,2021-06-20 10:00:00\nr3,u2,2021-06-20 11:00:00\n",
    "comments.csv": "report_id,user_id,commented_at\nr1,u3,2021-06-20 12:00:00\n",
}


class Language(NamedTuple):
    """A section of docs/clients.md: what its program is called, with what it begins in DingTalk's document, the program
    of `conformance` whose packages it takes, a tool that it needs, and what makes the packages found in a folder."""

    file: str
    first_line: str
    program: str
    tool: str
    link: Callable[[Path], None]


SECTIONS = {
    # In the order of DingTalk's document, where they follow one another.
    "Java": Language("Sample.java", "package com.aliyun.sample;", "java", "java", link_java),
    "Python": Language("sample.py", "# -*- coding: utf-8 -*-", "python", "python3", lambda _: None),
    "PHP": Language("sample.php", "<?php", "php", "php", lambda work: link_php(work.parent)),
    "Go": Language("sample.go", "package main", "go", "go", link_go),
    "TypeScript": Language("Sample.ts", "import Util,", "node", "node", link_node),
    "C#": Language("Sample.cs", "using System;", "c#", "dotnet", link_csharp),
}
QUICK = "Python"
"""The section whose programs need neither a compiler nor packages that are not there."""
PINS = {
    "TypeScript": "node/package.json",
    "Go": "go/go.mod",
    "Java": "java/pom.xml",
    "PHP": "php/composer.json",
    "C#": "csharp/client.csproj",
}
"""Where the versions of packages are written."""


class Step(NamedTuple):
    """A program in the making: the section's changes so far, and the commands that run it then."""

    name: str
    changes: tuple[str, ...]
    commands: tuple[str, ...]

    @property
    def tls(self) -> bool:
        """Whether the program asks over TLS."""
        return "TLS" in self.name


def steps(section: str) -> list[Step]:
    """What a section makes of the sample: its own changes, and each of its parts' on top of them. Changes that no
    commands follow are run with the section's own, and fewer commands than these are their end."""
    (text,) = re.findall(rf"^## {re.escape(section)}\n(.*?)(?=^## )", TEXT, re.MULTILINE | re.DOTALL)
    own, *parts = re.split(r"^### ", text, flags=re.MULTILINE)
    (_, changes), (_, run) = _blocks(own)
    commands = tuple(run.splitlines())
    found = [Step("", (changes,), commands)]
    for part in parts:
        made: tuple[str, ...] = (changes,)
        for language, block in _blocks(part):
            if language == "diff":
                made = (*made, block)
                found.append(Step(f"{part.splitlines()[0]} {len(made) - 1}", made, commands))
            else:
                end = block.splitlines()
                found[-1] = found[-1]._replace(commands=(*commands[: max(0, len(commands) - len(end))], *end))
    return found


def _blocks(text: str) -> list[tuple[str, str]]:
    return re.findall(r"^```(diff|sh)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def changed(program: str, changes: str) -> str:
    """A program with the changes of a block made everywhere, at the indentation of what is changed."""
    lines = program.splitlines()
    for change in changes.strip("\n").split("\n\n"):
        marked = [(line[0], line[1:]) for line in change.splitlines()]
        assert {mark for mark, _ in marked} <= set(" -+"), change
        before = [text.strip() for mark, text in marked if mark != "+"]
        places = [at for at in range(len(lines)) if [line.strip() for line in lines[at : at + len(before)]] == before]
        assert places, f"the sample has no such lines:\n{change}"
        for at in reversed(places):
            lines[at : at + len(before)] = _replaced(lines[at : at + len(before)], marked)
    return "\n".join(lines) + "\n"


def _replaced(found: Sequence[str], marked: Sequence[tuple[str, str]]) -> Iterator[str]:
    kept = iter(found)
    indentation = found[0][: len(found[0]) - len(found[0].lstrip())]
    for mark, text in marked:
        if mark == "+":
            yield indentation + text
        else:
            line = next(kept)
            if mark == " ":
                yield line


@cache
def documented() -> dict[str, str]:
    """The sample programs of DingTalk's document."""
    assert DOCUMENT is not None
    text = Path(DOCUMENT).read_text("utf-8")
    starts = [language.first_line for language in SECTIONS.values()] + ["#include <alibabacloud/"]
    places = [re.search(f"^{re.escape(start)}", text, re.MULTILINE) for start in starts]
    at = [place.start() for place in places if place is not None]
    assert len(at) == len(starts)
    assert at == sorted(at)
    return {name: text[begin:end] for name, begin, end in zip(SECTIONS, at, at[1:], strict=False)}


def sample(section: str, source: str) -> str:
    """The program that is changed: our own, or the document's."""
    if source == "our own":
        return (SAMPLES / SECTIONS[section].file).read_text("utf-8")
    return documented()[section]


class Organisation(NamedTuple):
    """An organisation with numbers, served with and without TLS."""

    folder: Folder
    plain: Serving
    tls: Serving


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    """An organisation whose numbers all differ."""
    path = tmp_path_factory.mktemp("organisation")
    folder = Folder(path / "data")
    with closing(folder.store):
        folder.add_organisation(CORP)
        for name, text in RECORDS.items():
            (path / name).write_text(text)
        assert not folder.import_(*(path / name for name in RECORDS), corp_id=CORP).failures
        with serving(folder) as plain, serving(folder, tls=True) as tls:
            yield Organisation(folder, plain, tls)


def run(commands: Sequence[str], work: Path) -> subprocess.CompletedProcess[str]:
    """Run commands as they are written, up to one that fails."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    options = f"-XX:TieredStopAtLevel=1 -XX:+UseSerialGC {NO_TRACE}"
    environment = {**os.environ, "PATH": path, "JAVA_TOOL_OPTIONS": options}
    return subprocess.run(
        ["bash", "-ec", "\n".join(commands)],
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


STEPS = [
    pytest.param(
        section, step, id=f"{section} {step.name}", marks=[pytest.mark.tool, pytest.mark.slow] * (section != QUICK)
    )
    for section in SECTIONS
    for step in steps(section)
]
SOURCES = ["our own", "the document's"] if DOCUMENT else ["our own"]


@pytest.mark.tool
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("section", "step"), STEPS)
def test_a_changed_sample_prints_the_numbers(
    organisation: Organisation, tmp_path: Path, section: str, step: Step, source: str
) -> None:
    program = sample(section, source)
    for changes in step.changes:
        program = changed(program, changes)
    require_program(SECTIONS[section].program, SECTIONS[section].tool)

    folder, served = organisation.folder, organisation.tls if step.tls else organisation.plain
    app, secret = folder.add_app(CORP)
    for written, meant in (
        ("127.0.0.1:8080", served.endpoint),
        ("85dd6xxx", folder.token(app)),
        ("<app key>", app.app_key),
        ("<app secret>", secret),
    ):
        program = program.replace(written, meant)
    work = tmp_path / "work"
    work.mkdir()
    (work / SECTIONS[section].file).write_text(program, "utf-8")
    (work / "reportdata-tls").symlink_to(organisation.tls.ca.parent)
    SECTIONS[section].link(work)

    done = run(step.commands, work)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ast.literal_eval(done.stdout) == {**json.loads(EMPTY), "dataList": [ROW]}, done.stdout
    if step.name == "":
        folder.store.change_app(app.app_key, lambda found: msgspec.structs.replace(found, disabled=True))
        refused = run(step.commands[-1:], work)
        assert refused.stdout == ""
        assert "InvalidAuthentication" in refused.stderr
        assert "code: 400, 不合法的access_token request id: " in refused.stderr


def test_every_language_of_the_document_has_its_section() -> None:
    assert set(SECTIONS) | {"C++"} <= set(re.findall("^## (.*)$", TEXT, re.MULTILINE))
    for section in SECTIONS:
        parts = [step.name for step in steps(section)]
        assert {"", "A token from key and secret 1", "TLS 1"} <= set(parts), section


def test_the_versions_are_those_that_are_run() -> None:
    rows = dict(re.findall(r"^\| (\S+) \|[^|]*\| (`[^|]*) \|", TEXT.partition("## What was run")[2], re.MULTILINE))
    assert rows.keys() == SECTIONS.keys()
    for section, row in rows.items():
        named = re.findall(r"`([^`]+)` v?([0-9.]+)", row)
        assert named
        assert {package: _pinned(section, package) for package, _ in named} == dict(named)


def _pinned(section: str, package: str) -> str:
    """The version of a package that `conformance` asks for."""
    if section == "Python":
        return version(package)
    text = (CONFORMANCE / PINS[section]).read_text("utf-8")
    found = re.search(rf"(?<!\w){re.escape(package.split(':')[-1])}\W.*?([0-9][0-9.]+)", text, re.DOTALL)
    assert found, package
    return found[1]
