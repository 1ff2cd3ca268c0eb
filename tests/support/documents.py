"""Documents whose commands are run as a reader would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.paths import ROOT
from tests.support.waiting import SOON

RECORDS = {
    "reports.csv": "report_id,user_id,sent_at\nr1,u1,2026-09-21 09:00:00\nr2,u2,2026-09-22 09:00:00\n",
    "comments.csv": "report_id,user_id,commented_at\nr1,u2,2026-09-21 10:00:00\n",
}
"""The files that readers are told to import."""


def document(name: str) -> str:
    """The text of a document, by its path in the project."""
    return (ROOT / name).read_text("utf-8")


def blocks(text: str, language: str = "sh") -> list[str]:
    """The blocks of code in a text that are in that language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def lines(text: str, language: str = "sh") -> list[str]:
    """The lines of these blocks."""
    return [line for block in blocks(text, language) for line in block.splitlines() if line.strip()]


def environment() -> dict[str, str]:
    """The environment of a reader who has installed `reportdata`."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def follow(command: str, folder: Path, variables: Mapping[str, str] | None = None) -> str:
    """Run a command of a document; what it prints.

    :raises AssertionError: when it fails.
    """
    done = subprocess.run(
        ["bash", "-ec", command], cwd=folder, env=variables or environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@contextmanager
def running(
    command: Sequence[str], folder: Path, until: str, variables: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run a command that goes on; gives what it printed up to a line that matches, and stops it afterwards."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=variables or environment(),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        printed = ""
        try:
            for line in process.stdout:
                printed += line
                if re.search(until, line):
                    break
            yield printed
        finally:
            os.killpg(process.pid, 15)
            process.communicate(timeout=SOON)
