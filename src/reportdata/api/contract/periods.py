"""A service of the contract over weeks or months: the same checks and the same envelope, with numbers that other
processes count over the whole period that holds the day."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from starlette.types import Receive, Scope, Send

from reportdata.api.contract import wire
from reportdata.api.contract.endpoint import Endpoint
from reportdata.api.contract.entry import Entry
from reportdata.api.contract.memory import DayAnswer, Wanted
from reportdata.api.resource import Context, Note
from reportdata.api.spans import Asked
from reportdata.days import from_date, time_zone, to_date
from reportdata.http.answers import Answer, Failed, address_of, send_answer
from reportdata.states import DayState
from reportdata.statistics.periods import around
from reportdata.statistics.spans import Counts, Span


class PeriodEndpoint(Endpoint):
    """Answers ``GET`` and ``HEAD`` of one entry of the contract for the weeks or months that hold days.

    :param kind: ``week`` or ``month``.
    """

    def __init__(self, entry: Entry, context: Context, kind: str) -> None:
        super().__init__(entry, context)
        self._kind = kind
        self._service = entry.service
        self._body = wire.Body(entry.service) if entry.service is not None else None
        self._spans = context.spans
        self._note = self._of_period(context)

    def answer(self, _headers: Sequence[tuple[bytes, bytes]], _query: bytes, _address: str) -> Answer | None:
        """None: what is counted has to be waited for."""
        return None

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        call = wire.read_call(scope["headers"], scope["query_string"])
        ask = partial(self._ask, with_partial=wire.asks_for_partial(scope["headers"]))
        await send_answer(send, await self._answer_waiting(call, address_of(scope), ask))

    async def _ask(self, wanted: Wanted, *, with_partial: bool) -> DayAnswer:
        if self._service is None or self._body is None:
            raise Failed(wire.META_IS_NULL)
        first, last = around(self._kind, to_date(wanted.stat_day))
        metrics = tuple(kpi.id for kpi in self._service.kpis)
        span = Span(self._service.id, from_date(first), from_date(last), metrics)
        counts = await self._spans.counts(Asked(wanted.corp_id, span))
        numbers = dict(counts.groups).get("", {})
        known = {kpi: number for kpi, number in numbers.items() if with_partial or counts.whole(kpi)}
        body = self._body.of_day(wanted.corp_id, wanted.stat_day, known, zero_unknown=wanted.zero_unknown)
        covered = min((kpi.days for kpi in counts.kpis.values()), default=0)
        return DayAnswer(
            body, state_lines(wanted.corp_id, wanted.stat_day, counts) + wire.period_lines(first, last, covered)
        )

    def _of_period(self, context: Context) -> Note:
        """Notes that a whole period was read."""

        def note(app_key: str, corp_id: str, day: str, address: str, request: str, now: float) -> None:
            days = "-".join(from_date(end) for end in around(self._kind, to_date(day)))
            context.note(app_key, corp_id, days, address, request, now)

        return note


def state_lines(corp_id: str, stat_day: str, counts: Counts) -> bytes:
    """The headers that tell how certain counts are."""
    kpis = [DayState(corp_id, stat_day, kpi_id, kpi.state, kpi.as_of) for kpi_id, kpi in counts.kpis.items()]
    zone = time_zone(counts.time_zone) if counts.time_zone is not None else None
    return wire.state_lines(counts.state, counts.as_of, zone, kpis)
