"""Reports without ids that are told otherwise in another file or source: that they may count twice is said."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.folders import Folder, run

HEADING = "日志模板,发送人,部门,提交时间"
ROWS: list[tuple[str, ...]] = [
    ("日报", f"张{n}", "研发部" if n % 2 else "销售部", f"2024-01-05 18:{n:02}") for n in range(10)
]
TWICE = "they count twice"


def table(path: Path, rows: Sequence[tuple[str, ...]], heading: str = HEADING) -> Path:
    path.write_text("\n".join([heading, *map(",".join, rows), ""]), "utf-8")
    return path


OTHERWISE: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "without departments": ("日志模板,发送人,提交时间", [(t, who, at) for t, who, _, at in ROWS]),
    "without templates": ("发送人,部门,提交时间", [(who, of, at) for _, who, of, at in ROWS]),
    "with whole paths of departments": (HEADING, [(t, who, f"总公司/{of}", at) for t, who, of, at in ROWS]),
    "with one department renamed": (HEADING, [(t, who, of.replace("研发", "技术"), at) for t, who, of, at in ROWS]),
    "with ids of people": (f"{HEADING},工号", [(*row, f"A{n}") for n, row in enumerate(ROWS)]),
    "with ids and seconds": (
        "report_id,user_id,sent_at",
        [(f"r{n}", f"u{n}", f"{row[3]}:{n:02}") for n, row in enumerate(ROWS)],
    ),
    "up to noon": (HEADING, [(t, who, f"{of}一组", at) for t, who, of, at in ROWS[:6]]),
}


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("case", OTHERWISE)
def test_reports_that_are_told_otherwise_are_named(folder: Folder, tmp_path: Path, case: str, together: bool) -> None:
    heading, rows = OTHERWISE[case]
    files = [table(tmp_path / "a.csv", ROWS), table(tmp_path / "b.csv", rows, heading)]
    folder.add_organisation("ding1")
    outputs = [run(folder, "import", *some).output for some in ([files] if together else [files[:1], files[1:]])]
    assert outputs[-1].count(TWICE) == 1, outputs[-1]


OTHERS: dict[str, list[tuple[str, ...]]] = {
    "the same again": ROWS,
    "what came later, too": [*ROWS, ("日报", "李二", "研发部", "2024-01-05 18:04")],
    "another day": [(t, who, of, at.replace("01-05", "01-06")) for t, who, of, at in ROWS],
    "another department": [("日报", f"王{n}", "市场部", f"2024-01-05 17:{n * 5:02}") for n in range(10)],
    "less": ROWS[:5],
    "one report": [("日报", "王三", "市场部", "2024-01-05 18:03")],
}


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("case", OTHERS)
def test_nothing_is_said_of_other_reports(folder: Folder, tmp_path: Path, case: str, together: bool) -> None:
    files = [table(tmp_path / "a.csv", ROWS), table(tmp_path / "b.csv", OTHERS[case])]
    folder.add_organisation("ding1")
    for some in [files] if together else [files[:1], files[1:]]:
        assert TWICE not in run(folder, "import", *some).output


def test_a_busy_evening_of_two_departments_is_no_reason(folder: Folder, tmp_path: Path) -> None:
    chance = random.Random(7)
    folder.add_organisation("ding1")
    for of in ("研发部", "销售部"):
        rows = [("日报", f"{of[0]}{n}", of, f"2024-01-05 18:{chance.randrange(60):02}") for n in range(300)]
        assert TWICE not in run(folder, "import", table(tmp_path / f"{of}.csv", rows)).output


def test_reports_with_ids_on_both_sides_are_others(folder: Folder, tmp_path: Path) -> None:
    heading = "report_id,user_id,sent_at"
    files = [
        table(tmp_path / f"{of}.csv", [(f"{of}{n}", f"{of}{n}", row[3]) for n, row in enumerate(ROWS)], heading)
        for of in "ab"
    ]
    folder.add_organisation("ding1")
    assert TWICE not in run(folder, "import", *files).output


def test_a_preview_says_so_before_anything_is_added(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation("ding1")
    run(folder, "import", table(tmp_path / "a.csv", ROWS))
    heading, rows = OTHERWISE["without departments"]
    assert TWICE in run(folder, "import", "--dry-run", table(tmp_path / "b.csv", rows, heading)).output
