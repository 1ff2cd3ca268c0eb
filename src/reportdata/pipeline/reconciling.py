"""Official figures beside computed ones: where they differ, and by which calibre DingTalk counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reportdata.calibres import CALIBRES, KPI, Calibre
from reportdata.catalogue import Service
from reportdata.engines import Engine
from reportdata.lake import Lake
from reportdata.states import State
from reportdata.store import FIRST_DAY, LAST_DAY, Store
from reportdata.store.standing import standing


class Compared(NamedTuple):
    """A day with official and computed numbers, by KPI id; ``states`` are those of the computed ones."""

    stat_day: str
    official: Mapping[str, int]
    computed: Mapping[str, int]
    states: Mapping[str, State]

    def differences(self) -> dict[str, int]:
        """Official less computed, of the KPIs that differ."""
        found = {kpi: number - self.computed[kpi] for kpi, number in self.official.items()}
        return {kpi: difference for kpi, difference in found.items() if difference}


class Against(NamedTuple):
    """A day that speaks against a calibre: what DingTalk says, and what the calibre counts."""

    stat_day: str
    official: int
    counted: int


class Trial(NamedTuple):
    """A calibre, and the days that speak against it."""

    calibre: Calibre
    against: tuple[Against, ...]


@dataclass(frozen=True)
class Reconciled:
    """An organisation's figures compared.

    ``judged`` are the days by which calibres are tried, ``unjudged`` those that have figures and are too uncertain;
    ``uncovered`` have official figures only, ``unofficial`` computed ones only.
    """

    corp_id: str
    days: Sequence[Compared]
    judged: Sequence[str]
    unjudged: Sequence[str]
    uncovered: Sequence[str]
    unofficial: Sequence[str]
    trials: Sequence[Trial]

    @property
    def fitting(self) -> list[Calibre]:
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
    lake: Lake,
    store: Store,
    engine: Engine,
    service: Service,
    corp_id: str,
    first_day: str | None = None,
    last_day: str | None = None,
    *,
    provisional: bool = False,
) -> Reconciled:
    """Compare the official figures of a period with the computed ones, and try every calibre of 4102. Without a first
    or last day, the period is that of the official figures.

    Calibres are judged by days whose 4102 is final: of others, comments may be missing.

    :param provisional: judge by provisional days, too.
    """
    service_id = service.id or ""
    official = store.official(service_id, corp_id, first_day or FIRST_DAY, last_day or LAST_DAY)
    figures = {day.stat_day: day.values for day in official if day.values is not None}
    first_day, last_day = first_day or min(figures, default=LAST_DAY), last_day or max(figures, default=FIRST_DAY)
    computed = {day.stat_day: day.values for day in store.kpis_between(service_id, corp_id, first_day, last_day)}
    both = sorted(figures.keys() & computed.keys())
    states = {day.stat_day: day for day in standing(store, service, corp_id, both[0], both[-1])} if both else {}
    days = [
        Compared(
            day,
            figures[day],
            {kpi: computed[day].get(kpi, 0) for kpi in figures[day]},
            {kpi.kpi_id: kpi.state for kpi in states[day].kpis},
        )
        for day in both
    ]
    good = {State.FINAL, State.PROVISIONAL} if provisional else {State.FINAL}
    judged = [day for day in days if KPI in day.official and day.states[KPI] in good]
    return Reconciled(
        corp_id,
        days,
        [day.stat_day for day in judged],
        [day.stat_day for day in days if day not in judged],
        sorted(figures.keys() - computed.keys()),
        sorted(computed.keys() - figures.keys()),
        _trials(lake, engine, corp_id, judged),
    )


def _trials(lake: Lake, engine: Engine, corp_id: str, judged: Sequence[Compared]) -> list[Trial]:
    with lake.reading():
        rows = engine.commenters(lake.paths("sent"), lake.paths("commented"), [corp_id])
    numbers = {row.stat_day: row.numbers for row in rows}
    none = dict.fromkeys(CALIBRES, 0)
    return [
        Trial(
            calibre,
            tuple(
                Against(day.stat_day, day.official[KPI], counted)
                for day in judged
                if (counted := numbers.get(day.stat_day, none)[calibre]) != day.official[KPI]
            ),
        )
        for calibre in CALIBRES
    ]
