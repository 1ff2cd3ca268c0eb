"""In Chinese, kinds of facts are called what their services say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from reportdata.cli import cli
from reportdata.services import read_services
from reportdata.services.counting import COUNTED
from tests.support.folders import Folder

DAY = "20260504"
COUNTED_KINDS = read_services(Path(COUNTED)).kinds


@pytest.fixture
def counting(tmp_path: Path) -> Folder:
    """A data folder in which all that can be counted is."""
    folder = Folder(tmp_path / "data", services=(Path(COUNTED),))
    folder.add_organisation("ding1")
    return folder


def in_chinese(folder: Folder, *arguments: object) -> str:
    done = CliRunner().invoke(cli, ["--lang", "zh", *map(str, arguments), *folder.place], env={"COLUMNS": "200"})
    return done.output


def test_every_kind_of_the_package_has_a_chinese_name_of_its_own() -> None:
    names = [kind.name_zh for kind in COUNTED_KINDS.values()]
    assert [name for name in names if re.search(r"[a-z_]|记录$", name) or not re.search("[一-鿿]", name)] == []
    assert len(set(names)) == len(names)


def test_notes_and_previews_call_kinds_of_other_services_by_their_names(counting: Folder, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(
        "corp_id,approval_id,form_id,user_id,approval_submitted_at\n"
        "ding1,a1,f1,u1,2026-05-04 09:00:00\nding1,a2,f1,,2026-05-04 09:00:00\n",
        "utf-8",
    )
    printed = in_chinese(counting, "import", path, "--skip-bad", "--bad-file", tmp_path / "bad.jsonl", "--dry-run")
    assert "缺少审批提交记录" in printed
    assert "审批提交（approval_submitted" in printed


def test_a_kind_of_a_service_of_ones_own_is_called_as_it_says_or_by_its_id(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    text = """
id = "lunchData"
path = "/v1.0/lunchData"
title = "午餐"
name = "午餐"
name_en = "Lunch"
scope = "Lunch.Read"
row = ["stat_date", "9101_DAY", "corp_id"]
[[kpis]]
kpiId = "9101"
kpiName = "用餐人数"
name_en = "People"
unit = "人"
kpiCaliber = "用餐人数"
period = "DAY"
relation = "lunch_eaten"
distinct = "user_id"
[relations.lunch_eaten]
rows = "lunch_eaten"
reads = ["lunch_eaten"]
observed = ["lunch_eaten"]
[[kinds]]
name = "lunch_eaten"
NAMED
time = "eaten_at"
key = ["user_id", "eaten_at"]
person = "user_id"
[kinds.columns]
user_id = "id"
eaten_at = "instant"
"""
    (path := tmp_path / "in.csv").write_text("user_id,eaten_at\nu1,2026-05-04 12:00:00\n,2026-05-04 12:00:00\n")
    folder = Folder(tmp_path / "data", services=(own,))
    folder.add_organisation("ding1")
    for named, called in (("", "lunch_eaten"), ('name_zh = "用餐"', "用餐")):
        (own / "service.toml").write_text(text.replace("NAMED", named), "utf-8")
        bad = tmp_path / "bad.jsonl"
        printed = in_chinese(folder, "import", path, "--corp", "ding1", "--skip-bad", "--bad-file", bad, "--dry-run")
        assert f"缺少{called}记录" in printed, printed
