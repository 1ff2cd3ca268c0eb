"""The pages about statistics: their commands run, their tables name every parameter, and both say the same."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from reportdata.cli.askers import LONGEST
from reportdata.services import REPORTS, read_services
from reportdata.statistics.answers import MOST_ROWS
from reportdata.statistics.question import LONGEST as MOST_DAYS
from reportdata.statistics.words import PARAMETERS
from tests.support.documents import document, lines
from tests.support.folders import Folder, run

PAGES = ("docs/statistics.md", "docs/statistics.zh-CN.md")


@pytest.mark.parametrize("page", PAGES)
def test_it_names_every_parameter_scope_and_limit(page: str) -> None:
    text = document(page)
    rows = "\n".join(line for line in text.splitlines() if line.startswith("| `"))
    for name in PARAMETERS:
        assert re.search(rf"`{name}[`=]", rows), name
    service = read_services().service(REPORTS)
    for said in (
        service.statistics_scope,
        service.records_scope,
        f"{MOST_ROWS:,}",
        f"{MOST_DAYS:,}",
        f"{LONGEST:.0f} ",
    ):
        assert str(said) in text, said


def test_both_have_the_same_commands_and_they_run(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    english, chinese = (lines(document(page)) for page in PAGES)
    assert english == chinese
    folder.add_organisation("dingsample")
    monkeypatch.chdir(tmp_path)
    for line in english:
        result = run(folder, *shlex.split(line)[1:])
        assert result.exit_code == 0, (line, result.output)
    assert (tmp_path / "september.xlsx").exists()
