"""The pages about view links: their commands run, both say the same, and what they name is there."""

from __future__ import annotations

import re
import shlex

import pytest

from reportdata.api.sign_in import CROSS_SITE, ENDINGS, SOME_DEPARTMENTS
from reportdata.settings import Settings
from tests.support.browsing import RECORDS, SESSION
from tests.support.deployment import DEFAULTS, VARIABLES, check_command
from tests.support.documents import blocks, document, lines
from tests.support.folders import Folder, run
from tests.support.nginx import UNDER_A_PATH

PAGES = ("docs/links.md", "docs/links.zh-CN.md")


def test_both_have_the_same_commands_and_they_run(folder: Folder) -> None:
    english, chinese = (document(page) for page in PAGES)
    assert lines(english) == lines(chinese)
    assert blocks(english, "nginx") == blocks(chinese, "nginx")
    folder.add_organisation("dingsample")
    for line in lines(english):
        result = run(folder, *shlex.split(line)[1:])
        assert result.exit_code == 0, (line, result.output)
    assert [(link.name, link.revoked_at is None) for link in folder.store.links()] == [
        ("人事部", False),
        ("研发负责人", True),
    ]


@pytest.mark.parametrize("page", PAGES)
def test_what_it_names_is_there(page: str) -> None:
    text = document(page)
    for line in re.findall(r"`reportdata ([a-z][^`]*)`", text):
        if not line.startswith("forget"):  # which also asks for what is not named
            check_command(shlex.split(line))
    assert set(re.findall(r"REPORTDATA_[A-Z_]+", text)) <= VARIABLES
    codes = {fault.code for fault in (*ENDINGS.values(), CROSS_SITE, SOME_DEPARTMENTS)}
    named = set(re.findall(r"`((?:Authentication|Forbidden)[\w.]+)`", text))
    assert named <= codes
    assert {code.rpartition(".")[2] for code in codes} <= set(re.findall(r"(\w+)`", text))
    for method in ("POST", "GET", "DELETE"):
        assert f"`{method} {SESSION}`" in text
    for said in (RECORDS, "`HttpOnly`", "`SameSite=Strict`", f"{DEFAULTS.session_hours:.0f} "):
        assert said in text
    assert Settings.__dataclass_fields__.keys() >= {"web", "base_path", "session_hours"}


@pytest.mark.parametrize("page", PAGES)
def test_its_nginx_is_that_of_the_example(page: str) -> None:
    (shown,) = blocks(document(page), "nginx")
    settings = {line.strip() for line in UNDER_A_PATH.replace("  #", ";#").splitlines()}
    given = {line.partition(";")[0] for line in settings}
    assert {line.strip().rstrip(";") for line in shown.splitlines()} <= given | {"}"}
