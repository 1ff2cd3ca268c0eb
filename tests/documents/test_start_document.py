"""The quick starts of docs/start.md: what they say to type works, one after the other in one folder."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from reportdata.cli import cli
from tests.support.documents import RECORDS, document, lines

TEXT = re.sub(r"^ {3}", "", document("docs/start.md"), flags=re.MULTILINE)
ELSEWHERE = {
    "make dist": "tests/support/wheels.py",
    "pipx install dist/reportdata-*.whl": "tests/support/wheels.py, with pip",
    "reportdata open 日志.xlsx": "tests/cli/test_opening.py",
    "reportdata serve": "test_readme.py",
    "reportdata collect --once": "test_collect_document.py",
}
"""Commands that other tests run."""


def test_what_is_typed_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in RECORDS.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    done = []
    for line in lines(TEXT):
        if line in ELSEWHERE or line.startswith("export "):
            continue
        result = CliRunner().invoke(cli, shlex.split(line)[1:])
        assert result.exit_code == 0, (line, result.output)
        done.append(line)
    assert len(done) >= 10
    assert ELSEWHERE.keys() <= set(lines(TEXT))
    for name in re.findall(r"--output (\S+)", "\n".join(done)):
        assert (tmp_path / name).stat().st_size > 0, name


def test_the_virtual_environment_is_where_the_page_says() -> None:
    assert re.findall(r"`\. (\S+)/bin/activate`", TEXT) == [".venv"]
    assert re.search(r"^VENV := \.venv$", document("Makefile"), re.MULTILINE)
