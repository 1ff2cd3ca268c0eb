"""Every command of `docs/scale.md` about several machines works, in its order."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.support import postgres
from tests.support.documents import RECORDS, document, environment, follow, lines, running
from tests.support.postgres_server import programs
from tests.support.waiting import SOON, until

ADDRESS = "postgresql://reportdata@db.example.com/reportdata"


@pytest.mark.slow
@pytest.mark.postgres
def test_the_commands_of_the_document_work(tmp_path: Path) -> None:
    page = document("docs/scale.md").partition("## Several machines")[2].partition("\n## ")[0]
    commands = lines(page)
    assert commands.pop(0) == "pip install 'reportdata[postgres]'"
    for name, content in RECORDS.items():
        (tmp_path / name).write_text(content)
    variables = environment()
    variables["PATH"] = f"{programs()}{os.pathsep}{variables['PATH']}"  # the dump is to fit the server
    first, second = postgres.address(), postgres.address()
    done = []
    for command in commands:
        if command.startswith("export "):
            name, _, value = command.removeprefix("export ").partition("=")
            variables[name] = value.replace(ADDRESS, first)
            continue
        if command == "reportdata serve --no-work":
            with running([*command.split(), "--port", "0"], tmp_path, "Serving", variables) as printed:
                assert "Serving" in printed
        elif command == "reportdata work":
            _works(command, tmp_path, variables, first)
        elif " copy " in command:  # there must be a store to copy
            local = {name: value for name, value in variables.items() if name != "REPORTDATA_STORE"}
            follow("reportdata org add c1", tmp_path, local)
            follow(command.replace(ADDRESS, f"'{second}'"), tmp_path, local)
        else:
            follow(command, tmp_path, variables)
        done.append(command)
    assert len(done) == 7
    assert (tmp_path / "reportdata.dump").stat().st_size > 0


def _works(command: str, folder: Path, variables: dict[str, str], store: str) -> None:
    """The command becomes the one worker, which ends well."""
    import psycopg  # takes long; most processes of the tests do not need it

    with (
        closing(psycopg.connect(store, autocommit=True)) as connection,
        subprocess.Popen(command.split(), cwd=folder, env=variables) as process,
    ):
        try:
            until(lambda: process.poll() is not None or connection.execute("select 1 from leases").fetchone())
            process.send_signal(signal.SIGTERM)
            assert process.wait(SOON) == 0
        finally:
            process.kill()
