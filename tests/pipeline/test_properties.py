"""Whatever way a set of facts comes in, its days are the oracle's."""

from __future__ import annotations

import itertools
import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.days import LONGEST_STEP, SECOND, day_of, instant_of, offsets, time_zone
from reportdata.times import read_instant
from tests.support.folders import Folder
from tests.support.oracle import Fact, days_of
from tests.support.random_facts import ZONES, facts, moments
from tests.support.writing import FORMATS, TIMES, write

batches = st.tuples(
    st.lists(facts(), max_size=12),
    st.sampled_from(FORMATS),
    st.sampled_from(TIMES),
    st.booleans(),
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(batches, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_any_split_order_repetition_and_mix_of_formats_gives_the_oracles_days(
    imports: list[tuple[list[Fact], str, str, bool]], order: random.Random
) -> None:
    everything = [fact for batch, *_ in imports for fact in batch]
    imports = [*imports, (order.sample(everything, len(everything)), order.choice(FORMATS), "iso", True)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Folder(Path(temporary) / "data")
        for corp_id, zone in ZONES.items():
            folder.add_organisation(corp_id, str(zone))
        for number, (batch, format_, style, refresh) in enumerate(imports):
            for path, corp_id in write(Path(temporary) / str(number), batch, format_, style, ZONES):
                assert not folder.import_(path, corp_id=corp_id, refresh=refresh).failures
        assert folder.days() == days_of(everything, ZONES)
        before = folder.store.fingerprints("reportData")
        for path, corp_id in write(Path(temporary) / "again", everything, "csv", "iso", ZONES):
            assert folder.import_(path, corp_id=corp_id).added == 0
        assert folder.store.fingerprints("reportData") == before
        folder.store.close()


@given(st.sampled_from(sorted(ZONES)).flatmap(lambda corp: st.tuples(st.just(ZONES[corp]), moments(ZONES[corp]))))
def test_a_written_time_is_the_instant_it_was_written_for(case: tuple[ZoneInfo, datetime]) -> None:
    zone, moment = case
    instant = instant_of(moment)
    assert read_instant(moment.isoformat(), zone) == instant
    assert read_instant(moment.astimezone(UTC).isoformat().replace("+00:00", "Z"), zone) == instant
    assert read_instant(instant // SECOND, zone) == read_instant(str(instant // 1000), zone) == instant
    assert day_of(instant, zone) == f"{moment:%Y%m%d}"


@given(st.sampled_from(sorted(ZONES)).flatmap(lambda corp: st.tuples(st.just(ZONES[corp]), moments(ZONES[corp]))))
def test_the_steps_of_a_zone_are_its_offsets(case: tuple[ZoneInfo, datetime]) -> None:
    zone, moment = case
    step = [step for step in offsets(zone) if step.start <= instant_of(moment)][-1]
    assert timedelta(microseconds=step.offset) == moment.utcoffset()


def test_no_zones_clocks_change_twice_within_the_step_that_changes_are_looked_for_in() -> None:
    for name in sorted(available_timezones())[::4]:
        starts = [step.start for step in offsets(time_zone(name))[1:]]
        assert all(later - earlier > LONGEST_STEP for earlier, later in itertools.pairwise(starts)), name
