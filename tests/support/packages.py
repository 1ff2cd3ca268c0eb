"""What makes the packages of `conformance` found by programs in another folder."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

from tests.support.languages import HERE, LANGUAGES, Unprepared
from tests.support.tools import REQUIRED, require_tool


def link_node(work: Path) -> None:
    """Packages of npm."""
    (work / "node_modules").symlink_to(HERE / "node" / "node_modules")


def link_go(work: Path) -> None:
    """The module."""
    for name in ("go.mod", "go.sum"):
        shutil.copy(HERE / "go" / name, work)


def link_java(work: Path) -> None:
    """The jars."""
    (work / "lib").symlink_to(HERE / "java" / "build" / "lib")


def link_php(work: Path) -> None:
    """Packages of Composer."""
    (work / "vendor").symlink_to(HERE / "php" / "build" / "vendor")


def link_csharp(work: Path) -> None:
    """The project."""
    shutil.copy(HERE / "csharp" / "client.csproj", work / "sample.csproj")


def require_program(name: str, tool: str) -> None:
    """Skip where the packages of a program of `conformance` cannot be had, or fail where its tool is required."""
    require_tool(tool)
    if reason := _unprepared(name):
        (pytest.fail if tool in REQUIRED else pytest.skip)(reason)


@cache
def _unprepared(name: str) -> str | None:
    """Why the packages of a program are not there, if they are not."""
    (program,) = [found for found in LANGUAGES if found.name == name]
    try:
        program.prepare()
    except Unprepared as error:
        if not error.excused:
            raise
        return str(error)
    return None
