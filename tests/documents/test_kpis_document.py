"""The page about KPIs of one's own: its service is one, and its numbers are those of an oracle."""

from __future__ import annotations

import json
import shlex
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from reportdata.cli import cli
from reportdata.services import REPORTS, read_services
from tests.support.documents import blocks, document, environment, follow, lines
from tests.support.folders import Folder
from tests.support.serving import serving
from tests.support.tools import require_tool

PAGE = document("docs/kpis.md")
RECORDS = {
    "reports.csv": "report_id,user_id,sent_at,template\nr1,u1,2026-09-21 09:00:00,日报\n"
    "r2,u2,2026-09-21 09:00:00,周报\nr3,u3,2026-09-21 10:00:00,日报\n",
    "comments.csv": "report_id,user_id,commented_at\nr1,u2,2026-09-21 10:00:00\nr1,u2,2026-09-21 11:00:00\n"
    "r2,u1,2026-09-21 12:00:00\n",
    "withdrawn.csv": "report_id,withdrawn_at\nr3,2026-09-22 09:00:00\n",
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the page's service, and a data folder that knew nothing of it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REPORTDATA_SERVICES", raising=False)
    for name, text in RECORDS.items():
        Path(name).write_text(text, "utf-8")
    did("org add dingsample")
    did(f"import {' '.join(RECORDS)}")
    Path("comments").mkdir()
    (toml,) = blocks(PAGE, "toml")
    Path("comments/service.toml").write_text(toml, "utf-8")
    return tmp_path


def did(command: str) -> str:
    done = CliRunner().invoke(cli, shlex.split(command))
    assert done.exit_code == 0, (command, done.output)
    return done.stdout


@pytest.mark.whole
def test_its_commands_give_the_numbers(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exported, *commands = [line for line in lines(PAGE) if not line.startswith("curl ")]
    name, _, value = exported.removeprefix("export ").partition("=")
    monkeypatch.setenv(name, value)
    waiting = did("query 20260921 --service commentData")
    assert "Not computed yet: 4190, 4191. Next: `reportdata refresh`" in waiting
    assert "was imported" not in waiting, "they were; the numbers wait"
    for command in commands:
        did(command.removeprefix("reportdata "))
    (row,) = json.loads(did("query 20260921 --service commentData --json"))
    assert [row[f"{kpi}_DAY"] for kpi in (4190, 4191, 4192)] == [3, 2, 1.5]
    assert "Not computed yet" not in did("query 20260921 --service commentData")
    Path("more.csv").write_text("report_id,user_id,commented_at\nr1,u3,2026-09-21 13:00:00\n", "utf-8")
    did("import more.csv")
    assert " 1.3333 " in did("query 20260921 --by week --service commentData"), (
        "4 by 3, with so many digits as are read"
    )


@pytest.mark.tool
@pytest.mark.whole
def test_its_requests_are_answered(place: Path) -> None:
    require_tool("curl")
    folder = Folder(place / "reportdata-data", services=(Path("comments"),))
    added = json.loads(did("app add --corp dingsample --name bi --json"))
    scope = "Statistics.Report.Read"
    did(f"app grant {added['appKey']} {scope}")
    with closing(folder.store):
        folder.refresh()
        with serving(folder) as served:
            variables = {
                **environment(),
                "TOKEN": did("token bi").strip(),
                "URL": served.url,
                "KEY": added["appKey"],
                "SECRET": added["appSecret"],
            }
            contract, statistics = [line for line in lines(PAGE) if line.startswith("curl ")]
            (row,) = json.loads(follow(contract, place, variables))["dataList"]
            assert row["4190_DAY"] == 3
            asked = follow(statistics.replace("range=30d", "from=2026-09-21&to=2026-09-27"), place, variables)
            assert [row["4190"] for row in json.loads(asked)["data"]] == [3]


@pytest.mark.whole
def test_its_query_counts_what_it_says(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (sql,) = blocks(PAGE, "sql")
    Path("comments/relations.sql").write_text(sql, "utf-8")
    toml = (
        Path("comments/service.toml")
        .read_text("utf-8")
        .replace('relation = "commented"\ncount', 'relation = "daily"\ncount')
    )
    toml += '\n[relations.daily]\nrows = "sent"\nreads = ["sent", "withdrawn"]\nobserved = ["sent"]\n'
    assert all(f"`{line}`" in PAGE for line in toml.splitlines()[-4:])
    Path("comments/service.toml").write_text(toml, "utf-8")
    monkeypatch.setenv("REPORTDATA_SERVICES", "comments")
    did("refresh")
    (row,) = json.loads(did("query 20260921 --service commentData --json"))
    assert row["4190_DAY"] == 1


def test_the_kinds_are_those_that_there_are() -> None:
    kinds = read_services().service(REPORTS).kinds
    for kind in kinds:
        (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{kind.name}` |")]
        assert all(f"`{column}`" in line for column in kind.columns)
