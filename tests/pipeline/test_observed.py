"""What was observed of other days than those that are left out is what was observed, day by day."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reportdata.coverage import Observation
from reportdata.days import days_between
from reportdata.pipeline.observed import outside

DAYS = list(days_between("20240225", "20240308"))
looks = st.builds(
    lambda corp_id, ends, at: Observation(corp_id, min(ends), max(ends), at, "sent"),
    st.sampled_from(["a", "b"]),
    st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)),
    st.integers(0, 3),
)


@given(st.lists(looks), st.sets(st.sampled_from(DAYS)))
def test_days_are_left_out_and_nothing_else(observed: list[Observation], left_out: set[str]) -> None:
    def by_day(found: list[Observation]) -> list[tuple[str, str, int]]:
        return sorted((one.corp_id, day, one.at) for one in found for day in days_between(one.first_day, one.last_day))

    expected = [place for place in by_day(observed) if place[1] not in left_out]
    assert by_day(list(outside(observed, left_out))) == expected
