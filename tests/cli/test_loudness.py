"""How much a command says, and how wide its tables are."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from reportdata.cli import cli
from tests.support.folders import Folder, run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "reports.csv"
    days = "".join(f"r{day},u1,2026-09-{day:02} 09:00:00\n" for day in range(1, 8))
    path.write_text(f"report_id,user_id,sent_at\n{days}")
    return path


def test_who_wants_to_hear_little_hears_answers_and_errors(known: Folder, file: Path) -> None:
    assert "Next: " in run(known, "import", file).stdout
    quiet = run(known, "import", file, "--quiet")
    assert "already known" in quiet.stdout
    assert "Next: " not in quiet.output
    assert run(known, "org", "add", "ding2", "-q").output == ""
    assert "ding2" in run(known, "org", "list", "-q").stdout
    refused = run(known, "org", "show", "ding3", "-q")
    assert (refused.exit_code, "is not known" in refused.stderr) == (1, True)


@pytest.mark.parametrize("place", ["before", "behind"])
def test_who_wants_to_hear_more_hears_where_an_error_arose(known: Folder, place: str) -> None:
    words = ["org", "show", "ding3", "--data", str(known.path)]
    given = ["--verbose", *words] if place == "before" else [*words, "--verbose"]
    told = CliRunner().invoke(cli, given)
    assert "DEBUG it ended by an error" in told.stderr
    assert "Traceback" in told.stderr
    assert told.stderr.endswith(
        "Error: the organisation 'ding3' is not known\n  add it with `reportdata org add ding3`\n"
    )
    assert "Traceback" not in CliRunner().invoke(cli, words).stderr


@pytest.mark.parametrize("words", [("-q", "-v", "status"), ("-q", "status", "-v")])
def test_nobody_hears_more_and_less(words: tuple[str, ...]) -> None:
    refused = CliRunner().invoke(cli, words)
    assert (refused.exit_code, "exclude each other" in refused.stderr) == (2, True)


def on_a_terminal(width: int, *arguments: str) -> tuple[list[str], str]:
    """What a command prints on a terminal of that width, and what it says beside it."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "reportdata", *arguments]
    environment = os.environ | {"COLUMNS": str(width), "TERM": "xterm"}
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, text=True, env=environment) as process:
        os.close(theirs)
        printed = b""
        try:
            while more := os.read(ours, 65_536):
                printed += more
        except OSError:  # its end has come
            pass
        os.close(ours)
        assert process.stderr is not None
        said = process.stderr.read()
    assert process.returncode == 0, said
    return re.sub(r"\x1b\[[\d;]*m", "", printed.decode()).splitlines(), said


@pytest.mark.whole
def test_a_table_that_is_too_wide_leaves_columns_out_and_folds_nothing(known: Folder, file: Path) -> None:
    assert run(known, "import", file).exit_code == 0
    query = ("query", "20260901", "--to", "20260907", "--data", str(known.path))
    wide, said = on_a_terminal(160, *query)
    assert said == ""
    assert "final, 4102 missing" in "\n".join(wide)  # what most KPIs are comes first
    narrow, said = on_a_terminal(80, *query)
    rows = [line for line in narrow if "202609" in line]
    assert len(rows) == 7
    assert all(line.split()[-1] == "missing*" for line in rows)
    assert max(map(cell_len, narrow[:-1])) <= 80
    assert said == "Left out, as the terminal is narrow: as of. --json has all.\n"
    narrowest, said = on_a_terminal(60, *query)
    assert len([line for line in narrowest if "202609" in line]) == 7
    assert said == "Left out, as the terminal is narrow: 组织ID, as of. --json has all.\n"
