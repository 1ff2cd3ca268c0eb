"""The contract in bytes. Pure: no I/O, no time.

Names, texts and the order of keys are those of DingTalk's document 获取企业日志统计数据, down to its punctuation; the
errors that its gateway adds are those that callers have seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import msgspec

from reportdata.api.credentials import TOKEN_HEADER, token_in
from reportdata.days import SECOND, moment_of
from reportdata.http.answers import Fault, lines
from reportdata.measures import Kpi, Number, as_json
from reportdata.services import Service
from reportdata.states import DayState, State

CLIENT_TOKEN_HEADER = b"x-client-token"
CLIENT_TOKEN_PARAMETER = "clientToken"  # noqa: S105 - a parameter's name

SERVICE_IS_NULL = Fault(500, "serviceId.is.null", "serviceId为空", by_service=True)
META_IS_NULL = Fault(500, "service.meta.isNull", "service meta信息为空", by_service=True)
DATE_IS_NULL = Fault(500, "statDate.is.null", "statDate请求参数为空", by_service=True)
DATE_FORMAT = Fault(500, "statDate.format.iserror", "statDate请求参数格式不正确，正确格式：yyyyMMdd", by_service=True)

ORIGIN_HEADER = "x-reportdata-origin"
"""Whose numbers they are, where they are not computed from the organisation's records."""
OFFICIAL_LINES = lines(
    (ORIGIN_HEADER.encode(), b"official"), (b"access-control-expose-headers", ORIGIN_HEADER.encode())
)
STATE_HEADERS = ("x-reportdata-state", "x-reportdata-states", "x-reportdata-as-of")
PERIOD_HEADERS = ("x-reportdata-period", "x-reportdata-covered")
PARTIAL_HEADER, PARTIAL = b"x-reportdata-partial", b"include"
"""By which numbers of a period are asked for that not all of its days are counted for."""
_EXPOSED = (b"access-control-expose-headers", ", ".join(STATE_HEADERS).encode())
_EXPOSED_OF_PERIODS = (b"access-control-expose-headers", ", ".join(PERIOD_HEADERS).encode())


def state_lines(state: State, as_of: int, zone: ZoneInfo | None, kpis: Sequence[DayState] = ()) -> bytes:
    """The headers that tell how certain a day's numbers are; these are this project's own.

    :param as_of: the last look at all of them, in milliseconds since 1970; 0 when there was none or nobody knows when.
    :param kpis: the states one by one, where they may differ.
    """
    found = _state_lines(state, as_of // 1000, zone)
    if kpis and any(kpi.state is not state for kpi in kpis):
        each = ",".join(f"{kpi.kpi_id}={kpi.state.value}" for kpi in kpis)
        return found + lines((b"x-reportdata-states", each.encode()))
    return found


@lru_cache(maxsize=1024)
def _state_lines(state: State, seconds: int, zone: ZoneInfo | None) -> bytes:
    """Many days have the same last look."""
    found = lines((b"x-reportdata-state", state.value.encode()), _EXPOSED)
    if not seconds or zone is None:
        return found
    moment = moment_of(seconds * SECOND, zone).isoformat(timespec="seconds")
    return found + lines((b"x-reportdata-as-of", moment.encode()))


def period_lines(first: date, last: date, covered: int) -> bytes:
    """The headers that tell which days a period has, and how many of them are counted."""
    days = (last - first).days + 1
    period = f"{first.isoformat()}/{last.isoformat()}"
    said = zip(PERIOD_HEADERS, (period, f"{covered}/{days}"), strict=True)
    return lines(*((name.encode(), value.encode()) for name, value in said), _EXPOSED_OF_PERIODS)


class Call(NamedTuple):
    """What a request says; None where it says nothing."""

    token: str | None
    client_token: str | None
    stat_date: str | None


Headers = Iterable[tuple[bytes, bytes]]
"""Names in small letters, and values."""


def read_call(headers: Headers, query: bytes) -> Call:
    """The parts of a request that count; all other headers and parameters are ignored."""
    token = claimed = None
    for name, value in headers:
        if name == TOKEN_HEADER and token is None:
            token = token_in(value)
        elif name == CLIENT_TOKEN_HEADER and claimed is None:
            claimed = value.decode("latin-1").strip()
    if len(query) == 17 and query.startswith(b"statDate=") and query[9:].isdigit():  # as all SDKs send it
        return Call(token, claimed or None, query[9:].decode())
    stat_date = None
    for key, text in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if key == "statDate" and stat_date is None:
            stat_date = text
        elif key == CLIENT_TOKEN_PARAMETER and claimed is None:
            claimed = text
    return Call(token, claimed or None, stat_date)


def asks_for_partial(headers: Headers) -> bool:
    """Whether a request wants the numbers of a period of which not all days are counted."""
    return any(name == PARTIAL_HEADER and value.strip() == PARTIAL for name, value in headers)


_encoder = msgspec.json.Encoder(enc_hook=as_json)


class Body:
    """The body of an answer for one service: ``metaList`` is made once, ``dataList`` for each answer."""

    def __init__(self, service: Service) -> None:
        meta = msgspec.json.encode([_meta(kpi) for kpi in service.kpis])
        self._start = b'{"metaList":' + meta + b',"dataList":['
        self.empty = self._start + b"]}"
        ids = {kpi.key: kpi.id for kpi in service.kpis}
        self._row = [(key, ids.get(key)) for key in service.row]

    def row(
        self, corp_id: str, stat_day: str, values: Mapping[str, Number], *, zero_unknown: bool = False
    ) -> dict[str, str | Number]:
        """A row of ``dataList``, without the keys of KPIs that have no number, or with 0 in place of it."""
        found: dict[str, str | Number] = {}
        for key, kpi_id in self._row:
            if kpi_id is None:
                found[key] = stat_day if key == "stat_date" else corp_id
            elif kpi_id in values:
                found[key] = values[kpi_id]
            elif zero_unknown:
                found[key] = 0
        return found

    def of_day(self, corp_id: str, stat_day: str, values: Mapping[str, Number], *, zero_unknown: bool = False) -> bytes:
        """The answer for a day by the numbers that are known; without any it has no row."""
        if not values:
            return self.empty
        row = self.row(corp_id, stat_day, values, zero_unknown=zero_unknown)
        return self._start + _encoder.encode(row) + b"]}"


def _meta(kpi: Kpi) -> dict[str, str]:
    return {
        "unit": kpi.unit,
        "period": kpi.period,
        "kpiId": kpi.id,
        "kpiCaliber": kpi.caliber,
        "kpiName": kpi.name,
    }
