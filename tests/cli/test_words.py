"""How several states are told."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from reportdata.cli.words import states_text
from reportdata.states import State

ORDER = [state.value for state in State]
STATES = st.dictionaries(st.sampled_from(["4100", "4101", "4102", "4190"]), st.sampled_from(ORDER), min_size=1)


@given(STATES)
def test_each_number_s_state_is_told(states: dict[str, str]) -> None:
    """Read back, the text says of each number what it is; in little room the least certain state is told."""
    told = states_text(states)
    first, *others = told.text.split(", ")
    named = dict(other.split(" ") for other in others)
    assert {name: named.get(name, first) for name in states} == states
    counted = Counter(states.values())
    assert counted[first] == max(counted.values())
    assert told.short.rstrip("*") == max(states.values(), key=ORDER.index)
    assert told.short.endswith("*") == (len(counted) > 1)


def test_what_is_known_comes_first() -> None:
    assert states_text({"4100": "final", "4101": "final", "4102": "missing"}).text == "final, 4102 missing"
    assert states_text({"4100": "final", "4101": "provisional"}).text == "final, 4101 provisional"
