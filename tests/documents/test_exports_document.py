"""What docs/exports.md says of each export is so: files made of its own tables are imported by its own commands."""

from __future__ import annotations

import csv
import re
import shlex
from pathlib import Path

import pytest
import xlsxwriter

from tests.support.documents import blocks, document, follow, lines

PAGES = ("docs/exports.md", "docs/exports.zh-CN.md")
FIRST = "reportdata org add dingsample"


def sections(page: str) -> list[str]:
    """The parts of a page under its headings that have commands."""
    parts = re.split(r"^## ", document(page), flags=re.MULTILINE)[1:]
    return [part for part in parts if lines(part)]


def tables(text: str) -> list[list[list[str]]]:
    """The rows of each table of a text, with that of its headings."""
    found = re.findall(r"^(?:\|.*\n)+", text, re.MULTILINE)
    rows = [[[cell.strip() for cell in line.strip("| ").split("|")] for line in table.splitlines()] for table in found]
    return [[table[0], *table[2:]] for table in rows]


def write_files(section: str, folder: Path) -> None:
    """Make the files that the commands of a section name: of its tables and blocks, in their order."""
    rows, texts, settings = iter(tables(section)), iter(blocks(section, "json")), iter(blocks(section, "toml"))
    names = [
        word for line in lines(section) for word in shlex.split(line) if re.search(r"\.(xlsx|csv|jsonl?|toml)$", word)
    ]
    for name in dict.fromkeys(names):
        path = folder / name
        if path.suffix == ".xlsx":
            with xlsxwriter.Workbook(str(path)) as book:
                page = book.add_worksheet()
                for number, row in enumerate(next(rows)):
                    page.write_row(number, 0, row)
        elif path.suffix == ".csv":
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(next(rows))
        else:
            path.write_text(next(settings if path.suffix == ".toml" else texts), "utf-8")
    assert [*rows, *texts, *settings] == [], "everything is used"


def test_both_pages_have_the_same_commands_and_tables() -> None:
    english, chinese = map(document, PAGES)
    assert lines(english) == lines(chinese)
    for language in ("json", "toml"):
        assert blocks(english, language) == blocks(chinese, language)
    assert tables(english)[1:] == tables(chinese)[1:]


@pytest.mark.whole
@pytest.mark.parametrize("section", [part for page in PAGES[:1] for part in sections(page)], ids=lambda part: part[:20])
def test_the_commands_of_a_section_work(tmp_path: Path, section: str) -> None:
    follow(FIRST, tmp_path)
    write_files(section, tmp_path)
    for command in lines(section):
        printed = follow(command, tmp_path)
        if " import " in command:
            added = re.search(r"^added +(\d+)$", printed, re.MULTILINE)
            assert added is not None
            assert int(added[1]) > 0 or "--mapping" in command, "a mapping of what is known changes nothing"
        elif " query " in command:
            assert re.search(r"20260921 .* dingsample +[12] +[12] +– ", printed), printed
        else:
            assert "Kept official figures of 1 day (20260921)" in printed


def test_each_way_of_the_first_table_has_its_section() -> None:
    for page in PAGES:
        text = document(page)
        assert lines(re.split(r"^## ", text, flags=re.MULTILINE)[0]) == [FIRST]
        headings = {
            heading.lower().replace("'", "").replace(" ", "-") for heading in re.findall(r"^## (.*)$", text, re.M)
        }
        assert set(re.findall(r"\]\(#(.*?)\)", text)) == headings


@pytest.mark.slow
@pytest.mark.whole
def test_what_the_page_says_is_refused_is_refused(tmp_path: Path) -> None:
    follow(FIRST, tmp_path)
    (tmp_path / "counts.csv").write_text("姓名,部门,发送篇数\n张一,研发部,3\n", "utf-8")
    (tmp_path / "inbox.json").write_text(
        '{"success": true, "result": [{"日期": "2026-09-21 18:03", "标题": "张一的日报", "发送人": "张一"}]}', "utf-8"
    )
    for name, reason in {"counts.csv": "no column holds a time", "inbox.json": "objects without ids"}.items():
        said = follow(f"! reportdata import {name} 2>&1", tmp_path)
        assert reason in said
    assert follow("reportdata status", tmp_path)
