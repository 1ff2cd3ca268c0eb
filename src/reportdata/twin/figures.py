"""Made-up figures of the services that nothing is counted for: the same for the same seed, organisation and day."""

from __future__ import annotations

import random

from reportdata.measures import Kpi, Number
from reportdata.services import Service

_THINGS = 5
"""How many of what has no people are made up for each person at most."""


def made_up(service: Service, day: str, seed: int, people: int) -> dict[str, Number]:
    """The figures of a service's day, KPI id to number. A KPI that two services have is the same in both, no more
    people do anything than there are, and a ratio is that of its parts, in as many digits as a float has."""
    found: dict[str, Number] = {kpi.id: _number(kpi, day, seed, people) for kpi in service.kpis}
    for kpi in service.kpis:
        if kpi.ratio:
            found[kpi.id] = kpi.of_parts(found) or 0
    return found


def _number(kpi: Kpi, day: str, seed: int, people: int) -> Number:
    numbers = random.Random(f"{kpi.id} {day} {seed}")  # noqa: S311 - figures that are made up
    if kpi.may_be_broken:
        return numbers.randint(0, people) / people
    return numbers.randint(0, people if kpi.unit == "人" else _THINGS * people)
