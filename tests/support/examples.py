"""How many examples of a property are tried: few at each change, many when there is time."""

from __future__ import annotations

import pytest

from tests.support.effort import examples, tried

FEWEST = 4
"""Examples of a property at least: the first is the simplest that there is, and may hold nothing."""


def tried_with(few: int, many: int, *, always: bool = False) -> pytest.MarkDecorator:
    """A test's parameter ``examples``: a few at each change, and of them a part in `make quick`; in the slow tests a
    half of the many, and all of them where every case is tried or ``always``."""
    slow = pytest.param(many if always else tried(-(-many // 2), many), marks=pytest.mark.slow, id="many")
    return pytest.mark.parametrize("examples", [pytest.param(max(examples(few), min(few, FEWEST)), id="few"), slow])
