"""Two clocks: while a suite's and this machine's differ, nothing that is collected is judged."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from reportdata.cli import cli
from reportdata.cli.troubles import Troubles
from reportdata.cli.upkeep import upkeep_of
from reportdata.collector.clocks import DIFFER, FRESH, ComparedClock, said
from reportdata.errors import Unavailable
from reportdata.twin import BEIJING, Habits, Server, Twin, running
from tests.support.folders import Folder, run

SECRET = "REPORTDATA_DINGTALK_APP_SECRET"
AHEAD = 60 * 86_400


class Still:
    """A clock that is moved by hand."""

    def __init__(self, at: float = 1_000_000.0) -> None:
        self.at = at

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


class Kept:
    """Notes in memory, as a source's are in the ledger."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def read(self, name: str) -> str:
        return self.texts.get(name, "")

    def write(self, name: str, text: str) -> None:
        self.texts[name] = text


@given(st.lists(st.floats(-(10**7), 10**7), min_size=1, max_size=6))
def test_the_present_is_the_earlier_clock_while_they_differ(distances: list[float]) -> None:
    own, notes = Still(10.0**9), Kept()
    clock = ComparedClock(own, notes, "a")
    for distance in distances:
        clock.heard(own.at + distance)
        differ = abs(own.at - (own.at + distance)) > DIFFER
        assert clock.differ == differ
        assert clock.now() == pytest.approx(min(own.at, own.at + distance) if differ else own.at)
        assert bool(notes.read("clock")) == differ
        assert ComparedClock(own, notes, "a").differ == differ, "the next process knows"


def test_clocks_are_compared_unless_they_were_lately() -> None:
    own, asked = Still(), []
    clock = ComparedClock(own, Kept(), "a")

    def hello() -> None:
        asked.append(own.at)
        clock.heard(own.at - 3600)

    assert not clock.agree(hello)
    assert not clock.agree(hello)
    assert len(asked) == 1
    own.at += FRESH
    assert not clock.agree(hello)
    assert len(asked) == 2
    own.at -= FRESH / 2
    assert not clock.agree(hello), "this clock was set back"
    assert len(asked) == 3


def test_without_an_answer_nothing_is_judged_and_a_suite_without_a_clock_is_believed() -> None:
    def silent() -> None:
        raise Unavailable("no")

    assert not ComparedClock(Still(), Kept(), "a").agree(silent)
    assert ComparedClock(Still(), Kept(), "a").agree(lambda: None)


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (AHEAD, "this machine's clock is 60 days ahead of the suite's"),
        (-7200.0, "this machine's clock is 2 hours behind the suite's"),
        (420.0, "this machine's clock is 7 minutes ahead of the suite's"),
    ],
)
def test_the_difference_is_said_in_words(ahead: float, text: str) -> None:
    assert said(ahead) == text


def _day(ago: int) -> str:
    return f"{datetime.now(BEIJING) - timedelta(days=ago):%Y%m%d}"


@pytest.fixture
def server() -> Iterator[Server]:
    """A twin whose people report until today, and that stands two months in the past, in the evening of a day with
    reports."""
    habits = Habits(reports_per_day=3)
    twin = Twin(seed=3, people=4, habits=habits, first_day=_day(80), last_day=_day(1), now=time.time(), speed=1)
    day = max(day for day, numbers in twin.truth(_day(80), _day(60)).items() if numbers["4100"])
    twin.clock.set(datetime.strptime(f"{day} 23", "%Y%m%d %H").replace(tzinfo=BEIJING).timestamp())
    with running(twin) as found:
        yield found


def collect(folder: Folder, server: Server) -> None:
    arguments = ["collect", "--once", "--data", str(folder.path)]
    result = CliRunner().invoke(cli, arguments, env={SECRET: server.twin.app_secret})
    assert result.exit_code == 0, result.output


def is_final(row: dict[str, Any], kpi: str) -> bool:
    return bool(row["states"][kpi] == "final")


@pytest.mark.whole
def test_a_suite_in_the_past_gives_no_final_zeros(folder: Folder, server: Server, tmp_path: Path) -> None:
    twin, first, last = server.twin, _day(80), _day(36)
    ahead = time.time() - twin.clock()
    where = ["--app-key", twin.app_key, "--api", server.url, "--oapi", server.url, "--per-second", "1000"]
    assert run(folder, "source", "add", "dingtalk", "--corp", twin.corp_id, *where, "--from", first).exit_code == 0
    collect(folder, server)
    assert json.loads(run(folder, "query", first, "--to", last, "--format", "json").stdout) == []
    assert folder.lake.paths("sent"), "it collects on"
    assert said(ahead) in run(folder, "status").output
    assert json.loads(run(folder, "status", "--json").stdout)["clocksDiffer"] == {
        twin.corp_id: pytest.approx(ahead, abs=3600)
    }
    (told,) = [c for c in json.loads(run(folder, "doctor", "--json").stdout)["checks"] if "clock is" in c["found"]]
    assert (told["check"], told["state"]) == ("collecting", "fail")
    upkeep = upkeep_of(folder.settings, {twin.corp_id: "Asia/Shanghai"}, time.time(), Troubles(logging.getLogger()))
    assert upkeep.clocks == {twin.corp_id: pytest.approx(ahead, abs=3600)}

    twin.clock.set(time.time())
    collect(folder, server)
    rows = json.loads(run(folder, "query", first, "--to", last, "--format", "json").stdout)
    final = {(row["stat_date"], kpi): row[f"{kpi}_DAY"] for row in rows for kpi in row["states"] if is_final(row, kpi)}
    truth = {(day, kpi): number for day, numbers in twin.truth(first, last).items() for kpi, number in numbers.items()}
    assert final == {key: truth[key] for key in final}
    # A comment that came long after its report was read leaves its day partial.
    assert len(final) > len(truth) / 2
    assert {row["states"]["4100"] for row in rows} == {"final"}
    assert json.loads(run(folder, "status", "--json").stdout)["clocksDiffer"] == {}
