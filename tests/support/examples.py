"""How many examples of a property are tried: few at each change, many when there is time."""

from __future__ import annotations

import pytest


def tried_with(few: int, many: int) -> pytest.MarkDecorator:
    """A test's parameter ``examples``: a few at each change, many in the slow tests."""
    slow = pytest.param(many, marks=pytest.mark.slow, id="many")
    return pytest.mark.parametrize("examples", [pytest.param(few, id="few"), slow])
