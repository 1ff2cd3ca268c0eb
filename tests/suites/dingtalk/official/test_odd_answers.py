"""Odd answers with DingTalk's own figures: none is taken for a day without figures, or for other numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from reportdata.errors import Unavailable
from reportdata.twin import Server, running
from tests.support.folders import Folder
from tests.support.odd_twin import OddTwin
from tests.support.official import FIRST, LAST, NOW, client, fetch, kept

API = "v1.0/datacenter/reportData"


@pytest.fixture
def twin() -> Iterator[Server]:
    """An organisation with a month of reports, at a twin with odd answers."""
    with running(OddTwin(people=4, first_day=FIRST, last_day=LAST, now=NOW, rate=0, budget=0)) as server:
        yield server


def odd(twin: Server, change: Callable[[Any, Any], Any]) -> None:
    """Change the figures that are answered."""
    assert isinstance(twin.twin, OddTwin)
    twin.twin.changes = {API: change}


def twice(body: Any, _: Any) -> None:
    """There are two rows."""
    body["dataList"] *= 2


@pytest.mark.whole
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda *_: {"message": "please sign in"}, "without saying that there are none"),
        (lambda *_: {}, "without saying that there are none"),
        (lambda *_: [], "with something else"),
        (twice, "with 2 rows"),
        (lambda body, _: body["dataList"][0].update({"4100_DAY": -1}), "with another row"),
        (lambda body, _: body["dataList"][0].update({"4100_DAY": "-"}), "with another row"),
        (lambda body, _: body["dataList"][0].update({"stat_date": "20200101"}), "with another row"),
        (lambda body, _: body.update({"dataList": [{"corp_id": body["dataList"][0]["corp_id"]}]}), "with another row"),
    ],
)  # fmt: skip
def test_such_an_answer_is_refused_and_nothing_is_kept(
    known: Folder, twin: Server, change: Callable[[Any, Any], Any], said: str
) -> None:
    odd(twin, change)
    with pytest.raises(Unavailable) as raised:
        fetch(known, twin)
    assert said in raised.value.message or "cannot be read" in raised.value.message
    assert kept(known, twin) == {}


def test_numbers_that_are_texts_are_numbers(twin: Server) -> None:
    truth = client(twin).figures(twin.twin.corp_id, FIRST)

    def change(body: Any, _: Any) -> None:
        row = body["dataList"][0]
        row |= {key: str(value) for key, value in row.items()} | {"stat_date": int(FIRST)}

    odd(twin, change)
    assert client(twin).figures(twin.twin.corp_id, FIRST) == truth
    odd(twin, lambda *_: json.loads('{"metaList": [], "dataList": null}'))
    assert client(twin).figures(twin.twin.corp_id, FIRST) is None
