"""``--require``: numbers that must be so certain, or the command exits otherwise."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import click

from reportdata.cli.exits import Exit, NotKnownYet
from reportdata.cli.output import MOST_NAMED
from reportdata.cli.words import state_word
from reportdata.days import time_zone
from reportdata.errors import BadValue
from reportdata.identity import Organisation
from reportdata.plurals import count_of
from reportdata.services import Service
from reportdata.states import State, least_certain
from reportdata.statistics.plan import parts_of
from reportdata.statistics.question import Question, fixed
from reportdata.store import Store
from reportdata.store.standing import Standing, standing

_STATES = (State.FINAL, State.PROVISIONAL, State.PARTIAL)
"""What can be required; whatever is less certain is no number of the day."""


def require_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """How certain the numbers must be; the command is given ``required``."""
    return click.option(
        "--require",
        "required",
        type=click.Choice([state.value for state in _STATES]),
        help=f"Exit with {Exit.NOT_KNOWN_YET} unless all numbers of all days are at least so certain.",
    )(command)


def require(required: str | None, days: Iterable[Standing], kpis: Collection[str]) -> None:
    """Look at the days of what was printed.

    :param kpis: the ids of those that count.
    :raises NotKnownYet: when one is less certain than is required.
    """
    if required is None:
        return
    less = []
    looked = False
    for day in days:
        looked = True
        state = least_certain([State(required), *(kpi.state for kpi in day.kpis if kpi.kpi_id in kpis)])
        if state is not State(required):
            less.append(f"{day.stat_day} {day.corp_id} {state_word(state.value)}")
    if looked and not less:
        return
    kind = state_word(required)
    told = ", ".join(less[:MOST_NAMED]) or "there is no organisation"
    more = (
        f", and {count_of(len(less) - MOST_NAMED, 'day more is', 'days more are')} not {kind}"
        if len(less) > MOST_NAMED
        else ""
    )
    raise NotKnownYet(
        f"some days are not yet as certain as {kind}: {told}{more}",
        "ask again when these days were looked at after their end",
    )


def require_of_question(
    required: str | None, question: Question, service: Service, asked: tuple[Store, Organisation], now: float
) -> None:
    """Look at the days of a question, however it groups them.

    :param now: seconds since 1970.
    :raises NotKnownYet: as in `require`.
    """
    if required is None:
        return
    if question.as_of:
        raise BadValue("--require looks at how certain numbers are now", "leave out --as-of, or --require")
    store, organisation = asked
    days = fixed(question, time_zone(organisation.time_zone), now).question
    kpis = {part for kpi in question.metrics for part in parts_of(service, kpi)}
    found = standing(store, service, organisation.corp_id, days.first_day, days.last_day, now)
    require(required, found, kpis)
