"""The pages on official figures: their table is what there is, and their commands work."""

from __future__ import annotations

import re
import shlex
from datetime import datetime
from pathlib import Path

import pytest

from reportdata.services import REPORTS, read_services
from reportdata.twin import BEIJING, Twin, running
from tests.support.folders import Folder, run
from tests.support.paths import ROOT

PAGES = ("figures.md", "figures.zh-CN.md")


@pytest.mark.parametrize("page", PAGES)
def test_the_table_has_every_service(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([\d, ]+) \| `([\w.]+)` \|$", text, re.M)
    expected = {service.id: (", ".join(kpi.id for kpi in service.kpis), service.scope) for service in read_services()}
    assert {name: (kpis, scope) for name, kpis, scope in rows} == expected


@pytest.mark.parametrize("page", PAGES)
def test_the_table_has_every_path_that_is_relayed(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    rows = re.findall(r"^\| ([^|`]+) \| ((?:`yyd\w+`(?:, )?)+) \| `([\w.]+)` \|$", text, re.M)
    found = [(path, title, scope) for title, names, scope in rows for path in re.findall(r"yyd\w+", names)]
    expected = [(one.path, one.title, one.scope) for one in read_services().relayed]
    assert sorted((f"/v1.0/datacenter/{name}", *rest) for name, *rest in found) == sorted(expected)


@pytest.mark.parametrize("page", PAGES)
def test_the_table_has_every_kind_of_facts(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (`[^|]+`) \| ([^|`]+) \| ([\d, ]+) \|$", text, re.M)
    expected = {}
    for service in read_services(Path("counted")):
        for kind in service.kinds if service.id != REPORTS else ():
            kpis = [kpi.id for kpi in service.counted if kind.name in service.relations[kpi.relation].reads]
            columns = ", ".join(f"`{column.name}`" for column in kind.fields())
            expected[kind.name] = (columns, "、".join(kind.headings[kind.time]), ", ".join(kpis))
    assert {name: tuple(row) for name, *row in rows} == expected


def commands_of(page: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text("utf-8")
    return [line for block in re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S) for line in block.splitlines()]


@pytest.mark.whole
def test_the_commands_of_the_pages_work(folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines, others = map(commands_of, PAGES)
    assert (len(lines), others) == (7, lines)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "figures.csv").write_text("stat_date,4082_DAY,4083_DAY\n20260801,25,12\n")
    outputs: list[str] = []
    twin = Twin(people=5, first_day="20260901", now=datetime(2026, 10, 1, tzinfo=BEIJING))
    with running(twin) as server:
        for name, value in (("APP_KEY", twin.app_key), ("APP_SECRET", twin.app_secret), ("ENDPOINT", server.url)):
            monkeypatch.setenv(f"REPORTDATA_DINGTALK_{name}", value)
        folder.add_organisation(twin.corp_id)
        for line in lines:
            program, *arguments = (word.replace("dingsample", twin.corp_id) for word in shlex.split(line))
            rate = ["--rate", "20"] if arguments[0] == "mirror" else []
            done = run(folder, *arguments, *rate)
            assert (program, done.exit_code) == ("reportdata", 0), f"{line}\n{done.output}"
            outputs.append(done.output)
    assert "登录在线人数" in outputs[-2]
    assert str(twin.figures("onlineUserData", "20260910")["4003"]) in outputs[-2]
    assert "4001: stated as of a day; of several days, that of the last one" in outputs[-1]
