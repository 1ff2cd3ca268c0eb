"""Whatever way a set of facts comes in, its days are the oracle's."""

from __future__ import annotations

import itertools
import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.days import LONGEST_STEP, SECOND, day_of, instant_of, offsets, time_zone
from reportdata.times import END_OF_SECONDS, read_instant
from tests.support.effort import tried
from tests.support.examples import tried_with
from tests.support.folders import Folder
from tests.support.oracle import Commented, Fact, Sent, Withdrawn, days_of
from tests.support.random_facts import ZONES, facts, moments
from tests.support.verbs import refresh_days
from tests.support.writing import FORMATS, TIMES, write

batches = st.tuples(
    st.lists(facts(), max_size=12),
    st.sampled_from(FORMATS),
    st.sampled_from(TIMES),
    st.booleans(),
)


@pytest.mark.whole
@tried_with(2, 20)
def test_any_split_order_repetition_and_mix_of_formats_gives_the_oracles_days(examples: int) -> None:
    @settings(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
    )
    @given(st.lists(batches, min_size=1, max_size=4), st.randoms(use_true_random=False))
    def check(imports: list[tuple[list[Fact], str, str, bool]], order: random.Random) -> None:
        everything = [fact for batch, *_ in imports for fact in batch]
        imports = [*imports, (order.sample(everything, len(everything)), order.choice(FORMATS), "iso", True)]
        with tempfile.TemporaryDirectory() as temporary:
            folder = Folder(Path(temporary) / "data")
            for corp_id, zone in ZONES.items():
                folder.add_organisation(corp_id, str(zone))
            for number, (batch, format_, style, refreshed) in enumerate(imports):
                for path, corp in write(Path(temporary) / str(number), batch, format_, style, ZONES):
                    assert not folder.import_(path, corp_id=corp, refresh=False).failures
                if refreshed:
                    refresh_days(folder)
            assert folder.days() == days_of(everything, ZONES)
            before = folder.store.fingerprints("reportData")
            again = order.choice(("csv", "jsonl"))
            for path, corp in write(Path(temporary) / "again", everything, again, "iso", ZONES):
                assert folder.import_(path, corp_id=corp, refresh=False).added == 0
            refresh_days(folder)
            assert folder.store.fingerprints("reportData") == before
            folder.store.close()

    check()


# Zones of few changes: a table is converted by one expression for all changes of all zones, which takes its time.
TWO = {"ding1": ZoneInfo("Asia/Shanghai"), "ding2": ZoneInfo("Asia/Kathmandu")}


def some_facts() -> list[Fact]:
    """Facts near the ends of days, of which one report is withdrawn."""
    found: list[Fact] = []
    for (corp_id, zone), day, hour in itertools.product(TWO.items(), (7, 8), (2, 23)):
        at = datetime(2026, 3, day, hour, 59, 59, tzinfo=zone)
        found.append(Sent(corp_id, f"r{len(found)}", f"u{len(found) % 3}", at, "日报", ("研发部", "市场部")))
        found.append(Commented(corp_id, found[-1].report_id, f"u{len(found) % 4}", at))
    return [*found, Withdrawn("ding1", found[0].report_id, found[4].at)]


LATER = ("tsv", "csv.gz", "gb18030", "bom", "parquet")  # tables, as csv is


@pytest.mark.parametrize(
    "format_", [pytest.param(name, marks=pytest.mark.whole if name in LATER else ()) for name in FORMATS]
)
def test_every_format_gives_the_same_days_however_times_are_written(
    folder: Folder, tmp_path: Path, format_: str
) -> None:
    for corp_id, zone in TWO.items():
        folder.add_organisation(corp_id, str(zone))
    facts = some_facts()
    for number, style in enumerate(TIMES):
        read = added = 0
        for path, corp in write(tmp_path / style, facts, format_, style, TWO):
            done = folder.import_(path, corp_id=corp, refresh=False)
            assert not done.failures
            read, added = read + done.read, added + done.added
        assert (read, added) == (len(facts), 0 if number else len(facts)), style
        refresh_days(folder)
        assert folder.days() == days_of(facts, TWO)


@given(st.sampled_from(sorted(ZONES)).flatmap(lambda corp: st.tuples(st.just(ZONES[corp]), moments(ZONES[corp]))))
def test_a_written_time_is_the_instant_it_was_written_for(case: tuple[ZoneInfo, datetime]) -> None:
    zone, moment = case
    instant = instant_of(moment)
    assert read_instant(moment.isoformat(), zone) == instant
    assert read_instant(moment.astimezone(UTC).isoformat().replace("+00:00", "Z"), zone) == instant
    assert read_instant(str(instant // 1000), zone) == instant
    if instant < END_OF_SECONDS * SECOND:
        assert read_instant(instant // SECOND, zone) == instant
    assert day_of(instant, zone) == f"{moment:%Y%m%d}"


@given(st.sampled_from(sorted(ZONES)).flatmap(lambda corp: st.tuples(st.just(ZONES[corp]), moments(ZONES[corp]))))
def test_the_steps_of_a_zone_are_its_offsets(case: tuple[ZoneInfo, datetime]) -> None:
    zone, moment = case
    step = [step for step in offsets(zone) if step.start <= instant_of(moment)][-1]
    assert timedelta(microseconds=step.offset) == moment.utcoffset()


@pytest.mark.whole
def test_no_zones_clocks_change_twice_within_the_step_that_changes_are_looked_for_in() -> None:
    for name in sorted(available_timezones())[:: tried(20, 1)]:
        starts = [step.start for step in offsets(time_zone(name))[1:]]
        assert all(later - earlier > LONGEST_STEP for earlier, later in itertools.pairwise(starts)), name
