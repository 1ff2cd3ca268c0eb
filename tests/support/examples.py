"""How many examples of a property are tried: few at each change, many when there is time."""

from __future__ import annotations

import pytest

from tests.support.effort import examples

FEWEST = 4
"""Examples of a property at least: the first is the simplest that there is, and may hold nothing."""


def tried_with(few: int, many: int) -> pytest.MarkDecorator:
    """A test's parameter ``examples``: a few at each change, and of them a part in `make quick`; many in the slow
    tests."""
    slow = pytest.param(many, marks=pytest.mark.slow, id="many")
    return pytest.mark.parametrize("examples", [pytest.param(max(examples(few), min(few, FEWEST)), id="few"), slow])
