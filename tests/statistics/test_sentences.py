"""What a number is, in a sentence."""

from __future__ import annotations

import pytest

from reportdata.statistics.question import Question
from reportdata.statistics.sentences import Told, sentence
from tests.support.services import SERVICE, SERVICES


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


def test_numbers_without_a_word_are_called_by_their_name() -> None:
    kpi = SERVICES.service("onlineUserData").kpi("4001")
    cell = Question(first_day="20260308", last_day="20260308", metrics=("4001",))
    said = sentence(Told(kpi, cell, 1234, "final", "", None), "en")
    assert said == "People in the directory (4001) on 2026-03-08: 1,234. The number is final."
    said = sentence(Told(kpi, cell, None, "missing", "", None), "en")
    assert said.startswith("The number of 4001 (People in the directory) on 2026-03-08 is not known")
