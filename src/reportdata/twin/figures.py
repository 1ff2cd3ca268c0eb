"""Made-up figures of the services that nothing is counted for: the same for the same seed, organisation and day."""

from __future__ import annotations

import random

from reportdata.measures import Kpi, Number
from reportdata.services import Relayed, Service

_EVERYBODY = ("4001", "4086")
"""KPIs that all people count for: others are a share of these."""
_THINGS = 5
"""How many of what has no people are made up for each person at most."""


def with_made_up_kpis(relayed: Relayed) -> Service:
    """A service whose KPIs no document tells, with some that are made up: the same for all its periods."""
    period = relayed.period
    family = relayed.title.removeprefix("亚运钉").removeprefix("数字").removeprefix("参谋")
    first = 90_000 + sum(map(ord, family)) % 1000 * 10
    kpis = (
        Kpi(unit="人", period=period, id=f"{first}", caliber=f"{family}的用户数", name=f"{family}用户数"),
        Kpi(unit="次", period=period, id=f"{first + 1}", caliber=f"{family}的次数", name=f"{family}次数"),
        Kpi(unit="", period=period, id=f"{first + 2}", caliber="占比", name=f"{family}率", decimal=True),
    )
    row = ("stat_date", *(kpi.key for kpi in reversed(kpis)), "corp_id")
    return Service(relayed.id, relayed.path, relayed.title, relayed.scope, row, kpis)


def made_up(service: Service, day: str, seed: int, people: int) -> dict[str, Number]:
    """The figures of a service's day, KPI id to number. A KPI that two services have is the same in both, no more
    people do anything than there are, each of them does it once at least, and a ratio is that of its parts, in as many
    digits as a float has."""
    found: dict[str, Number] = {kpi.id: _number(kpi, day, seed, people) for kpi in service.kpis}
    for kpi in service.kpis:
        if kpi.within:
            found[kpi.within] = found[kpi.id] + found[kpi.within] if found[kpi.id] else 0
    for kpi in service.kpis:
        if kpi.ratio:
            others = {part: _number(of, day, seed, people) for part, of in service.foreign.items()}
            found[kpi.id] = kpi.of_parts(found | others) or 0
    return found


def _number(kpi: Kpi, day: str, seed: int, people: int) -> Number:
    numbers = random.Random(f"{kpi.id} {day} {seed}")  # noqa: S311 - figures that are made up
    if kpi.id in _EVERYBODY:
        return people
    if kpi.may_be_broken:
        return numbers.randint(0, people) / people
    return numbers.randint(0, people if kpi.unit == "人" else _THINGS * people)
