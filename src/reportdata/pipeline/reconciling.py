"""Official figures beside computed ones: where they differ, and by which calibre DingTalk counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reportdata.engines import measured
from reportdata.measures import Number
from reportdata.pipeline.refreshing import Period
from reportdata.pipeline.workspace import Workspace
from reportdata.services import Service
from reportdata.services.sql import calibres_of_days
from reportdata.states import State
from reportdata.store import FIRST_DAY, LAST_DAY
from reportdata.store.standing import standing


class Compared(NamedTuple):
    """A day with official and computed numbers, by KPI id; ``states`` are those of the computed ones. A KPI that is not
    known has no computed number."""

    stat_day: str
    official: Mapping[str, Number]
    computed: Mapping[str, Number]
    states: Mapping[str, State]

    def differences(self) -> dict[str, Number]:
        """Official less computed, of the KPIs that differ."""
        both = {kpi: self.computed[kpi] for kpi in self.official if kpi in self.computed}
        found = {kpi: self.official[kpi] - number for kpi, number in both.items()}
        return {kpi: difference for kpi, difference in found.items() if difference}


class Against(NamedTuple):
    """A day that speaks against a calibre: what DingTalk says, and what the calibre counts."""

    stat_day: str
    official: Number
    counted: Number


class Trial(NamedTuple):
    """A calibre, and the days that speak against it."""

    calibre: str
    against: tuple[Against, ...]


@dataclass(frozen=True)
class Reconciled:
    """An organisation's figures compared. ``kpi`` is the KPI whose calibres are tried, None where a service has none.

    ``judged`` are the days by which calibres are tried, ``unjudged`` those that have figures and are too uncertain;
    ``uncovered`` have official figures only, ``unofficial`` computed ones only.
    """

    corp_id: str
    kpi: str | None
    days: Sequence[Compared]
    judged: Sequence[str]
    unjudged: Sequence[str]
    uncovered: Sequence[str]
    unofficial: Sequence[str]
    trials: Sequence[Trial]

    @property
    def fitting(self) -> list[str]:
        """The calibres that no day speaks against; none when there was no day to judge by."""
        return [trial.calibre for trial in self.trials if not trial.against] if self.judged else []

    @property
    def verdict(self) -> str:
        """``one`` calibre fits, ``several`` do, ``none`` does, or there was ``nothing`` to judge by."""
        if not self.judged:
            return "nothing"
        return {0: "none", 1: "one"}.get(len(self.fitting), "several")

    def differing(self) -> list[Compared]:
        """The days on which any number differs."""
        return [day for day in self.days if day.differences()]


def reconcile(
    work: Workspace,
    service: Service,
    corp_id: str,
    period: Period = (None, None),
    *,
    now: float,
    provisional: bool = False,
) -> Reconciled:
    """Compare the official figures of a period with the computed ones, and try every calibre of the KPI that has some.
    Where the period is open, it is that of the official figures.

    Calibres are judged by days whose KPI is final: of others, facts may be missing.

    :param now: the present, in seconds since 1970.
    :param provisional: judge by provisional days, too.
    """
    official = work.store.official(service.id, corp_id, period[0] or FIRST_DAY, period[1] or LAST_DAY)
    figures = {day.stat_day: day.values for day in official if day.values is not None}
    first, last = period[0] or min(figures, default=LAST_DAY), period[1] or max(figures, default=FIRST_DAY)
    stood = standing(work.store, service, corp_id, first, last, now) if first <= last else ()
    computed = {day.stat_day: day for day in stood if day.values}
    days = [
        Compared(day, figures[day], computed[day].values, {kpi.kpi_id: kpi.state for kpi in computed[day].kpis})
        for day in sorted(figures.keys() & computed.keys())
    ]
    good = {State.FINAL, State.PROVISIONAL} if provisional else {State.FINAL}
    tried = next((calibre.kpi for calibre in service.calibres), None)
    judged = [day for day in days if tried in day.official and tried is not None and day.states[tried] in good]
    return Reconciled(
        corp_id,
        tried,
        days,
        [day.stat_day for day in judged],
        [day.stat_day for day in days if day not in judged],
        sorted(figures.keys() - computed.keys()),
        sorted(computed.keys() - figures.keys()),
        _trials(work, service, corp_id, judged),
    )


def _trials(work: Workspace, service: Service, corp_id: str, judged: Sequence[Compared]) -> list[Trial]:
    if not service.calibres:
        return []
    # Files of all days are needed: facts may count on other days than their own.
    what = calibres_of_days(service, work.kinds)
    kinds = dict.fromkeys(kind for calibre in service.calibres for kind in service.relations[calibre.relation].reads)
    with work.lake.reading():
        rows = work.engine.rows(what, {kind: work.lake.paths(kind) for kind in kinds}, [corp_id])
        numbers = {row.stat_day: row.numbers for row in measured(what, rows)}
    return [
        Trial(
            calibre.name,
            tuple(
                Against(day.stat_day, day.official[calibre.kpi], counted)
                for day in judged
                if (counted := numbers.get(day.stat_day, {}).get(calibre.name, 0)) != day.official[calibre.kpi]
            ),
        )
        for calibre in service.calibres
    ]
