"""Pages in both languages have the same commands, headings and tables, and lead to pages of their own language."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from reportdata.cli.language.catalogue import read_po
from tests.support.deployment import check_command
from tests.support.messages import CHINESE as CATALOGUE
from tests.support.paths import ROOT
from website.markdown import anchors, prose

CHINESE = sorted([*ROOT.glob("*.zh-CN.md"), *ROOT.glob("docs/*.zh-CN.md"), *ROOT.glob("src/**/*.zh-CN.md")])
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
HISTORY = {"CHANGELOG.md", "CONTRIBUTING.md"}
"""Pages that speak of commands as they were, or are to be."""
ENGLISH_ONLY = {
    "ARCHITECTURE.md": "for contributors",
    "CHANGELOG.md": "for contributors and operators, a line a change",
    "CONTRIBUTING.md": "for contributors",
    "CODE_OF_CONDUCT.md": "for contributors",
    "RELEASING.md": "for maintainers",
    "SECURITY.md": "it has both languages in it",
}
"""Pages of the project that have no Chinese one, and why."""


SAME = {"昨天": "yesterday", "上周": "last-week", "上月": "last-month"}
"""Words for days, which may be of either language in a command."""


def english(chinese: Path) -> Path:
    """The English page beside a Chinese one."""
    return chinese.with_name(chinese.name.replace(".zh-CN", ""))


def tables(text: str) -> list[list[list[str]]]:
    """Of each row of each table, in each cell: what of it is the same in any language, code and numbers."""
    found = []
    for block in re.findall(r"((?:^\|.*\|\n)+)", prose(text), re.MULTILINE):
        rows = re.findall(r"^\|(.*)\|$", block, re.MULTILINE)
        found.append([[_same(cell) for cell in re.split(r"(?<!\\)\|", row)] for row in rows])
    return found


def _same(cell: str) -> str:
    number = re.fullmatch(r"[\d.,:-]+", cell.strip())
    return number[0] if number else " ".join(sorted(re.findall(r"`([^`]+)`", cell)))


def test_every_page_for_users_is_there_in_both_languages() -> None:
    pages = {str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]}
    chinese = {str(path.relative_to(ROOT)) for path in CHINESE}
    twins = {str(english(path).relative_to(ROOT)) for path in CHINESE}
    assert all(english(path).exists() for path in CHINESE)
    assert pages - chinese - twins <= ENGLISH_ONLY.keys()


@pytest.mark.parametrize("page", CHINESE, ids=lambda path: path.name)
def test_both_have_the_same_structure(page: Path) -> None:
    texts = [path.read_text("utf-8") for path in (english(page), page)]
    levels = [re.findall(r"^(#+) ", prose(text), re.MULTILINE) for text in texts]
    assert levels[0] == levels[1]
    if english(page).name == "cli.md":  # made from the help, in each language
        return
    shapes = [tables(text) for text in texts]
    if english(page).name == "troubleshooting.md":  # its messages are those of the language; they are tested there
        for found in shapes:
            found[1] = [cells[1:] for cells in found[1]]
    assert shapes[0] == shapes[1]
    code = [re.findall(r"^ *```(\w*)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL) for text in texts]
    assert code[0] == [(language, in_english(block)) for language, block in code[1]]


OTHERWISE = {
    "事实": "记录",
    "观测": "覆盖，或采集",
    "仪表盘": "看板",
    "令牌": "token",
    "日子": "日期",
    "契约": "兼容接口",
    "访问记录": "审计记录",
    r"组织(?!ID| ID|”|架构|维度|在线)": "企业",
}
"""Words for which Chinese texts of this project have others; 组织ID is DingTalk's own heading."""


def test_there_is_one_chinese_word_for_each_thing() -> None:
    """In documents, messages of the command line, and phrases of the pages."""
    words = re.compile("|".join(OTHERWISE))
    messages = [entry.text for entry in read_po(CATALOGUE.read_text("utf-8"))]
    texts = {path.name: path.read_text("utf-8") for path in [*CHINESE, *ROOT.glob("src/reportdata/web/static/*.js")]}
    texts["glossary.zh-CN.md"] = texts["glossary.zh-CN.md"].replace("企业、组织", "")
    found = {
        f"{name}: {text[max(0, one.start() - 20) : one.end() + 20]!r}"
        for name, text in [*texts.items(), *((CATALOGUE.name, text) for text in messages)]
        for one in words.finditer(text)
    }
    assert not found, sorted(found)


def in_english(block: str) -> str:
    """A block of code with English words for days in its commands."""
    pattern = rf"(?<= )({'|'.join(SAME)})(?=\s)"
    return re.sub(pattern, lambda found: SAME[found[0]], block)


@pytest.mark.parametrize("page", CHINESE, ids=lambda path: path.name)
def test_links_stay_in_the_language(page: Path) -> None:
    for target in re.findall(r"\]\(([^):#]+\.md)", page.read_text("utf-8")):
        other = (page.parent / target).resolve()
        if other != english(page):
            assert not other.with_suffix(".zh-CN.md").exists(), target


@pytest.mark.parametrize("page", CHINESE, ids=lambda path: path.name)
def test_parts_that_are_linked_to_are_there(page: Path) -> None:
    for path in (page, english(page)):
        for target, part in re.findall(r"\]\(([^):#]*)#([^)]+)\)", path.read_text("utf-8")):
            other = path.parent / target if target else path
            if other.suffix == ".md":
                assert part in anchors(other.read_text("utf-8")), (path.name, target, part)


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in HISTORY], ids=lambda path: path.name)
def test_commands_in_sentences_are_commands(page: Path) -> None:
    for span in re.findall(r"`reportdata ([a-z][^`]*)`", prose(page.read_text("utf-8"))):
        words = shlex.split(span.partition(" | ")[0].replace("…", "x"))
        try:
            check_command(words)
        except click.BadOptionUsage:  # an option is named without its value
            check_command([*words, "x"])
