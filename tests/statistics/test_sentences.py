"""What a number is, in a sentence."""

from __future__ import annotations

import pytest

from reportdata.statistics.question import Question
from reportdata.statistics.sentences import Told, sentence
from tests.support.services import SERVICE


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "2 reports on 2026-03-08, department 研发部 and below, template 日报, user u1 or u2: "),
        ("zh", "2026-03-08，部门及其下级：研发部，模板：日报，用户：u1、u2 的发送日志数为 2，"),
    ],
)
def test_what_is_below_is_below_departments(lang: str, said: str) -> None:
    cell = Question(
        first_day="20260308",
        last_day="20260308",
        metrics=("4100",),
        departments=("研发部",),
        templates=("日报",),
        users=("u1", "u2"),
        children=True,
    )
    found = sentence(Told(SERVICE.kpi("4100"), cell, 2, "final", "", None), lang)
    assert found.startswith(said), found
