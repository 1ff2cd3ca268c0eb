"""``collect --dry-run``: what would be asked, told by the collector itself, and asked of nobody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reportdata.collector.clock import StillClock
from reportdata.collector.listings import Listings
from reportdata.collector.rehearsal import Foreseen, copied, foresee
from reportdata.collector.schedule import Period
from reportdata.collector.sources import sources
from reportdata.days import days_between
from reportdata.suites.dingtalk import KIND
from reportdata.twin import BEIJING, Twin
from tests.support.collecting import FIRST, LAST, Simulation, at, simulated
from tests.support.folders import Folder, run


@pytest.fixture
def added(folder: Folder) -> Folder:
    """A data folder with one organisation."""
    folder.add_organisation("ding1")
    return folder


def foreseen(found: Simulation) -> Foreseen:
    with copied(found.folder.settings.ledger) as ledger:
        (source,) = sources(ledger)
        clock = StillClock(found.clock.now())
        return foresee(ledger, source, KIND, clock, BEIJING, Period(source.first_day))


def spent(found: Simulation) -> int:
    with found.ledger() as ledger:
        return ledger.number("select sum(count) from calls")


@pytest.mark.whole
def test_what_is_foreseen_is_what_is_asked_then(tmp_path: Path) -> None:
    """The days that are listed were foreseen, and no others; foreseeing books nothing."""
    twin = Twin(seed=3, people=8, first_day=FIRST, last_day=LAST, now=at("20260912", 1), rate=0, budget=0)
    with simulated(tmp_path, twin) as found:
        first = foreseen(found)
        assert not first.guessed
        assert first.comments == 0, "no report is known"
        assert spent(found) == 0
        found.until(at("20260912", 3))
        found.clock.sleep(at("20260914", 2) - found.clock.now())
        before = spent(found)
        again = foreseen(found)
        assert again.guessed
        assert again.left == 5_000 - before
        assert spent(found) == before
        lists = {day for one in again.lists for day in days_between(one.first_day, one.last_day)}
        assert lists >= {"20260912", "20260913"}
        known = listed(found)
        found.until(at("20260914", 3))
        assert listed(found) - known == lists - {"20260914"} - known
        assert again.comments > 0, "some were known"


def listed(found: Simulation) -> set[str]:
    """The whole days that were listed."""
    with found.ledger() as ledger:
        (source,) = sources(ledger)
        return set(Listings(ledger, source.id, BEIJING).looked_at("20260801", "20260930"))


def test_the_command_says_it_and_changes_nothing(added: Folder) -> None:
    done = run(added, "source", "add", "dingtalk", "--corp", "ding1", "--app-key", "dingkey", "--from", "20260901")
    assert done.exit_code == 0, done.output
    before = added.settings.ledger.read_bytes()
    told = run(added, "collect", "--dry-run")
    assert told.exit_code == 0, told.output
    assert "reports of days that were not listed" in told.output
    assert "ding1: at least " in told.output
    assert told.output.endswith("Nothing was asked: this was a dry run.\n")
    (one,) = json.loads(run(added, "collect", "--dry-run", "--json").stdout)
    assert one["dryRun"]
    assert one["callsForeseen"] == sum(of["pages"] for of in one["lists"]) + one["comments"] > 0
    assert (one["calls"], one["callsLeft"]) == (5_000, 5_000)
    assert added.settings.ledger.read_bytes() == before
    assert run(added, "collect", "--dry-run", "--source", "none").exit_code == 1


def test_without_sources_it_says_how_to_add_one(added: Folder) -> None:
    told = run(added, "collect", "--dry-run")
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr == (
        "Error: nothing is collected\n  reportdata source add dingtalk --corp CORP_ID --app-key KEY\n"
    )
    assert not added.settings.ledger.exists()
