"""Tools and packages that a test needs."""

from __future__ import annotations

import importlib.util
import os
import shutil

import pytest

REQUIRED = set(os.environ.get("REPORTDATA_TESTS_REQUIRE", "").split())
"""Tools and packages whose absence fails a test instead of skipping it."""


def require_tool(name: str) -> str:
    """The path of a tool; without it the test is skipped, or fails when the tool is required."""
    found = shutil.which(name)
    if found is None:
        (pytest.fail if name in REQUIRED else pytest.skip)(f"{name} is not installed")
    return str(found)


def require_package(name: str) -> None:
    """A Python package of an extra; without it the test is skipped, or fails when the package is required."""
    if importlib.util.find_spec(name) is None:
        (pytest.fail if name in REQUIRED else pytest.skip)(f"the package {name} is not installed")
