"""The commands of documents, run as a reader would."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.paths import ROOT

RECORDS = {
    "reports.csv": "report_id,user_id,sent_at\nr1,u1,2026-09-21 09:00:00\nr2,u2,2026-09-22 09:00:00\n",
    "comments.csv": "report_id,user_id,commented_at\nr1,u2,2026-09-21 10:00:00\n",
}


def _blocks(readme: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / readme).read_text("utf-8"), re.MULTILINE | re.DOTALL)


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


@contextmanager
def _running(command: list[str], folder: Path, until: str) -> Iterator[str]:
    """Run a command that goes on; gives what it printed up to a line that matches, and stops it afterwards."""
    with subprocess.Popen(
        command, cwd=folder, env=_environment(), stdout=subprocess.PIPE, text=True, start_new_session=True
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
            process.communicate(timeout=20)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port
